import TelosTensor

/// What a policy update maximises on a batch, given how probable its actions are now and were when they were taken.
public protocol SurrogateObjective: Sendable {
    /// What each sample adds to the mean that is maximised, [batch] like all arguments; old log-probabilities and
    /// advantages are constants.
    /// - proximalLogProbability: of the policy that steps are held near, where that is not the one that acted.
    func surrogate(
        logProbability: Tensor, oldLogProbability: Tensor, proximalLogProbability: Tensor?, advantages: Tensor
    ) -> Tensor
}

extension SurrogateObjective {
    /// A number to minimise: -mean of the surrogate over the samples that are kept.
    /// - kept: [batch], 1 for a sample that counts, else 0; nil for all.
    public func loss(
        logProbability: Tensor, oldLogProbability: Tensor, proximalLogProbability: Tensor? = nil, advantages: Tensor,
        kept: Tensor? = nil
    ) -> Tensor {
        let surrogate = surrogate(
            logProbability: logProbability, oldLogProbability: oldLogProbability,
            proximalLogProbability: proximalLogProbability, advantages: advantages)
        guard let kept else { return -surrogate.mean() }
        return -(kept * surrogate).sum() / maximum(kept.sum(), Tensor(1))
    }
}

/// L = -mean(log pi(a|s) A): the policy gradient itself (Williams, *Simple statistical gradient-following algorithms
/// for connectionist reinforcement learning*, 1992).
public struct PolicyGradientObjective: SurrogateObjective {
    public init() {}

    public func surrogate(
        logProbability: Tensor, oldLogProbability: Tensor, proximalLogProbability: Tensor?, advantages: Tensor
    ) -> Tensor {
        logProbability * advantages
    }
}

/// L = -mean(min(r A, clip(r, 1 - e, 1 + e) A)), r = pi(a|s) / pi_old(a|s) (Schulman, Wolski, Dhariwal, Radford and
/// Klimov, *Proximal policy optimization algorithms*, 2017).
///
/// With a proximal policy of its own the ratio to it is what is clipped, and the ratio of it to the policy that acted
/// weighs the samples: L = -mean(w min(r A, clip(r, 1 - e, 1 + e) A)), r = pi / pi_prox, w = pi_prox / pi_old, pi_old
/// taken as at least pi / 100 (Hilton, Cobbe and Schulman, *Batch size-invariance for policy optimization*, 2022).
public struct ClippedObjective: SurrogateObjective {
    public let clipRange: Float

    /// - Parameter clipRange: e. Raising it allows larger policy steps.
    public init(clipRange: Float) { self.clipRange = clipRange }

    public func surrogate(
        logProbability: Tensor, oldLogProbability: Tensor, proximalLogProbability: Tensor?, advantages: Tensor
    ) -> Tensor {
        let ratio = exp(logProbability - (proximalLogProbability ?? oldLogProbability))
        let surrogate = minimum(ratio * advantages, ratio.clipped(1 - clipRange, 1 + clipRange) * advantages)
        guard let proximalLogProbability else { return surrogate }
        // log 100.
        let acted = maximum(oldLogProbability, logProbability.stoppingGradient - 4.605_170_2)
        return exp(proximalLogProbability.stoppingGradient - acted) * surrogate
    }
}
