import CTelosKernels

/// The closed set of primitive operations. Each has a shape rule (`Tensor+*.swift`), a gradient rule (`Gradient.swift`)
/// and a kernel (`Emission.swift`).
enum Operation: Hashable {
    /// Memory the caller fills before a run.
    case placeholder
    /// Memory that outlives runs and that programs may update in place.
    case variable
    case constant
    case elementwise(Elementwise)
    /// Repeats extents of 1 up to the node's shape; ranks agree.
    case broadcast
    case reshape
    case transpose([Int])
    /// Sum over one axis, which disappears.
    case sum(axis: Int)
    case maximum(axis: Int)
    /// Index of the first maximum along the last axis, which disappears.
    case argmax
    /// [m,k] x [k,n], or batched with one leading axis.
    case matmul(transposeA: Bool, transposeB: Bool)
    /// x[b..., k], index[b...] -> [b...]
    case gatherLast
    /// v[b...], index[b...] -> [b..., k], zero elsewhere
    case scatterLast
    /// table[v, d], index[b] -> [b, d]
    case gatherRows
    /// rows[b, d], index[b] -> [v, d], rows of the same index added in order
    case scatterRows
    case concatenate(axis: Int)
    case slice(axis: Int, start: Int)
    /// Zeros before and after along one axis.
    case pad(axis: Int, before: Int)
    /// Running sums along the last axis, from the end where `reverse`.
    case cumulativeSum(reverse: Bool)
    case stopGradient
    /// Stands where an operation was misused; carries the error to compilation.
    case invalid

    var name: String {
        switch self {
        case .elementwise(let function): "\(function)"
        case .matmul: "matmul"
        case .sum: "sum"
        case .maximum: "maximum"
        case .transpose: "transpose"
        case .concatenate: "concatenate"
        case .slice: "slice"
        case .pad: "pad"
        case .cumulativeSum: "cumulativeSum"
        default: "\(self)"
        }
    }
}

/// Functions applied element by element; comparisons give 1 or 0.
enum Elementwise: UInt8, Hashable, CaseIterable {
    case copy = 0, negate, abs, sign, exp, log, tanh, sigmoid, softplus, sqrt, reciprocal, sin, cos, floor, erf, expm1
    case log1p
    case add, subtract, multiply, divide, max, min, pow, less, lessEqual, equal
    case select, fma

    var arity: Int {
        switch self {
        case .select, .fma: 3
        case .add, .subtract, .multiply, .divide, .max, .min, .pow, .less, .lessEqual, .equal: 2
        default: 1
        }
    }
}

/// What went wrong while a computation was written down: which operation, which shapes, where.
public struct TensorError: Error, Sendable, Hashable, CustomStringConvertible {
    public var operation: String
    public var message: String
    /// `file:line` of the call, where the operation is a function call.
    public var location: String?

    public var description: String {
        "\(operation): \(message)" + (location.map { " (at \($0))" } ?? "")
    }
}

/// One operation of a computation graph. Immutable; identity is what makes two uses the same value.
final class Node {
    let operation: Operation
    let inputs: [Node]
    let shape: [Int]
    /// The memory of a variable or constant.
    let memory: Buffer<Float>?
    let memoryOffset: Int
    let error: TensorError?

    init(
        _ operation: Operation, _ inputs: [Node] = [], shape: [Int], memory: Buffer<Float>? = nil,
        memoryOffset: Int = 0, error: TensorError? = nil
    ) {
        self.operation = operation
        self.inputs = inputs
        self.shape = shape
        self.memory = memory
        self.memoryOffset = memoryOffset
        self.error = error ?? inputs.lazy.compactMap(\.error).first
    }

    var count: Int { shape.reduce(1, *) }

    /// The value of a node that is one constant number, broadcast or not.
    var constantValue: Float? {
        switch operation {
        case .constant: memory!.count == 1 ? memory![0] : nil
        case .broadcast, .reshape, .stopGradient: inputs[0].constantValue
        default: nil
        }
    }
}
