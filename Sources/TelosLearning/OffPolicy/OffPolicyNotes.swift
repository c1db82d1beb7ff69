extension LearnerNotes {
    static let dqn = LearnerNotes(
        equations: """
            y = r + gamma^n [not terminated] Q_target(s', argmax_a Q(s', a))    double; max_a Q_target(s', a) otherwise
            L = mean(w huber(Q(s, a) - y)),  w the importance weights where the replay is prioritised
            """,
        metrics: [
            MetricDescription("loss", "mean loss of the iteration's updates; grows with the scale of returns"),
            meanValue, MetricDescription("gradientNorm", "joint norm of the gradient before clipping"),
            MetricDescription("epsilon", "share of random actions; 0 with noisy layers"), updates,
        ])
    static let softActorCritic = LearnerNotes(
        equations: """
            y = r + gamma [not terminated] (min_i Q_target,i(s', a') - alpha log pi(a'|s')),  a' ~ pi(.|s')
            L_Q = mean((Q_i(s, a) - y)^2);  L_pi = mean(alpha log pi(a|s) - min_i Q_i(s, a)),  a = tanh(mu + sigma e)
            L_alpha = -alpha mean(log pi(a|s) + H_target)
            """,
        metrics: [
            criticLoss, meanValue, MetricDescription("entropy", "of the policy, in nats; settles near the target"),
            MetricDescription(
                "temperature", "alpha, what a nat of entropy is worth; falls as the policy finds rewards"),
            updates,
        ])
    static let deterministicActorCritic = LearnerNotes(
        equations: """
            y = r + gamma [not terminated] min_i Q_target,i(s', pi_target(s') + clip(e))    e, min: twin delayed only
            L_Q = mean((Q_i(s, a) - y)^2);  L_pi = -mean(Q_1(s, pi(s)))
            """,
        metrics: [
            criticLoss, meanValue,
            MetricDescription("policyValue", "mean value of the policy's own actions, which its updates raise"),
            MetricDescription("actionSize", "mean size of actions in [-1, 1]; near 1 says they are saturated"), updates,
        ])

    private static let criticLoss = MetricDescription(
        "criticLoss", "mean squared error of the critics; grows with the scale of returns")
    private static let meanValue = MetricDescription(
        "meanValue", "mean predicted return of replayed steps; far above any return seen, it is overestimated")
    private static let updates = MetricDescription("updates", "gradient steps so far")
}
