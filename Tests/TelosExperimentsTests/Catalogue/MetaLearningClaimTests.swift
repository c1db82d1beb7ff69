import Testing

@testable import TelosCatalogue

@Suite struct MetaLearningClaimTests {
    @Test func mamlFailsWithoutTheInnerStep() throws {
        let context = try DistributionalClaimTests.context("maml", seeds: 100..<101, set: ["updates": 300])
        let outcome = try MAMLExperiment(context, adapts: false).outcome()
        #expect(outcome.tests[0].passed == false)
    }
}
