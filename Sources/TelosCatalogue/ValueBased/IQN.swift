import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    static let iqn = CatalogueEntry(
        slug: "iqn", title: "Implicit Quantile Networks for Distributional Reinforcement Learning",
        family: .valueBased, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Will Dabney, Georg Ostrovski, David Silver, Rémi Munos", year: 2018, venue: "ICML 2018",
            link: "https://arxiv.org/abs/1806.06923"),
        idea: """
            A network takes a probability level beside the state and gives that quantile of each action's \
            return. Levels are drawn afresh for every update, so the whole distribution is learned, and an \
            attitude to risk is nothing but other levels when choosing: with the worst quarter of levels \
            in place of all the agent avoids bad outcomes.
            """,
        claim: """
            On a cliff in gusts, where the short way is best on average by a hair, the neutral agent takes \
            it, as does DQN, and the agent that chooses by the worst quarter of quantiles goes up first: \
            the worst quarter of its returns is better by a quarter of a fall's cost, its mean worse by \
            less than a twelfth. The learned quantiles rise with their level and are at most half as far \
            from the exact ones as a flat curve is.
            """,
        parameters: [
            ClaimParameter(
                "columns", default: 5, "Length of the cliff; with more the long way becomes the best.", in: 4...6,
                whole: true),
            ClaimParameter("rows", default: 3, "Rows of the grid.", in: 2...6, whole: true),
            ClaimParameter(
                "wind", default: 0.06, "Probability of a push; with more the long way becomes the best.", in: 0.01...0.2
            ),
            ClaimParameter("penalty", default: 12, "What a fall costs.", in: 4...30),
            ClaimParameter(
                "share", default: 0.25,
                "Share of quantiles that the averse agent chooses by; with 1 the claim must fail.",
                in: 0.05...1),
            ClaimParameter("steps", default: 15_000, "Environment steps of each run.", in: 500...100_000, whole: true),
        ],
        defaultSeeds: 0..<4,
        run: { try IQNExperiment($0).outcome() })
}

/// Four agents of one network size on the cliff, judged by the exact law of what their greedy policy earns.
///
///     Z_t(s, a) = f(psi(s) * phi(t))_a,  phi(t) = relu(W (cos(pi i t))_{i < 64} + b)
///     a*(s) = argmax_a mean over t of Z_{b(t)}(s, a),  b(t) = share t
///     L = sum_i mean_j |t_i - 1{u_ij < 0}| huber(u_ij),  u_ij = r + c Z'_{t_j}(s', a*) - Z_{t_i}(s, a)
///
/// with t_i and t_j uniform, eight of each; f is one linear layer here, where the paper has a hidden one, and a* is
/// computed at 32 even levels rather than drawn ones. Agents learn from one-hot cells, one update a step.
///
/// It holds with a wind of 0.04 and a penalty of 20, and with a share of 0.1. On a cliff of 4 columns the tail's exact
/// gain is 0.21 of the penalty, less than the claim asks for, and both agents are right all the same.
struct IQNExperiment {
    let context: ClaimContext
    let cliff: WindyCliff
    private let discount = 0.99
    private let horizon = 60

    init(_ context: ClaimContext) throws {
        self.context = context
        cliff = try WindyCliff(
            columns: context.whole("columns"), rows: context.whole("rows"), wind: context["wind"],
            penalty: context["penalty"])
    }

    enum Agent: String, CaseIterable {
        case neutral = "IQN, neutral"
        case averse = "IQN, worst share"
        case dqn = "DQN"
        case qrdqn = "QR-DQN"
    }

    /// What one agent's greedy policy does.
    struct Measurement: Sendable {
        var mean = 0.0
        var worst = 0.0
        var goesUp = false
        /// Of the quantiles learned at the start: mean distance to the exact ones, that of the exact mean in their
        /// place, and the sum of falls between neighbours over the range.
        var error = 0.0
        var flatError = 0.0
        var falls = 0.0
    }

    func outcome() throws -> ClaimOutcome {
        let best = try cliff.mdp.policyIteration(reward: cliff.reward, discount: discount)
        let optimum = best.values[0]
        let seeds = try context.perSeed { _, key in
            try Agent.allCases.map { try measure($0, key.derived($0.rawValue)) }
        }
        func values(_ agent: Agent, _ figure: (Measurement) -> Double) -> [Double] {
            seeds.map { figure($0[Agent.allCases.firstIndex(of: agent)!]) }
        }
        func middle(_ agent: Agent, _ figure: (Measurement) -> Double) -> Double {
            interquartileMean(of: values(agent, figure))
        }
        let arms = Agent.allCases.flatMap { agent -> [ClaimArm] in
            let role: ClaimRole = agent == .averse ? .method : agent == .neutral ? .method : .baseline
            return [
                ClaimArm(agent.rawValue, role, metric: "mean discounted return, exact", values: values(agent, \.mean)),
                ClaimArm(
                    agent.rawValue + ", worst quarter", role, metric: "mean of the worst quarter of returns, exact",
                    values: values(agent, \.worst)),
            ]
        }
        func share(_ agent: Agent) -> Double { mean(of: values(agent) { $0.goesUp ? 1 : 0 }) }
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("neutral: share of seeds that go up", share(.neutral), .atMost, 0.25),
                ClaimTest("averse: share of seeds that go up", share(.averse), .atLeast, 0.75),
                ClaimTest(
                    "worst quarter, averse minus neutral, over the penalty",
                    (middle(.averse, \.worst) - middle(.neutral, \.worst)) / cliff.penalty, .atLeast, 0.25),
                ClaimTest(
                    "mean, neutral minus averse, over the penalty",
                    (middle(.neutral, \.mean) - middle(.averse, \.mean)) / cliff.penalty, .atMost, 1.0 / 12),
                ClaimTest("optimum minus neutral", optimum - middle(.neutral, \.mean), .atMost, 0.3),
                ClaimTest("optimum minus DQN", optimum - middle(.dqn, \.mean), .atMost, 0.3),
                ClaimTest("optimum minus QR-DQN", optimum - middle(.qrdqn, \.mean), .atMost, 0.3),
                ClaimTest(
                    "neutral: error of quantiles over that of a flat curve",
                    middle(.neutral) { $0.error / $0.flatError }, .atMost, 0.5),
                ClaimTest(
                    "neutral: sum of falls between neighbouring quantiles over their range", middle(.neutral, \.falls),
                    .atMost, 0.1),
            ],
            notes: ["The optimum is \(shortNumber(optimum)), by dynamic programming."])
    }

    private func configuration(_ agent: Agent) -> DQNConfiguration {
        var options = DQNConfiguration()
        options.bufferCapacity = context.whole("steps")
        options.batchSize = 32
        options.learningStarts = 300
        options.learningRate = 1e-3
        options.learningRateSchedule = .linear
        options.discount = discount
        options.targetInterval = 200
        options.double = false
        options.finalEpsilon = 0.1
        options.explorationFraction = 0.27
        options.hiddenSizes = [32]
        switch agent {
        case .neutral, .averse:
            options.returns = .implicitQuantile
            options.atoms = 8
            options.riskDistortion = agent == .averse ? .cvar : .neutral
            options.riskParameter = context["share"]
        case .dqn: options.returns = .mean
        case .qrdqn:
            options.returns = .quantile
            options.atoms = 32
        }
        return options
    }

    private func measure(_ agent: Agent, _ key: RandomKey) throws -> Measurement {
        let steps = context.whole("steps")
        let learner = try Learners.named("dqn")!.make(
            LearnerContext(task: try cliff.task(horizon: horizon), key: key, plannedSteps: steps),
            configuration(agent).json)
        while learner.steps < steps { _ = try learner.iterate() }
        let policy = learner.policy()
        let states = (0..<cliff.mdp.stateCount).map(Float.init)
        var chosen = states
        var random = key.stream
        states.withUnsafeBufferPointer { states in
            chosen.withUnsafeMutableBufferPointer {
                policy.act(on: states, count: states.count, into: $0, deterministic: true, using: &random)
            }
        }
        let actions = chosen.map { Int($0) }
        let law = try cliff.law(of: actions, horizon: horizon, discount: discount)
        var result = Measurement(
            mean: law.mean, worst: law.conditionalValueAtRisk(0.25),
            goesUp: WindyCliff.actionNames[actions[0]] == "up")
        let levels = (0..<32).map { (Float($0) + 0.5) / 32 }
        guard let all = (policy as? any ReturnDistributionPolicy)?.returnQuantiles(of: [0], at: levels) else {
            return result
        }
        let learned = all[(actions[0] * levels.count)..<((actions[0] + 1) * levels.count)].map(Double.init)
        let exact = levels.map { law.quantile(Double($0)) }
        result.error = mean(of: zip(learned, exact).map { abs($0 - $1) })
        result.flatError = mean(of: exact.map { abs($0 - law.mean) })
        let range = (learned.max() ?? 0) - (learned.min() ?? 0)
        result.falls = zip(learned, learned.dropFirst()).reduce(0) { $0 + max(0, $1.0 - $1.1) } / range
        return result
    }
}
