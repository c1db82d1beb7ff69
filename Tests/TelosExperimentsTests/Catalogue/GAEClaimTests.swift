import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct GAEClaimTests {
    @Test func holdsAtReducedSize() throws {
        let report = try Catalogue.reproduce(
            slug: "gae", seeds: 100..<110, set: ["states": 8, "rollouts": 2000, "repeats": 12], threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
    }

    /// Without lambdas between the ends nothing is better than both.
    @Test func failsWithTheMiddleSwitchedOff() throws {
        let entry = try Catalogue.entry("gae")
        let context = ClaimContext(
            slug: "gae", parameters: try entry.parameterValues(set: ["rollouts": 500]), seeds: Array(0..<4), threads: 2)
        #expect(try !GAEEstimatorExperiment(context, lambdas: [0, 1]).outcome().holds)
    }

    /// The moments against plain simulation of X = delta + c X' from one state and action.
    @Test func exactMomentsAgreeWithSimulation() throws {
        let key = RandomKey(seed: 11)
        let ring = try GAERing(states: 6, discount: 0.9, valueError: 1, key: key)
        let lambda = 0.7
        let exact = try ring.figures(lambda: lambda, values: ring.wrongValues)
        var random = key.derived("simulation").stream
        let count = 60_000
        var mean = [Double](repeating: 0, count: 12)
        var square = 0.0
        for _ in 0..<count {
            var state = random.index(below: 6)
            let first = state
            var firstAction = 0
            var (estimate, weight) = (0.0, 1.0)
            for step in 0..<40 {
                let action = random.uniform() < ring.policy[state * 2] ? 0 : 1
                if step == 0 { firstAction = action }
                let next = random.index(
                    weights: (0..<6).map { ring.mdp.probability(of: $0, after: state, action: action) })
                estimate +=
                    weight
                    * (ring.reward[state * 2 + action] + 0.9 * ring.wrongValues[next] - ring.wrongValues[state])
                weight *= 0.9 * lambda
                state = next
            }
            for action in 0..<2 {
                let score = (action == firstAction ? 1 : 0) - ring.policy[first * 2 + action]
                mean[first * 2 + action] += score * estimate / Double(count)
                square += score * score * estimate * estimate / Double(count)
            }
        }
        let variance = square - mean.reduce(0) { $0 + $1 * $1 }
        #expect(abs(variance / exact.variance - 1) < 0.03)
        for (one, other) in zip(mean, exact.mean) {
            #expect(abs(one - other) < 5 * (exact.variance / Double(count)).squareRoot())
        }
    }

    @Test func exactValuesHaveNoBias() throws {
        let ring = try GAERing(states: 9, discount: 0.95, valueError: 1, key: RandomKey(seed: 2))
        for lambda in [0, 0.3, 0.9, 1] {
            #expect(try ring.figures(lambda: lambda, values: ring.values).squaredBias < 1e-20)
        }
        #expect(try ring.figures(lambda: 0, values: ring.wrongValues).squaredBias > 1e-4)
    }
}
