import TelosEnvironments
import Testing

@testable import TelosCatalogue

@Suite struct CorrelatedProxiesClaimTests {
    /// Without its weight the penalised policy is the proxy's.
    @Test func failsWithoutThePenalty() throws {
        let context = try DistributionalClaimTests.context(
            "correlated-proxies", seeds: 100..<101,
            set: ["corridor": 1, "iterations": 60, "problems": 2, "policies": 20])
        let outcome = try CorrelatedProxiesExperiment(context, isPenalized: false).outcome()
        #expect(outcome.tests.first { $0.name.hasPrefix("occupancy chi-square") }?.passed == false)
        #expect(outcome.tests.first { $0.name.hasPrefix("the bound's weight") }?.passed == false)
        #expect(outcome.tests.first { $0.name.hasPrefix("least slack") }?.passed == true)
    }

    /// The garden that was tried: with two cells of corridor, careless with 0.3 and a bucket worth 1.2, the base policy
    /// waters 0.626 of the tomatoes, the optimum 0.72, and proxy and true reward correlate with 0.916.
    @Test func theGardenIsTheOneThatWasTried() throws {
        let garden = try StickyTomatoes(corridor: 2, stickiness: 0.95, bucket: 1.2)
        let base = try garden.basePolicy(careless: 0.3, discount: 0.98)
        let watered = try 0.02 * garden.mdp.expectedReturn(policy: base, reward: garden.reward, discount: 0.98)
        #expect(abs(watered - 0.626) < 0.01)
        let best = try garden.mdp.policyIteration(reward: garden.reward, discount: 0.98)
        #expect(abs(0.02 * garden.mdp.expectation(of: best.values) - 0.72) < 0.005)
        let occupancy = try garden.mdp.occupancy(policy: base, discount: 0.98)
        let statistics = ProxyStatistics(occupancy, reward: garden.reward, proxy: garden.proxy)
        #expect(abs(statistics.correlation - 0.916) < 0.02)
        #expect(abs(statistics.weight - 0.115) < 0.01)
        // The base policy gains nothing on itself, and the bound is tight there.
        #expect(abs(statistics.slack(occupancy)) < 1e-6)
    }
}
