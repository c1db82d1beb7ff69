import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    static let gae = CatalogueEntry(
        slug: "gae",
        title: "High-Dimensional Continuous Control Using Generalized Advantage Estimation",
        family: .policyGradient, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "John Schulman, Philipp Moritz, Sergey Levine, Michael Jordan, Pieter Abbeel", year: 2016,
            venue: "ICLR 2016", link: "https://arxiv.org/abs/1506.02438"),
        idea: """
            Advantages are estimated by a sum of temporal-difference residuals with weights (discount lambda)^l. \
            lambda 0 trusts the value function for everything beyond one step, lambda 1 not at all; in between, \
            lambda trades the bias of a wrong value function against the variance of long returns.
            """,
        claim: """
            With a wrong value function, the bias of the policy gradient falls with lambda to 0 at 1, its variance \
            grows at least threefold from 0 to 1, and its mean squared error over a small batch is least strictly in \
            between; with the exact value function lambda 0 is best. Learning CartPole from two episodes a \
            batch, lambdas of 0.92 to 0.98 do better than both ends: at least 1.3 times lambda 0, 1.1 times lambda 1.
            """,
        parameters: [
            ClaimParameter("states", default: 12, "States of the ring.", in: 4...64, whole: true),
            ClaimParameter("discount", default: 0.99, "Higher makes long returns noisier.", in: 0.9...0.995),
            ClaimParameter(
                "valueError", default: 1, "Error of the value function, in its own standard deviations.", in: 0.3...3),
            ClaimParameter("samples", default: 50, "Samples in a gradient estimate.", in: 10...500, whole: true),
            ClaimParameter(
                "rollouts", default: 4000, "Rollouts by which the exact figures are checked.", in: 500...100_000,
                whole: true),
            ClaimParameter(
                "trajectories", default: 2, "Episodes a batch in CartPole; with many the effect goes.", in: 1...20,
                whole: true),
            ClaimParameter("iterations", default: 40, "Batches of a CartPole run.", in: 1...200, whole: true),
            ClaimParameter("repeats", default: 24, "CartPole runs a seed.", in: 1...100, whole: true),
            ClaimParameter(
                "valueWidth", default: 20, "Hidden units of CartPole's value network.", in: 1...256, whole: true),
        ],
        run: { context in
            let estimator = try GAEEstimatorExperiment(context).outcome()
            let learning = try GAELearningExperiment(context).outcome()
            return ClaimOutcome(
                arms: estimator.arms + learning.arms, tests: estimator.tests + learning.tests, notes: estimator.notes)
        })
}

/// Bias and variance of the policy gradient on a ring, exactly and by sampling with the shared estimator.
///
/// Left and right succeed with 0.8, otherwise a jump to any state; rewards are normal for each state and action. The
/// gradient of one sample is score(s,a) A(s,a), s uniform and a from a softmax policy.
struct GAEEstimatorExperiment {
    let context: ClaimContext
    /// Includes the ends, where the claim is about the middle.
    let lambdas: [Double]

    init(_ context: ClaimContext, lambdas: [Double] = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 1]) {
        self.context = context
        self.lambdas = lambdas
    }

    func outcome() throws -> ClaimOutcome {
        let samples = context["samples"]
        let seeds = try context.perSeed { _, key in try measure(key) }
        func error(_ figures: GradientFigures) -> Double { figures.squaredBias + figures.variance / samples }
        var arms: [ClaimArm] = []
        for (index, lambda) in lambdas.enumerated() {
            let isEnd = lambda == 0 || lambda == 1
            arms.append(
                ClaimArm(
                    "lambda \(shortNumber(lambda))", isEnd ? .baseline : .method,
                    metric: "mean squared error of the gradient", values: seeds.map { error($0.wrong[index]) }))
        }
        for (index, lambda) in lambdas.enumerated() {
            arms.append(
                ClaimArm(
                    "lambda \(shortNumber(lambda)), exact values", .control,
                    metric: "mean squared error of the gradient", values: seeds.map { error($0.exact[index]) }))
        }
        func middle(_ value: (GAEMeasurement) -> Double) -> Double { interquartileMean(of: seeds.map(value)) }
        let last = lambdas.count - 1
        let bias = lambdas.indices.map { index in middle { $0.wrong[index].squaredBias } }
        let wrong = lambdas.indices.map { index in middle { error($0.wrong[index]) } }
        let exact = lambdas.indices.map { index in middle { error($0.exact[index]) } }
        let inside = wrong.indices.dropFirst().dropLast().map { wrong[$0] }.min() ?? .infinity
        let rises = zip(bias, bias.dropFirst()).map { $1 - $0 }
        let tests = [
            ClaimTest("squared bias: largest rise from one lambda to the next", rises.max() ?? .nan, .below, 1e-9),
            ClaimTest("squared bias at lambda 1", bias[last], .below, 1e-12),
            ClaimTest(
                "squared bias at lambda 0 over the gradient's square",
                middle {
                    $0.wrong[0].squaredBias / $0.squaredGradient
                }, .above, 0.05),
            ClaimTest(
                "variance, lambda 1 over 0", middle { $0.wrong[last].variance / $0.wrong[0].variance }, .above, 3),
            ClaimTest("mean squared error, best inside over lambda 0", inside / wrong[0], .below, 1),
            ClaimTest("mean squared error, best inside over lambda 1", inside / wrong[last], .below, 0.5),
            ClaimTest(
                "control: exact values, lambda 0 over the best other", exact[0] / (exact.dropFirst().min() ?? .nan),
                .below,
                1),
            ClaimTest(
                "sampled variance over exact, largest relative difference", middle(\.varianceDeviation), .below, 0.15),
            ClaimTest("sampled mean from exact, in standard errors", middle(\.meanDeviation), .below, 2),
        ]
        return ClaimOutcome(
            arms: arms, tests: tests,
            notes: ["Squared bias by lambda: " + bias.map(shortNumber).joined(separator: ", ") + "."])
    }

    private func measure(_ key: RandomKey) throws -> GAEMeasurement {
        let ring = try GAERing(
            states: context.whole("states"), discount: context["discount"], valueError: context["valueError"], key: key)
        var result = GAEMeasurement(squaredGradient: ring.gradient.reduce(0) { $0 + $1 * $1 })
        result.wrong = try lambdas.map { try ring.figures(lambda: $0, values: ring.wrongValues) }
        result.exact = try lambdas.map { try ring.figures(lambda: $0, values: ring.values) }
        // One lambda in the middle is sampled: the others differ in nothing but the number.
        let index = lambdas.count / 2
        let sampled = ring.sampled(
            lambda: lambdas[index], rollouts: context.whole("rollouts"), key: key.derived("rollouts"))
        let exact = result.wrong[index]
        result.varianceDeviation = abs(sampled.variance / exact.variance - 1)
        let distance = zip(sampled.mean, exact.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        result.meanDeviation = (distance / (exact.variance / Double(context.whole("rollouts")))).squareRoot()
        return result
    }
}

/// What one seed measured; a figure a lambda.
struct GAEMeasurement: Sendable {
    var squaredGradient: Double
    var wrong: [GradientFigures] = []
    var exact: [GradientFigures] = []
    var varianceDeviation = 0.0
    var meanDeviation = 0.0
}
