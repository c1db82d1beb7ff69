import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct S2PGClaimTests {
    /// Without an internal state there is nothing that could remember.
    @Test func failsWithTheInternalStateSwitchedOff() throws {
        let entry = Catalogue.s2pg
        let context = ClaimContext(
            slug: entry.slug, parameters: try entry.parameterValues(set: ["delay": 3, "iterations": 20]),
            seeds: [100, 101], threads: 2)
        let outcome = try StatefulPolicyExperiment(context, width: 0).outcome()
        #expect(!outcome.tests[0].passed && !outcome.tests[1].passed)
        #expect(outcome.tests[2].passed && outcome.tests[4].passed)
    }

    /// The gradient is that of the return, and not without the internal state's part.
    @Test func gradientNeedsTheInternalStatesPart() throws {
        for seed in 0..<5 {
            let exact = try StatefulGradient(key: RandomKey(seed: seed))
            #expect(try exact.largestError() < 1e-8)
            let largest = try exact.gradient(learnsState: true).map(abs).max() ?? 0
            #expect(try exact.largestError(learnsState: false) > 0.1 * largest)
        }
    }

    /// A bit that copies the cue and answers with it earns discount^2; one that forgets earns nothing.
    @Test func tableIsRecall() throws {
        let exact = try StatefulGradient(key: RandomKey(seed: 0))
        func value(_ act: (Int, Int, Int) -> (Int, Int)) throws -> Double {
            var policy = [Double](repeating: 0, count: 13 * 4)
            for state in 0..<13 {
                let (action, next) = act(state / 4, state / 2 % 2, state % 2)
                policy[state * 4 + action * 2 + next] = 1
            }
            return try exact.mdp.expectedReturn(policy: policy, reward: exact.reward, discount: 0.9)
        }
        #expect(abs(try value { time, cue, z in time == 0 ? (0, cue) : (z, z) } - 0.81) < 1e-12)
        #expect(abs(try value { time, _, z in (z, 0) }) < 1e-12)
    }
}
