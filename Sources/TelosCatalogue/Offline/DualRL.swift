import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosFeedback
import TelosLearning
import TelosTensor

extension Catalogue {
    static let dualRL = CatalogueEntry(
        slug: "dual-rl", title: "Dual RL: Unification and New Methods for Reinforcement and Imitation Learning",
        family: .offline, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Harshit Sikchi, Qinqing Zheng, Amy Zhang, Scott Niekum", year: 2024, venue: "ICLR 2024",
            link: "https://arxiv.org/abs/2302.08560"),
        idea: """
            Regularised reinforcement learning is a linear programme over where a policy goes, with a divergence to where \
            the data were; its dual needs no constraint. Written for V with chi-square or total variation instead of the \
            KL, it gives value losses whose gradients stay bounded (f-DVL); written for Q with mixtures of expert and \
            other data, it imitates from any data, with no discriminator and no overlap (ReCOIL).
            """,
        claim: """
            Fitted to values with 1% of outliers, extreme Q-learning's loss has gradients that grow with every lower \
            temperature, a thousandfold from 2 to 0.2, where V has left the bulk of the values; f-DVL's stay below 5 at \
            every level. From one expert trajectory and random data from which all that the expert did is removed, \
            ReCOIL reaches a goal in at least 0.9 as many episodes as the expert, more than behaviour cloning and a \
            ratio of states as a reward, and more than without its term of the other data.
            """,
        parameters: [
            ClaimParameter("outliers", default: 0.01, "Share of values that are 4 too large.", in: 0...0.1),
            ClaimParameter("steps", default: 800, "Of each fit of V.", in: 50...10_000, whole: true),
            ClaimParameter("size", default: 8, "Rows and columns of the grid.", in: 4...14, whole: true),
            ClaimParameter("slip", default: 0.1, "Probability of another move than the one chosen.", in: 0...0.3),
            ClaimParameter("trajectories", default: 1, "Of the expert.", in: 1...20, whole: true),
            ClaimParameter("random", default: 60, "Random trajectories of 25 steps.", in: 10...500, whole: true),
            ClaimParameter(
                "expertShare", default: 0.5, "beta, the expert's share in ReCOIL's mixtures.", in: 0.05...0.95),
            ClaimParameter(
                "othersTerm", default: 1,
                "1: ReCOIL; 0: without its term of the other data, where the claim must fail.",
                in: 0...1, whole: true),
        ],
        run: { try DualRLExperiment($0).outcome() })
}

/// Value losses on noisy values, and imitation from data that do not cover the expert.
///
/// Imitation holds without slips and with a fifth of them, on grids of 6 and 10, at expert's shares of 0.2 and 0.8 and with
/// 120 random trajectories: ReCOIL reaches 0.94 to 1 of the expert. Its lead over behaviour cloning is 0.03 on a grid of 6,
/// 0.23 on one of 10 and 0.07 with 5 expert trajectories; the term of the other data is worth 0.68 at a share of 0.2 and
/// 0.03 at 0.8, where the expert outweighs them anyway. The value losses hold with 0.3% and 3% of outliers and 1600 steps.
struct DualRLExperiment {
    let context: ClaimContext
    static let temperatures = [2.0, 1, 0.5, 0.2, 0.1]
    static let levels = [0.6, 0.8, 0.95]
    static let expectiles = [0.7, 0.9, 0.99]
    /// Two standard deviations of the noise: beyond, V is not within the bulk of the values.
    static let bulk = 1.0
    static let discount = 0.95
    static let horizon = 60

    init(_ context: ClaimContext) { self.context = context }

    private static let losses: [(name: String, role: ClaimRole, loss: ImplicitValueLoss)] =
        temperatures.map { ("XQL at temperature \(shortNumber($0))", .baseline, .gumbel(temperature: $0)) }
        + [("XQL at temperature 0.1, clipped at 7", .baseline, .gumbel(temperature: 0.1, clip: 7))]
        + levels.map { ("f-DVL, chi-square, at \(shortNumber($0))", .method, .chiSquare($0)) }
        + levels.map { ("f-DVL, total variation, at \(shortNumber($0))", .method, .totalVariation($0)) }
        + expectiles.map { ("IQL at \(shortNumber($0))", .baseline, .expectile($0)) }

    private struct Measurement: Sendable {
        var fits: [OutlierValues.Fit]
        /// Success of each imitator.
        var success: [String: Double]
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in
            Measurement(fits: try fits(key.derived("values")), success: try imitation(key.derived("imitation")))
        }
        var arms: [ClaimArm] = []
        for (index, (name, role, _)) in Self.losses.enumerated() {
            arms.append(
                ClaimArm(name, role, metric: "largest gradient", values: seeds.map { $0.fits[index].largestGradient }))
            arms.append(ClaimArm(name, role, metric: "mean V - sin 3s", values: seeds.map { $0.fits[index].bias }))
        }
        for (name, role) in Self.imitators {
            arms.append(
                ClaimArm(
                    name, role, metric: "episodes that reach the goal in \(Self.horizon) steps, share",
                    values: seeds.map { $0.success[name]! }))
        }
        func gradient(_ index: Int) -> Double { median(of: seeds.map { $0.fits[index].largestGradient }) }
        func bias(_ index: Int) -> Double { median(of: seeds.map { $0.fits[index].bias }) }
        func success(_ name: String) -> Double { mean(of: seeds.map { $0.success[name]! }) }
        let growth = (1..<Self.temperatures.count).map { gradient($0) > gradient($0 - 1) }
        let dual = Self.losses.indices.filter { Self.losses[$0].role == .method }
        let mild = Self.losses.indices.filter {
            [.chiSquare(0.8), .totalVariation(0.8)].contains(Self.losses[$0].loss)
        }
        let worst = dual.flatMap { index in seeds.map { $0.fits[index].largestGradient } }.max()!
        let tests = [
            ClaimTest(
                "lower temperatures at which XQL's largest gradient grows", Double(growth.filter { $0 }.count),
                .atLeast,
                Double(growth.count)),
            ClaimTest("XQL's largest gradient at 0.2 over that at 2", gradient(3) / gradient(0), .atLeast, 1000),
            ClaimTest("XQL at 0.2: mean V - sin 3s", bias(3), .above, Self.bulk),
            ClaimTest("f-DVL: largest gradient of all levels and seeds", worst, .below, 5),
            ClaimTest("f-DVL at 0.8: mean V - sin 3s, size", mild.map { abs(bias($0)) }.max()!, .below, Self.bulk),
            ClaimTest("ReCOIL over the expert", success("ReCOIL") / success("expert"), .atLeast, 0.9),
            ClaimTest("ReCOIL minus BC", success("ReCOIL") - success("BC"), .above, 0),
            ClaimTest("ReCOIL minus the ratio of states", success("ReCOIL") - success("ratio of states"), .above, 0),
            ClaimTest(
                "ReCOIL minus the same without the term of the other data",
                success("ReCOIL") - success("ReCOIL, without the term of the other data"), .above, 0),
        ]
        return ClaimOutcome(arms: arms, tests: tests)
    }

    // MARK: Value losses

    private func fits(_ key: RandomKey) throws -> [OutlierValues.Fit] {
        var random = key.derived("points").stream
        let points = OutlierValues(2000, outliers: context["outliers"], using: &random)
        return try Self.losses.map { try points.fit($0.loss, steps: context.whole("steps"), key: key) }
    }

    // MARK: Imitation

    private static let imitators: [(name: String, role: ClaimRole)] = [
        ("expert", .oracle), ("random", .control), ("BC", .baseline), ("BC on all data", .baseline),
        ("ratio of states", .baseline), ("ReCOIL", .method), ("ReCOIL, without the term of the other data", .control),
        ("ratio of states, expert covered", .baseline), ("ReCOIL, expert covered", .method),
    ]

    private func imitation(_ key: RandomKey) throws -> [String: Double] {
        var random = key.stream
        let task = try StartAnywhereGrid(size: context.whole("size"), slip: context["slip"])
        let mdp = task.mdp
        let (states, actions) = (mdp.stateCount, mdp.actionCount)
        let uniform = TabularPolicy.uniform(stateCount: states, actionCount: actions)
        let expert = try mdp.dataset(
            following: task.best, episodes: context.whole("trajectories"), horizon: Self.horizon, from: task.corner,
            using: &random)
        let walks = try mdp.dataset(
            following: uniform, episodes: context.whole("random"), horizon: 25, using: &random)
        let demonstrated = try EmpiricalMDP(expert, stateCount: states, actionCount: actions)
        let uncovered = walks.filter { _, row in
            demonstrated.visits[Int(row.observation[0]) * actions + Int(row.action[0])] == 0
        }
        var success: [String: Double] = [:]
        func judge(_ name: String, _ policy: [Double]) throws { success[name] = try task.success(policy, Self.horizon) }
        func judge(_ name: String, _ greedy: [Int]) throws {
            try judge(name, TabularPolicy.deterministic(greedy, actionCount: actions))
        }
        try judge("expert", task.best)
        try judge("random", uniform)
        try judge("BC", demonstrated.behavior())
        for (data, suffix) in [(uncovered, ""), (walks, ", expert covered")] {
            let others = try EmpiricalMDP(data, stateCount: states, actionCount: actions)
            var all = demonstrated
            try all.append(data)
            let model = try all.model(terminal: mdp.terminal, start: mdp.start)
            if suffix.isEmpty { try judge("BC on all data", all.behavior()) }
            try judge("ratio of states" + suffix, try ratioOfStates(demonstrated, others, model))
            func recoil(subtractsOthers: Bool) throws -> [Int] {
                var options = TabularReCOIL.Options()
                options.discount = Self.discount
                options.expertShare = context["expertShare"]
                options.subtractsOthers = subtractsOthers && context["othersTerm"] == 1
                var learner = try TabularReCOIL(
                    model, expert: demonstrated.occupancy, others: others.occupancy, isSupported: all.isSupported,
                    options: options)
                try learner.learn()
                return learner.greedyActions
            }
            try judge("ReCOIL" + suffix, try recoil(subtractsOthers: true))
            if suffix.isEmpty {
                try judge("ReCOIL, without the term of the other data", try recoil(subtractsOthers: false))
            }
        }
        return success
    }

    /// Plans with log(d_E(s) / d_S(s)) as a reward and only actions of the other data: a simple form of what learners
    /// with discriminators do (SMODICE: Ma, Shen, Jayaraman and Bastani, *Versatile offline imitation from observations
    /// and examples via state-occupancy matching*, 2022).
    private func ratioOfStates(
        _ expert: EmpiricalMDP, _ others: EmpiricalMDP, _ model: TabularMDP
    ) throws -> [Int] {
        let actions = model.actionCount
        func states(_ counts: EmpiricalMDP) -> [Double] {
            let occupancy = counts.occupancy
            return (0..<model.stateCount).map { occupancy[($0 * actions)..<(($0 + 1) * actions)].reduce(1e-4, +) }
        }
        let ratios = zip(states(expert), states(others)).map { telos_log64($0 / $1) }
        // An unsupported action is worth no more than the worst that could happen, so that no plan has it.
        let supported = others.isSupported
        let floor = (ratios.min()! - max(0, ratios.max()!)) / (1 - Self.discount) - 1
        let values = try model.valueIteration(
            reward: supported.indices.map { supported[$0] ? ratios[$0 / actions] : floor }, discount: Self.discount,
            tolerance: 1e-8)
        return values.actions
    }
}

/// A square grid, begun in any cell but the last, the goal. The goal is not terminal but absorbs, so that being there
/// counts among the visits of an expert and of who imitates it: else reaching it would look like ceasing to imitate
/// (Kostrikov, Agrawal, Dwibedi, Levine and Tompson, *Discriminator-actor-critic*, 2019).
struct StartAnywhereGrid: Sendable {
    let mdp: TabularMDP
    /// Optimal for the discount of the experiment.
    let best: [Double]
    /// The first corner, as a distribution.
    let corner: [Double]
    private let isGoal: [Bool]

    init(size: Int, slip: Double) throws {
        let row = String(repeating: "S", count: size)
        let rows = Array(repeating: row, count: size - 1) + [String(row.dropLast()) + "G"]
        // A slip is to one of the three other moves.
        let grid = try FiniteModel(
            GridWorld(map: GridMap(rows.joined(separator: "/")), slip: .uniform(slip * 4 / 3))
        ).mdp
        let isGoal = grid.terminal
        mdp = try TabularMDP(
            stateCount: grid.stateCount, actionCount: grid.actionCount, transitions: grid.transitions,
            terminal: isGoal.map { _ in false }, start: grid.start)
        let reward = mdp.fullReward { state, _, next in isGoal[next] && !isGoal[state] ? 1 : 0 }
        best = try mdp.policyIteration(reward: reward, discount: DualRLExperiment.discount).policy
        corner = (0..<mdp.stateCount).map { $0 == 0 ? 1 : 0 }
        self.isGoal = isGoal
    }

    /// How often `policy` reaches the goal within `horizon` steps from any other cell.
    func success(_ policy: [Double], _ horizon: Int) throws -> Double {
        mdp.expectation(of: try mdp.reachability(of: isGoal, policy: policy, horizon: horizon))
    }
}
