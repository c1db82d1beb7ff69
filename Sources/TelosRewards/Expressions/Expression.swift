import TelosEnvironments

/// A formula over the signals and the action of a step, written as text: `goal ? 0 : -1`,
/// `abs(velocity) - 0.1 * action^2`.
///
/// The language is total: every expression that parses has a value for every step, found in a bounded number of
/// operations; it runs no host code, so text from a file or from a language model is safe.
///
/// **Values** are float64 numbers and conditions. A comparison, `and`, `or`, `not`, `true`, `terminated`, and a signal
/// that is a yes or no (unit 1, from 0 to 1) are conditions; everything else is a number. A condition may stand where a
/// number is needed and is then 1 or 0 (`100 * goal`, `2 * (x > 1)`). A number may not stand where a condition is
/// needed: `velocity ? 1 : 0` is an error, `velocity != 0 ? 1 : 0` is not. A flag that is neither 0 nor 1 counts as
/// holding.
///
/// **Arithmetic** is that of IEEE 754: 1 / 0 is infinite and 0 / 0 is not a number. Nothing is silently replaced;
/// whoever evaluates a reward reports one that is not finite. `x % y` is `x - y * floor(x / y)`, of the sign of `y`.
/// `x^n` with a whole number `n` up to 64 written in the text is computed by repeated squaring and multiplication, and
/// `x^-n` as its reciprocal. Both sides of `?:` are evaluated and one is chosen, so neither can spoil the other.
///
/// **Limits**: 10 000 bytes of text, as written and as printed, 200 chained operations (`a + b + c ...`), and 120 operands
/// or parentheses inside one another.
///
/// `Expression.functions`, `Expression.operators` and `Expression.constants` list the whole language.
public struct Expression: Sendable {
    public let root: Node
    /// The text the expression was read from: what the columns of its errors count in.
    public let source: String

    /// Most bytes of text, as written and as printed.
    public static let maximumLength = 10_000
    /// Most operations between the root of the tree and a leaf.
    public static let maximumDepth = 200
    /// Most operands, parentheses and choices inside one another: the parser's recursion, which must fit the small
    /// stack of a secondary thread.
    public static let maximumNesting = 120

    /// Reads an expression. Names are checked later, when it is bound to an environment.
    /// - Throws: `RewardError` with the column of the first mistake.
    public init(_ text: String) throws {
        var parser = try ExpressionParser(text)
        root = try parser.parse().node
        source = text
        // What is printed is longer than what was written (`a+b`), so that it, too, must keep within the limits.
        let printed = root.text
        if printed != text {
            var check = try ExpressionParser(printed)
            _ = try check.parse()
        }
    }

    /// The expression with this tree, in canonical form (`.number(-1)` becomes the negation of 1).
    /// - Throws: `RewardError` for a tree that no text describes: a number that is not finite, a wrong number of
    ///   arguments, a number used as a condition, a name with a backtick in it, or a tree beyond the limits.
    public init(_ root: Node) throws {
        var budget = Expression.maximumLength
        try root.checkWritable(depth: Expression.maximumDepth, budget: &budget)
        try self.init(root.text)
    }
}

extension Expression: Hashable {
    public static func == (left: Expression, right: Expression) -> Bool { left.root == right.root }
    public func hash(into hasher: inout Hasher) { hasher.combine(root) }
}

extension Expression: CustomStringConvertible {
    /// Text that parses to an equal expression, with as few parentheses as possible.
    public var description: String { root.text }
}

extension Expression: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Expression.Node {
    fileprivate func checkWritable(depth: Int, budget: inout Int) throws {
        budget -= 1
        guard depth > 0, budget > 0 else {
            throw RewardError(
                "the expression is too large: at most \(Expression.maximumDepth) nested operations and "
                    + "\(Expression.maximumLength) bytes of text")
        }
        switch self {
        case .number(let value):
            guard value.isFinite else { throw RewardError("an expression cannot hold the number \(value)") }
        case .action(.position(let position)):
            guard position >= 0 else { throw RewardError("the action has no position \(position)") }
        case .name(let name), .previous(let name), .action(.named(let name)):
            guard !name.isEmpty, !name.contains("`"), !name.utf8.contains(10) else {
                throw RewardError("'\(name)' cannot be written as a name")
            }
        default:
            for child in children { try child.checkWritable(depth: depth - 1, budget: &budget) }
        }
    }
}
