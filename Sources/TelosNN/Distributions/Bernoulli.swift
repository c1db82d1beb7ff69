import TelosTensor

/// Independent coins: p(1) = sigmoid(logits), logits [batch, d]; actions [batch, d] hold zeros and ones.
public struct Bernoulli: ActionDistribution {
    public private(set) var logits: Tensor

    public init(logits: Tensor) { self.logits = logits }

    /// p(1), [batch, d].
    public var probabilities: Tensor { sigmoid(logits) }

    /// sum of a l - log(1 + e^l)
    public func logProbability(_ actions: Tensor) -> Tensor { (actions * logits - softplus(logits)).sum(axis: -1) }

    /// sum of log(1 + e^l) - l sigmoid(l)
    public func entropy() -> Tensor { (softplus(logits) - logits * sigmoid(logits)).sum(axis: -1) }

    public var mode: Tensor { Tensor(0) .< logits }

    public var noise: SampleNoise { SampleNoise(.uniform, shape: logits.shape) }

    /// 1 where u < p, noise u uniform in (0, 1), [batch, d].
    public func sample(noise: Tensor) -> Tensor { noise .< sigmoid(logits) }

    /// sum of sigmoid(l) (l - m) - log(1 + e^l) + log(1 + e^m), m the other's logits.
    public func divergence(from other: Bernoulli) -> Tensor {
        (sigmoid(logits) * (logits - other.logits) + (softplus(other.logits) - softplus(logits))).sum(axis: -1)
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        logits.visitTensors(path.appending(part: "logits"), visit)
    }
}
