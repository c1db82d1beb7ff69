extension LearnerNotes {
    static let dqn = LearnerNotes(
        equations: """
            y = r + gamma^n [not terminated] Q_target(s', argmax_a Q(s', a))    double; max_a Q_target(s', a) otherwise
            L = mean(w huber(Q(s, a) - y)),  w the importance weights where the replay is prioritised
            with a memory s is s_t and h_{t-1}, from the stored h of burnIn steps before the first that counts
            """,
        metrics: [
            MetricDescription("loss", "mean loss of the iteration's updates; grows with the scale of returns"),
            meanValue, gradientNorm,
            MetricDescription("epsilon", "share of random actions; 0 with noisy layers"), updates,
        ])
    static let pqn = LearnerNotes(
        equations: """
            G_t = r_t + gamma [not terminated] ((1 - lambda) max_a Q(s_t+1, a) + lambda G_t+1)
            G_t+1 = max_a Q(s_t+1, a) where time or the rollout cuts off
            L = mean((Q(s_t, a_t) - G_t)^2) / 2
            """,
        metrics: [
            MetricDescription("loss", "mean loss of the rollout's updates; grows with the scale of returns"),
            MetricDescription(
                "meanValue", "mean predicted return of rollout steps; far above any return seen, it is overestimated"),
            gradientNorm, MetricDescription("epsilon", "share of random actions"),
        ])
    static let softActorCritic = soft(
        """
        y = r + gamma [not terminated] (min_i Q_target,i(s', a') - alpha log pi(a'|s')),  a' ~ pi(.|s')
        L_Q = sum_i mean((Q_i(s, a) - y)^2) / 2
        L_pi = mean(alpha log pi(a|s) - min_i Q_i(s, a)),  a = tanh(mu + sigma e)
        """)
    static let redq = soft(
        """
        y = r + gamma [not terminated] (min_{i in M} Q_target,i(s', a') - alpha log pi(a'|s')),  M: two, drawn afresh
        L_Q = sum_i mean((Q_i(s, a) - y)^2) / 2
        L_pi = mean(alpha log pi(a|s) - mean_i Q_i(s, a)),  a = tanh(mu + sigma e)
        """)
    static let droq = soft(
        """
        h = relu(norm(dropout(x W + b)))    hidden layers of every critic, targets included
        y = r + gamma [not terminated] (min_i Q_target,i(s', a') - alpha log pi(a'|s')),  a' ~ pi(.|s')
        L_Q = sum_i mean((Q_i(s, a) - y)^2) / 2
        L_pi = mean(alpha log pi(a|s) - mean_i Q_i(s, a)),  a = tanh(mu + sigma e)
        """)
    static let tqc = soft(
        """
        Z = the quantiles of all target critics at (s', a'), sorted, without the largest d a critic
        y_k = r + gamma [not terminated] (Z_k - alpha log pi(a'|s')),  a' ~ pi(.|s')
        L_Q = sum_i mean(|t_j - [y_k < q_ij]| huber(y_k - q_ij)),  t_j = (j + 1/2) / quantiles
        L_pi = mean(alpha log pi(a|s) - mean_ij q_ij(s, a)),  a = tanh(mu + sigma e)
        """)
    static let crossq = soft(
        """
        Q(s, a), Q(s', a') = one pass through batch-renormalised critics,  a' ~ pi(.|s')
        y = r + gamma [not terminated] (min_i Q_i(s', a') - alpha log pi(a'|s'))    no gradient, no target networks
        L_Q = sum_i mean((Q_i(s, a) - y)^2) / 2
        L_pi = mean(alpha log pi(a|s) - min_i Q_i(s, a)),  a = tanh(mu + sigma e)
        """)
    static let simba = soft(
        """
        x <- x + W_2 relu(W_1 norm(x))    blocks of actor and critics, on normalised observations
        y = r + gamma [not terminated] (min_i Q_target,i(s', a') - alpha log pi(a'|s')),  a' ~ pi(.|s')
        L_Q = sum_i mean((Q_i(s, a) - y)^2) / 2
        L_pi = mean(alpha log pi(a|s) - min_i Q_i(s, a)),  a = tanh(mu + sigma e)
        """)
    static let discreteSAC = soft(
        """
        y = r + gamma [not terminated] sum_a' pi(a'|s') (min_i Q_target,i(s', a') - alpha log pi(a'|s'))
        L_Q = sum_i mean((Q_i(s, a) - y)^2) / 2
        L_pi = mean(sum_a pi(a|s) (alpha log pi(a|s) - min_i Q_i(s, a)))
        """, entropy: "sum_a pi(a|s) log pi(a|s)")
    static let deterministicActorCritic = LearnerNotes(
        equations: """
            y = r + gamma [not terminated] min_i Q_target,i(s', pi_target(s') + clip(e))    e, min: twin delayed only
            L_Q = sum_i mean((Q_i(s, a) - y)^2) / 2;  L_pi = -mean(Q_1(s, pi(s)))
            with a memory s is what it made of s_0 ... s_t, from the stored memory of burnIn steps before the sequence
            """,
        metrics: [
            criticLoss, meanValue,
            MetricDescription("policyValue", "mean value of the policy's own actions, which its updates raise"),
            MetricDescription("actionSize", "mean size of actions in [-1, 1]; near 1 says they are saturated"), updates,
        ])

    /// Of an algorithm with a tuned temperature; its losses are `equations`.
    private static func soft(_ equations: String, entropy: String = "log pi(a|s)") -> LearnerNotes {
        LearnerNotes(
            equations: equations + "\nL_alpha = -log alpha mean(\(entropy) + H_target)\n"
                + "with a memory s is what it made of s_0 ... s_t, from the stored memory of burnIn steps before the sequence",
            metrics: [
                criticLoss, meanValue, MetricDescription("entropy", "of the policy, in nats; settles near the target"),
                MetricDescription(
                    "temperature", "alpha, what a nat of entropy is worth; falls as the policy finds rewards"),
                updates,
            ])
    }

    private static let criticLoss = MetricDescription(
        "criticLoss", "loss of the critics, summed over them; grows with the scale of returns")
    private static let meanValue = MetricDescription(
        "meanValue", "mean predicted return of replayed steps; far above any return seen, it is overestimated")
    private static let gradientNorm = MetricDescription(
        "gradientNorm", "joint norm of the gradient before clipping")
    private static let updates = MetricDescription("updates", "gradient steps so far")
}
