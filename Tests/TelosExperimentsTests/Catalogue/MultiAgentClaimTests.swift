import Testing

@testable import TelosCatalogue

@Suite struct MultiAgentClaimTests {
    /// A step without end is a best response, which never settles, alone or learned.
    @Test func mirrorAscentFailsWithoutTheProximalTerm() throws {
        let report = try Catalogue.reproduce(
            slug: "mfg-mirror-ascent", seeds: 100..<101, set: ["stepSize": 1e6, "samples": 200, "epochs": 10],
            threads: 2)
        #expect(report.verdict == .fails)
        #expect(report.tests.first { $0.name.hasPrefix("exact") }?.passed == false)
        #expect(report.tests.first { $0.name.hasPrefix("many agents") }?.passed == false)
    }

    @Test func mirrorAscentHoldsExactly() throws {
        let report = try Catalogue.reproduce(
            slug: "mfg-mirror-ascent", seeds: 100..<101, set: ["samples": 200, "epochs": 10], threads: 2)
        #expect(report.tests.prefix(3).allSatisfy { $0.passed }, "\(report.text)")
    }
}
