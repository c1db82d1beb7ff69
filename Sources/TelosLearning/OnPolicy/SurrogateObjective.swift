import TelosTensor

/// What a policy update maximises on a batch, given how probable its actions are now and were when they were taken.
protocol SurrogateObjective: Sendable {
    /// A number to minimise. All arguments are [batch]; old log-probabilities and advantages are constants.
    /// - proximalLogProbability: of the policy that steps are held near, where that is not the one that acted.
    func loss(
        logProbability: Tensor, oldLogProbability: Tensor, proximalLogProbability: Tensor?, advantages: Tensor
    ) -> Tensor
}

extension SurrogateObjective {
    /// Held near the policy that acted.
    func loss(logProbability: Tensor, oldLogProbability: Tensor, advantages: Tensor) -> Tensor {
        loss(
            logProbability: logProbability, oldLogProbability: oldLogProbability, proximalLogProbability: nil,
            advantages: advantages)
    }
}

/// L = -mean(log pi(a|s) A): the policy gradient itself (Williams, *Simple statistical gradient-following algorithms
/// for connectionist reinforcement learning*, 1992).
struct PolicyGradientObjective: SurrogateObjective {
    func loss(
        logProbability: Tensor, oldLogProbability: Tensor, proximalLogProbability: Tensor?, advantages: Tensor
    ) -> Tensor {
        -(logProbability * advantages).mean()
    }
}

/// L = -mean(min(r A, clip(r, 1 - e, 1 + e) A)), r = pi(a|s) / pi_old(a|s) (Schulman, Wolski, Dhariwal, Radford and
/// Klimov, *Proximal policy optimization algorithms*, 2017).
///
/// With a proximal policy of its own the ratio to it is what is clipped, and the ratio of it to the policy that acted
/// weighs the samples: L = -mean(w min(r A, clip(r, 1 - e, 1 + e) A)), r = pi / pi_prox, w = pi_prox / pi_old (Hilton,
/// Cobbe and Schulman, *Batch size-invariance for policy optimization*, 2022).
struct ClippedObjective: SurrogateObjective {
    let clipRange: Float

    func loss(
        logProbability: Tensor, oldLogProbability: Tensor, proximalLogProbability: Tensor?, advantages: Tensor
    ) -> Tensor {
        let ratio = exp(logProbability - (proximalLogProbability ?? oldLogProbability))
        let surrogate = minimum(ratio * advantages, ratio.clipped(1 - clipRange, 1 + clipRange) * advantages)
        guard let proximalLogProbability else { return -surrogate.mean() }
        return -(exp(proximalLogProbability - oldLogProbability) * surrogate).mean()
    }
}
