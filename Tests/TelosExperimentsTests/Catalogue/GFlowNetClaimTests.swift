import Testing

@testable import TelosCatalogue

@Suite struct GFlowNetClaimTests {
    @Test func flowNetworksFailWithoutLookingForward() throws {
        let settings = ["steps": 600.0, "networkSteps": 150, "items": 8, "networkItems": 8, "size": 4]
        let context = try DistributionalClaimTests.context("fl-gflownet", seeds: 100..<102, set: settings)
        let outcome = try FLGFlowNetExperiment(context, looksForward: false).outcome()
        #expect(outcome.tests.prefix(3).allSatisfy { !$0.passed })
        #expect(outcome.tests.first { $0.name == "error of FL-DB without the last step" }?.passed == false)
    }
}
