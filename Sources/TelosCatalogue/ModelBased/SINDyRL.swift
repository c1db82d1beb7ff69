import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosNN
import TelosRewards
import TelosTensor

extension Catalogue {
    /// Equations: `FeatureLibrary` (theta), `SparseRegression` (thresholded least squares), `SparseEnsemble` (bagging, median,
    /// variance), `SparseDynamics` (projection). The rewards are known here and not fitted, as in the paper's swing-up.
    static let sindyRL = CatalogueEntry(
        slug: "sindy-rl",
        title: "SINDy-RL: Interpretable and Efficient Model-Based Reinforcement Learning",
        family: .modelBased, kind: .framework, scope: .core,
        reference: CatalogueReference(
            authors: "Nicholas Zolman, Christian Lagemann, Urban Fasel, J. Nathan Kutz, Steven L. Brunton", year: 2024,
            venue: "arXiv", link: "https://arxiv.org/abs/2403.09110"),
        idea: """
            A few random steps are fitted by sparse combinations of a library of functions, many times over on resampled \
            rows; the median of the coefficients is a model that one can read, and in which a policy is learned instead of \
            in the environment. The policy of a network can be distilled into a sparse polynomial in turn.
            """,
        claim: """
            From a hundred noisy steps of a pendulum, planning in a sparse quadratic model earns within 5% of planning in \
            the pendulum itself. Planning in networks, one or an ensemble, does not with twice the steps, and does with ten \
            times as many; a linear library never does. PPO in the sparse model earns more than PPO from ten times the steps.
            """,
        parameters: [
            ClaimParameter(
                "data", default: 100, "Real steps of the sparse model. With more the networks catch up.", in: 50...1000,
                whole: true),
            ClaimParameter(
                "episode", default: 25, "Real steps from a new start; longer ones see less of the pendulum's states.",
                in: 5...1000, whole: true),
            ClaimParameter("noise", default: 0.02, "Deviation of what is observed.", in: 0...0.2),
            ClaimParameter("threshold", default: 0.02, "Smallest coefficient that is kept.", in: 0...1),
            ClaimParameter(
                "degree", default: 2, "Of the library's polynomials. With 1 the claim must fail.", in: 1...3,
                whole: true),
            ClaimParameter("updates", default: 800, "Gradient steps of a network.", in: 10...20_000, whole: true),
            ClaimParameter("decay", default: 1e-4, "Decoupled weight decay of a network.", in: 0...10),
            ClaimParameter(
                "imagined", default: 300_000, "Steps of PPO in the sparse model.", in: 2000...1_000_000, whole: true),
        ],
        defaultSeeds: 0..<4,
        run: { try SINDyExperiment($0).outcome() })
}

/// Models of a pendulum judged by what is earned on the pendulum itself after planning or learning in them.
struct SINDyExperiment {
    let context: ClaimContext

    init(_ context: ClaimContext) { self.context = context }

    enum Arm: Int, CaseIterable {
        case sparse, truth, network, networks, networkTwice, networksTwice, networkTenfold, dense, linear, random

        var name: String {
            switch self {
            case .sparse: "sparse quadratic model"
            case .truth: "the pendulum itself"
            case .network: "network"
            case .networks: "five networks"
            case .networkTwice: "network, twice the data"
            case .networksTwice: "five networks, twice the data"
            case .networkTenfold: "five networks, ten times the data"
            case .dense: "the same library, one least-squares fit"
            case .linear: "linear library"
            case .random: "random torques"
            }
        }

        var role: ClaimRole {
            switch self {
            case .sparse: .method
            case .truth: .oracle
            case .dense, .linear, .random: .control
            default: .baseline
            }
        }
    }

    struct Run: Sendable {
        var returns: [Double] = []
        var imagined = 0.0
        var free = 0.0
        var distilled = 0.0
        var coefficients = 0.0
        var policyCoefficients = 0.0
        var equations: [String] = []
    }

    func outcome() throws -> ClaimOutcome {
        let runs = try context.perSeed { _, key in try run(key) }
        func values(_ arm: Arm) -> [Double] { runs.map { $0.returns[arm.rawValue] } }
        /// Costs over those of planning in the pendulum itself.
        func ratio(_ arm: Arm) -> Double { mean(of: values(arm)) / mean(of: values(.truth)) }
        let metric = "return on the pendulum, high is good"
        let arms =
            Arm.allCases.map { ClaimArm($0.name, $0.role, metric: metric, values: values($0)) } + [
                ClaimArm("PPO in the sparse model", .method, metric: metric, values: runs.map(\.imagined)),
                ClaimArm("PPO, ten times the data", .baseline, metric: metric, values: runs.map(\.free)),
                ClaimArm("its policy as a sparse cubic", .method, metric: metric, values: runs.map(\.distilled)),
                ClaimArm("coefficients of the model", .method, metric: "count", values: runs.map(\.coefficients)),
                ClaimArm("coefficients of the cubic", .method, metric: "count", values: runs.map(\.policyCoefficients)),
            ]
        let near = 1.05
        var tests = [ClaimTest("cost over that of the pendulum itself: sparse model", ratio(.sparse), .atMost, near)]
        for arm in [Arm.network, .networks, .networkTwice, .networksTwice, .linear] {
            tests.append(ClaimTest("the same: \(arm.name)", ratio(arm), .above, near))
        }
        tests.append(ClaimTest("the same: \(Arm.networkTenfold.name)", ratio(.networkTenfold), .atMost, near))
        tests.append(
            ClaimTest(
                "PPO in the sparse model, less PPO from ten times the steps",
                mean(of: runs.map(\.imagined)) - mean(of: runs.map(\.free)), .above, 0))
        return ClaimOutcome(arms: arms, tests: tests, notes: runs[0].equations)
    }

    private func run(_ key: RandomKey) throws -> Run {
        var result = Run()
        var random = key.derived("data").stream
        let count = context.whole("data")
        let data = PendulumPlan.data(
            count: 10 * count, episode: context.whole("episode"), noise: context["noise"], using: &random)
        let few = data.prefix(count)
        var regression = SparseRegression(threshold: context["threshold"], ridge: 5e-5)
        var options = SparseEnsemble.Options()
        func sparse(degree: Int) throws -> SparseDynamics {
            let inState = FeatureLibrary.polynomial(of: [0, 1, 2], degree: degree, variables: 4)
            let withControl = FeatureLibrary.polynomial(of: [0, 1, 2], degree: degree - 1, variables: 4)
            let control = FeatureLibrary.polynomial(of: [3], degree: 1, variables: 4, constant: false)
            options.regression = regression
            let ensemble = try SparseEnsemble(
                inState + control * withControl, inputs: few.inputs, outputs: few.next, outputCount: 3,
                options: options, using: &random)
            return SparseDynamics(ensemble.median, projection: PendulumPlan.projection)
        }
        let model = try sparse(degree: context.whole("degree"))
        let linear = try sparse(degree: 1)
        regression.threshold = 0
        options.memberCount = 1
        options.resamplesRows = false
        let dense = try sparse(degree: context.whole("degree"))
        for arm in Arm.allCases {
            let score: Double
            switch arm {
            case .sparse: score = try planned { model.next($0, $1) }
            case .truth: score = try planned(PendulumPlan.truth)
            case .dense: score = try planned { dense.next($0, $1) }
            case .linear: score = try planned { linear.next($0, $1) }
            case .network: score = try planned(network(few, members: 1, key))
            case .networks: score = try planned(network(few, members: 5, key))
            case .networkTwice: score = try planned(network(data.prefix(2 * count), members: 1, key))
            case .networksTwice: score = try planned(network(data.prefix(2 * count), members: 5, key))
            case .networkTenfold: score = try planned(network(data, members: 5, key))
            case .random:
                score = PendulumPlan.score { states in (0..<(states.count / 3)).map { _ in random.uniform(-2, 2) } }
            }
            result.returns.append(score)
        }
        result.coefficients = Double(model.model.nonzeroCount)
        result.equations = model.model.equations(
            variables: ["cos", "sin", "w", "u"], outputs: ["cos'", "sin'", "w'"])
        try learn(in: model, from: few, key, &result)
        return result
    }

    private func planned(_ model: @escaping PendulumPlan.Model) throws -> Double {
        let plan = try PendulumPlan(model)
        return try PendulumPlan.score { try plan.actions($0, model) }
    }

    private func network(_ data: DynamicsData, members: Int, _ key: RandomKey) throws -> PendulumPlan.Model {
        var options = DynamicsEnsemble.Options()
        options.memberCount = members
        options.eliteCount = members
        options.activation = .tanh
        options.isProbabilistic = false
        options.learningRate = 2e-3
        options.weightDecay = Float(context["decay"])
        options.holdout = 0
        options.batchSize = 128
        options.resamplesRows = members > 1
        let ensemble = try DynamicsEnsemble(
            stateCount: 3, actionCount: 1, options: options, key: key.derived("networks", members))
        ensemble.propagation = .mean
        try ensemble.fit(data, steps: context.whole("updates"))
        var random = key.stream
        return { states, actions in
            var next = ensemble.next(states, actions, using: &random)
            for start in stride(from: 0, to: next.count, by: 3) { PendulumPlan.projection(&next[start..<(start + 3)]) }
            return next
        }
    }

    // MARK: Learning in the model

    private func learn(
        in model: SparseDynamics, from data: DynamicsData, _ key: RandomKey, _ result: inout Run
    ) throws {
        guard let pendulum = Environments.named("Pendulum"),
            let preset = Presets.all.first(where: { $0.learner == "ppo" && $0.environment == "Pendulum" })
        else { return }
        func policy(_ entry: EnvironmentEntry, steps: Int, _ key: RandomKey) throws -> any Policy {
            let learner = try Learners.named("ppo")!.make(
                LearnerContext(task: try TaskDefinition(entry), key: key, plannedSteps: steps), preset.options)
            while learner.steps < steps { _ = try learner.iterate() }
            return learner.policy()
        }
        let world = ImaginedPendulum(model: model, data: data)
        let imagined = EnvironmentEntry(
            name: "ImaginedPendulum", family: "catalogue", summary: "", horizon: 200, reward: pendulum.reward
        ) { _ in world }
        let learned = try policy(imagined, steps: context.whole("imagined"), key.derived("imagined"))
        result.imagined = PendulumPlan.score { act(learned, $0) }
        let free = try policy(pendulum, steps: 10 * data.count, key.derived("free"))
        result.free = PendulumPlan.score { act(free, $0) }
        // The policy's mean torques where it goes in the model, and beside.
        var random = key.derived("distillation").stream
        let starts = (0..<64).flatMap { row in
            let from = random.index(below: data.count)
            return Array(data.states[(3 * from)..<(3 * from + 3)])
        }
        let rollout = try model.rollOut(from: starts, steps: 100, using: &random) { states, _, random in
            act(learned, states).map { min(max($0 + 0.5 * random.normal(), -2), 2) }
        }
        let states = Array(rollout.states.dropLast().joined())
        let library = FeatureLibrary.polynomial(of: [0, 1, 2], degree: 3, variables: 3)
        var best = -Double.infinity
        for threshold in [0.0, 0.02, 0.05, 0.1, 0.2] {
            let fit = SparseModel(
                library: library,
                coefficients: try SparseRegression(threshold: threshold, ridge: 1e-4).fit(
                    features: library(states), targets: act(learned, states), rows: states.count / 3), outputCount: 1)
            func torques(_ states: [Double]) -> [Double] { fit(states).map { min(max($0, -2), 2) } }
            let trial = try model.rollOut(from: Array(starts), steps: 200, using: &random) { states, _, _ in
                torques(states)
            }
            let value = zip(trial.states, trial.actions).reduce(0) { sum, step in
                sum + PendulumPlan.reward(step.0, step.1).reduce(0, +)
            }
            // The sparsest of those that earn within 5% of the best in imagination.
            guard value > best * (best < 0 ? 1.05 : 1) || best == -.infinity else { continue }
            best = max(best, value)
            result.distilled = PendulumPlan.score(torques)
            result.policyCoefficients = Double(fit.nonzeroCount)
        }
    }

    private func act(_ policy: any Policy, _ states: [Double]) -> [Double] {
        var random = RandomKey(seed: 0).stream
        let rows = states.count / 3
        var actions = [Float](repeating: 0, count: rows)
        states.map(Float.init).withUnsafeBufferPointer { states in
            actions.withUnsafeMutableBufferPointer {
                policy.act(on: states, count: rows, into: $0, deterministic: true, using: &random)
            }
        }
        return actions.map { min(max(Double($0), -2), 2) }
    }
}
