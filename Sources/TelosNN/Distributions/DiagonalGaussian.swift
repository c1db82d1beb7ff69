import TelosTensor

/// Independent normals: mean [batch, d], log standard deviation [d] or [batch, d].
public struct DiagonalGaussian: ActionDistribution {
    public private(set) var mean: Tensor
    public private(set) var logDeviation: Tensor

    public init(mean: Tensor, logDeviation: Tensor) {
        self.mean = mean
        self.logDeviation = logDeviation.broadcast(to: mean.shape)
    }

    /// -sum((a - m)^2 / (2 s^2) + log s + log(2 pi) / 2)
    public func logProbability(_ actions: Tensor) -> Tensor {
        let scaled = (actions - mean) * exp(-logDeviation)
        return (scaled.squared * -0.5 - logDeviation - 0.918_938_5).sum(axis: -1)
    }

    public func entropy() -> Tensor { (logDeviation + 1.418_938_5).sum(axis: -1) }

    public var mode: Tensor { mean }

    public var noise: SampleNoise { SampleNoise(.normal, shape: mean.shape) }

    /// mean + s * noise, noise standard normal, [batch, d].
    public func sample(noise: Tensor) -> Tensor { mean + exp(logDeviation) * noise }

    /// KL(self || other), [batch].
    public func divergence(from other: DiagonalGaussian) -> Tensor {
        let ratio = exp(2 * (logDeviation - other.logDeviation))
        let shift = ((mean - other.mean) * exp(-other.logDeviation)).squared
        return ((ratio + shift - 1) * 0.5 - (logDeviation - other.logDeviation)).sum(axis: -1)
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        mean.visitTensors(path.appending(part: "mean"), visit)
        logDeviation.visitTensors(path.appending(part: "logDeviation"), visit)
    }
}
