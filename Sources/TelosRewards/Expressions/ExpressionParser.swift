import TelosEnvironments
import TelosTensor

/// Reads an expression by precedence climbing (Pratt, *Top down operator precedence*, 1973).
///
/// The parts are kept out of line so that a level of nesting takes little of the stack.
///
/// With a vocabulary it also checks every name and type against an environment, so that such errors have columns too.
struct ExpressionParser {
    /// A number is wanted nearly everywhere; a condition before `?` and beside `and`, `or` and `not`.
    enum Kind {
        case number
        case condition
        /// A name that no vocabulary has explained yet.
        case unknown
    }

    struct Operand {
        var node: Expression.Node
        var start: Int
        var kind: Kind
        var height = 1
    }

    var lexer: ExpressionLexer
    var token: ExpressionLexer.Token
    let vocabulary: ExpressionVocabulary?
    private var nesting = 0

    init(_ text: String, from start: Int = 0, vocabulary: ExpressionVocabulary? = nil) throws(RewardError) {
        let length = text.utf8.count
        guard length <= Expression.maximumLength else {
            throw RewardError(
                "the expression is \(length) bytes long; at most \(Expression.maximumLength) are read", column: 1)
        }
        lexer = ExpressionLexer(text, from: start)
        self.vocabulary = vocabulary
        token = try lexer.next()
    }

    /// The whole text as one expression.
    mutating func parse() throws(RewardError) -> Operand {
        let result = try parsePrefix()
        guard token.kind == .end else { throw unexpectedAfterExpression() }
        return result
    }

    /// The longest expression that the text starts with; `token` is then what follows it.
    mutating func parsePrefix() throws(RewardError) -> Operand {
        if token.kind == .end { throw error("an expression is missing", at: token.start) }
        return try expression(Expression.Precedence.conditional)
    }

    func error(_ message: String, at offset: Int) -> RewardError { lexer.error(message, at: offset) }

    private mutating func advance() throws(RewardError) { token = try lexer.next() }

    // MARK: Operators

    private mutating func expression(_ minimum: Int) throws(RewardError) -> Operand {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Expression.maximumNesting else {
            throw error("the expression nests more than \(Expression.maximumNesting) levels deep here", at: token.start)
        }
        var left = try prefix(minimum)
        while true {
            if token.isSymbol("?"), minimum <= Expression.Precedence.conditional {
                left = try conditional(left)
            } else if let infix = infixOperator, infix.precedence >= minimum {
                left = try binary(left, infix)
            } else {
                return left
            }
        }
    }

    private var infixOperator: Expression.BinaryOperator? {
        switch token.kind {
        case .symbol("&&"): .and
        case .symbol("||"): .or
        case .symbol(let text): Expression.BinaryOperator(rawValue: text)
        case .identifier("and"): .and
        case .identifier("or"): .or
        default: nil
        }
    }

    @inline(never)
    private mutating func conditional(_ condition: Operand) throws(RewardError) -> Operand {
        try requireCondition(condition)
        let mark = token.start
        try advance()
        let first = try expression(Expression.Precedence.conditional)
        guard token.isSymbol(":") else {
            throw error(
                "'?' needs ':' and a second value, as in goal ? 1 : 0; found \(token.spelling)", at: token.start)
        }
        try advance()
        let second = try expression(Expression.Precedence.conditional)
        let kind: Kind =
            first.kind == .number || second.kind == .number
            ? .number
            : first.kind == .condition && second.kind == .condition ? .condition : .unknown
        return try combined(
            .conditional(condition.node, first.node, second.node), condition.start, kind,
            above: max(condition.height, first.height, second.height), at: mark)
    }

    @inline(never)
    private mutating func binary(
        _ left: Operand, _ infix: Expression.BinaryOperator
    ) throws(RewardError) -> Operand {
        let mark = token.start
        if infix.isLogical { try requireCondition(left) }
        try advance()
        let right = try expression(infix.rightPrecedence)
        if infix.isLogical { try requireCondition(right) }
        if infix.isComparison, let following = infixOperator, following.isComparison {
            throw error("comparisons do not chain; write a < b and b < c", at: token.start)
        }
        return try combined(
            .binary(infix, left.node, right.node), left.start,
            infix.isComparison || infix.isLogical ? .condition : .number,
            above: max(left.height, right.height), at: mark)
    }

    private func combined(
        _ node: Expression.Node, _ start: Int, _ kind: Kind, above height: Int, at mark: Int
    ) throws(RewardError) -> Operand {
        guard height < Expression.maximumDepth else { throw tooDeep(at: mark) }
        return Operand(node: node, start: start, kind: kind, height: height + 1)
    }

    @inline(never)
    private func tooDeep(at offset: Int) -> RewardError {
        error("the expression chains more than \(Expression.maximumDepth) operations here", at: offset)
    }

    @inline(never)
    private func requireCondition(_ operand: Operand) throws(RewardError) {
        guard operand.kind == .number else { return }
        switch operand.node {
        case .name(let name), .previous(let name):
            throw error(
                "'\(name)' is a number and not a condition; compare it, as in \(name) != 0", at: operand.start)
        case .number(0), .number(1):
            throw error("a number is not a condition; write true or false", at: operand.start)
        default:
            throw error(
                "a condition is needed here and this is a number; compare it, as in x != 0", at: operand.start)
        }
    }

    // MARK: Operands

    private mutating func prefix(_ minimum: Int) throws(RewardError) -> Operand {
        let start = token.start
        switch token.kind {
        case .symbol("-"):
            try advance()
            let operand = try expression(Expression.Precedence.prefix)
            return try combined(.unary(.negate, operand.node), start, .number, above: operand.height, at: start)
        case .symbol("!"):
            try advance()
            return try negation(of: try expression(Expression.Precedence.prefix), start)
        case .identifier("not"):
            guard minimum <= Expression.Precedence.not else {
                throw error("put parentheses around 'not ...' here", at: start)
            }
            try advance()
            return try negation(of: try expression(Expression.Precedence.not), start)
        case .symbol("("):
            try advance()
            var inner = try expression(Expression.Precedence.conditional)
            try close(")", opened: start)
            inner.start = start
            return inner
        case .number(let value):
            try advance()
            return Operand(node: .number(value), start: start, kind: .number)
        case .quoted(let name):
            try advance()
            return try self.name(name, start)
        case .identifier(let word):
            return try self.word(word, start)
        case .end:
            throw error("the expression ends where a value is missing", at: start)
        case .symbol(let text):
            throw error("a value is missing before '\(text)'", at: start)
        }
    }

    @inline(never)
    private func negation(of operand: Operand, _ start: Int) throws(RewardError) -> Operand {
        try requireCondition(operand)
        return try combined(.unary(.not, operand.node), start, .condition, above: operand.height, at: start)
    }

    @inline(never)
    private mutating func close(_ bracket: String, opened: Int) throws(RewardError) {
        guard token.isSymbol(bracket) else {
            let opening = bracket == ")" ? "(" : "["
            if token.kind == .end { throw error("'\(opening)' is never closed", at: opened) }
            throw error("expected '\(bracket)' and found \(token.spelling)", at: token.start)
        }
        try advance()
    }

    @inline(never)
    private mutating func word(_ word: String, _ start: Int) throws(RewardError) -> Operand {
        try advance()
        if token.isSymbol("(") { return try call(word, start) }
        switch word {
        case "pi": return Operand(node: .pi, start: start, kind: .number)
        case "true": return Operand(node: .truth(true), start: start, kind: .condition)
        case "false": return Operand(node: .truth(false), start: start, kind: .condition)
        case "terminated", "truncated":
            if let refusal = vocabulary?.refusal(of: "'\(word)'") { throw error(refusal, at: start) }
            return Operand(node: word == "terminated" ? .terminated : .truncated, start: start, kind: .condition)
        case "action": return try action(start)
        case "previous": return try previous(start)
        case "and", "or": throw error("a value is missing before '\(word)'", at: start)
        default: return try name(word, start)
        }
    }

    @inline(never)
    private func name(_ name: String, _ start: Int) throws(RewardError) -> Operand {
        guard let vocabulary else { return Operand(node: .name(name), start: start, kind: .unknown) }
        switch vocabulary.meaning(of: name) {
        case .signal(_, let isFlag)?:
            return Operand(node: .name(name), start: start, kind: isFlag ? .condition : .number)
        case .action?:
            return Operand(node: .name(name), start: start, kind: .number)
        case nil:
            throw error(vocabulary.unknownName(name), at: start)
        }
    }

    @inline(never)
    private mutating func previous(_ start: Int) throws(RewardError) -> Operand {
        guard token.isSymbol(".") else {
            throw error("'previous' needs a signal, as in previous.velocity", at: start)
        }
        try advance()
        let name: String
        switch token.kind {
        case .identifier(let text), .quoted(let text): name = text
        default: throw error("a signal's name is missing after 'previous.'", at: token.start)
        }
        if let vocabulary {
            if let refusal = vocabulary.refusal(of: "'previous.\(name)'") { throw error(refusal, at: start) }
            guard case .signal(_, let isFlag)? = vocabulary.meaning(of: name) else {
                throw error(vocabulary.unknownName(name), at: token.start)
            }
            try advance()
            return Operand(node: .previous(name), start: start, kind: isFlag ? .condition : .number)
        }
        try advance()
        return Operand(node: .previous(name), start: start, kind: .unknown)
    }

    @inline(never)
    private mutating func action(_ start: Int, spread: Bool = false) throws(RewardError) -> Operand {
        if let refusal = vocabulary?.refusal(of: "'action'") { throw error(refusal, at: start) }
        guard token.isSymbol("[") else {
            if let specification = vocabulary?.specification, specification.action.width != 1, !spread {
                let width = specification.action.width
                throw error(
                    width == 0
                        ? "the action of \(specification.name) has no elements"
                        : "the action of \(specification.name) has \(width) elements; write action[0] to "
                            + "action[\(width - 1)], or norm(action) for the length of them all", at: start)
            }
            return Operand(node: .action(.whole), start: start, kind: .number)
        }
        let bracket = token.start
        try advance()
        let element = try actionElement()
        try advance()
        try close("]", opened: bracket)
        return Operand(node: .action(element), start: start, kind: .number)
    }

    @inline(never)
    private func actionElement() throws(RewardError) -> Expression.ActionElement {
        let specification = vocabulary?.specification
        if let specification, specification.hasDiscreteAction {
            throw error("the action of \(specification.name) is one choice; write action", at: token.start)
        }
        switch token.kind {
        case .number(let value):
            guard let position = Int(exactly: value) else {
                throw error("an action's position is a whole number", at: token.start)
            }
            if let specification, position >= specification.action.width {
                throw error(
                    "the action of \(specification.name) has \(specification.action.width) elements, the last is "
                        + "action[\(specification.action.width - 1)]", at: token.start)
            }
            return .position(position)
        case .identifier(let name), .quoted(let name):
            if let vocabulary, !vocabulary.specification.actionNames.contains(name) {
                throw error(vocabulary.unknownElement(name), at: token.start)
            }
            return .named(name)
        default:
            throw error("an action's position or name is missing, as in action[0]", at: token.start)
        }
    }

    // MARK: Functions

    @inline(never)
    private mutating func call(_ name: String, _ start: Int) throws(RewardError) -> Operand {
        guard let function = Expression.Function(rawValue: name) else {
            throw error(Self.unknownFunction(name), at: start)
        }
        let bracket = token.start
        try advance()
        var arguments: [Operand] = []
        if !token.isSymbol(")") {
            while true {
                arguments.append(try argument(of: function))
                guard token.isSymbol(",") else { break }
                try advance()
            }
        }
        try close(")", opened: bracket)
        let nodes = arguments.map(\.node)
        let isSpread = function.isVariadic && nodes == [.action(.whole)]
        let fits = function.isVariadic ? nodes.count >= function.minimumArity : nodes.count == function.minimumArity
        guard fits || isSpread else {
            let needed =
                "\(function.minimumArity)\(function.isVariadic ? " or more" : "") "
                + (function.minimumArity == 1 && !function.isVariadic ? "argument" : "arguments")
            throw error("\(function.signature) takes \(needed) and has \(nodes.count) here", at: start)
        }
        return try combined(
            .call(function, nodes), start, .number, above: arguments.map(\.height).max() ?? 0, at: start)
    }

    /// `action` alone stands for all its elements where any number of arguments may stand.
    @inline(never)
    private mutating func argument(of function: Expression.Function) throws(RewardError) -> Operand {
        if function.isVariadic, token.isWord("action") {
            var ahead = self
            try ahead.advance()
            if ahead.token.isSymbol(",") || ahead.token.isSymbol(")") {
                let start = token.start
                try advance()
                return try action(start, spread: true)
            }
        }
        return try expression(Expression.Precedence.conditional)
    }

    private static let familiar: [String: String] = [
        "pow": "x^y", "power": "x^y", "ln": "log(x)", "hypot": "norm(x, y)", "length": "norm(x, y)",
        "if": "condition ? x : y", "where": "condition ? x : y", "clip": "clamp(x, low, high)",
        "logistic": "sigmoid(x)", "mod": "x % y", "fmod": "x % y", "sqr": "square(x)", "fabs": "abs(x)",
    ]

    private static func unknownFunction(_ name: String) -> String {
        if let form = familiar[name] { return "there is no function '\(name)'; write \(form)" }
        let names = Expression.Function.allCases.map(\.rawValue)
        if let near = nearestName(to: name, among: names) {
            return "unknown function '\(name)'; did you mean '\(near)'?"
        }
        return "unknown function '\(name)'; there are: " + names.joined(separator: ", ")
    }

    // MARK: Leftovers

    private func unexpectedAfterExpression() -> RewardError {
        let start = token.start
        switch token.kind {
        case .symbol(")"), .symbol("]"):
            return error("\(token.spelling) closes nothing", at: start)
        case .symbol(":"):
            return error("':' without a '?' before it", at: start)
        case .symbol(","):
            return error("',' outside of a function's arguments", at: start)
        case .identifier("if"), .identifier("else"), .identifier("then"):
            return error("a choice is written condition ? x : y", at: start)
        case .identifier, .quoted, .number, .symbol("("):
            return error("an operator is missing before \(token.spelling)", at: start)
        default:
            return error("unexpected \(token.spelling)", at: start)
        }
    }
}
