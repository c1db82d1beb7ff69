import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct AverageRewardDDPGClaimTests {
    /// An average that is tracked from what the behaviour is paid is the behaviour's, not the policy's.
    @Test func failsWithTheAverageFromTheBehaviour() throws {
        let entry = Catalogue.averageRewardDDPG
        let context = ClaimContext(
            slug: entry.slug, parameters: try entry.parameterValues(set: ["steps": 20_000]), seeds: [100, 101],
            threads: 2)
        let outcome = try AverageRewardExperiment(context, source: .behavior).outcome()
        #expect(outcome.tests.first { $0.name.hasPrefix("learned average minus") }?.passed == false)
        #expect(outcome.tests.first { $0.name.hasPrefix("learned average, distance") }?.passed == false)
    }

    /// The closed form against a long run of the system.
    @Test func averageAgreesWithSimulation() throws {
        let system = LinearBenefitSystem(persistence: 0.8, noise: 0.3)
        var random = RandomKey(seed: 2).stream
        var (x, sum) = (0.0, 0.0)
        let count = 400_000
        for _ in 0..<count {
            let u = 0.4 - 0.7 * x
            sum += system.reward(x, u)
            x = system.next(x, u, using: &random)
        }
        #expect(abs(sum / Double(count) - system.average(intercept: 0.4, slope: -0.7)) < 0.005)
        #expect(system.average(intercept: 0, slope: 1.5) == -.infinity)
    }

    /// u = 1 is best on average, and each discount's own optimum is best for its discounted return.
    @Test func optimaAreOptimal() {
        let system = LinearBenefitSystem(persistence: 0.95, noise: 0.1)
        #expect(abs(system.average(constant: 1) - 0.5) < 1e-12)
        for u in [0.9, 1.1] { #expect(system.average(constant: u) < 0.5) }
        #expect(abs(system.discountedOptimum(0.9) - 0.310345) < 1e-6)
        #expect(abs(system.average(constant: system.discountedOptimum(0.9)) - 0.262188) < 1e-6)
        // From x = 0 without noise.
        func discounted(_ u: Double) -> Double {
            var (x, sum, weight) = (0.0, 0.0, 1.0)
            for _ in 0..<400 {
                sum += weight * system.reward(x, u)
                x = 0.95 * x + 0.05 * u
                weight *= 0.9
            }
            return sum
        }
        let best = system.discountedOptimum(0.9)
        #expect(discounted(best) > discounted(best + 0.02) && discounted(best) > discounted(best - 0.02))
    }
}
