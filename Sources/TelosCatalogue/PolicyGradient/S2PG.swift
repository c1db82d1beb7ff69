import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    static let s2pg = CatalogueEntry(
        slug: "s2pg",
        title: "Time-Efficient Reinforcement Learning with Stochastic Stateful Policies",
        family: .policyGradient, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Firas Al-Hafez, Guoping Zhao, Jan Peters, Davide Tateo", year: 2024, venue: "ICLR 2024",
            link: "https://arxiv.org/abs/2311.04082"),
        idea: """
            A policy with memory becomes one without when its internal state is stochastic: the state is observed, the \
            next one is a part of the action, and the policy gradient of both needs no back-propagation through time. \
            Every step is a sample of its own.
            """,
        claim: """
            A cue that is shown once is named after a delay by PPO with an internal state at 0.95 or more (right 1, \
            wrong -1), at a short delay and at a long one, where PPO without memory stays within 0.1 of 0. A GRU whose \
            gradients stay within one step too is 0.1 behind or more on average: it learns where untrained gates \
            happen to keep the cue. Exactly computed, the gradient of single steps is that of the return. No claim to \
            need fewer samples than back-propagation through all steps, nor about wall-clock time.
            """,
        parameters: [
            ClaimParameter("delay", default: 8, "Blank steps between cue and question.", in: 2...40, whole: true),
            ClaimParameter("width", default: 2, "Numbers of the internal state.", in: 1...8, whole: true),
            ClaimParameter(
                "deviation", default: 0.3, "Standard deviation of the internal state's steps at first.", in: 0.05...1),
            ClaimParameter(
                "iterations", default: 60, "Batches of 128 episodes; long delays need more.", in: 20...500, whole: true),
        ],
        run: { try StatefulPolicyExperiment($0).outcome() })
}

/// Recall at two delays by the library's PPO: with `InternalState` around the environment, without, and with recurrent
/// networks.
///
/// The same with a delay of 5 or 12, an internal state of 4 numbers, a deviation of 0.5. A delay of 16 needs more than 60
/// batches: 2 of 5 seeds did not get there. GRUs of either kind learn on some seeds and not on others.
struct StatefulPolicyExperiment {
    let context: ClaimContext
    /// Numbers of the internal state; 0 where the method is switched off.
    let width: Int

    init(_ context: ClaimContext, width: Int? = nil) {
        self.context = context
        self.width = width ?? context.whole("width")
    }

    static let shortDelay = 2

    private struct Arm: Sendable {
        var name: String
        var role: ClaimRole
        var delay: Int
        var width = 0
        /// A JSON object's fields beside the shared ones.
        var options = ""
    }

    func outcome() throws -> ClaimOutcome {
        let delay = context.whole("delay")
        let memory = #", "network": "gru", "sequenceLength": "#
        let plan = [
            Arm(name: "S2-PPO, delay \(Self.shortDelay)", role: .method, delay: Self.shortDelay, width: width),
            Arm(name: "S2-PPO, delay \(delay)", role: .method, delay: delay, width: width),
            Arm(name: "no memory, delay \(Self.shortDelay)", role: .control, delay: Self.shortDelay),
            Arm(name: "no memory, delay \(delay)", role: .control, delay: delay),
            Arm(name: "GRU, gradients through 1 step", role: .baseline, delay: delay, options: memory + "1"),
            Arm(name: "GRU, gradients through all steps", role: .baseline, delay: delay, options: memory + "0"),
        ]
        let seeds = try context.perSeed { _, key in
            (
                scores: try plan.map { try score($0, key: key.derived("learning")) },
                error: try StatefulGradient(key: key.derived("exact")).largestError()
            )
        }
        let arms = plan.enumerated().map { index, arm in
            ClaimArm(
                arm.name, arm.role, metric: "right 1, wrong -1, last tenth of iterations",
                values: seeds.map { $0.scores[index] })
        }
        let scores = arms.map { interquartileMean(of: $0.values) }
        let tests = [
            ClaimTest("S2-PPO, least over delays", min(scores[0], scores[1]), .atLeast, 0.95),
            ClaimTest(
                "S2-PPO, long delay: share of seeds below 0.9",
                mean(of: arms[1].values.map { $0 < 0.9 ? 1 : 0 }), .atMost, 0.2),
            ClaimTest("no memory, largest distance from 0", max(abs(scores[2]), abs(scores[3])), .atMost, 0.1),
            ClaimTest(
                "S2-PPO minus GRU with gradients through 1 step, mean",
                mean(of: arms[1].values) - mean(of: arms[4].values), .above, 0.1),
            ClaimTest("exact gradient: largest error", seeds.map(\.error).max()!, .below, 1e-6),
        ]
        return ClaimOutcome(arms: arms, tests: tests)
    }

    private func score(_ arm: Arm, key: RandomKey) throws -> Double {
        // Two whole episodes of each environment a batch.
        let (environments, length) = (64, arm.delay + 2)
        let iterations = context.whole("iterations")
        var task = try TaskDefinition(Environments.named("Recall")!)
        task.options.values["delay"] = .integer(arm.delay)
        task.options.values["internalState"] = .integer(arm.width)
        let rows = environments * 2 * length
        let learner = try Learners.named("ppo")!.make(
            LearnerContext(task: task, key: key, plannedSteps: iterations * rows),
            """
            {"environments": \(environments), "rolloutSteps": \(2 * length), "minibatchSize": \(rows / 4), "epochs": 5,
             "learningRate": 0.003, "discount": 1, "hiddenSizes": [32, 32], "maximumGradientNorm": 1,
             "policyGain": 0.1, "initialLogDeviation": \(telos_log64(context["deviation"]))\(arm.options)}
            """)
        var returns: [Double] = []
        for iteration in 0..<iterations {
            let episodes = try learner.iterate().episodes
            if iteration >= iterations - iterations / 10 { returns += episodes.map { 2 * $0.primaryReturn - 1 } }
        }
        return mean(of: returns)
    }
}

/// The stateful policy gradient on recall with one blank step, an internal state of one bit and tables of logits:
///
///     grad J = sum over (s, z), (a, z') of visits(s, z, a, z') grad log pi(a, z' | o, z) A(s, z, a, z')
///
/// s is the cue and the time, of which o shows the cue at time 0 and the time later. The process of (s, z) is one table,
/// whose exact advantages and visits give the left side; differences of the exact return give the right one.
struct StatefulGradient {
    static let discount = 0.9
    private static let times = 3
    /// Cue 0, cue 1, nothing, question.
    private static let observations = 4
    let mdp: TabularMDP
    let reward: [Double]
    /// Of the action at (o z) * 2 + a, then of the next internal state likewise.
    let logits: [Double]

    init(key: RandomKey) throws {
        var random = key.stream
        logits = (0..<(Self.observations * 8)).map { _ in random.normal() }
        // State (time, cue, z), and one at the end; action a * 2 + z'.
        let count = Self.times * 4 + 1
        var transitions = [Double](repeating: 0, count: count * 4 * count)
        var reward = [Double](repeating: 0, count: count * 4)
        for state in 0..<count {
            for pair in 0..<4 {
                let (time, cue) = (state / 4, state / 2 % 2)
                let next = time < Self.times - 1 ? (time + 1) * 4 + cue * 2 + pair % 2 : count - 1
                transitions[(state * 4 + pair) * count + next] = 1
                if time == Self.times - 1 { reward[state * 4 + pair] = pair / 2 == cue ? 1 : -1 }
            }
        }
        self.reward = reward
        var start = [Double](repeating: 0, count: count)
        (start[0], start[2]) = (0.5, 0.5)
        mdp = try TabularMDP(
            stateCount: count, actionCount: 4, transitions: transitions,
            terminal: (0..<count).map { $0 == count - 1 }, start: start)
    }

    /// The row of logits that decides in a state: which observation, and z.
    private func row(_ state: Int) -> Int {
        let (time, cue, z) = (state / 4, state / 2 % 2, state % 2)
        return (time == 0 ? cue : time == Self.times - 1 ? 3 : 2) * 2 + z
    }

    private func policy(_ logits: [Double]) -> [Double] {
        let parts = TabularPolicy.softmax(logits, actionCount: 2)
        return (0..<(mdp.stateCount * 4)).map { index in
            let (row, pair) = (index / 4 < Self.times * 4 ? self.row(index / 4) : 0, index % 4)
            return parts[row * 2 + pair / 2] * parts[Self.observations * 4 + row * 2 + pair % 2]
        }
    }

    /// The left side of the equation; without the part of z' where `learnsState` is false.
    func gradient(learnsState: Bool = true) throws -> [Double] {
        let parts = TabularPolicy.softmax(logits, actionCount: 2)
        let policy = policy(logits)
        let advantages = try mdp.advantages(policy: policy, reward: reward, discount: Self.discount)
        let visits = try mdp.visits(policy: policy, discount: Self.discount)
        var result = [Double](repeating: 0, count: logits.count)
        for index in 0..<(Self.times * 16) {
            let (row, pair) = (row(index / 4), index % 4)
            let weight = visits[index] * advantages[index]
            for choice in 0..<2 {
                let (action, state) = (row * 2 + choice, Self.observations * 4 + row * 2 + choice)
                result[action] += weight * ((choice == pair / 2 ? 1 : 0) - parts[action])
                if learnsState { result[state] += weight * ((choice == pair % 2 ? 1 : 0) - parts[state]) }
            }
        }
        return result
    }

    /// The right side, by central differences.
    func differences() throws -> [Double] {
        try logits.indices.map { index in
            func value(_ change: Double) throws -> Double {
                var moved = logits
                moved[index] += change
                return try mdp.expectedReturn(policy: policy(moved), reward: reward, discount: Self.discount)
            }
            return (try value(1e-4) - value(-1e-4)) / 2e-4
        }
    }

    func largestError(learnsState: Bool = true) throws -> Double {
        zip(try gradient(learnsState: learnsState), try differences()).map { abs($0 - $1) }.max()!
    }
}
