import TelosTensor
import Testing

@testable import TelosEnvironments

struct SolverTests {
    /// A small random MDP with one terminal state, and a reward R(s,a,s').
    private func instance(_ seed: Int, states: Int = 4, actions: Int = 3) throws -> (mdp: TabularMDP, full: [Double]) {
        var random = RandomKey(seed: seed).stream
        let base = try TabularMDP.garnet(states: states, actions: actions, branching: 3, using: &random)
        var transitions = base.transitions
        for action in 0..<actions {
            for next in 0..<states {
                transitions[((states - 1) * actions + action) * states + next] = next == states - 1 ? 1 : 0
            }
        }
        var terminal = base.terminal
        terminal[states - 1] = true
        let mdp = try TabularMDP(
            stateCount: states, actionCount: actions, transitions: transitions, terminal: terminal, start: base.start)
        return (mdp, mdp.fullReward { _, _, _ in random.normal() })
    }

    /// Values by 3000 plain sweeps over the dense table: nothing shared with the solvers.
    private func bruteValues(_ mdp: TabularMDP, _ policy: [Double], _ full: [Double], _ discount: Double) -> [Double] {
        let (n, m) = (mdp.stateCount, mdp.actionCount)
        var values = [Double](repeating: 0, count: n)
        for _ in 0..<3000 {
            values = (0..<n).map { s in
                if mdp.terminal[s] { return 0 }
                var sum = 0.0
                for a in 0..<m {
                    for t in 0..<n {
                        let index = (s * m + a) * n + t
                        sum += policy[s * m + a] * mdp.transitions[index] * (full[index] + discount * values[t])
                    }
                }
                return sum
            }
        }
        return values
    }

    private func close(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-8) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
    }

    @Test(arguments: 0..<8) func `solvers agree with every deterministic policy tried`(seed: Int) throws {
        let (mdp, full) = try instance(seed)
        let discount = 0.9
        var best = [Double](repeating: -.infinity, count: mdp.stateCount)
        for code in 0..<27 {  // 3 actions in each of the 3 states that are not terminal
            let actions = [code % 3, code / 3 % 3, code / 9, 0]
            let policy = TabularPolicy.deterministic(actions, actionCount: 3)
            let values = bruteValues(mdp, policy, full, discount)
            #expect(close(values, try mdp.policyValue(policy: policy, reward: full, discount: discount)))
            for state in best.indices { best[state] = max(best[state], values[state]) }
        }
        let iterated = try mdp.valueIteration(reward: full, discount: discount)
        let improved = try mdp.policyIteration(reward: full, discount: discount)
        #expect(close(iterated.values, best))
        #expect(close(improved.values, best))
        #expect(iterated.actions == improved.actions)
        #expect(close(iterated.q, improved.q))
        #expect(close(try mdp.policyValue(policy: improved.policy, reward: full, discount: discount), best))
        let expected = mdp.expectedReward(full)
        #expect(close(try mdp.valueIteration(reward: expected, discount: discount).values, best))
    }

    @Test(arguments: 0..<8) func `occupancy is a distribution, its product with the reward the return`(
        seed: Int
    ) throws {
        let (mdp, full) = try instance(100 + seed, states: 6, actions: 2)
        var random = RandomKey(seed: seed).derived("policy").stream
        let policy = TabularPolicy.softmax((0..<12).map { _ in random.normal() }, actionCount: 2)
        let discount = 0.93
        let occupancy = try mdp.occupancy(policy: policy, discount: discount)
        #expect(abs(occupancy.reduce(0, +) - 1) < 1e-12)
        #expect(occupancy.allSatisfy { $0 >= 0 })
        let reward = mdp.expectedReward(full)
        let value = try mdp.expectedReturn(policy: policy, reward: full, discount: discount)
        let byOccupancy = zip(occupancy, reward).reduce(0) { $0 + $1.0 * $1.1 } / (1 - discount)
        #expect(abs(byOccupancy - value) < 1e-10)
        let visits = try mdp.visits(policy: policy, discount: discount)
        #expect(abs(zip(visits, reward).reduce(0) { $0 + $1.0 * $1.1 } - value) < 1e-10)

        // The same distribution pushed forward step by step.
        let chain = try mdp.transitionMatrix(policy: policy)
        var distribution = mdp.start
        var sum = [Double](repeating: 0, count: 6)
        var weight = 1 - discount
        for _ in 0..<600 {
            for state in 0..<6 { sum[state] += weight * distribution[state] }
            distribution = (0..<6).map { t in (0..<6).reduce(0) { $0 + distribution[$1] * chain[$1 * 6 + t] } }
            weight *= discount
        }
        let states: [Double] = (0..<6).map { occupancy[$0 * 2] + occupancy[$0 * 2 + 1] }
        #expect(close(states, sum, 1e-10))
    }

    @Test func `advantages have mean zero under their policy`() throws {
        let (mdp, full) = try instance(7)
        let policy = TabularPolicy.uniform(stateCount: 4, actionCount: 3)
        let advantages = try mdp.advantages(policy: policy, reward: full, discount: 0.8)
        for state in 0..<4 { #expect(abs(advantages[(state * 3)..<(state * 3 + 3)].reduce(0, +)) < 1e-12) }
        #expect(advantages.contains { abs($0) > 0.01 })
    }

    @Test func `backward induction equals trying every action sequence`() throws {
        let mdp = try TabularMDP.chain(states: 5)
        let full = mdp.fullReward { state, action, next in
            Double(next * next) - (action == 0 ? 0.3 : 1.1) * Double(state)
        }
        let horizon = 6
        let solution = try mdp.backwardInduction(reward: full, horizon: horizon, discount: 0.9)
        for first in 0..<5 {
            var best = -Double.infinity
            for code in 0..<(1 << horizon) {
                var (state, total, weight) = (first, 0.0, 1.0)
                for t in 0..<horizon where !mdp.terminal[state] {
                    let action = code >> t & 1
                    let next = mdp.successors(of: state, action: action)[0].state
                    total += weight * full[(state * 2 + action) * 5 + next]
                    weight *= 0.9
                    state = next
                }
                best = max(best, total)
            }
            #expect(abs(solution.values[0][first] - best) < 1e-12)
        }
        // A long horizon approaches the infinite one, and evaluation over a horizon its own linear system.
        let long = try mdp.backwardInduction(reward: full, horizon: 400, discount: 0.9)
        #expect(close(long.values[0], try mdp.valueIteration(reward: full, discount: 0.9).values))
        let uniform = TabularPolicy.uniform(stateCount: 5, actionCount: 2)
        #expect(
            close(
                try mdp.policyValue(policy: uniform, reward: full, discount: 0.9, horizon: 400),
                try mdp.policyValue(policy: uniform, reward: full, discount: 0.9)))
    }

    @Test func `discount 1 counts steps to the end, and is refused where there is no end`() throws {
        let mdp = try TabularMDP.chain(states: 6)
        let cost = [Double](repeating: -1, count: 12)
        #expect(close(try mdp.valueIteration(reward: cost, discount: 1).values, [-5, -4, -3, -2, -1, 0]))
        // A symmetric walk that stays at 0 half the time takes 5 * 6 - s (s + 1) steps to state 5.
        let uniform = TabularPolicy.uniform(stateCount: 6, actionCount: 2)
        let steps = try mdp.policyValue(policy: uniform, reward: cost, discount: 1)
        #expect(close(steps, [-30, -28, -24, -18, -10, 0]))
        let ring = try TabularMDP.ring(states: 4)
        #expect(throws: TabularError.self) {
            try ring.policyValue(
                policy: TabularPolicy.uniform(stateCount: 4, actionCount: 2), reward: Array(repeating: 1, count: 8),
                discount: 1)
        }
        #expect(throws: TabularError.self) { try ring.valueIteration(reward: [1, 2], discount: 0.5) }
        #expect(throws: TabularError.self) { try ring.valueIteration(reward: cost.dropLast(4), discount: 1.5) }
    }

    @Test func `ties go to the lowest action`() throws {
        let ring = try TabularMDP.ring(states: 4)
        let reward = ring.fullReward { _, _, next in next == 2 ? 1 : 0 }
        let solution = try ring.policyIteration(reward: reward, discount: 0.9)
        #expect(solution.actions[0] == 0)  // both ways round are two steps
        #expect(ring.optimalActions(solution.q)[0] == [0, 1])
        #expect(ring.optimalActions(solution.q)[1] == [1])
        #expect(try ring.valueIteration(reward: reward, discount: 0.9).actions == solution.actions)
    }

    @Test func `softmax and uniform greedy policies`() {
        let policy = TabularPolicy.softmax([0, 0, 1000, 1001], actionCount: 2)
        #expect(policy[0] == 0.5 && abs(policy[3] - 0.7310585786300049) < 1e-12)
        #expect(TabularPolicy.greedyUniform([1, 1, 0, 2, 0, 0], actionCount: 3) == [0.5, 0.5, 0, 1, 0, 0])
    }
}
