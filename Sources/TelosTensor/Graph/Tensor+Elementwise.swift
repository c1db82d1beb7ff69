extension Tensor {
    static func apply(_ function: Elementwise, _ operands: Tensor...) -> Tensor {
        var shape = operands[0].shape
        for operand in operands.dropFirst() {
            guard let joint = broadcastShape(shape, operand.shape) else {
                let shapes = operands.map { "\($0.shape)" }.joined(separator: ", ")
                return .invalid("\(function)", "the shapes \(shapes) do not broadcast together", near: operands)
            }
            shape = joint
        }
        if let simpler = simplified(function, operands, shape) { return simpler }
        return Tensor(Node(.elementwise(function), operands.map { $0.broadcast(to: shape).node }, shape: shape))
    }

    /// Identities that keep every bit of finite results: x + 0, x * 1, x / 1, -(-x), and arithmetic on two constants.
    /// x * 0 becomes 0, which differs only where x is not finite.
    private static func simplified(_ function: Elementwise, _ operands: [Tensor], _ shape: [Int]) -> Tensor? {
        let values = operands.map(\.node.constantValue)
        if operands.count == 2, let a = values[0], let b = values[1] {
            let folded: Float? =
                switch function {
                case .add: a + b
                case .subtract: a - b
                case .multiply: a * b
                case .divide: a / b
                default: nil
                }
            if let folded { return Tensor(folded).broadcast(to: shape) }
        }
        switch function {
        case .add where values[1] == 0: return operands[0].broadcast(to: shape)
        case .add where values[0] == 0: return operands[1].broadcast(to: shape)
        case .subtract where values[1] == 0: return operands[0].broadcast(to: shape)
        case .multiply where values[1] == 1, .divide where values[1] == 1: return operands[0].broadcast(to: shape)
        case .multiply where values[0] == 1: return operands[1].broadcast(to: shape)
        case .multiply where values[0] == 0 || values[1] == 0: return Tensor(0).broadcast(to: shape)
        case .negate:
            if let value = values[0] { return Tensor(-value).broadcast(to: shape) }
            if operands[0].node.operation == .elementwise(.negate) { return Tensor(operands[0].node.inputs[0]) }
            return nil
        default: return nil
        }
    }

    /// The shape both broadcast to under NumPy's rule; nil where they do not.
    static func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int]? {
        let rank = Swift.max(a.count, b.count)
        var result = [Int](repeating: 1, count: rank)
        for axis in 0..<rank {
            let x = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
            let y = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
            guard x == y || x == 1 || y == 1 else { return nil }
            result[axis] = x == 1 ? y : x
        }
        return result
    }

    public static func + (a: Tensor, b: Tensor) -> Tensor { apply(.add, a, b) }
    public static func - (a: Tensor, b: Tensor) -> Tensor { apply(.subtract, a, b) }
    public static func * (a: Tensor, b: Tensor) -> Tensor { apply(.multiply, a, b) }
    public static func / (a: Tensor, b: Tensor) -> Tensor { apply(.divide, a, b) }
    public static func + (a: Tensor, b: Float) -> Tensor { a + Tensor(b) }
    public static func + (a: Float, b: Tensor) -> Tensor { Tensor(a) + b }
    public static func - (a: Tensor, b: Float) -> Tensor { a - Tensor(b) }
    public static func - (a: Float, b: Tensor) -> Tensor { Tensor(a) - b }
    public static func * (a: Tensor, b: Float) -> Tensor { a * Tensor(b) }
    public static func * (a: Float, b: Tensor) -> Tensor { Tensor(a) * b }
    public static func / (a: Tensor, b: Float) -> Tensor { a / Tensor(b) }
    public static func / (a: Float, b: Tensor) -> Tensor { Tensor(a) / b }
    public static prefix func - (a: Tensor) -> Tensor { apply(.negate, a) }
    public static func += (a: inout Tensor, b: Tensor) { a = a + b }

    /// 1 where a < b, else 0.
    public static func .< (a: Tensor, b: Tensor) -> Tensor { apply(.less, a, b) }
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { apply(.lessEqual, a, b) }
    public static func .> (a: Tensor, b: Tensor) -> Tensor { apply(.less, b, a) }
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { apply(.lessEqual, b, a) }
    public static func .== (a: Tensor, b: Tensor) -> Tensor { apply(.equal, a, b) }

    public var squared: Tensor { self * self }
    public var reciprocal: Tensor { .apply(.reciprocal, self) }
    /// -1, 0 or 1; its gradient is zero.
    public var sign: Tensor { .apply(.sign, self) }
    public var floor: Tensor { .apply(.floor, self) }

    /// Between `low` and `high`; the gradient passes where the value was inside.
    public func clipped(_ low: Tensor, _ high: Tensor) -> Tensor { .apply(.min, .apply(.max, self, low), high) }
    public func clipped(_ low: Float, _ high: Float) -> Tensor { clipped(Tensor(low), Tensor(high)) }

    /// The same values, constant to differentiation.
    public var stoppingGradient: Tensor { Tensor(Node(.stopGradient, [node], shape: shape)) }
}

public func exp(_ x: Tensor) -> Tensor { .apply(.exp, x) }
public func log(_ x: Tensor) -> Tensor { .apply(.log, x) }
/// exp(x) - 1 without cancellation near zero.
public func expm1(_ x: Tensor) -> Tensor { .apply(.expm1, x) }
/// log(1 + x) without cancellation near zero.
public func log1p(_ x: Tensor) -> Tensor { .apply(.log1p, x) }
public func tanh(_ x: Tensor) -> Tensor { .apply(.tanh, x) }
public func sigmoid(_ x: Tensor) -> Tensor { .apply(.sigmoid, x) }
/// log(1 + exp(x)).
public func softplus(_ x: Tensor) -> Tensor { .apply(.softplus, x) }
public func sqrt(_ x: Tensor) -> Tensor { .apply(.sqrt, x) }
public func sin(_ x: Tensor) -> Tensor { .apply(.sin, x) }
public func cos(_ x: Tensor) -> Tensor { .apply(.cos, x) }
public func erf(_ x: Tensor) -> Tensor { .apply(.erf, x) }
public func abs(_ x: Tensor) -> Tensor { .apply(.abs, x) }
public func pow(_ x: Tensor, _ y: Tensor) -> Tensor { .apply(.pow, x, y) }
/// The larger of each pair; where equal, the gradient goes to `b`.
public func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { .apply(.max, a, b) }
public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { .apply(.min, a, b) }
public func relu(_ x: Tensor) -> Tensor { maximum(x, Tensor(0)) }
/// `a` where `condition` is not 0, else `b`.
public func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor { .apply(.select, condition, a, b) }
