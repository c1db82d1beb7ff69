import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct PolicyGradientGuideClaimTests {
    /// Without limits on the step nothing is steadier than A2C.
    @Test func failsWithTheLimitsSwitchedOff() throws {
        let entry = Catalogue.policyGradientGuide
        let context = ClaimContext(
            slug: entry.slug, parameters: try entry.parameterValues(set: ["steps": 20_480, "width": 16]),
            seeds: [100, 101], threads: 2)
        let outcome = try PolicyGradientGuideExperiment(
            context, limited: [PolicyGradientGuideExperiment.unlimitedMethods[3]]
        ).outcome()
        #expect(!outcome.tests[0].passed && !outcome.tests[2].passed)
    }

    /// grad J = sum over s and a of visits(s, a) grad log pi(a|s) A(s, a), against differences of the exact return.
    @Test func theoremAgreesWithDifferences() throws {
        var random = RandomKey(seed: 6).stream
        let mdp = try TabularMDP.dirichlet(states: 5, actions: 3, concentration: 0.5, using: &random)
        let reward = (0..<15).map { _ in random.normal() }
        let logits = (0..<15).map { _ in random.normal() }
        func value(_ logits: [Double]) throws -> Double {
            try mdp.expectedReturn(
                policy: TabularPolicy.softmax(logits, actionCount: 3), reward: reward, discount: 0.9)
        }
        let policy = TabularPolicy.softmax(logits, actionCount: 3)
        let advantages = try mdp.advantages(policy: policy, reward: reward, discount: 0.9)
        let visits = try mdp.visits(policy: policy, discount: 0.9)
        for pair in 0..<15 {
            // The score's other terms cancel, because a state's advantages have mean 0.
            let exact = visits[pair] * advantages[pair]
            var (above, below) = (logits, logits)
            above[pair] += 1e-4
            below[pair] -= 1e-4
            #expect(abs((try value(above) - value(below)) / 2e-4 - exact) < 1e-5)
        }
    }
}
