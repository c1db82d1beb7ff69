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
    /// x[n, h, w, c] -> [n, rows, columns, patch], samples outside the picture set to `fill`
    case unfold(rows: Window, columns: Window, fill: Float)
    /// patches[n, rows, columns, patch] -> [n, h, w, c], added in the order of the patches
    case fold(rows: Window, columns: Window)
    /// Indices that sort along the last axis, keeping the order of equals, NaN last.
    case argsort(descending: Bool)
    /// x[b..., k], index[b..., j] -> [b..., j]
    case gatherAlong
    /// v[b..., j], index[b..., j] -> [b..., k], values of the same index added in order
    case scatterAlong
    /// exp(x) over its sum along the last axis.
    case softmax
    /// log sum exp(x) over the last axis, which disappears.
    case logSumExp
    /// Index of the first maximum so far along the last axis.
    case cumulativeArgmax
    /// a, b and perhaps what comes before: h[t] = a[t] h[t-1] + b[t] along one axis, from the end where `reverse`.
    case linearRecurrence(axis: Int, reverse: Bool)
    case stopGradient
    /// The first input, not to be merged with it nor computed with before the other inputs are there.
    case barrier
    /// The outputs of a checkpointed body, then its inputs; a bundle without memory (`Control/Checkpoint.swift`).
    case checkpoint(CheckpointBody)
    /// One output of the checkpoint it has as input.
    case checkpointOutput(Int)
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
        case .checkpoint: "checkpoint"
        case .unfold: "unfold"
        case .fold: "fold"
        case .argsort: "argsort"
        case .linearRecurrence: "linearRecurrence"
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
    /// The inputs' part in finding the line, where the line itself is not known.
    private var nearby: String?
    /// One element at most; an array keeps errors small, since every node has room for one.
    private var origin: [Origin]

    init(operation: String, message: String, origin: Origin? = nil, nearby: String? = nil) {
        self.operation = operation
        self.message = message
        self.origin = origin.map { [$0] } ?? []
        self.nearby = nearby
    }

    /// `Module/File.swift:line` of the call that built the operation.
    public var location: String? { origin.first?.location ?? nearby }

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
    let origin: Origin

    init(
        _ operation: Operation, _ inputs: [Node] = [], shape: [Int], memory: Buffer<Float>? = nil,
        memoryOffset: Int = 0, error: TensorError? = nil, origin: Origin? = nil
    ) {
        self.operation = operation
        self.inputs = inputs
        self.shape = shape
        self.memory = memory
        self.memoryOffset = memoryOffset
        self.error = error ?? inputs.lazy.compactMap(\.error).first
        self.origin = origin ?? .here()
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
