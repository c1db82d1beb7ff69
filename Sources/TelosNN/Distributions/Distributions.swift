import TelosTensor

/// A batch of probability distributions over encoded actions, row by row.
public protocol ActionDistribution {
    /// log p(action), [batch].
    func logProbability(_ actions: Tensor) -> Tensor
    /// [batch]
    func entropy() -> Tensor
    /// The most probable action, [batch, width].
    var mode: Tensor { get }
    /// A draw, as a differentiable function of noise where the distribution allows it, [batch, width].
    func sample(noise: Tensor) -> Tensor
}

/// p(k) = softmax(logits)_k, logits [batch, k]; actions [batch, 1] hold whole numbers.
public struct Categorical: ActionDistribution {
    public let logProbabilities: Tensor

    public init(logits: Tensor) { logProbabilities = logits.logSoftmax() }

    public func logProbability(_ actions: Tensor) -> Tensor {
        logProbabilities.gatheringLast(actions.reshaped(actions.count))
    }

    public func entropy() -> Tensor { -(exp(logProbabilities) * logProbabilities).sum(axis: -1) }

    public var mode: Tensor { logProbabilities.argmax().reshaped(-1, 1) }

    /// Gumbel's trick: argmax(log p - log(-log u)), noise u uniform in (0, 1), [batch, k].
    public func sample(noise: Tensor) -> Tensor {
        (logProbabilities - log(-log(noise))).argmax().reshaped(-1, 1)
    }

    /// Sum over k of p (log p - log q), [batch].
    public func divergence(from other: Categorical) -> Tensor {
        (exp(logProbabilities) * (logProbabilities - other.logProbabilities)).sum(axis: -1)
    }
}

/// Independent normals: mean [batch, d], log standard deviation [d] or [batch, d].
public struct DiagonalGaussian: ActionDistribution {
    public let mean: Tensor
    public let logDeviation: Tensor

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

    /// mean + s * noise, noise standard normal, [batch, d].
    public func sample(noise: Tensor) -> Tensor { mean + exp(logDeviation) * noise }

    /// KL(self || other), [batch].
    public func divergence(from other: DiagonalGaussian) -> Tensor {
        let ratio = exp(2 * (logDeviation - other.logDeviation))
        let shift = ((mean - other.mean) * exp(-other.logDeviation)).squared
        return ((ratio + shift - 1) * 0.5 - (logDeviation - other.logDeviation)).sum(axis: -1)
    }
}
