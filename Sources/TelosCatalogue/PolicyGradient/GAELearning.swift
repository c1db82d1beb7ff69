import TelosEvaluation
import TelosTensor

/// Learning CartPole from a few trajectories a batch, by a trust-region policy step and a fitted value network, for
/// several lambda. Each seed of the claim averages `repeats` independent runs, whose spread is large. With ten episodes a
/// batch lambda 1 is no worse than the middle, with three the middle is about 1.1 times as good: the effect is one of
/// variance. With a value network of 10 units in place of 20 the middle is 0.98 to 1.43 times as good over four ranges
/// of seeds, 1.2 on average, where 20 units give 1.22 to 1.45.
struct GAELearningExperiment {
    let context: ClaimContext
    let lambdas: [Double]
    /// What the claim calls intermediate.
    let middle: ClosedRange<Double> = 0.9...0.985

    init(_ context: ClaimContext, lambdas: [Double] = [0, 0.5, 0.92, 0.96, 0.98, 1]) {
        self.context = context
        self.lambdas = lambdas
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in
            let learner = try CartPoleLearner(valueWidth: context.whole("valueWidth"))
            return try lambdas.map { lambda in
                // The quadratic model meets the bound only approximately.
                let settings = CartPoleLearner.Settings(
                    step: .trustRegion(divergence: 0.01, tolerance: 1.5), lambda: lambda,
                    episodes: context.whole("trajectories"), iterations: context.whole("iterations"))
                let lengths = try (0..<context.whole("repeats")).map { run in
                    mean(of: try learner.run(settings, key: key.derived("learning", run)).lengths)
                }
                return mean(of: lengths)
            }
        }
        let arms = lambdas.enumerated().map { index, lambda in
            ClaimArm(
                "CartPole, lambda \(shortNumber(lambda))", middle.contains(lambda) ? .method : .baseline,
                metric: "mean episode length while learning", values: seeds.map { $0[index] })
        }
        func score(_ index: Int) -> Double { interquartileMean(of: arms[index].values) }
        let inner = lambdas.indices.filter { middle.contains(lambdas[$0]) }.map(score)
        let average = inner.reduce(0, +) / Double(inner.count)
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("CartPole, middle lambdas over lambda 0", average / score(0), .atLeast, 1.3),
                ClaimTest("CartPole, middle lambdas over lambda 1", average / score(lambdas.count - 1), .atLeast, 1.1),
            ])
    }
}
