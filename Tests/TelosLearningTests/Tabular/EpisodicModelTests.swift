import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct EpisodicModelTests {
    /// Two steps, two states: action 1 in state 0 leads to state 1 half of the time; being in state 1 at the second step
    /// and doing 0 pays 4.
    private func seen() -> EpisodicModel {
        var model = EpisodicModel(horizon: 2, stateCount: 2, actionCount: 2)
        model.record(step: 0, state: 0, action: 0, reward: 0.5, next: 0)
        model.record(step: 0, state: 0, action: 1, reward: 0, next: 0)
        model.record(step: 0, state: 0, action: 1, reward: 0.2, next: 1)
        model.record(step: 1, state: 0, action: 0, reward: 0.25, next: nil)
        model.record(step: 1, state: 1, action: 0, reward: 4, next: nil)
        return model
    }

    @Test func plansOverWhatWasSeen() {
        let model = seen()
        var random = RandomKey(seed: 1).stream
        let plan = model.plan(bonus: Array(repeating: 0, count: 8), cap: 10, using: &random)
        #expect(plan.q[model.entry(step: 0, state: 0, action: 0)] == 0.75)
        // 0.1 + (0.25 + 4) / 2
        #expect(plan.q[model.entry(step: 0, state: 0, action: 1)] == 2.225)
        #expect(plan.actions[0] == 1)
        #expect(plan.values == [2.225, 0, 0.25, 4, 0, 0])
        let occupancy = model.occupancy(of: plan, from: 0)
        #expect(occupancy == [0, 1, 0, 0, 0.5, 0, 0.5, 0])
        let capped = model.plan(bonus: Array(repeating: 0, count: 8), cap: 1, using: &random)
        // Action 1 is worth 0.1 + (0.25 + 1) / 2 now.
        #expect(capped.values == [0.75, 0, 0.25, 1, 0, 0])
        #expect(capped.actions[0] == 0)
    }

    @Test func drawnTransitionsAreDistributionsAroundTheCounts() {
        var model = EpisodicModel(horizon: 1, stateCount: 3, actionCount: 1)
        for _ in 0..<6 { model.record(step: 0, state: 0, action: 0, reward: 0, next: 1) }
        for _ in 0..<3 { model.record(step: 0, state: 0, action: 0, reward: 0, next: 2) }
        var random = RandomKey(seed: 5).stream
        var sums = [0.0, 0, 0]
        let draws = 4000
        for _ in 0..<draws {
            let row = model.sampledTransitions(prior: 1.0 / 3, using: &random)[..<3]
            #expect(abs(row.reduce(0, +) - 1) < 1e-12)
            for (next, share) in row.enumerated() { sums[next] += share }
        }
        // The mean of a Dirichlet distribution is its parameters over their sum; four standard errors.
        for (next, parameter) in [1.0 / 3, 6 + 1.0 / 3, 3 + 1.0 / 3].enumerated() {
            let expected = parameter / 10
            let error = (expected * (1 - expected) / 11 / Double(draws)).squareRoot()
            #expect(abs(sums[next] / Double(draws) - expected) < 4 * error)
        }
    }

    /// The objective of a policy is largest at d = q / (2 eta N), where it exceeds the value seen by q^2 / (4 eta N).
    @Test func maximizesPromiseLessMisfit() {
        var model = EpisodicModel(horizon: 1, stateCount: 1, actionCount: 2)
        for _ in 0..<10 { model.record(step: 0, state: 0, action: 0, reward: 0.5, next: nil) }
        model.record(step: 0, state: 0, action: 1, reward: 0.4, next: nil)
        var random = RandomKey(seed: 2).stream
        // 0.5 + 1 / (4 eta 10) against 0.4 + 1 / (4 eta 1): the rarer action is better below eta = 2.25.
        for (eta, action) in [(2.0, 1), (2.5, 0)] {
            let plan = MaximizeToExplore(misfitWeight: eta, cap: 100).plan(model, from: 0, using: &random)
            #expect(plan.actions == [action])
            let visits = action == 1 ? 1.0 : 10
            #expect(abs(plan.values[0] - (action == 1 ? 0.4 : 0.5) - 1 / (2 * eta * visits)) < 1e-12)
        }
        let greedy = MaximizeToExplore(misfitWeight: 1, cap: 100, rounds: 0).plan(model, from: 0, using: &random)
        #expect(greedy.actions == [0] && greedy.values[0] == 0.5)
    }

    @Test func countBonusesShrinkLikeOneOverTheRoot() {
        #expect(CountBonus.inverseRoot(visits: 4, scale: 3) == 1.5)
        #expect(CountBonus.inverseRoot(visits: 0, scale: 3) == 3)
        let interval = CountBonus.hoeffding(visits: 8, scale: 2, delta: 0.1)
        #expect(abs(interval - 2 * (2.995732273553991 / 8).squareRoot()) < 1e-12)
    }
}
