import TelosTensor

/// A row of a table for each token: tokens [...] of whole floats -> [..., width]. A token outside gives zeros.
public struct Embedding: TensorContainer {
    /// [vocabulary, width]
    public var table: Tensor

    /// Rows are normal with standard deviation `deviation`.
    public init(_ vocabulary: Int, _ width: Int, deviation: Float = 0.02, key: RandomKey) {
        var random = key.stream
        table = Tensor(
            (0..<(vocabulary * width)).map { _ in deviation * Float(random.normal()) }, shape: [vocabulary, width])
    }

    public func callAsFunction(_ tokens: Tensor) -> Tensor {
        table.gatheringRows(tokens.reshaped(tokens.count)).reshaped(to: tokens.shape + [table.shape[1]])
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        table.visitTensors(path.appending(part: "table"), visit)
    }
}
