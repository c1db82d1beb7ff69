import Foundation
import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct SuccessorFeatureTests {
    static func problem() throws -> (mdp: TabularMDP, features: [Double], policies: [[Double]]) {
        var random = RandomKey(seed: 21).stream
        let mdp = try TabularMDP.garnet(states: 7, actions: 3, branching: 3, using: &random)
        let features = (0..<(7 * 3 * 2)).map { _ in random.normal() }
        let policies = (0..<4).map { _ in
            TabularPolicy.softmax((0..<21).map { _ in 2 * random.normal() }, actionCount: 3)
        }
        return (mdp, features, policies)
    }

    /// psi . w is the value of the reward phi . w, whatever w, by an independent evaluation.
    @Test func successorFeaturesEvaluateEveryLinearReward() throws {
        let (mdp, features, policies) = try Self.problem()
        let successor = try SuccessorFeatures(mdp, features: features, width: 2, policies: policies, discount: 0.9)
        for weights in [[1.0, 0], [-0.3, 2]] {
            let reward = successor.reward(weights)
            for (index, policy) in policies.enumerated() {
                let values = try mdp.policyValue(policy: policy, reward: reward, discount: 0.9)
                let q = try mdp.actionValues(policy: policy, reward: reward, discount: 0.9)
                let psi = successor.actionValues(ofPolicy: index)
                for state in 0..<7 {
                    let own = (0..<2).reduce(0) { $0 + successor.values[index][state * 2 + $1] * weights[$1] }
                    #expect(abs(own - values[state]) < 1e-10)
                }
                for pair in 0..<21 {
                    #expect(abs((0..<2).reduce(0) { $0 + psi[pair * 2 + $1] * weights[$1] } - q[pair]) < 1e-10)
                }
            }
        }
    }

    @Test func improvementIsBetweenTheBestPolicyAndTheOptimum() throws {
        let (mdp, features, policies) = try Self.problem()
        var successor = try SuccessorFeatures(mdp, features: features, width: 2, policies: policies, discount: 0.9)
        let weights = [0.7, -1.1]
        let optimum = try mdp.policyIteration(reward: successor.reward(weights), discount: 0.9)
        let before = successor.improvement(weights, temperature: 0).values
        #expect(zip(before, optimum.values).allSatisfy { $0 <= $1 + 1e-10 })
        #expect(zip(before, optimum.values).contains { $0 < $1 - 1e-3 })
        try successor.append(optimum.policy)
        let after = successor.improvement(weights, temperature: 0).values
        #expect(zip(after, optimum.values).allSatisfy { abs($0 - $1) < 1e-9 })
        // A low temperature is as good as the maximum; the gradient agrees with differences at a high one.
        let cold = successor.improvement(weights, temperature: 1e-3).values
        #expect(zip(cold, optimum.values).allSatisfy { abs($0 - $1) < 1e-3 })
        let gradients = successor.improvement(weights, temperature: 0.5).gradients
        for index in 0..<2 {
            var (up, down) = (weights, weights)
            up[index] += 1e-5
            down[index] -= 1e-5
            let (above, below) = (
                successor.improvement(up, temperature: 0.5).values, successor.improvement(down, temperature: 0.5).values
            )
            for state in 0..<7 {
                #expect(abs((above[state] - below[state]) / 2e-5 - gradients[state * 2 + index]) < 1e-6)
            }
        }
        #expect(throws: TabularError.self) {
            try SuccessorFeatures(mdp, features: features, width: 3, policies: [], discount: 0.9)
        }
    }

    /// V satisfies its equation, no policy does better by the regularised measure, and a low temperature gives V*.
    @Test func softValuesAreTheBestTradeOff() throws {
        var random = RandomKey(seed: 22).stream
        let mdp = try TabularMDP.garnet(states: 6, actions: 3, branching: 2, using: &random)
        let reward = (0..<18).map { _ in random.normal() }
        let temperature = 0.3
        func regularized(_ policy: [Double]) throws -> [Double] {
            let paid = reward.indices.map { pair in
                reward[pair] - (policy[pair] > 0 ? temperature * log(policy[pair] * 3) : 0)
            }
            return try mdp.policyValue(policy: policy, reward: paid, discount: 0.8)
        }
        let solution = try mdp.softValueIteration(reward: reward, discount: 0.8, temperature: temperature)
        #expect(zip(try regularized(solution.policy), solution.values).allSatisfy { abs($0 - $1) < 1e-8 })
        for _ in 0..<10 {
            let other = TabularPolicy.softmax(
                solution.q.map { $0 / temperature + 0.5 * random.normal() }, actionCount: 3)
            #expect(zip(try regularized(other), solution.values).allSatisfy { $0 <= $1 + 1e-9 })
        }
        let cold = try mdp.softValueIteration(reward: reward, discount: 0.8, temperature: 1e-3)
        let hard = try mdp.policyIteration(reward: reward, discount: 0.8)
        #expect(zip(cold.values, hard.values).allSatisfy { abs($0 - $1) < 0.01 })
        #expect(throws: TabularError.self) { try mdp.softValueIteration(reward: reward, discount: 1, temperature: 1) }
    }

    @Test func reachabilityIsTheChanceOfArrival() throws {
        let mdp = try TabularMDP.chain(states: 3, slip: 0.2)
        let right = TabularPolicy.deterministic([1, 1, 0], actionCount: 2)
        let chances = try mdp.reachability(of: [false, false, true], policy: right, horizon: 3)
        // From state 1: right at once, or back and twice right.
        #expect(abs(chances[1] - (0.9 + 0.1 * 0.9 * 0.9)) < 1e-12 && chances[2] == 1)
        #expect(try mdp.reachability(of: [false, false, true], policy: right, horizon: 1)[0] == 0)
    }
}
