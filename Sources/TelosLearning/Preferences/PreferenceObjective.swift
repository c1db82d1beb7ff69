import TelosTensor

/// What a policy is trained on directly: pairs of responses, without a reward model or a critic.
///
/// Every objective reads the log-ratios v = log pi(y|x) - log ref(y|x), summed over a response's tokens, of two responses
/// to one prompt, and what is known about the pair. The reference is frozen: gradients flow through log pi only.
public protocol PreferenceObjective: Sendable {
    /// The loss of each pair, [pairs].
    /// - Parameters:
    ///   - first, second: v of the two responses, [pairs].
    ///   - target: [pairs], the probability that the first is preferred (1 where it was, 0 where the second was); for
    ///     `RelativeRewardRegression` the reward of the first minus that of the second.
    func losses(_ first: Tensor, _ second: Tensor, target: Tensor) -> Tensor
}

/// Direct preference optimisation: -log sigmoid(beta (f'(exp v_w) - f'(exp v_l))), f that of a divergence.
///
/// Rafailov and others, *Direct preference optimization: your language model is secretly a reward model*, 2023; other
/// divergences than reverse KL: Wang, Jiang, Yang, Liu and Chen, 2024. With rewards in place of v and beta 1 it is the
/// Bradley-Terry loss of a reward model.
public struct DirectPreference: PreferenceObjective {
    /// Weight of the divergence. Higher: nearer to the reference.
    public var beta: Double
    public var divergence: FDivergence

    public init(beta: Double, divergence: FDivergence = .reverseKL) {
        self.beta = beta
        self.divergence = divergence
    }

    public func losses(_ first: Tensor, _ second: Tensor, target: Tensor) -> Tensor {
        let margin = Float(beta) * (divergence.derivative(first) - divergence.derivative(second))
        // -p log sigmoid(m) - (1 - p) log sigmoid(-m)
        return softplus(margin) - target * margin
    }
}

/// Identity preference optimisation: (v_w - v_l - 1 / (2 tau))^2, whose margin is bounded however sure the labels are.
///
/// Azar and others, *A general theoretical paradigm to understand learning from human preferences*, 2024.
public struct IdentityPreference: PreferenceObjective {
    /// Weight of the divergence. Higher: nearer to the reference.
    public var tau: Double

    public init(tau: Double) { self.tau = tau }

    public func losses(_ first: Tensor, _ second: Tensor, target: Tensor) -> Tensor {
        let (margin, goal) = (first - second, Float(1 / (2 * tau)))
        return target * (margin - goal).squared + (1 - target) * (margin + goal).squared
    }
}

/// Sequence likelihood calibration: max(0, delta - (v_w - v_l)), no gradient from pairs that are far enough apart.
///
/// Zhao and others, *SLiC-HF: sequence likelihood calibration with human feedback*, 2023, on log-ratios as in Liu and
/// others, *Statistical rejection sampling improves preference optimization*, 2024.
public struct LikelihoodCalibration: PreferenceObjective {
    /// Margin. Higher: pairs are pushed further apart.
    public var delta: Double

    public init(delta: Double) { self.delta = delta }

    public func losses(_ first: Tensor, _ second: Tensor, target: Tensor) -> Tensor {
        let (margin, delta) = (first - second, Float(delta))
        return target * relu(delta - margin) + (1 - target) * relu(delta + margin)
    }
}

/// REBEL: ((v_1 - v_2) - eta (r_1 - r_2))^2 with v against the policy before the iteration; solved exactly it is mirror
/// descent pi' proportional to pi exp(eta r), and one Gauss-Newton step of it the natural policy gradient.
///
/// Gao and others, *REBEL: reinforcement learning via regressing relative rewards*, 2024; eta^2 times its loss.
public struct RelativeRewardRegression: PreferenceObjective {
    /// Step size. Higher: each iteration follows the rewards further.
    public var eta: Double

    public init(eta: Double) { self.eta = eta }

    public func losses(_ first: Tensor, _ second: Tensor, target: Tensor) -> Tensor {
        ((first - second) - Float(eta) * target).squared
    }
}
