import TelosEnvironments
import TelosFeedback
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct TabularImitationTests {
    /// A corridor of five cells; action 1 leads to the goal.
    static let mdp = try! TabularMDP.chain(states: 5)
    static let right = [1, 1, 1, 1, 0]

    static func oracle(_ reliability: Double) throws -> ValueInterventionOracle {
        let reward = (0..<10).map { $0 == 7 ? 1.0 : 0 }
        let solution = try mdp.policyIteration(reward: reward, discount: 0.9)
        return ValueInterventionOracle(values: solution.q, actionCount: 2, share: 0.95, reliability: reliability)
    }

    @Test func oraclesNoticeWhatIsWorthLess() throws {
        let oracle = try Self.oracle(0.8)
        for state in 0..<4 {
            #expect(abs(oracle.takeoverProbability(state: state, action: 0) - 0.8) < 1e-12)
            #expect(abs(oracle.takeoverProbability(state: state, action: 1) - 0.2) < 1e-12)
        }
        let generous = ValueInterventionOracle(values: [1, 0.6], actionCount: 2, margin: 0.5, reliability: 1)
        #expect(generous.takeoverProbability(state: 0, action: 1) == 0)
        let strict = ValueInterventionOracle(values: [1, 0.6], actionCount: 2, margin: 0.3, reliability: 1)
        #expect(strict.takeoverProbability(state: 0, action: 1) == 1)
        #expect(RandomInterventionOracle(probability: 0.3).takeoverProbability(state: 4, action: 1) == 0.3)
    }

    /// A learner who always goes left is taken over at once; two steps by the expert, then one of its own.
    @Test func takeoversLastAsLongAsTheyShould() throws {
        var random = RandomKey(seed: 1).stream
        var walk = try GatedWalk(
            Self.mdp, expert: Self.right, oracle: Self.oracle(1), takeoverLength: 2, horizon: 100, using: &random)
        let steps = (0..<5).map { _ in walk.step(using: &random) { _, _ in 0 } }
        #expect(steps.map(\.isByExpert) == [false, true, true, false, true])
        #expect(steps.map(\.causesTakeover) == [true, false, false, true, false])
        #expect(steps.map(\.state) == [0, 0, 1, 2, 1] && steps.map(\.action) == [0, 1, 1, 0, 1])
        // The horizon ends a takeover too.
        walk = try GatedWalk(
            Self.mdp, expert: Self.right, oracle: Self.oracle(1), takeoverLength: 9, horizon: 3, using: &random)
        let short = (0..<4).map { _ in walk.step(using: &random) { _, _ in 0 } }
        #expect(short.map(\.isByExpert) == [false, true, true, false] && short[3].state == 0)
        #expect(throws: TabularError.self) {
            try GatedWalk(
                Self.mdp, expert: [1], oracle: Self.oracle(1), takeoverLength: 1, horizon: 3, using: &random)
        }
    }

    @Test func cloningCopiesWhatWasSeen() {
        let demonstration = TabularSegment(states: [0, 1, 0, 1, 2, 3, 4, 4], actions: [1, 0, 1, 1, 1, 1, 0])
        let policy = TabularImitation.behaviorCloning([demonstration], in: Self.mdp).policy
        #expect(policy[0..<4] == [0, 1, 0.5, 0.5] && policy[6..<10] == [0, 1, 0.5, 0.5])
    }

    @Test func daggerLearnsTheExpertWhereverItGoes() throws {
        var random = RandomKey(seed: 2).stream
        for (labels, reliability) in [(TabularImitation.Labels.everywhere, 0.5), (.whileInControl, 0.9)] {
            var walk = try GatedWalk(
                Self.mdp, expert: Self.right, oracle: Self.oracle(reliability), takeoverLength: 3, horizon: 30,
                using: &random)
            var clone = TabularImitation(stateCount: 5, actionCount: 2)
            clone.aggregate(&walk, steps: 500, labels: labels, using: &random)
            #expect(TabularPolicy.greedyActions(clone.policy, actionCount: 2).prefix(4) == [1, 1, 1, 1])
            #expect(clone.policy.prefix(8).allSatisfy { $0 == 0 || $0 == 1 })
        }
        // Without takeovers nothing is labelled.
        var walk = try GatedWalk(
            Self.mdp, expert: Self.right, oracle: RandomInterventionOracle(probability: 0), takeoverLength: 3,
            horizon: 30, using: &random)
        var clone = TabularImitation(stateCount: 5, actionCount: 2)
        clone.aggregate(&walk, steps: 100, labels: .whileInControl, using: &random)
        #expect(clone.counts.allSatisfy { $0 == 0 })
    }

    /// The expert goes left; whoever watches knows better, and what is learned is to go right. Left is
    /// paid -1 where the learner goes there, and 0 where the demonstration does.
    @Test func learningFromInterventionsBeatsItsExpert() throws {
        var random = RandomKey(seed: 3).stream
        var walk = try GatedWalk(
            Self.mdp, expert: [0, 0, 0, 0, 0], oracle: Self.oracle(1), takeoverLength: 2, horizon: 30, using: &random)
        var options = InterventionLearning.Options()
        options.steps = 3000
        let demonstration = TabularSegment(states: [0, 0, 0], actions: [0, 0])
        var learner = InterventionLearning(Self.mdp, demonstrations: [demonstration], options: options)
        learner.learn(&walk, using: &random)
        #expect(TabularPolicy.greedyActions(learner.q, actionCount: 2).prefix(4) == [1, 1, 1, 1])
        for state in 0..<4 {
            #expect(abs(learner.q[state * 2 + 1]) < 0.05 && learner.q[state * 2] < -0.1)
        }
        #expect(learner.interruptedShare > 0.02 && learner.interruptedShare < 0.15)
        var blind = try GatedWalk(
            Self.mdp, expert: [0, 0, 0, 0, 0], oracle: RandomInterventionOracle(probability: 0.3), takeoverLength: 2,
            horizon: 30, using: &random)
        var other = InterventionLearning(Self.mdp, options: options)
        other.learn(&blind, using: &random)
        #expect(abs(other.interruptedShare - 0.3) < 0.04)
    }
}
