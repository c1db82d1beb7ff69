import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosRewards
import TelosTensor

extension Catalogue {
    static let exprd = CatalogueEntry(
        slug: "exprd",
        title: "Reward Design for Reinforcement Learning Agents",
        family: .rewardDesign, kind: .framework, scope: .core,
        reference: CatalogueReference(
            authors: "Rati Devidze", year: 2025, venue: "PhD thesis, Saarland University and MPI-SWS",
            link: "https://arxiv.org/abs/2402.07019"),
        idea: """
            A teacher who knows the optimal policy designs a reward that pays in a few states only, keeps what is \
            optimal, and tells good from bad actions within few steps (ExpRD): a linear program for given states, \
            which are chosen greedily. Where the reward may change during training, the same is done for the \
            learner's present policy (ExpAdaRD).
            """,
        claim: """
            In four rooms, ExpRD's reward on a few states beside the goal keeps what is optimal, is more informative \
            than on states drawn at random, and lets Q-learning reach 95% of the optimal value in at most two thirds \
            of the original reward's steps; REINFORCE with a baseline gains at least 0.02 of the optimal value over \
            training.
            """,
        parameters: [
            ClaimParameter(
                "size", default: 7,
                "Rows and columns of the rooms for Q-learning; larger makes the goal rarer, at 5 little is gained.",
                in: 5...9, whole: true),
            ClaimParameter("randomMove", default: 0.1, "Probability of an unintended move.", in: 0...0.3),
            ClaimParameter(
                "budget", default: 5,
                "States that may pay beside the goal; more are more informative, not always faster to learn from.",
                in: 1...10, whole: true),
            ClaimParameter("stepSize", default: 0.5, "Step size of Q-learning.", in: 0.05...1),
            ClaimParameter("steps", default: 40_000, "Steps of Q-learning.", in: 2000...200_000, whole: true),
            ClaimParameter(
                "adaptiveSize", default: 5, "Rows and columns of the rooms for REINFORCE.", in: 5...7, whole: true),
            ClaimParameter("policyStepSize", default: 0.01, "Step size of REINFORCE.", in: 0.001...0.1),
            ClaimParameter("episodes", default: 2000, "Episodes of REINFORCE.", in: 100...20_000, whole: true),
            ClaimParameter(
                "redesignInterval", default: 50, "Episodes between adaptive designs.", in: 5...500, whole: true),
        ],
        defaultSeeds: 0..<20,
        run: { try ExpRDExperiment($0).outcome() })
}

/// Sparse designs for Q-learning and for REINFORCE.
struct ExpRDExperiment {
    let context: ClaimContext
    /// How many states the designs may use; the context's unless the design is switched off.
    let budget: Int
    static let discount = 0.95

    init(_ context: ClaimContext, budget: Int? = nil) {
        self.context = context
        self.budget = budget ?? context.whole("budget")
    }

    func outcome() throws -> ClaimOutcome {
        let first = try learningFromSparseRewards()
        let second = try reinforceFromSparseRewards()
        return ClaimOutcome(
            arms: first.arms + second.arms, tests: first.tests + second.tests, notes: first.notes + second.notes)
    }

    // MARK: ExpRD and Q-learning

    private func learningFromSparseRewards() throws -> ClaimOutcome {
        let rooms = try DividedRooms(size: context.whole("size"), randomMove: context["randomMove"])
        let gaps = try OptimalityGaps(rooms.mdp, reward: rooms.reward, discount: Self.discount)
        let design = try ExplicableRewardDesign(gaps, bound: DividedRooms.payment)
        let designs = try design.greedyDesigns(budget: budget)
        let full = try design.reward(activeStates: Array(0..<rooms.terminal))
        let half = designs[designs.count / 2]
        let best = designs[designs.count - 1]
        let shaped = try potentialShaped(rooms, gaps)
        let fixed: [(name: String, role: ClaimRole, reward: [Double])] = [
            ("original reward", .baseline, rooms.reward),
            ("ExpRD on \(half.states.count - 1) states", .method, half.reward),
            ("ExpRD on \(best.states.count - 1) states", .method, best.reward),
            ("ExpRD on all states", .oracle, full),
            ("shaping with the optimal value", .oracle, shaped),
        ]

        struct Measurement: Sendable {
            var steps: [Double]
            var randomSteps: Double
            var randomInformativeness: Double
            var randomIsInvariant: Bool
        }
        let seeds = try context.perSeed { _, key in
            let steps = try fixed.map { try stepsToLearn(rooms, gaps, $0.reward, key) }
            var random = key.derived("random states").stream
            var states = design.payingStates
            while states.count <= budget {
                let state = random.index(below: rooms.terminal)
                if !states.contains(state) { states.append(state) }
            }
            let reward = try design.reward(activeStates: states)
            return Measurement(
                steps: steps, randomSteps: try stepsToLearn(rooms, gaps, reward, key),
                randomInformativeness: try gaps.informativeness(of: reward),
                randomIsInvariant: try gaps.isInvariant(under: reward))
        }
        let metric = "steps to 95% of the optimal value"
        var arms = fixed.indices.map { index in
            ClaimArm(fixed[index].name, fixed[index].role, metric: metric, values: seeds.map { $0.steps[index] })
        }
        arms.append(
            ClaimArm(
                "same program on \(budget) random states", .control, metric: metric, values: seeds.map(\.randomSteps)))

        let key = RandomKey(seed: 0).derived("exprd statistics")
        let faster = try probabilityOfImprovement(
            arms[0].values, over: arms[2].values, key: key.derived("original"))
        let invariant =
            try fixed.allSatisfy { try gaps.isInvariant(under: $0.reward) } && seeds.allSatisfy(\.randomIsInvariant)
        let informativeness = try fixed.prefix(4).map { try gaps.informativeness(of: $0.reward) }
        let rises = zip(informativeness, informativeness.dropFirst()).map { $1 - $0 }
        let paying = stride(from: 0, to: best.reward.count, by: 4).filter { state in
            best.reward[state..<(state + 4)].contains { $0 != 0 }
        }
        let tests = [
            ClaimTest("designs that keep what is optimal, share", invariant ? 1 : 0, .atLeast, 1),
            ClaimTest("states that pay", Double(paying.count), .atMost, Double(context.whole("budget") + 1)),
            ClaimTest(
                "least rise of informativeness, original to half to budget to all", rises.min() ?? .nan, .above, 0.001),
            ClaimTest(
                "steps, original over ExpRD",
                interquartileMean(of: arms[0].values) / interquartileMean(of: arms[2].values), .atLeast, 1.5),
            ClaimTest("probability that ExpRD is faster than the original", faster.point, .above, 0.7),
            ClaimTest("the same, lower bound", faster.lower, .above, 0.5),
            ClaimTest(
                "informativeness, ExpRD minus random states",
                informativeness[2] - interquartileMean(of: seeds.map(\.randomInformativeness)), .above, 0.002),
        ]
        let places = best.states.dropFirst().map { "(\($0 / rooms.size), \($0 % rooms.size))" }
        return ClaimOutcome(
            arms: arms, tests: tests, notes: ["ExpRD chose the cells " + places.joined(separator: ", ") + "."])
    }

    /// R0(s,a) + discount E[V*(s')] - V*(s).
    private func potentialShaped(_ rooms: DividedRooms, _ gaps: OptimalityGaps) throws -> [Double] {
        let potential = gaps.solution.values
        let full = rooms.mdp.fullReward { state, action, next in
            rooms.reward[state * DividedRooms.actionCount + action]
                + Self.discount * (rooms.mdp.terminal[next] ? 0 : potential[next]) - potential[state]
        }
        return rooms.mdp.expectedReward(full)
    }

    /// The first evaluation at which the greedy policy reaches 95% of V*, or all steps.
    private func stepsToLearn(
        _ rooms: DividedRooms, _ gaps: OptimalityGaps, _ reward: [Double], _ key: RandomKey
    ) throws -> Double {
        var configuration = TabularQLearningConfiguration()
        configuration.discount = Self.discount
        configuration.stepSize = context["stepSize"]
        configuration.steps = context.whole("steps")
        let optimum = rooms.mdp.expectation(of: gaps.solution.values)
        var reached: Int?
        try tabularQLearning(rooms.mdp, reward: reward, configuration: configuration, key: key) { steps, q in
            guard reached == nil else { return }
            let policy = TabularPolicy.greedy(q, actionCount: rooms.mdp.actionCount)
            let value = try rooms.mdp.expectedReturn(policy: policy, reward: rooms.reward, discount: Self.discount)
            if value >= 0.95 * optimum { reached = steps }
        }
        return Double(reached ?? configuration.steps)
    }

    // MARK: REINFORCE

    private func reinforceFromSparseRewards() throws -> ClaimOutcome {
        let rooms = try DividedRooms(size: context.whole("adaptiveSize"), randomMove: context["randomMove"])
        let gaps = try OptimalityGaps(rooms.mdp, reward: rooms.reward, discount: Self.discount)
        let design = try ExplicableRewardDesign(gaps, bound: DividedRooms.payment)
        let fixed = try design.greedyDesigns(budget: budget).last!.reward
        let optimum = rooms.mdp.expectation(of: gaps.solution.values)
        let seeds = try context.perSeed { _, key -> (original: Double, fixed: Double, adaptive: Double) in
            func meanValue(_ reward: [Double], isAdaptive: Bool) throws -> Double {
                var configuration = TabularREINFORCEConfiguration()
                configuration.discount = Self.discount
                configuration.stepSize = context["policyStepSize"]
                configuration.episodes = context.whole("episodes")
                configuration.redesignInterval = context.whole("redesignInterval")
                var shares: [Double] = []
                try tabularREINFORCE(rooms.mdp, reward: reward, configuration: configuration, key: key) { _, policy in
                    let value = try rooms.mdp.expectedReturn(
                        policy: policy, reward: rooms.reward, discount: Self.discount)
                    shares.append(value / optimum)
                    guard isAdaptive else { return nil }
                    let states = try design.adaptiveStates(policy: policy, budget: budget)
                    return try design.adaptiveReward(policy: policy, activeStates: states)
                }
                return mean(of: shares)
            }
            return (
                try meanValue(rooms.reward, isAdaptive: false), try meanValue(fixed, isAdaptive: false),
                try meanValue(rooms.reward, isAdaptive: true)
            )
        }
        let metric = "mean value over training, share of the optimum"
        let arms = [
            ClaimArm("REINFORCE, original reward", .baseline, metric: metric, values: seeds.map(\.original)),
            ClaimArm("REINFORCE, ExpRD", .method, metric: metric, values: seeds.map(\.fixed)),
            ClaimArm("REINFORCE, ExpAdaRD", .control, metric: metric, values: seeds.map(\.adaptive)),
        ]
        let gain = seeds.map { $0.fixed - $0.original }
        let interval = try bootstrapInterval(
            of: .interquartileMean, gain, key: RandomKey(seed: 0).derived("exprd statistics").derived("reinforce"))
        let tests = [
            ClaimTest("REINFORCE: ExpRD minus original", interval.point, .atLeast, 0.02),
            ClaimTest("the same, lower bound", interval.lower, .above, 0),
        ]
        let note = """
            The adaptive design (ExpAdaRD) is reported without a test: with rewards of up to the goal's payment that \
            change during training, REINFORCE often commits to a wrong action, and it does not beat the fixed design \
            here, whose linear program prefers small penalties among its many optima. Q-learning breaks ties at \
            random, without which the original reward is almost never found.
            """
        return ClaimOutcome(arms: arms, tests: tests, notes: [note])
    }
}
