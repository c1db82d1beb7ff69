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

    @Test func dropoutPPOFailsWithEverySampleKept() throws {
        let report = try Catalogue.reproduce(
            slug: "dropout-ppo", seeds: 100..<102, set: ["share": 1, "iterations": 3], threads: 2)
        #expect(report.verdict == .fails)
        #expect(report.tests.filter { $0.name.contains("variance of D-PPO") }.allSatisfy { !$0.passed })
    }

    @Test func dropoutPPOLowersTheVarianceAtReducedSize() throws {
        let context = try context("dropout-ppo", ["iterations": 4], seeds: 100..<102)
        let outcome = try DropoutPPOExperiment(context).outcome()
        #expect(outcome.tests[0].passed, "\(outcome.tests)")
    }
}
