import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct VectorRewardTests {
    @Test func vectorsAreTheirParts() throws {
        var random = RandomKey(seed: 1).stream
        let mdp = try TabularMDP.garnet(states: 6, actions: 3, branching: 3, using: &random)
        let rewards = (0..<3).map { _ in (0..<18).map { _ in random.normal() } }
        let logits = (0..<18).map { _ in random.normal() }
        let policy = TabularPolicy.softmax(logits, actionCount: 3)
        let (returns, advantages) = try mdp.vectorAdvantages(policy: policy, rewards: rewards, discount: 0.9)
        #expect(returns == (try mdp.expectedReturns(policy: policy, rewards: rewards, discount: 0.9)))
        for (index, reward) in rewards.enumerated() {
            let value = try mdp.expectedReturn(policy: policy, reward: reward, discount: 0.9)
            #expect(abs(returns[index] - value) < 1e-12)
            let alone = try mdp.advantages(policy: policy, reward: reward, discount: 0.9)
            for (one, other) in zip(alone, advantages[index]) { #expect(abs(one - other) < 1e-12) }
        }
        // Returns are linear in rewards.
        let weights = [0.3, -1, 2]
        let combined = TabularMDP.weightedReward(rewards, weights: weights)
        let whole = try mdp.expectedReturn(policy: policy, reward: combined, discount: 0.9)
        #expect(abs(whole - zip(weights, returns).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-10)
        // d V_i / d logit(s,a) = d(s) pi(a|s) A_i(s,a), the identity that C-MORL's tables climb by.
        let occupancy = try mdp.occupancy(policy: policy, discount: 0.9)
        for index in logits.indices {
            func value(_ change: Double) throws -> Double {
                var moved = logits
                moved[index] += change
                return try mdp.expectedReturns(
                    policy: TabularPolicy.softmax(moved, actionCount: 3), rewards: rewards, discount: 0.9)[1]
            }
            let slope = (try value(1e-5) - value(-1e-5)) / 2e-5
            #expect(abs(slope - occupancy[index] * advantages[1][index] / (1 - 0.9)) < 1e-6)
        }
        #expect(throws: TabularError.self) {
            try mdp.expectedReturns(policy: policy, rewards: [[1, 2]], discount: 0.9)
        }
    }

    @Test func aLogBecomesItsModel() throws {
        var log = EmpiricalMDP(stateCount: 3, actionCount: 2, rewardCount: 2)
        log.append(state: 0, action: 0, next: 1, rewards: [1, 0])
        log.append(state: 0, action: 0, next: 0, rewards: [2, 1])
        log.append(state: 0, action: 0, next: 1, rewards: [3, 0])
        log.append(state: 0, action: 1, next: 2, rewards: [4, 1])
        #expect(log.visits == [3, 1, 0, 0, 0, 0])
        #expect(log.reward(0) == [2, 4, 0, 0, 0, 0] && log.reward(1) == [1.0 / 3, 1, 0, 0, 0, 0])
        #expect(log.behavior() == [0.75, 0.25, 0.5, 0.5, 0.5, 0.5])
        #expect(log.behavior(floor: 0.5) == [0.6, 0.4, 0.5, 0.5, 0.5, 0.5])
        let model = try log.model(terminal: [false, false, true], start: [1, 0, 0])
        #expect(model.probability(of: 1, after: 0, action: 0) == 2.0 / 3)
        #expect(model.probability(of: 2, after: 0, action: 1) == 1)
        // Never seen: nothing happens.
        #expect(model.probability(of: 1, after: 1, action: 0) == 1)
        #expect(throws: TabularError.self) { try log.model(terminal: [false], start: [1, 0, 0]) }
    }

    /// A long log is the process that wrote it.
    @Test func longLogsFindTheTruth() throws {
        var random = RandomKey(seed: 2).stream
        let mdp = try TabularMDP.garnet(states: 4, actions: 2, branching: 2, using: &random)
        var log = EmpiricalMDP(stateCount: 4, actionCount: 2)
        var state = 0
        for _ in 0..<40_000 {
            let action = random.index(below: 2)
            let next = mdp.successor(of: state, action: action, using: &random)
            log.append(state: state, action: action, next: next, rewards: [Double(state) + random.normal()])
            state = next
        }
        let model = try log.model(terminal: mdp.terminal, start: mdp.start)
        for (one, other) in zip(model.transitions, mdp.transitions) { #expect(abs(one - other) < 0.03) }
        for (index, value) in log.reward(0).enumerated() where log.visits[index] > 500 {
            #expect(abs(value - Double(index / 2)) < 0.2)
        }
    }
}
