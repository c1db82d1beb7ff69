extension Expression {
    /// The partial derivative with respect to a signal or an element of the action, all others held fixed.
    ///
    /// Where the expression jumps or has a corner (`floor`, `sign`, comparisons, `abs` at 0) the derivative is that of
    /// one side: conditions and steps have derivative 0, and a choice `c ? x : y` has that of the side chosen. The
    /// result is simplified (`0 * x` is 0, whatever x).
    ///
    /// - Parameter variable: `velocity`, `previous.velocity`, `action` or `action[2]`, as it is written in the
    ///   expression.
    /// - Throws: `RewardError` when `variable` is none of these, when the expression writes the action in another way,
    ///   or when the derivative is larger than an expression may be.
    public func derivative(withRespectTo variable: String) throws -> Expression {
        let leaf = try Expression(variable).root
        switch leaf {
        case .name, .previous: break
        case .action:
            guard root.mentionsOnly(action: leaf) else {
                throw RewardError(
                    "'\(self)' writes the action in another way than '\(variable)'; write each element the same way")
            }
        default:
            throw RewardError(
                "'\(variable)' is not a variable; write a signal, previous.SIGNAL, action or action[i]")
        }
        return try Expression(Differentiator(variable: leaf, budget: Expression.maximumLength).derivative(of: root))
    }
}

extension Expression.Node {
    /// Whether the action is always written as in `leaf` (by position or by name), and never all elements at once.
    fileprivate func mentionsOnly(action leaf: Expression.Node) -> Bool {
        switch self {
        case .action(let element):
            guard case .action(let wanted) = leaf else { return true }
            return switch (element, wanted) {
            case (.whole, .whole), (.position, .position), (.named, .named): true
            default: false
            }
        case .call(let function, let arguments) where function.isVariadic && arguments.contains(.action(.whole)):
            return false
        default:
            return children.allSatisfy { $0.mentionsOnly(action: leaf) }
        }
    }
}

/// Applies the rules of differentiation from the root down.
private struct Differentiator {
    typealias Node = Expression.Node
    let variable: Node
    /// Bounds the size of what is built; a larger derivative could not be written.
    let budget: Int

    func derivative(of node: Node) throws -> Node {
        if node == variable { return .number(1) }
        switch node {
        case .number, .pi, .truth, .name, .previous, .action, .terminated, .truncated:
            return .number(0)
        case .unary(.negate, let operand):
            return -(try derivative(of: operand))
        case .unary(.not, _):
            return .number(0)
        case .binary(let infix, let left, let right):
            return try bounded(binary(infix, left, right))
        case .conditional(let condition, let first, let second):
            return try bounded(
                Node.choice(condition, try derivative(of: first), try derivative(of: second)))
        case .call(let function, let arguments):
            return try bounded(call(function, arguments))
        }
    }

    private func bounded(_ node: Node) throws -> Node {
        var left = budget
        guard node.fits(&left) else {
            throw RewardError("the derivative is larger than an expression may be; differentiate its parts")
        }
        return node
    }

    private func binary(_ infix: Expression.BinaryOperator, _ left: Node, _ right: Node) throws -> Node {
        if infix.isComparison || infix.isLogical { return .number(0) }
        let (first, second) = (try derivative(of: left), try derivative(of: right))
        switch infix {
        case .add: return first + second
        case .subtract: return first - second
        case .multiply: return first * right + left * second
        case .divide: return first / right - left * second / right.power(.number(2))
        case .remainder: return first - Node.call(.floor, [left / right]) * second
        default:
            let base = right * left.power(right - .number(1)) * first
            return base + left.power(right) * .call(.log, [left]) * second
        }
    }

    private func call(_ function: Expression.Function, _ x: [Node]) throws -> Node {
        let slopes = try x.map { try derivative(of: $0) }
        if slopes.allSatisfy({ $0 == .number(0) }) { return .number(0) }
        let one = Node.number(1)
        let two = Node.number(2)
        let itself = Node.call(function, x)
        switch function {
        case .sign, .floor, .round: return .number(0)
        case .abs: return .call(.sign, x) * slopes[0]
        case .square: return two * x[0] * slopes[0]
        case .sqrt: return slopes[0] / (two * itself)
        case .exp: return itself * slopes[0]
        case .log: return slopes[0] / x[0]
        case .sin: return .call(.cos, x) * slopes[0]
        case .cos: return -(Node.call(.sin, x) * slopes[0])
        case .tan: return slopes[0] / Node.call(.cos, x).power(two)
        case .tanh: return (one - itself.power(two)) * slopes[0]
        case .sigmoid: return itself * (one - itself) * slopes[0]
        case .min, .max:
            var (value, slope) = (x[0], slopes[0])
            for (next, nextSlope) in zip(x, slopes).dropFirst() {
                slope = .choice(.binary(function == .min ? .less : .greater, value, next), slope, nextSlope)
                value = .call(function, [value, next])
            }
            return slope
        case .norm:
            return zip(x, slopes).dropFirst().reduce(x[0] * slopes[0]) { $0 + $1.0 * $1.1 } / itself
        case .clamp:
            // Where the bounds are the wrong way round, the upper one holds.
            let areOrdered = x[1].literal.flatMap { low in x[2].literal.map { low <= $0 } } ?? false
            let value = areOrdered ? x[0] : Node.call(.max, [x[0], x[1]])
            return .choice(
                .binary(.greater, value, x[2]), slopes[2],
                .choice(.binary(.less, x[0], x[1]), slopes[1], slopes[0]))
        case .gaussian:
            let distance = (x[0] - x[1]) / x[2]
            return itself * (distance * (slopes[1] - slopes[0]) / x[2] + distance.power(two) * slopes[2] / x[2])
        case .tolerance:
            let below = Node.binary(.subtract, x[1], x[0])
            let above = Node.binary(.subtract, x[0], x[2])
            let distance = Node.call(.max, [below, above])
            let slope = Node.choice(.binary(.greater, below, above), slopes[1] - slopes[0], slopes[0] - slopes[2])
            let ratio = distance / x[3]
            let steepness = two * .call(.log, [.number(0.1)]) * itself * ratio / x[3]
            return .choice(
                .binary(.greater, distance, .number(0)), steepness * (slope - ratio * slopes[3]), .number(0))
        }
    }
}

/// Construction that simplifies as it goes.
extension Expression.Node {
    fileprivate func fits(_ budget: inout Int) -> Bool {
        budget -= 1
        if budget <= 0 { return false }
        for child in children where !child.fits(&budget) { return false }
        return true
    }

    /// The value of a number with or without a sign.
    fileprivate var literal: Double? {
        switch self {
        case .number(let value): value
        case .unary(.negate, .number(let value)): -value
        default: nil
        }
    }

    fileprivate static func literal(_ value: Double) -> Self {
        value < 0 ? .unary(.negate, .number(-value)) : .number(abs(value))
    }

    /// The exact result, where both are numbers and it is finite.
    fileprivate static func folded(_ a: Self, _ b: Self, _ function: (Double, Double) -> Double) -> Self? {
        guard let x = a.literal, let y = b.literal else { return nil }
        let result = function(x, y)
        return result.isFinite ? literal(result) : nil
    }

    fileprivate static func choice(_ condition: Self, _ first: Self, _ second: Self) -> Self {
        first == second ? first : .conditional(condition, first, second)
    }

    fileprivate static prefix func - (x: Self) -> Self {
        if case .unary(.negate, let inner) = x { return inner }
        return x.literal == 0 ? x : .unary(.negate, x)
    }

    fileprivate static func + (x: Self, y: Self) -> Self {
        if x.literal == 0 { return y }
        if y.literal == 0 { return x }
        if case .unary(.negate, let inner) = y { return x - inner }
        return folded(x, y, +) ?? .binary(.add, x, y)
    }

    fileprivate static func - (x: Self, y: Self) -> Self {
        if y.literal == 0 { return x }
        if x.literal == 0 { return -y }
        if case .unary(.negate, let inner) = y { return x + inner }
        return folded(x, y, -) ?? .binary(.subtract, x, y)
    }

    fileprivate static func * (x: Self, y: Self) -> Self {
        if x.literal == 0 || y.literal == 0 { return .number(0) }
        if x.literal == 1 { return y }
        if y.literal == 1 { return x }
        if let value = folded(x, y, *) { return value }
        if case .unary(.negate, let inner) = y { return -(x * inner) }
        if case .unary(.negate, let inner) = x { return -(inner * y) }
        // Numbers go first: x * 2 is written 2 * x.
        return y.literal != nil ? .binary(.multiply, y, x) : .binary(.multiply, x, y)
    }

    fileprivate static func / (x: Self, y: Self) -> Self {
        if y.literal == 1 { return x }
        if x.literal == 0 { return .number(0) }
        if case .unary(.negate, let inner) = x { return -(inner / y) }
        return .binary(.divide, x, y)
    }

    fileprivate func power(_ exponent: Self) -> Self {
        if exponent.literal == 1 { return self }
        if exponent.literal == 0 { return .number(1) }
        return .binary(.power, self, exponent)
    }
}
