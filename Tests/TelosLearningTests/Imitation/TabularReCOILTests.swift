import TelosEnvironments
import TelosFeedback
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct TabularReCOILTests {
    private struct Problem {
        var mdp: TabularMDP
        var others: [Double]
        var random: RandomStream
    }

    private func problem(_ seed: Int) throws -> Problem {
        var random = RandomKey(seed: seed).stream
        let (states, actions) = (5, 3)
        var transitions: [Double] = []
        for _ in 0..<(states * actions) { transitions += distribution(states, &random) }
        let mdp = try TabularMDP(
            stateCount: states, actionCount: actions, transitions: transitions,
            terminal: Array(repeating: false, count: 5),
            start: distribution(states, &random))
        return Problem(mdp: mdp, others: distribution(states * actions, &random), random: random)
    }

    private func distribution(_ count: Int, _ random: inout RandomStream) -> [Double] {
        let weights = (0..<count).map { _ in random.uniform() + 0.01 }
        let total = weights.reduce(0, +)
        return weights.map { $0 / total }
    }

    private func policy(_ random: inout RandomStream) -> [Double] { (0..<5).flatMap { _ in distribution(3, &random) } }

    /// The objective's inner minimum as it is written: (1/2 B^T M B) Q = -beta ((1 - g) d0 pi + B^T d_E) over pairs, with
    /// B = g P^pi - I.
    @Test(arguments: [true, false]) func theInnerMinimumIsTheDuals(_ subtracts: Bool) throws {
        var problem = try problem(4)
        let (mdp, pairs) = (problem.mdp, 15)
        let pi = policy(&problem.random)
        let expert = distribution(pairs, &problem.random)
        var options = TabularReCOIL.Options()
        (options.discount, options.expertShare, options.floor) = (0.9, 0.3, 1e-12)
        options.subtractsOthers = subtracts
        let learner = try TabularReCOIL(
            mdp, expert: expert, others: problem.others, isSupported: Array(repeating: true, count: pairs),
            options: options)
        var b = [Double](repeating: 0, count: pairs * pairs)
        for x in 0..<pairs {
            for y in 0..<pairs {
                b[x * pairs + y] =
                    0.9 * mdp.probability(of: y / 3, after: x / 3, action: x % 3) * pi[y] - (x == y ? 1 : 0)
            }
        }
        let mixture = (0..<pairs).map { 0.3 * expert[$0] + 0.7 * problem.others[$0] }
        // Without the term of the other data, E_M[f*(T Q - Q)] alone pulls Q down: its linear part is the mixture's.
        let linear = subtracts ? expert.map { 0.3 * $0 } : mixture
        var matrix = [Double](repeating: 0, count: pairs * pairs)
        var side = [Double](repeating: 0, count: pairs)
        for i in 0..<pairs {
            side[i] = -0.3 * 0.1 * mdp.start[i / 3] * pi[i]
            for x in 0..<pairs {
                side[i] -= b[x * pairs + i] * linear[x]
                for j in 0..<pairs {
                    matrix[i * pairs + j] += 0.5 * b[x * pairs + i] * mixture[x] * b[x * pairs + j]
                }
            }
        }
        let direct = try LUFactorization(matrix).solve(side)
        let q = try learner.actionValues(of: pi)
        for pair in 0..<pairs { #expect(abs(q[pair] - direct[pair]) < 1e-6 * max(1, abs(direct[pair])), "\(pair)") }
    }

    @Test func anOccupancyIsMatchedFromAnyOtherData() throws {
        for seed in 0..<3 {
            var problem = try problem(seed)
            let best = policy(&problem.random)
            let expert = try problem.mdp.occupancy(policy: best, discount: 0.95)
            var options = TabularReCOIL.Options()
            (options.stepSize, options.iterations) = (0.5, 3000)
            var learner = try TabularReCOIL(
                problem.mdp, expert: expert, others: problem.others, isSupported: Array(repeating: true, count: 15),
                options: options)
            func distance() throws -> Double {
                OccupancyDivergence.totalVariation(
                    try problem.mdp.occupancy(policy: learner.policy, discount: 0.95), expert)
            }
            let before = try distance()
            try learner.learn()
            let kept = try distance()
            #expect(kept < 0.15 * before, "seed \(seed): \(kept) after \(before)")
            // The other data's own policy is what it is drawn to without their term.
            options.subtractsOthers = false
            var drawn = try TabularReCOIL(
                problem.mdp, expert: expert, others: problem.others, isSupported: Array(repeating: true, count: 15),
                options: options)
            try drawn.learn()
            let other = OccupancyDivergence.totalVariation(
                try problem.mdp.occupancy(policy: drawn.policy, discount: 0.95), expert)
            #expect(other > 3 * kept)
        }
    }

    @Test func unsupportedActionsAreNeverTakenAndMistakesAreNamed() throws {
        let problem = try problem(1)
        var supported = Array(repeating: true, count: 15)
        (supported[0], supported[1]) = (false, false)
        var learner = try TabularReCOIL(
            problem.mdp, expert: problem.others, others: problem.others, isSupported: supported)
        try learner.learn()
        #expect(learner.policy[0] == 0 && learner.policy[2] == 1 && learner.greedyActions[0] == 2)
        #expect(throws: TabularError.self) {
            try TabularReCOIL(problem.mdp, expert: [1], others: problem.others, isSupported: supported)
        }
        var options = TabularReCOIL.Options()
        options.expertShare = 0
        #expect(throws: TabularError.self) {
            try TabularReCOIL(
                problem.mdp, expert: problem.others, others: problem.others, isSupported: supported, options: options)
        }
    }

    @Test func countsGiveTheModelOfGreatestLikelihood() throws {
        let problem = try problem(2)
        var random = problem.random
        let uniform = TabularPolicy.uniform(stateCount: 5, actionCount: 3)
        let data = try problem.mdp.dataset(
            following: uniform, episodes: 400, horizon: 50, reward: (0..<15).map { Double($0) / 2 }, using: &random)
        let counts = try EmpiricalMDP(data, stateCount: 5, actionCount: 3)
        let model = try counts.model(terminal: problem.mdp.terminal, start: problem.mdp.start)
        for index in model.transitions.indices {
            #expect(abs(model.transitions[index] - problem.mdp.transitions[index]) < 0.05)
        }
        #expect(counts.reward() == (0..<15).map { Double($0) / 2 } && abs(counts.occupancy.reduce(0, +) - 1) < 1e-12)
        #expect(counts.behavior().allSatisfy { abs($0 - 1 / 3) < 0.05 } && counts.visits.reduce(0, +) == 20_000)
        // What was never seen stays, and is unsupported unless nothing was seen there.
        var few = EmpiricalMDP(stateCount: 3, actionCount: 2)
        few.append(state: 0, action: 1, next: 1, rewards: [2])
        few.append(state: 0, action: 1, next: 2, rewards: [4])
        #expect(few.isSupported == [false, true, true, true, true, true] && few.reward()[1] == 3)
        let sparse = try few.model(terminal: [false, false, true], start: [1, 0, 0])
        #expect(sparse.successors(of: 0, action: 1).map(\.probability) == [0.5, 0.5])
        #expect(
            sparse.probability(of: 0, after: 0, action: 0) == 1 && sparse.probability(of: 1, after: 1, action: 0) == 1)
    }
}
