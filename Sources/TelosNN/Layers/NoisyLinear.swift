import TelosTensor

/// y = x (W + D e_W) + b + d e_b with learned deviations and factorised noise e_W = f(p) f(q)^T, e_b = f(q),
/// f(x) = sign(x) sqrt|x|.
///
/// Fortunato and others, *Noisy networks for exploration*, 2018.
public struct NoisyLinear: TensorContainer {
    /// W and b: the layer without noise.
    public var mean: Linear
    public var weightDeviation: Tensor
    public var biasDeviation: Tensor

    /// - initial: deviations start as this over the root of `inputs`.
    public init(_ inputs: Int, _ outputs: Int, initial: Float = 0.5, key: RandomKey) {
        mean = Linear(inputs, outputs, key: key)
        let deviation = initial / Float(inputs).squareRoot()
        weightDeviation = Tensor(deviation).broadcast(to: [inputs, outputs])
        biasDeviation = Tensor(deviation).broadcast(to: [outputs])
    }

    /// - noise: [inputs + outputs] standard normal numbers.
    public func callAsFunction(_ x: Tensor, noise: Tensor) -> Tensor {
        let (inputs, outputs) = (weightDeviation.shape[0], weightDeviation.shape[1])
        let f = noise.sign * sqrt(abs(noise))
        let p = f.sliced(axis: 0, 0, inputs).reshaped(inputs, 1)
        let q = f.sliced(axis: 0, inputs, inputs + outputs)
        return matmul(x, mean.weight + weightDeviation * p * q.reshaped(1, outputs)) + mean.bias + biasDeviation * q
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        mean.visitTensors(path.appending(part: "mean"), visit)
        visit(path.appending(part: "weightDeviation"), &weightDeviation)
        visit(path.appending(part: "biasDeviation"), &biasDeviation)
    }
}
