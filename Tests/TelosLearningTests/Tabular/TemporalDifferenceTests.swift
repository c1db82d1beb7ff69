import TelosEnvironments
import TelosRewards
import TelosTensor
import Testing

@testable import TelosLearning

private let targets: [TemporalDifferenceTarget] = [.qLearning, .sarsa, .expectedSarsa]

@Suite struct TemporalDifferenceTests {
    // MARK: Targets

    @Test func targetsOfARow() {
        let q = [9, 9, 2, 6, 1, 3.0]
        let row = 2..<6
        #expect(TemporalDifferenceTarget.qLearning.following(q, row, epsilon: 0.2, drawing: { 0 }) == 6)
        #expect(TemporalDifferenceTarget.sarsa.following(q, row, epsilon: 0.2, drawing: { 2 }) == 1)
        // 0.8 * 6 + 0.2 * (2 + 6 + 1 + 3) / 4
        let mean = TemporalDifferenceTarget.expectedSarsa.following(q, row, epsilon: 0.2, drawing: { 0 })
        #expect(abs(mean - 5.4) < 1e-12)
    }

    /// Two states in turn for ever, so each step changes the one value of what was done, and the action done next shows
    /// in the change after it.
    @Test(arguments: targets) func everyUpdateIsTheEquation(target: TemporalDifferenceTarget) throws {
        let mdp = try TabularMDP(
            stateCount: 2, actionCount: 2, transitions: [0, 1, 0, 1, 1, 0, 1, 0], terminal: [false, false],
            start: [1, 0])
        let (rate, discount, epsilon) = (0.3, 0.9, 0.4)
        var task = try task(mdp, pay: [0, 0], horizon: nil)
        task.primary = try ExpressionReward("1 + state + (action == action1 ? 0.37 : 0)")
        let learner = try learner(target, task, plannedSteps: 1000) {
            $0.stepsPerIteration = 1
            $0.learningRate = rate
            $0.discount = discount
            $0.epsilon = epsilon
            $0.finalEpsilon = epsilon
            $0.initialValue = 0.5
        }
        var tables = [learner.values]
        var entries: [Int] = []
        for _ in 0..<60 {
            _ = try learner.iterate()
            let changed = learner.values.indices.filter { learner.values[$0] != tables.last![$0] }
            entries.append(try #require(changed.count == 1 ? changed[0] : nil))
            tables.append(learner.values)
        }
        var differing = 0
        for step in 0..<59 {
            let (q, entry, next) = (tables[step], entries[step], entries[step + 1])
            #expect(entry / 2 == step % 2)
            let reached = 1 - entry / 2
            let values = [q[reached * 2], q[reached * 2 + 1]]
            let following =
                switch target {
                case .qLearning: values.max()!
                case .sarsa: q[next]
                case .expectedSarsa: (1 - epsilon) * values.max()! + epsilon * (values[0] + values[1]) / 2
                }
            let reward = 1 + Double(reached) + (entry % 2 == 1 ? 0.37 : 0)
            let expected = q[entry] + rate * (reward + discount * following - q[entry])
            #expect(abs(tables[step + 1][entry] - expected) < 1e-12)
            if q[next] != values.max()! { differing += 1 }
        }
        #expect(differing > 3, "the targets never differed")
    }

    // MARK: Convergence

    @Test(arguments: [1, 4]) func qLearningConvergesToTheOptimum(environments: Int) throws {
        let task = try task("Grid", options: ["size": .integer(3), "slip": .real(0.2)], horizon: 30)
        let exact = try solution(of: task, discount: 0.9)
        let learner = try learner(.qLearning, task, plannedSteps: 120_000) {
            $0.environments = environments
            $0.learningRate = 0.3
            $0.learningRateSchedule = .linear
            $0.discount = 0.9
            $0.finalEpsilon = 0.5
        }
        try learner.train(steps: 120_000)
        for (index, value) in learner.values.enumerated() where !exact.model.mdp.terminal[index / 4] {
            #expect(abs(value - exact.solution.q[index]) < 0.03, "q[\(index)]")
        }
        let best = TabularPolicy.greedy(learner.values, actionCount: 4)
        let achieved = try exact.model.mdp.expectedReturn(policy: best, reward: exact.reward, discount: 0.9)
        #expect(achieved > exact.model.mdp.expectation(of: exact.solution.values) - 0.005)
    }

    /// With constant exploration, SARSA's values are those of the epsilon-greedy policy of themselves.
    @Test(arguments: [TemporalDifferenceTarget.sarsa, .expectedSarsa])
    func onPolicyValuesAreThoseOfTheirPolicy(target: TemporalDifferenceTarget) throws {
        let mdp = try TabularMDP.chain(states: 5, slip: 0.2)
        let pay = [0.2, 0, 0, 0, 1.0]
        let task = try task(mdp, pay: pay, horizon: 40)
        let epsilon = 0.3
        let learner = try learner(target, task, plannedSteps: 150_000) {
            $0.learningRate = 0.2
            $0.learningRateSchedule = .linear
            $0.discount = 0.8
            $0.epsilon = epsilon
            $0.finalEpsilon = epsilon
        }
        try learner.train(steps: 150_000)
        let reward = mdp.expectedReward(mdp.fullReward { _, _, next in pay[next] })
        let greedy = TabularPolicy.greedy(learner.values, actionCount: mdp.actionCount)
        let policy = greedy.map { (1 - epsilon) * $0 + epsilon / Double(mdp.actionCount) }
        let exact = try mdp.actionValues(policy: policy, reward: reward, discount: 0.8)
        let optimal = try mdp.policyIteration(reward: reward, discount: 0.8).q
        var gap = 0.0
        for (index, value) in learner.values.enumerated() where !mdp.terminal[index / mdp.actionCount] {
            #expect(abs(value - exact[index]) < 0.03, "q[\(index)]")
            gap = max(gap, abs(exact[index] - optimal[index]))
        }
        #expect(gap > 0.06, "the optimum would have passed as well")
    }

    // MARK: Episode ends

    /// One state, reward 1 a step, cut off after 5: worth 1 / (1 - 0.9) = 10, not the 4.1 of five steps.
    @Test(arguments: targets) func timeLimitsDoNotEndTheValue(target: TemporalDifferenceTarget) throws {
        let mdp = try TabularMDP(
            stateCount: 1, actionCount: 2, transitions: [1, 1], terminal: [false], start: [1])
        let learner = try learner(target, try task(mdp, pay: [1], horizon: 5), plannedSteps: 5000) {
            $0.discount = 0.9
            $0.learningRate = 0.5
        }
        let episodes = try learner.train(steps: 5000)
        #expect(episodes.count == 1000)
        #expect(episodes.allSatisfy { $0.end == .truncated && $0.length == 5 && $0.primaryReturn == 5 })
        #expect(learner.values.allSatisfy { abs($0 - 10) < 1e-6 })
    }

    /// A terminal state is worth nothing, however optimistic its row of the table.
    @Test(arguments: targets) func terminationEndsTheValue(target: TemporalDifferenceTarget) throws {
        let mdp = try TabularMDP(
            stateCount: 2, actionCount: 2, transitions: [0, 1, 0, 1, 0, 1, 0, 1], terminal: [false, true],
            start: [1, 0])
        let learner = try learner(target, try task(mdp, pay: [0, 3], horizon: 1), plannedSteps: 1000) {
            $0.initialValue = 50
            $0.learningRate = 0.5
        }
        let episodes = try learner.train(steps: 1000)
        #expect(episodes.allSatisfy { $0.end == .terminated && $0.length == 1 })
        #expect(abs(learner.values[0] - 3) < 1e-9 && abs(learner.values[1] - 3) < 1e-9)
    }

    /// The action drawn for a state that an episode was cut off in is not done in the next episode's first: without
    /// exploration the action tried first in state 0 stays the best, while those of state 1 remain equal for ever.
    @Test(arguments: targets) func newEpisodesDecideAnew(target: TemporalDifferenceTarget) throws {
        var task = try task(TabularMDP.ring(states: 2), pay: [0, 0], horizon: 1)
        task.primary = try ExpressionReward("action == action1 ? 2 : 1")
        let learner = try learner(target, task, plannedSteps: 1000) {
            $0.epsilon = 0
            $0.finalEpsilon = 0
            $0.discount = 0
            $0.initialValue = -100
            $0.learningRate = 1
        }
        let returns = try learner.train(steps: 1000).map(\.primaryReturn)
        #expect(returns.count == 1000 && Set(returns).count == 1)
    }

    // MARK: The cliff

    /// Sutton and Barto's example 6.6: Q-learning walks the edge and falls while it explores; SARSA keeps away.
    @Test func sarsaKeepsAwayFromTheCliff() throws {
        let task = try task("CliffWalking")
        func train(_ target: TemporalDifferenceTarget) throws -> (online: Double, greedy: Double, falls: Double) {
            var (online, greedy, falls) = (0.0, 0.0, 0.0)
            let seeds = 5
            for seed in 0..<seeds {
                let learner = try learner(target, task, seed: seed, plannedSteps: 40_000) {
                    $0.discount = 1
                    $0.learningRate = 0.5
                    $0.learningRateSchedule = .linear
                    $0.epsilon = 0.1
                    $0.finalEpsilon = 0.1
                }
                let episodes = try learner.train(steps: 40_000).suffix(200)
                online += episodes.reduce(0) { $0 + $1.primaryReturn } / Double(episodes.count * seeds)
                falls += Double(episodes.count { $0.primaryReturn < -100 }) / Double(episodes.count * seeds)
                greedy +=
                    try evaluate(learner.policy(), on: task, episodes: 1, key: RandomKey(seed: 9)).meanReturn
                    / Double(seeds)
            }
            return (online, greedy, falls)
        }
        let (edge, safe) = (try train(.qLearning), try train(.sarsa))
        #expect(edge.greedy == -13, "Q-learning's own path is the shortest")
        #expect(safe.greedy <= -15 && safe.greedy >= -25, "SARSA's goes round: \(safe.greedy)")
        #expect(safe.online > edge.online + 10, "while exploring \(safe.online) against \(edge.online)")
        #expect(safe.falls < edge.falls / 2, "falls \(safe.falls) against \(edge.falls)")
    }

    // MARK: Options

    @Test func epsilonFallsInAStraightLine() throws {
        var configuration = TemporalDifferenceConfiguration()
        configuration.epsilon = 0.9
        configuration.finalEpsilon = 0.1
        configuration.explorationFraction = 0.4
        #expect(configuration.epsilon(at: 0) == 0.9)
        #expect(abs(configuration.epsilon(at: 0.1) - 0.7) < 1e-12)
        #expect(configuration.epsilon(at: 0.4) == 0.1 && configuration.epsilon(at: 1) == 0.1)
        configuration.explorationFraction = 0
        #expect(configuration.epsilon(at: 0) == 0.1)
        configuration.finalEpsilon = 0.95
        #expect(throws: ConfigurationError.self) { try configuration.validate() }
    }

    /// Behaviour, as its policy: 25% of all actions are drawn, equals included.
    @Test func stochasticPolicyIsEpsilonGreedy() {
        let policy = TablePolicy(values: [1, 5, 5, 0], actionCount: 4, epsilon: 0.25)
        var random = RandomKey(seed: 3).stream
        let observations = Buffer<Float>(count: 40_000, repeating: 0)
        let actions = Buffer<Float>(count: 40_000, repeating: 0)
        policy.act(on: observations.readOnly, count: 40_000, into: actions.all, deterministic: false, using: &random)
        let shares = (0..<4).map { action in Double(actions.array.count { Int($0) == action }) / 40_000 }
        for (share, expected) in zip(shares, [0.0625, 0.4375, 0.4375, 0.0625]) { #expect(abs(share - expected) < 0.01) }
        policy.act(on: observations.readOnly, count: 40_000, into: actions.all, deterministic: true, using: &random)
        #expect(actions.array.allSatisfy { $0 == 1 }, "the lowest of equals")
    }
}
