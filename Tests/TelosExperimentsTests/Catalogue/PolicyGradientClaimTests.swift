import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct PolicyGradientClaimTests {
    private func context(_ slug: String, _ settings: [String: Double], seeds: Range<Int>) throws -> ClaimContext {
        let entry = try Catalogue.entry(slug)
        return ClaimContext(
            slug: slug, parameters: try entry.parameterValues(set: settings), seeds: Array(seeds), threads: 2)
    }

    @Test func ppoEWMAHoldsAtReducedSize() throws {
        let report = try Catalogue.reproduce(
            slug: "ppo-ewma", seeds: 100..<104, set: ["samples": 24_576, "contexts": 4], threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
    }

    @Test func ppoEWMAFailsWithTheAverageSwitchedOff() throws {
        let context = try context("ppo-ewma", ["samples": 16_384], seeds: 100..<102)
        let exact = try PPOEWMAExperiment(context, averages: false).outcome()
        #expect(exact.tests.allSatisfy { !$0.passed }, "\(exact.tests)")
        #expect(try !PPOEWMALearnerExperiment(context, averages: false).outcome().holds)
    }
}
