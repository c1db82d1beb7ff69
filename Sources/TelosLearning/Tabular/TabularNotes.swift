extension LearnerNotes {
    static let qLearning = temporalDifference("y = r + gamma max_a' Q(s', a')")
    static let sarsa = temporalDifference("y = r + gamma Q(s', a'),  a' the action taken next")
    static let expectedSarsa = temporalDifference("y = r + gamma sum_a' pi(a'|s') Q(s', a')")
    static let valueIteration = LearnerNotes(
        equations: "V(s) <- max_a sum_s' P(s'|s,a) (R(s,a,s') + gamma V(s'))", metrics: planning)
    static let policyIteration = LearnerNotes(
        equations: """
            V = (I - gamma P_pi)^-1 R_pi
            pi(s) <- argmax_a sum_s' P(s'|s,a) (R(s,a,s') + gamma V(s'))
            """, metrics: planning)

    private static func temporalDifference(_ target: String) -> LearnerNotes {
        LearnerNotes(
            equations: target + "  (y = r at a terminal state)\nQ(s, a) <- Q(s, a) + alpha (y - Q(s, a))",
            metrics: [
                MetricDescription(
                    "temporalDifferenceError", "mean |y - Q(s, a)| of the iteration; shrinks to the noise"),
                MetricDescription("epsilon", "share of random actions"),
                MetricDescription("learningRate", "alpha of the iteration, after its schedule"),
            ])
    }

    private static let planning = [
        MetricDescription("bellmanResidual", "largest change a Bellman backup would still make"),
        MetricDescription("startValue", "expected value of the first state under the present plan"),
        MetricDescription("converged", "1 once the residual is below the tolerance"),
    ]
}
