import CTelosKernels

/// A column of a block, or one number for all of it.
struct BlockOperand {
    var column: UnsafePointer<Double>?
    var value: Double

    init(column: UnsafePointer<Double>) {
        self.column = column
        value = 0
    }

    init(value: Double) {
        column = nil
        self.value = value
    }
}

/// The loops behind every operation of an expression: one dispatch a block, then straight code over its elements.
enum BlockKernel {
    typealias Target = UnsafeMutablePointer<Double>

    /// Applies `operation` to `lanes` elements. The target overlaps no operand.
    static func run(
        _ operation: ExpressionPrimitive.Operation, lanes: Int, _ a: BlockOperand, _ b: BlockOperand,
        _ c: BlockOperand, into target: Target
    ) {
        switch operation {
        case .negate: unary(lanes, a, target) { -$0 }
        case .not: unary(lanes, a, target) { $0 == 0 ? 1 : 0 }
        case .abs: unary(lanes, a, target) { Swift.abs($0) }
        case .sign: unary(lanes, a, target) { $0 > 0 ? 1 : ($0 < 0 ? -1 : $0) }
        case .sqrt: unary(lanes, a, target) { $0.squareRoot() }
        case .exp: unary(lanes, a, target) { telos_exp64($0) }
        case .log: unary(lanes, a, target) { telos_log64($0) }
        case .sin: unary(lanes, a, target) { telos_sin64($0) }
        case .cos: unary(lanes, a, target) { telos_cos64($0) }
        case .tan: unary(lanes, a, target) { telos_tan64($0) }
        case .tanh: unary(lanes, a, target) { telos_tanh64($0) }
        case .sigmoid: unary(lanes, a, target) { 1 / (1 + telos_exp64(-$0)) }
        case .floor: unary(lanes, a, target) { $0.rounded(.down) }
        case .round: unary(lanes, a, target) { $0.rounded() }
        case .add: binary(lanes, a, b, target) { $0 + $1 }
        case .subtract: binary(lanes, a, b, target) { $0 - $1 }
        case .multiply: binary(lanes, a, b, target) { $0 * $1 }
        case .divide: binary(lanes, a, b, target) { $0 / $1 }
        case .remainder: binary(lanes, a, b, target) { $0 - $1 * ($0 / $1).rounded(.down) }
        case .power: binary(lanes, a, b, target) { telos_pow64($0, $1) }
        // Not a number where either argument is not.
        case .minimum: binary(lanes, a, b, target) { $0 < $1 || $0 != $0 ? $0 : $1 }
        case .maximum: binary(lanes, a, b, target) { $0 > $1 || $0 != $0 ? $0 : $1 }
        case .less: binary(lanes, a, b, target) { $0 < $1 ? 1 : 0 }
        case .lessOrEqual: binary(lanes, a, b, target) { $0 <= $1 ? 1 : 0 }
        case .equal: binary(lanes, a, b, target) { $0 == $1 ? 1 : 0 }
        case .notEqual: binary(lanes, a, b, target) { $0 != $1 ? 1 : 0 }
        case .and: binary(lanes, a, b, target) { ($0 != 0 ? 1.0 : 0.0) * ($1 != 0 ? 1.0 : 0.0) }
        case .or: binary(lanes, a, b, target) { $0 != 0 ? 1 : ($1 != 0 ? 1 : 0) }
        case .select: select(lanes, a, b, c, target)
        case .constant, .signalAfter, .signalBefore, .actionElement, .terminated, .truncated:
            unary(lanes, a, target) { $0 }
        }
    }

    @inline(__always)
    private static func unary(_ lanes: Int, _ a: BlockOperand, _ target: Target, _ function: (Double) -> Double) {
        if let x = a.column {
            for i in 0..<lanes { target[i] = function(x[i]) }
        } else {
            let value = function(a.value)
            for i in 0..<lanes { target[i] = value }
        }
    }

    @inline(__always)
    private static func binary(
        _ lanes: Int, _ a: BlockOperand, _ b: BlockOperand, _ target: Target, _ function: (Double, Double) -> Double
    ) {
        if let x = a.column {
            if let y = b.column {
                for i in 0..<lanes { target[i] = function(x[i], y[i]) }
            } else {
                let y = b.value
                for i in 0..<lanes { target[i] = function(x[i], y) }
            }
        } else {
            let x = a.value
            if let y = b.column {
                for i in 0..<lanes { target[i] = function(x, y[i]) }
            } else {
                let value = function(x, b.value)
                for i in 0..<lanes { target[i] = value }
            }
        }
    }

    private static func select(
        _ lanes: Int, _ condition: BlockOperand, _ a: BlockOperand, _ b: BlockOperand, _ target: Target
    ) {
        guard let test = condition.column else {
            return unary(lanes, condition.value != 0 ? a : b, target) { $0 }
        }
        switch (a.column, b.column) {
        case (let x?, let y?): for i in 0..<lanes { target[i] = test[i] != 0 ? x[i] : y[i] }
        case (let x?, nil):
            let y = b.value
            for i in 0..<lanes { target[i] = test[i] != 0 ? x[i] : y }
        case (nil, let y?):
            let x = a.value
            for i in 0..<lanes { target[i] = test[i] != 0 ? x : y[i] }
        case (nil, nil):
            let (x, y) = (a.value, b.value)
            for i in 0..<lanes { target[i] = test[i] != 0 ? x : y }
        }
    }
}
