import CTelosKernels
import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct RobustMDPTests {
    private static func distribution(_ count: Int, _ random: inout RandomStream) -> [Double] {
        let weights = (0..<count).map { _ in -telos_log64(1 - random.uniform()) }
        return weights.map { $0 / weights.reduce(0, +) }
    }

    private static func divergence(_ p: [Double], _ q: [Double]) -> Double {
        zip(p, q).reduce(0) { $0 + ($1.0 > 0 ? $1.0 * telos_log64($1.0 / $1.1) : 0) }
    }

    /// The worst distribution lies in the set, and none of many drawn in the set is worse; L1 and intervals are linear
    /// programs, whose optimum it has.
    @Test func worstDistributionsAreWorst() throws {
        var random = RandomKey(seed: 1).stream
        for _ in 0..<30 {
            let q = Self.distribution(5, &random)
            let outcomes = (0..<5).map { _ in random.normal() }
            let size = random.uniform(0.02, 0.6)
            func value(_ p: [Double]) -> Double { zip(p, outcomes).reduce(0) { $0 + $1.0 * $1.1 } }
            let l1 = RobustMDP.worst(q, outcomes, l1: size)
            let kl = RobustMDP.worst(q, outcomes, kl: size)
            let interval = RobustMDP.worst(q, outcomes, interval: size)
            for p in [l1, kl, interval] {
                #expect(abs(p.reduce(0, +) - 1) < 1e-9 && p.allSatisfy { $0 >= 0 })
            }
            #expect(zip(l1, q).reduce(0) { $0 + abs($1.0 - $1.1) } < size + 1e-9)
            #expect(Self.divergence(kl, q) < size + 1e-9)
            #expect(zip(interval, q).allSatisfy { abs($0 - $1) < size + 1e-9 })
            // p and |p - q| as 10 variables, the first five p, the others bounds of the difference.
            var program = try LinearProgram(
                minimizing: outcomes + [0, 0, 0, 0, 0], variables: Array(repeating: .nonNegative, count: 10))
            try program.add([1, 1, 1, 1, 1, 0, 0, 0, 0, 0], .exactly(1))
            try program.add([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], .atMost(size))
            for index in 0..<5 {
                for sign in [1.0, -1] {
                    var row = [Double](repeating: 0, count: 10)
                    row[index] = sign
                    row[5 + index] = -1
                    try program.add(row, .atMost(sign * q[index]))
                }
            }
            #expect(abs(program.solved().objective - value(l1)) < 1e-7)
            var box = try LinearProgram(
                minimizing: outcomes, variables: q.map { .init(max(0, $0 - size), min(1, $0 + size)) })
            try box.add([1, 1, 1, 1, 1], .exactly(1))
            #expect(abs(box.solved().objective - value(interval)) < 1e-7)
            for _ in 0..<200 {
                let other = Self.distribution(5, &random)
                let share = random.uniform()
                let p = zip(q, other).map { (1 - share) * $0 + share * $1 }
                if Self.divergence(p, q) <= size { #expect(value(p) >= value(kl) - 1e-9) }
            }
        }
        // All mass on the worst outcome when the radius allows it.
        #expect(RobustMDP.worst([0.5, 0.5], [0, 1], kl: 1)[0] > 1 - 1e-6)
        #expect(RobustMDP.worst([0.5, 0.5, 0], [0, 1, -1], kl: 0.1)[2] == 0)
    }

    private func instance(_ seed: Int) throws -> (mdp: TabularMDP, reward: [Double]) {
        var random = RandomKey(seed: seed).stream
        let mdp = try TabularMDP.dense(states: 4, actions: 2, using: &random)
        return (mdp, mdp.fullReward { _, _, _ in random.normal() })
    }

    /// No uncertainty is the plain problem; more is never better; and the worst model of the solution has its values.
    @Test func valuesFallWithUncertainty() throws {
        let (mdp, reward) = try instance(3)
        let plain = try mdp.policyIteration(reward: reward, discount: 0.9)
        let sets: [(Double) -> RobustMDP.Uncertainty] = [{ .l1($0) }, { .kl($0) }, { .interval($0) }]
        for set in sets {
            var last = plain.values
            for size in [0, 0.05, 0.2, 0.5] {
                let robust = try RobustMDP(mdp, uncertainty: set(size))
                let solution = try robust.valueIteration(reward: reward, discount: 0.9)
                #expect(zip(solution.values, last).allSatisfy { $0 <= $1 + 1e-8 })
                if size == 0 { #expect(zip(solution.values, plain.values).allSatisfy { abs($0 - $1) < 1e-8 }) }
                last = solution.values
                let own = try robust.policyValue(policy: solution.policy, reward: reward, discount: 0.9)
                #expect(zip(own, solution.values).allSatisfy { abs($0 - $1) < 1e-8 })
                let worst = try robust.worstModel(values: own, reward: reward, discount: 0.9)
                let values = try worst.policyValue(policy: solution.policy, reward: reward, discount: 0.9)
                #expect(zip(values, own).allSatisfy { abs($0 - $1) < 1e-7 })
            }
        }
        #expect(throws: TabularError.self) { try RobustMDP(mdp, uncertainty: .l1(-1)) }
        #expect(throws: TabularError.self) { try RobustMDP(mdp, uncertainty: .models([])) }
        #expect(throws: TabularError.self) {
            try RobustMDP(mdp, uncertainty: .kl(1)).valueIteration(reward: reward, discount: 1)
        }
    }

    /// With two models every policy and every way for the adversary to combine rows can be listed.
    @Test func finiteSetsAgreeWithBruteForce() throws {
        let (mdp, reward) = try instance(5)
        let (other, _) = try instance(6)
        let solution = try RobustMDP(mdp, uncertainty: .models([mdp, other])).valueIteration(
            reward: reward, discount: 0.9)
        var combined: [TabularMDP] = []
        for code in 0..<256 {
            var transitions = mdp.transitions
            for row in 0..<8 where code >> row & 1 == 1 {
                transitions.replaceSubrange(
                    (row * 4)..<(row * 4 + 4), with: other.transitions[(row * 4)..<(row * 4 + 4)])
            }
            combined.append(
                try TabularMDP(
                    stateCount: 4, actionCount: 2, transitions: transitions, terminal: mdp.terminal, start: mdp.start))
        }
        var best = [Double](repeating: -.infinity, count: 4)
        for code in 0..<16 {
            let policy = TabularPolicy.deterministic((0..<4).map { code >> $0 & 1 }, actionCount: 2)
            var worst = [Double](repeating: .infinity, count: 4)
            for model in combined {
                let values = try model.policyValue(policy: policy, reward: reward, discount: 0.9)
                worst = zip(worst, values).map { min($0, $1) }
            }
            best = zip(best, worst).map { max($0, $1) }
        }
        #expect(zip(best, solution.values).allSatisfy { abs($0 - $1) < 1e-8 })
    }
}
