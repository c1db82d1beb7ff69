extension LearnerNotes {
    static let crossEntropyMethod = LearnerNotes(
        equations: """
            theta_i ~ N(mu, diag(s^2)),  R_i the mean return of episodes with theta_i
            mu' = mean of the elites,  s'^2 = variance of the elites + extra,  extra falling to 0
            """,
        metrics: [
            meanReturn, bestReturn,
            MetricDescription("eliteReturn", "mean return of the candidates that the next population comes from"),
            MetricDescription(
                "deviation", "mean s; falls as the search settles, and at 0 it is over"),
        ])
    static let augmentedRandomSearch = LearnerNotes(
        equations: """
            R+_k, R-_k the returns of theta + v d_k and theta - v d_k,  d_k ~ N(0, I)
            theta' = theta + a / (b s_R) sum over the b best k of (R+_k - R-_k) d_k,  s_R the deviation of those returns
            """,
        metrics: [
            meanReturn, bestReturn,
            MetricDescription("returnDeviation", "s_R; at 0 all candidates do alike and nothing is learned"),
            MetricDescription("stepNorm", "length of the step in parameters"),
        ])
    static let evolutionStrategies = LearnerNotes(
        equations: """
            R+_k, R-_k the returns of theta + s d_k and theta - s d_k,  d_k ~ N(0, I),  u their centred ranks
            g = 1 / (2 n s) sum_k (u+_k - u-_k) d_k - w theta,  theta' by Adam along g
            """,
        metrics: [
            meanReturn, bestReturn, MetricDescription("gradientNorm", "length of g, weight decay included"),
        ])

    private static let meanReturn = MetricDescription(
        "meanReturn", "of all candidates; below the centre's own return, since all of them are perturbed")
    private static let bestReturn = MetricDescription("bestReturn", "of the best candidate, luck included")
}
