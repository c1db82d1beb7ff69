import TelosTensor

/// A linear layer divided by the largest singular value of its weight: y = x W / s + b
/// (Miyato, Kataoka, Koyama and Yoshida, *Spectral normalization for generative adversarial networks*, 2018).
///
/// s = v' W u, with u from one step of power iteration a call, u <- W' v / |W' v|, and v = W u / |W u|. They are
/// constants to differentiation. The caller keeps u between calls; it is no parameter.
public struct SpectralLinear: TensorContainer {
    public var linear: Linear

    public init(_ inputs: Int, _ outputs: Int, initializer: Initializer = .uniformFanIn, key: RandomKey) {
        linear = Linear(inputs, outputs, initializer: initializer, key: key)
    }

    /// u for the first call, [outputs], of norm 1.
    public func initialVector(key: RandomKey) -> Tensor {
        var random = key.stream
        let outputs = linear.weight.shape[1]
        return Self.normalized(Tensor((0..<outputs).map { _ in Float(random.normal()) }, shape: [outputs]))
    }

    /// x [batch, inputs] -> the output and the next u. `iterations` 0 leaves u, as in evaluation.
    public func callAsFunction(_ x: Tensor, vector: Tensor, iterations: Int = 1) -> (output: Tensor, vector: Tensor) {
        let weight = linear.weight
        let frozen = weight.stoppingGradient
        var u = vector.stoppingGradient.reshaped(-1, 1)
        var v = Self.normalized(matmul(frozen, u))
        for _ in 0..<iterations {
            u = Self.normalized(matmul(frozen, v, transposeA: true))
            v = Self.normalized(matmul(frozen, u))
        }
        let norm = (matmul(weight, u) * v.stoppingGradient).sum()
        return (matmul(x, weight) * (1 / norm) + linear.bias, u.reshaped(to: vector.shape))
    }

    private static func normalized(_ x: Tensor) -> Tensor { x * (1 / sqrt(x.squared.sum() + 1e-12)) }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        linear.visitTensors(path, visit)
    }
}
