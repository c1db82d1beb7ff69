import TelosTensor

/// p(k) = softmax(logits)_k, logits [batch, k]; actions [batch, 1] hold whole numbers.
public struct Categorical: ActionDistribution {
    /// log p, [batch, k]; about -1e9 where an action is masked out.
    public private(set) var logProbabilities: Tensor

    public init(logits: Tensor) { logProbabilities = logits.logSoftmax() }

    /// Only actions whose `mask` is not 0 are possible.
    ///
    /// A masked action has probability exactly 0 and its logit no gradient; entropy, divergence between distributions
    /// of one mask, and all gradients stay finite. A row with no valid action counts as one with all of them, equally
    /// likely. (Huang and Ontañón, *A closer look at invalid action masking in policy gradient algorithms*, 2022.)
    /// - mask: [batch, k] or [k], zeros and ones.
    public init(logits: Tensor, mask: Tensor) {
        let masked = select(mask, logits, Tensor(-1e9))
        // Subtracting the peak first keeps the normaliser exact even in a row of nothing but -1e9.
        let shifted = masked - masked.maximum(axis: -1, keepingAxis: true).stoppingGradient
        logProbabilities = shifted - log(exp(shifted).sum(axis: -1, keepingAxis: true))
    }

    /// [batch, k]
    public var probabilities: Tensor { exp(logProbabilities) }

    public func logProbability(_ actions: Tensor) -> Tensor {
        logProbabilities.gatheringLast(actions.reshaped(actions.count))
    }

    public func entropy() -> Tensor { -(exp(logProbabilities) * logProbabilities).sum(axis: -1) }

    public var mode: Tensor { logProbabilities.argmax().reshaped(-1, 1) }

    public var noise: SampleNoise { SampleNoise(.uniform, shape: logProbabilities.shape) }

    /// Gumbel's trick: argmax(log p - log(-log u)), noise u uniform in (0, 1), [batch, k].
    public func sample(noise: Tensor) -> Tensor {
        (logProbabilities + gumbel(noise)).argmax().reshaped(-1, 1)
    }

    /// Sum over k of p (log p - log q), [batch].
    public func divergence(from other: Categorical) -> Tensor {
        (exp(logProbabilities) * (logProbabilities - other.logProbabilities)).sum(axis: -1)
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        logProbabilities.visitTensors(path.appending(part: "logProbabilities"), visit)
    }
}
