extension LearnerNotes {
    static let ppo = LearnerNotes(
        equations: """
            delta_t = r_t + gamma V(s_{t+1}) [not terminated] - V(s_t)
            A_t = sum_k (gamma lambda)^k delta_{t+k}                      generalised advantages, within an episode
            r_t(theta) = pi_theta(a_t|s_t) / pi_old(a_t|s_t)
            L = -mean(min(r A, clip(r, 1 - epsilon, 1 + epsilon) A)) + c_v mean((V - (A + V_old))^2) - c_e mean(H(pi))
            """, metrics: gradientMetrics)
    static let a2c = LearnerNotes(
        equations: """
            A_t = sum_k (gamma lambda)^k delta_{t+k},  delta_t = r_t + gamma V(s_{t+1}) [not terminated] - V(s_t)
            L = -mean(log pi(a|s) A) + c_v mean((V - (A + V_old))^2) - c_e mean(H(pi)),  one step a rollout
            """, metrics: gradientMetrics)
    static let reinforce = LearnerNotes(
        equations: """
            G_t = sum_k gamma^k r_{t+k}
            L = -mean(log pi(a|s) (G - V(s))) + c_v mean((V - G)^2) - c_e mean(H(pi))
            """, metrics: gradientMetrics)
    static let trpo = LearnerNotes(
        equations: """
            maximise mean(pi(a|s) / pi_old(a|s) A)  subject to  mean(KL(pi_old || pi)) <= delta
            x = F^-1 g by conjugate gradients, F the Fisher matrix
            step sqrt(2 delta / x^T F x) x, halved until it improves within the bound
            """,
        metrics: [
            MetricDescription("surrogateGain", "rise of the objective by the accepted step; 0 where none was accepted"),
            valueLoss, entropy,
            MetricDescription("divergence", "mean KL(old || new) of the accepted step; at most the option's bound"),
            MetricDescription(
                "stepSize", "share of the full step that was accepted: 1, 1/2, 1/4...; 0 says the search failed"),
            gradientNorm, explainedVariance, learningRate,
        ])

    static let vmpo = LearnerNotes(
        equations: """
            D the better half of a rollout's samples,  psi = softmax over D of A / eta
            L = -sum over D of psi log pi(a|s) + sum over k of alpha_k mean(KL_k(pi_old || pi))
            eta minimises eta bound + eta log(mean over D of exp(A / eta));  alpha_k rises while KL_k is above its bound
            """,
        metrics: [
            MetricDescription("policyLoss", "the better half's log-probabilities by weight, negated"),
            MetricDescription("divergence", "mean KL(old || new) over an update's minibatches"),
            MetricDescription("temperature", "eta; lower follows the best samples only"),
            MetricDescription("multiplier", "alpha of the first divergence; rises while the policy moves too far"),
            valueLoss, entropy, gradientNorm, explainedVariance, learningRate,
        ])

    static let gradientMetrics = [
        MetricDescription("policyLoss", "the surrogate objective, negated; hovers near 0 with standardised advantages"),
        valueLoss, entropy,
        MetricDescription(
            "approximateDivergence",
            "estimate of KL(old || new) over an update's minibatches; above about 0.05 the steps are too large"),
        MetricDescription(
            "clipFraction", "share of samples whose probability ratio left the clip range; 0.05 to 0.3 is usual"),
        gradientNorm,
        MetricDescription(
            "surrogateVariance",
            "of ratio * advantage over the samples a step counts; about 1 with standardised advantages"),
        explainedVariance, learningRate,
        MetricDescription(
            "learningRateFactor", "under adaptiveDivergence: what the learning rate is multiplied by",
            isOptional: true),
        MetricDescription(
            "blend.*", "under behavior-alignment: the learned weight of a reward, the offset, the discount",
            isOptional: true),
    ]
    private static let valueLoss = MetricDescription(
        "valueLoss", "the critic's squared error; grows with the scale of returns")
    private static let entropy = MetricDescription(
        "entropy", "of the policy, in nats; falls as it settles, and an early fall to 0 says it stopped exploring")
    private static let gradientNorm = MetricDescription(
        "gradientNorm", "joint norm of the gradient before clipping, mean over updates")
    private static let explainedVariance = MetricDescription(
        "explainedVariance", "1 - Var(return - V) / Var(return): 1 is a perfect critic, 0 or less a useless one")
    private static let learningRate = MetricDescription("learningRate", "of the iteration, after its schedule")
}
