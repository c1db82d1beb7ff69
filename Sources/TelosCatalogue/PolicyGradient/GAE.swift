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

/// The mean of a one-sample gradient, the square of its distance from the true gradient, and its total variance.
struct GradientFigures: Sendable {
    var mean: [Double]
    var squaredBias: Double
    var variance: Double
}

/// The ring with a policy, a reward and two value functions.
struct GAERing {
    let mdp: TabularMDP
    let reward: [Double]
    let policy: [Double]
    let discount: Double
    /// V of the policy, and the same with independent normal errors.
    let values: [Double]
    let wrongValues: [Double]
    /// E[score A], at (s,a).
    let gradient: [Double]

    init(states: Int, discount: Double, valueError: Double, key: RandomKey) throws {
        var random = key.derived("ring").stream
        var transitions = [Double](repeating: 0.2 / Double(states), count: states * 2 * states)
        for state in 0..<states {
            for action in 0..<2 {
                let next = (state + (action == 0 ? states - 1 : 1)) % states
                transitions[(state * 2 + action) * states + next] += 0.8
            }
        }
        mdp = try TabularMDP(
            stateCount: states, actionCount: 2, transitions: transitions,
            terminal: Array(repeating: false, count: states), start: Array(repeating: 1 / Double(states), count: states)
        )
        reward = (0..<(states * 2)).map { _ in random.normal() }
        policy = TabularPolicy.softmax((0..<(states * 2)).map { _ in 0.5 * random.normal() }, actionCount: 2)
        self.discount = discount
        let values = try mdp.policyValue(policy: policy, reward: reward, discount: discount)
        let spread = standardDeviation(of: values)
        self.values = values
        wrongValues = values.map { $0 + valueError * spread * random.normal() }
        gradient = Self.scoreMean(
            try mdp.advantages(policy: policy, reward: reward, discount: discount), policy, mdp)
    }

    /// E[score(s,a) x(s,a)] with s uniform: element (s,a) is mu(s) pi(a|s) (x(s,a) - x(s,pi)).
    private static func scoreMean(_ x: [Double], _ policy: [Double], _ mdp: TabularMDP) -> [Double] {
        x.indices.map { pair in
            let first = pair / 2 * 2
            let mean = policy[first] * x[first] + policy[first + 1] * x[first + 1]
            return policy[pair] * (x[pair] - mean) / Double(mdp.stateCount)
        }
    }

    /// |score(s,a)|^2 = 1 - 2 pi(a|s) + sum over b of pi(b|s)^2.
    private func squaredScore(_ pair: Int) -> Double {
        let first = pair / 2 * 2
        return 1 - 2 * policy[pair] + policy[first] * policy[first] + policy[first + 1] * policy[first + 1]
    }

    /// The exact figures over endless rollouts. The estimate X(s,a) = delta + c X(s',a'), c = discount lambda, has the
    /// first and second moments that solve m = E[delta] + c E[m'] and q = E[delta^2 + 2 c delta m'] + c^2 E[q'].
    func figures(lambda: Double, values: [Double]) throws -> GradientFigures {
        let decay = discount * lambda
        func residual(_ state: Int, _ action: Int, _ next: Int) -> Double {
            reward[state * 2 + action] + discount * values[next] - values[state]
        }
        let first = try mdp.actionValues(
            policy: policy, reward: mdp.fullReward(residual), discount: decay)
        let following = (0..<mdp.stateCount).map { state -> Double in
            policy[state * 2] * first[state * 2] + policy[state * 2 + 1] * first[state * 2 + 1]
        }
        let second = try mdp.actionValues(
            policy: policy,
            reward: mdp.fullReward { state, action, next in
                let delta = residual(state, action, next)
                return delta * delta + 2 * decay * delta * following[next]
            }, discount: decay * decay)
        let mean = Self.scoreMean(first, policy, mdp)
        var square = 0.0
        var squaredMean = 0.0
        var squaredBias = 0.0
        for pair in second.indices {
            square += policy[pair] * squaredScore(pair) * second[pair] / Double(mdp.stateCount)
            squaredMean += mean[pair] * mean[pair]
            let bias = mean[pair] - gradient[pair]
            squaredBias += bias * bias
        }
        return GradientFigures(mean: mean, squaredBias: squaredBias, variance: square - squaredMean)
    }

    /// The same, estimated from rollouts with the wrong values and the shared estimator.
    func sampled(lambda: Double, rollouts: Int, key: RandomKey) -> (mean: [Double], variance: Double) {
        // Long enough that what is cut off weighs less than 1e-3.
        var steps = 1
        var weight = 1.0
        while weight > 1e-3, steps < 1000 {
            weight *= discount * lambda
            steps += 1
        }
        var random = key.stream
        var rewards = [Float](repeating: 0, count: steps * rollouts)
        var before = rewards
        var after = rewards
        var pairs = [Int](repeating: 0, count: rollouts)
        for rollout in 0..<rollouts {
            var state = random.index(weights: mdp.start)
            for step in 0..<steps {
                let action = random.uniform() < policy[state * 2] ? 0 : 1
                if step == 0 { pairs[rollout] = state * 2 + action }
                let row = (state * 2 + action) * mdp.stateCount
                let next = random.index(weights: mdp.transitions[row..<(row + mdp.stateCount)])
                rewards[step * rollouts + rollout] = Float(reward[state * 2 + action])
                before[step * rollouts + rollout] = Float(wrongValues[state])
                after[step * rollouts + rollout] = Float(wrongValues[next])
                state = next
            }
        }
        var advantages = [Float](repeating: 0, count: steps * rollouts)
        let ends = [EpisodeEnd](repeating: .ongoing, count: steps * rollouts)
        generalizedAdvantages(
            rewards: rewards, values: before, nextValues: after, ends: ends, steps: steps, environments: rollouts,
            discount: Float(discount), lambda: Float(lambda), into: &advantages)
        var mean = [Double](repeating: 0, count: reward.count)
        var square = 0.0
        for (rollout, pair) in pairs.enumerated() {
            let estimate = Double(advantages[rollout])
            for action in 0..<2 {
                let other = pair / 2 * 2 + action
                mean[other] += ((other == pair ? 1 : 0) - policy[other]) * estimate / Double(rollouts)
            }
            square += squaredScore(pair) * estimate * estimate / Double(rollouts)
        }
        return (mean, square - mean.reduce(0) { $0 + $1 * $1 })
    }
}
