import TelosTensor

/// What a policy update maximises on a batch, given how probable its actions are now and were when they were taken.
protocol SurrogateObjective: Sendable {
    /// A number to minimise. All arguments are [batch]; old log-probabilities and advantages are constants.
    func loss(logProbability: Tensor, oldLogProbability: Tensor, advantages: Tensor) -> Tensor
}

/// L = -mean(log pi(a|s) A): the policy gradient itself (Williams, *Simple statistical gradient-following algorithms
/// for connectionist reinforcement learning*, 1992).
struct PolicyGradientObjective: SurrogateObjective {
    func loss(logProbability: Tensor, oldLogProbability: Tensor, advantages: Tensor) -> Tensor {
        -(logProbability * advantages).mean()
    }
}

/// L = -mean(min(r A, clip(r, 1 - e, 1 + e) A)), r = pi(a|s) / pi_old(a|s) (Schulman, Wolski, Dhariwal, Radford and
/// Klimov, *Proximal policy optimization algorithms*, 2017).
struct ClippedObjective: SurrogateObjective {
    let clipRange: Float

    func loss(logProbability: Tensor, oldLogProbability: Tensor, advantages: Tensor) -> Tensor {
        let ratio = exp(logProbability - oldLogProbability)
        return -minimum(ratio * advantages, ratio.clipped(1 - clipRange, 1 + clipRange) * advantages).mean()
    }
}
