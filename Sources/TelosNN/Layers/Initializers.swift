import TelosTensor

/// First values of a layer's weights, shape [inputs, outputs].
public enum Initializer: Sendable, Hashable {
    case zeros
    /// Orthonormal rows or columns times `gain` (Saxe, McClelland and Ganguli, *Exact solutions to the nonlinear
    /// dynamics of learning in deep linear neural networks*, 2014): the usual choice for policy gradients.
    case orthogonal(gain: Float)
    /// Uniform in +-sqrt(1 / inputs), biases too: PyTorch's default for linear layers. The biases put the kinks of
    /// rectified units beside the origin, which matters where observations are small.
    case uniformFanIn
    /// Uniform in +-sqrt(6 / (inputs + outputs)) (Glorot and Bengio, 2010).
    case glorotUniform
    /// Normal with variance 2 / inputs, which keeps the scale of rectified units (He, Zhang, Ren and Sun, *Delving deep
    /// into rectifiers*, 2015).
    case heNormal

    /// First values of a layer's biases, [outputs]: zero, but for `uniformFanIn`.
    func bias(inputs: Int, outputs: Int, key: RandomKey) -> Tensor {
        guard self == .uniformFanIn else { return .zeros(outputs) }
        var random = key.stream
        let bound = (1 / Double(Swift.max(1, inputs))).squareRoot()
        return Tensor((0..<outputs).map { _ in Float(random.uniform(-bound, bound)) }, shape: [outputs])
    }

    public func callAsFunction(inputs: Int, outputs: Int, key: RandomKey) -> Tensor {
        var random = key.stream
        func uniform(_ bound: Double) -> Tensor {
            Tensor(
                (0..<(inputs * outputs)).map { _ in Float(random.uniform(-bound, bound)) }, shape: [inputs, outputs])
        }
        switch self {
        case .zeros: return .zeros(inputs, outputs)
        case .uniformFanIn: return uniform((1 / Double(Swift.max(1, inputs))).squareRoot())
        case .glorotUniform: return uniform((6 / Double(Swift.max(1, inputs + outputs))).squareRoot())
        case .heNormal:
            let deviation = (2 / Double(Swift.max(1, inputs))).squareRoot()
            return Tensor(
                (0..<(inputs * outputs)).map { _ in Float(deviation * random.normal()) }, shape: [inputs, outputs])
        case .orthogonal(let gain):
            let tall = inputs >= outputs
            let (length, count) = tall ? (inputs, outputs) : (outputs, inputs)
            let vectors = orthonormal(count: count, length: length, using: &random)
            var values = [Float](repeating: 0, count: inputs * outputs)
            for row in 0..<inputs {
                for column in 0..<outputs {
                    values[row * outputs + column] = gain * Float(tall ? vectors[column][row] : vectors[row][column])
                }
            }
            return Tensor(values, shape: [inputs, outputs])
        }
    }
}

/// `count` random orthonormal vectors of `length` >= `count`, by Gram and Schmidt's process, twice for accuracy.
private func orthonormal(count: Int, length: Int, using random: inout RandomStream) -> [[Double]] {
    var vectors: [[Double]] = []
    while vectors.count < count {
        var vector = (0..<length).map { _ in random.normal() }
        for _ in 0..<2 {
            for other in vectors {
                let projection = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
                for index in 0..<length { vector[index] -= projection * other[index] }
            }
        }
        let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm > 1e-9 else { continue }
        vectors.append(vector.map { $0 / norm })
    }
    return vectors
}
