import TelosEnvironments
import TelosRewards
import TelosTensor
import Testing

@Suite struct ExplicableRewardDesignTests {
    /// Five states in a row, the last terminal; "up" from state 3 pays 1.
    static let chain = try! TabularMDP.chain(states: 5, slip: 0.2)
    static let pay = (0..<10).map { $0 == 7 ? 1.0 : 0 }

    @Test func gapsMatchTheDefinition() throws {
        let gaps = try OptimalityGaps(Self.chain, reward: Self.pay, discount: 0.9, horizons: [0, 2])
        let solution = try Self.chain.policyIteration(reward: Self.pay, discount: 0.9)
        for state in 0..<4 {
            let gap = solution.q[state * 2 + 1] - solution.q[state * 2]
            #expect(gap > 0 && abs(gaps.gaps[state] - gap) < 1e-4 * gap + 1e-12)
        }
        // I(R) written out: horizon h counts h + 1 rewards.
        var random = RandomKey(seed: 1).stream
        let reward = (0..<10).map { _ in random.normal() }
        var sum = 0.0
        for horizon in [0, 2] {
            let values = try Self.chain.policyValue(
                policy: solution.policy, reward: reward, discount: 0.9, horizon: horizon)
            let q = try Self.chain.actionValues(values: values, reward: reward, discount: 0.9)
            for state in 0..<4 { sum += max(0, gaps.gaps[state] - (q[state * 2 + 1] - q[state * 2])) }
        }
        #expect(abs(try gaps.informativeness(of: reward) + sum / 8) < 1e-12)
    }

    @Test func designsAreInformativeSparseAndInvariant() throws {
        let gaps = try OptimalityGaps(Self.chain, reward: Self.pay, discount: 0.9, horizons: [0, 1, 2])
        let design = try ExplicableRewardDesign(gaps, bound: 1)
        #expect(design.payingStates == [3])
        let designs = try design.greedyDesigns(budget: 3)
        #expect(designs.map(\.states.count) == [1, 2, 3, 4])
        for (previous, next) in zip(designs, designs.dropFirst()) {
            #expect(next.informativeness > previous.informativeness)
        }
        for one in designs {
            #expect(try gaps.isInvariant(under: one.reward))
            #expect(one.reward.allSatisfy { abs($0) <= 1 + 1e-9 })
            #expect(one.reward.indices.allSatisfy { one.reward[$0] == 0 || one.states.contains($0 / 2) })
        }
        #expect(designs[3].informativeness > -1e-6)
    }

    /// No reward on the same states, sampled within the bound and kept where it is feasible, is more informative.
    @Test func noSampledRewardIsBetter() throws {
        let gaps = try OptimalityGaps(Self.chain, reward: Self.pay, discount: 0.9, horizons: [0, 1])
        let design = try ExplicableRewardDesign(gaps, bound: 3)
        let best = try gaps.informativeness(of: design.reward(activeStates: [1, 3]))
        var random = RandomKey(seed: 2).stream
        var feasible = 0
        for _ in 0..<4000 {
            var reward = [Double](repeating: 0, count: 10)
            for pair in [2, 3, 6, 7] { reward[pair] = random.uniform(-3, 3) }
            let policy = gaps.solution.policy
            let q = try Self.chain.actionValues(policy: policy, reward: reward, discount: 0.9)
            guard (0..<4).allSatisfy({ q[$0 * 2 + 1] - q[$0 * 2] >= gaps.gaps[$0] }) else { continue }
            feasible += 1
            #expect(try gaps.informativeness(of: reward) <= best + 1e-3)
        }
        #expect(feasible > 20)
    }

    @Test func adaptiveRewardRaisesItsObjective() throws {
        let gaps = try OptimalityGaps(Self.chain, reward: Self.pay, discount: 0.9)
        let design = try ExplicableRewardDesign(gaps, bound: 2)
        let policy = TabularPolicy.uniform(stateCount: 5, actionCount: 2)
        let states = try design.adaptiveStates(policy: policy, budget: 2)
        #expect(states.first == 3 && states.count == 3)
        let reward = try design.adaptiveReward(policy: policy, activeStates: states)
        #expect(try gaps.isInvariant(under: reward))
        // The objective as it is defined, with visits by simulation of the distributions.
        func shares(_ policy: [Double]) throws -> [Double] {
            let visits = try Self.chain.visits(policy: policy, discount: 0.9)
            let total = visits.reduce(0, +)
            return (0..<5).map { state -> Double in (visits[state * 2] + visits[state * 2 + 1]) / total }
        }
        let (target, learner) = (try shares(gaps.solution.policy), try shares(policy))
        func objective(_ reward: [Double]) -> Double {
            var sum = 0.0
            for pair in 0..<8 {
                let other = pair ^ 1
                let advantage = (gaps.solution.q[pair] - gaps.solution.q[other]) / 2
                let difference = (reward[pair] - reward[other]) / 2
                sum += target[pair / 2] * learner[pair / 2] * 0.25 * advantage * difference
            }
            return sum
        }
        #expect(objective(reward) > objective(Self.pay) * 1.5)
    }

    @Test func impossibleRequestsAreErrors() throws {
        let gaps = try OptimalityGaps(Self.chain, reward: Self.pay, discount: 0.9)
        #expect(throws: TabularError.self) { try ExplicableRewardDesign(gaps, bound: 0.5) }
        #expect(throws: TabularError.self) { try ExplicableRewardDesign(gaps, bound: 1, smallness: 0) }
        #expect(throws: TabularError.self) { try ExplicableRewardDesign(gaps, bound: 1).reward(activeStates: [0]) }
        #expect(throws: TabularError.self) {
            try OptimalityGaps(Self.chain, reward: Self.pay, discount: 0.9, horizons: [])
        }
    }
}
