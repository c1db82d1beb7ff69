extension Expression.Node {
    /// The text of the node with as few parentheses as its meaning allows.
    var text: String {
        var result = ""
        write(to: &result, atLeast: Expression.Precedence.conditional)
        return result
    }

    private var precedence: Int {
        switch self {
        case .unary(.negate, _): Expression.Precedence.prefix
        case .unary(.not, _): Expression.Precedence.not
        case .binary(let infix, _, _): infix.precedence
        case .conditional: Expression.Precedence.conditional
        default: Expression.Precedence.primary
        }
    }

    private func write(to text: inout String, atLeast minimum: Int) {
        let needsParentheses = precedence < minimum
        if needsParentheses { text += "(" }
        switch self {
        case .number(let value): text += Expression.spelling(of: value)
        case .pi: text += "pi"
        case .truth(let value): text += value ? "true" : "false"
        case .name(let name): text += Expression.spelling(ofName: name)
        case .previous(let name): text += "previous." + Expression.spelling(ofWord: name)
        case .action(.whole): text += "action"
        case .action(.position(let position)): text += "action[\(position)]"
        case .action(.named(let name)): text += "action[" + Expression.spelling(ofWord: name) + "]"
        case .terminated: text += "terminated"
        case .truncated: text += "truncated"
        case .unary(.negate, let operand):
            text += "-"
            operand.write(to: &text, atLeast: Expression.Precedence.prefix)
        case .unary(.not, let operand):
            text += "not "
            operand.write(to: &text, atLeast: Expression.Precedence.not)
        case .binary(let infix, let left, let right):
            left.write(to: &text, atLeast: infix.leftPrecedence)
            text += infix == .power ? "^" : " \(infix.rawValue) "
            right.write(to: &text, atLeast: infix.rightPrecedence)
        case .conditional(let condition, let first, let second):
            condition.write(to: &text, atLeast: Expression.Precedence.or)
            text += " ? "
            first.write(to: &text, atLeast: Expression.Precedence.conditional)
            text += " : "
            second.write(to: &text, atLeast: Expression.Precedence.conditional)
        case .call(let function, let arguments):
            text += function.rawValue + "("
            for (index, argument) in arguments.enumerated() {
                if index > 0 { text += ", " }
                argument.write(to: &text, atLeast: Expression.Precedence.conditional)
            }
            text += ")"
        }
        if needsParentheses { text += ")" }
    }
}

extension Expression {
    /// Words with a meaning of their own; a signal so named is written in backticks.
    static let reservedWords: Set<String> = [
        "and", "or", "not", "true", "false", "pi", "previous", "action", "terminated", "truncated",
    ]

    /// The shortest text that reads as `value`.
    static func spelling(of value: Double) -> String {
        guard abs(value) < 1e15, value.rounded() == value else { return "\(value)" }
        return "\(Int64(value))"
    }

    static func spelling(ofName name: String) -> String {
        reservedWords.contains(name) ? "`\(name)`" : spelling(ofWord: name)
    }

    /// In a place where reserved words are plain names.
    static func spelling(ofWord name: String) -> String {
        guard let first = name.utf8.first, ExpressionLexer.isLetter(first),
            name.utf8.allSatisfy({ ExpressionLexer.isLetter($0) || ExpressionLexer.isDigit($0) })
        else { return "`\(name)`" }
        return name
    }
}
