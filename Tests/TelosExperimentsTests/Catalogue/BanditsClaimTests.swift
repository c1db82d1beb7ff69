import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct BanditsClaimTests {
    private func context(_ entry: CatalogueEntry, set settings: [String: Double]) throws -> ClaimContext {
        ClaimContext(slug: entry.slug, parameters: try entry.parameterValues(set: settings), seeds: [100, 101, 102])
    }

    @Test func dynLinUCBHoldsOnOtherSeeds() throws {
        let report = try Catalogue.reproduce(slug: "dynlin-ucb", seeds: 100..<102, threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
    }

    @Test func dynLinUCBFailsWithoutHolding() throws {
        let outcome = try DynLinUCBExperiment(
            context(Catalogue.dynLinUCB, set: ["rounds": 8000]), holds: false
        ).outcome()
        for test in outcome.tests where test.name.contains("DynLin-UCB's regret over the least baseline's") {
            #expect(!test.passed, "\(test.name) \(test.statistic)")
        }
        #expect(outcome.tests.first { $0.name.contains("error of the estimate") }?.passed == false)
    }

    @Test func tallyingBanditsHoldOnOtherSeeds() throws {
        let report = try Catalogue.reproduce(slug: "tallying-bandits", seeds: 100..<102, threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
    }

    @Test func tallyingBanditsFailWithoutWarmUp() throws {
        let outcome = try TallyingBanditsExperiment(
            context(Catalogue.tallyingBandits, set: ["rounds": 20_000]), warmUp: 0
        ).outcome()
        #expect(outcome.tests.first { $0.name.hasSuffix("keep the arm with a warm-up") }?.passed == false)
        #expect(outcome.tests.first { $0.name.hasSuffix("without warm-up over with it") }?.passed == false)
    }
}
