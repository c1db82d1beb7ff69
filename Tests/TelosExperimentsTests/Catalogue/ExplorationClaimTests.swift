import Testing

@testable import TelosCatalogue

@Suite struct ExplorationClaimTests {
    @Test func parameterNoiseHoldsAtReducedSize() throws {
        let report = try Catalogue.reproduce(
            slug: "parameter-noise", seeds: 100..<105, set: ["episodes": 350], threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
    }

    @Test func parameterNoiseFailsWithATinyFixedScale() throws {
        let report = try Catalogue.reproduce(
            slug: "parameter-noise", seeds: 100..<103, set: ["scale": 0.001, "factor": 1, "episodes": 150], threads: 2)
        #expect(report.verdict == .fails)
        #expect(report.tests.first { $0.name == "runs solved: parameter noise" }?.passed == false)
    }
}
