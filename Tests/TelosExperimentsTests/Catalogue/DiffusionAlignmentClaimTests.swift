import Testing

@testable import TelosCatalogue

@Suite struct DiffusionAlignmentClaimTests {
    @Test func ddpoFailsWithRewardsOfOtherChains() throws {
        let context = try DistributionalClaimTests.context(
            "ddpo", seeds: 100..<101, set: ["dimensions": 4, "pretraining": 200, "levels": 8, "queries": 1280])
        let outcome = try DDPOExperiment(context, usesRewards: false).outcome()
        #expect(!outcome.holds)
        // It is the lead that is lost.
        #expect(outcome.tests[..<4].contains { !$0.passed })
    }
}
