import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct OffPolicyEvaluationClaimTests {
    @Test func starHoldsAtReducedSize() throws {
        let report = try Catalogue.reproduce(
            slug: "star-ope", seeds: 100..<102, set: ["replicates": 20], threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
    }

    @Test func starFailsWithoutRatios() throws {
        let entry = Catalogue.starOPE
        let context = ClaimContext(
            slug: entry.slug, parameters: try entry.parameterValues(set: ["replicates": 10]), seeds: [100, 101])
        let outcome = try StarOPEExperiment(context, weighs: false).outcome()
        #expect(outcome.tests.prefix(3).allSatisfy { !$0.passed })
    }
}
