import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosRewards
import TelosTensor

extension Catalogue {
    static let barfi = CatalogueEntry(
        slug: "barfi", title: "Behavior Alignment via Reward Function Optimization",
        family: .rewardDesign, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Dhawal Gupta, Yash Chandak, Scott M. Jordan, Philip S. Thomas, Bruno Castro da Silva", year: 2023,
            venue: "NeurIPS 2023", link: "https://arxiv.org/abs/2310.19007"),
        idea: """
            A designer gives a primary reward, what counts, and a heuristic, a hint that may be wrong. Instead of adding \
            them, learn the blend: an inner loop trains a policy on offset + weight * primary + weight * hint, an outer \
            loop moves the blend, by implicit differentiation through the inner optimum, so that the policy it yields earns \
            the primary reward. A good hint is used, a bad one is cancelled.
            """,
        claim: """
            On a slippery grid where a hint pays for ever in the wrong corner, adding the hint earns next to nothing, also \
            when all rewards are scaled up, while behaviour alignment comes within a tenth of the optimum and ends with a \
            blend in which staying at the corner no longer pays. With a helpful hint it is at least as good as adding it. \
            The rescue is also there for PPO on sampled episodes, next to potential shaping, which is harmless too. With \
            the blend frozen it is gone.
            """,
        parameters: [
            ClaimParameter("size", default: 4, "Rows and columns; more make the goal farther.", in: 3...7, whole: true),
            ClaimParameter("slip", default: 0.1, "Probability of a random move.", in: 0...0.4),
            ClaimParameter("hint", default: 0.3, "Size of the hint; more mislead more.", in: 0.05...1),
            ClaimParameter("discount", default: 0.95, "How much later rewards count.", in: 0.8...0.99),
            ClaimParameter("regularization", default: 0.01, "L2 weight of the inner problem.", in: 0.001...0.1),
            ClaimParameter("updates", default: 60, "Updates of the blend.", in: 1...500, whole: true),
            ClaimParameter("innerSteps", default: 15, "Policy steps between them.", in: 1...200, whole: true),
            ClaimParameter("terms", default: 10, "Terms of the Neumann series.", in: 0...200, whole: true),
            ClaimParameter(
                "blendRate", default: 0.3, "Step size of the blend; 0 freezes it, and the claim must fail.", in: 0...2),
            ClaimParameter(
                "sampledSteps", default: 60_000, "Steps of each PPO run.", in: 20_000...500_000, whole: true),
        ],
        run: { try BarfiExperiment($0).outcome() })
}

/// Exact gradients on a tabular softmax policy, and PPO on the same grid.
struct BarfiExperiment {
    let context: ClaimContext

    init(_ context: ClaimContext) { self.context = context }

    /// What one seed measured: primary returns by arm, and the last blend under the bad hint.
    struct Measurement: Sendable {
        var optimum = 0.0
        var exact: [Double] = []
        var sampled: [Double] = []
        /// What a step at the corner pays: offset + weight * hint.
        var corner = 0.0
    }

    enum Hint: CaseIterable { case bad, good }

    /// How an exact run combines its rewards.
    struct Arm: Sendable {
        var name: String
        var role: ClaimRole
        var hint: Hint
        var weights: [Double]
        var learnsBlend = false
    }

    static let arms = [
        Arm(name: "behaviour alignment, bad hint", role: .method, hint: .bad, weights: [1, 1], learnsBlend: true),
        Arm(name: "sum, bad hint", role: .baseline, hint: .bad, weights: [1, 1]),
        Arm(name: "sum, bad hint, rewards times 8", role: .baseline, hint: .bad, weights: [8, 8]),
        Arm(name: "primary alone", role: .baseline, hint: .bad, weights: [1, 0]),
        Arm(name: "primary alone, times 8", role: .control, hint: .bad, weights: [8, 0]),
        Arm(name: "behaviour alignment, good hint", role: .method, hint: .good, weights: [1, 1], learnsBlend: true),
        Arm(name: "sum, good hint", role: .baseline, hint: .good, weights: [1, 1]),
    ]

    static let sampledArms: [(name: String, role: ClaimRole, combination: RewardCombination)] = [
        ("PPO, behaviour alignment", .method, .behaviorAlignment), ("PPO, sum", .baseline, .sum),
        ("PPO, potential shaping", .baseline, .potential), ("PPO, primary alone", .baseline, .primary),
    ]

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in try measure(key) }
        func exact(_ index: Int) -> [Double] { seeds.map { $0.exact[index] } }
        func sampled(_ index: Int) -> [Double] { seeds.map { $0.sampled[index] } }
        let metric = "exact discounted primary return"
        let arms =
            Self.arms.enumerated().map { ClaimArm($1.name, $1.role, metric: metric, values: exact($0)) }
            + Self.sampledArms.enumerated().map {
                ClaimArm($1.name, $1.role, metric: "primary return, evaluation", values: sampled($0))
            }
            + [ClaimArm("optimum", .oracle, metric: metric, values: seeds.map(\.optimum))]
        let optimum = interquartileMean(of: seeds.map(\.optimum))
        let key = RandomKey(seed: 0).derived("barfi statistics")
        let rescue = try probabilityOfImprovement(exact(0), over: exact(2), key: key)
        let sampledRescue = try probabilityOfImprovement(sampled(0), over: sampled(1), key: key)
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("bad hint: share of the optimum", interquartileMean(of: exact(0)) / optimum, .atLeast, 0.9),
                ClaimTest(
                    "bad hint: share of the optimum by the better sum",
                    max(interquartileMean(of: exact(1)), interquartileMean(of: exact(2))) / optimum, .atMost, 0.2),
                ClaimTest("bad hint: probability of improvement over the sum, lower bound", rescue.lower, .above, 0.9),
                ClaimTest(
                    "bad hint: what a step at the corner pays in the end",
                    interquartileMean(of: seeds.map(\.corner)), .below, 0),
                ClaimTest(
                    "good hint: alignment minus sum", interquartileMean(of: exact(5)) - interquartileMean(of: exact(6)),
                    .atLeast, -0.01),
                ClaimTest("sampled: return of alignment", interquartileMean(of: sampled(0)), .atLeast, 0.8),
                ClaimTest("sampled: return of the sum", interquartileMean(of: sampled(1)), .atMost, 0.4),
                ClaimTest("sampled: probability of improvement, lower bound", sampledRescue.lower, .above, 0.8),
            ])
    }

    // MARK: Exact gradients

    /// The grid with its rewards as r(s, a): the primary one and both hints.
    struct Problem {
        let mdp: TabularMDP
        let primary: [Double]
        let hints: [Hint: [Double]]

        init(size: Int, slip: Double, hint: Double) throws {
            let grid = try GridWorld(
                map: .open(size: size), slip: .uniform(slip), markerNames: ["A": "corner"], name: "Grid",
                summary: "An open square.")
            let model = try FiniteModel(grid)
            func table(_ expression: String) throws -> [Double] {
                let reward = try ExpressionReward(expression).bind(to: model.specification)
                return model.mdp.expectedReward(try tabulate(reward: reward, over: model))
            }
            mdp = model.mdp
            primary = try table("goal")
            hints = [
                .bad: try table("\(hint) * corner"),
                .good: try table("\(hint) * (previous.manhattanDistance - manhattanDistance)"),
            ]
        }
    }

    private func measure(_ key: RandomKey) throws -> Measurement {
        let problem = try Problem(size: context.whole("size"), slip: context["slip"], hint: context["hint"])
        var result = Measurement()
        let best = try problem.mdp.policyIteration(reward: problem.primary, discount: context["discount"])
        result.optimum = problem.mdp.expectation(of: best.values)
        for (index, arm) in Self.arms.enumerated() {
            let run = try train(arm, problem, key.derived("policy"))
            result.exact.append(run.primaryReturn)
            if index == 0 { result.corner = run.blend.offset + context["hint"] * run.blend.weights[1] }
        }
        for arm in Self.sampledArms { result.sampled.append(try sample(arm.combination, key.derived("sampled"))) }
        return result
    }

    /// Gradient ascent on logits theta with exact expectations: d_in = sum_s,a mu(s) pi(a|s) psi(s,a) A(s,a) - 2 l theta.
    private func train(_ arm: Arm, _ problem: Problem, _ key: RandomKey) throws -> (
        primaryReturn: Double, blend: RewardBlend
    ) {
        let (mdp, discount) = (problem.mdp, context["discount"])
        let channels = [
            [Double](repeating: 1, count: problem.primary.count), problem.primary, problem.hints[arm.hint]!,
        ]
        let (states, actions) = (mdp.stateCount, mdp.actionCount)
        var random = key.stream
        let theta = try Parameters(
            Tensor((0..<(states * actions)).map { _ in Float(0.1 * random.normal()) }, shape: [states, actions]))
        var settings = AlignmentSettings()
        settings.learningRate = context["blendRate"]
        settings.terms = context.whole("terms")
        settings.regularization = context["regularization"]
        let alignment = try BehaviorAlignment(
            theta, blend: RewardBlend(weights: arm.weights, discount: discount), settings: settings,
            rows: states * actions, inputs: []
        ) { $0.logSoftmax().reshaped(states * actions) }
        func policy() -> [Double] {
            TabularPolicy.softmax(theta.values(0).map(Double.init), actionCount: actions)
        }
        /// mu(s) pi(a|s) A(s,a), the weight of each log-probability in a policy gradient.
        func weights(_ reward: [Double], _ policy: [Double]) throws -> [Double] {
            let visits = try mdp.visits(policy: policy, discount: discount)
            let advantages = try mdp.advantages(policy: policy, reward: reward, discount: discount)
            return zip(visits, advantages).map { $0 * $1 }
        }
        func blended(_ parts: [[Double]]) -> [Double] {
            let blend = alignment.blend
            return parts[0].indices.map {
                blend.offset * parts[0][$0] + blend.weights[0] * parts[1][$0] + blend.weights[1] * parts[2][$0]
            }
        }
        for _ in 0..<context.whole("updates") {
            for _ in 0..<context.whole("innerSteps") {
                let current = policy()
                let values = theta.values(0)
                let ascent = TabularPolicy.softmaxGradient(
                    of: current, weights: try weights(blended(channels), current), actionCount: actions)
                let step = ascent.indices.map { ascent[$0] - 2 * context["regularization"] * Double(values[$0]) }
                let norm = step.reduce(0) { $0 + $1 * $1 }.squareRoot()
                let scale = min(1, 1 / max(norm, 1e-12))
                for index in step.indices { values[index] += Float(scale * step[index]) }
            }
            guard arm.learnsBlend, settings.learningRate > 0 else { continue }
            let current = policy()
            let features = try channels.map { try weights($0, current) }
            let buffers = features.map { Buffer($0.map(Float.init)) }
            let innerBuffer = Buffer(blended(features).map(Float.init))
            withExtendedLifetime((buffers, innerBuffer)) {
                _ = alignment.update(
                    inner: innerBuffer.readOnly, outer: buffers[1].readOnly, channels: buffers.map(\.readOnly))
            }
        }
        let primaryReturn = try mdp.expectedReturn(policy: policy(), reward: problem.primary, discount: discount)
        return (primaryReturn, alignment.blend)
    }

    // MARK: Sampled episodes

    private func sample(_ combination: RewardCombination, _ key: RandomKey) throws -> Double {
        guard let entry = Environments.named("Grid") else { return .nan }
        var task = try TaskDefinition(entry)
        task.options.values["size"] = .integer(context.whole("size"))
        task.options.values["slip"] = .real(context["slip"])
        task.auxiliaries = [
            AuxiliaryReward(name: "hint", reward: try ExpressionReward("\(context["hint"]) * corner"))
        ]
        task.combination = combination
        var configuration = PPOConfiguration()
        // Wide batches and a small step: a policy that commits to the hint before it has met the goal gives the blend
        // nothing to learn from.
        configuration.environments = 64
        configuration.rolloutSteps = 64
        configuration.minibatchSize = 256
        configuration.epochs = 4
        configuration.learningRate = 1e-3
        configuration.hiddenSizes = [32]
        configuration.discount = context["discount"]
        configuration.entropyCoefficient = 0.01
        configuration.alignmentLearningRate = context["blendRate"] / 3
        let steps = context.whole("sampledSteps")
        let learner = try Learners.named("ppo")!.make(
            LearnerContext(task: task, key: key, plannedSteps: steps), configuration.json)
        while learner.steps < steps { _ = try learner.iterate() }
        return try evaluate(learner.policy(), on: task, episodes: 20, key: key.derived("evaluation")).meanReturn
    }
}
