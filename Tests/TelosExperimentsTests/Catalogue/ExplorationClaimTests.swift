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

    @Test func mexHoldsAtReducedSize() throws {
        let report = try Catalogue.reproduce(slug: "mex", seeds: 100..<102, set: ["size": 15], threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
    }

    /// Without a bonus it is the greedy control.
    @Test func mexFailsWithoutABonus() throws {
        let report = try Catalogue.reproduce(
            slug: "mex", seeds: 100..<101, set: ["size": 14, "rounds": 0], threads: 2)
        #expect(report.verdict == .fails)
        #expect(report.tests.first { $0.name.hasSuffix("every size: MEX, eta 10") }?.statistic == 0)
    }

    @Test func smerlHoldsWithThreeCorridors() throws {
        let report = try Catalogue.reproduce(slug: "smerl", seeds: 100..<104, set: ["corridors": 3], threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
    }

    /// Without the bonus every skill ends in the middle corridor.
    @Test func smerlFailsWithoutTheBonus() throws {
        let report = try Catalogue.reproduce(
            slug: "smerl", seeds: 100..<102, set: ["diversity": 0], threads: 2)
        #expect(report.tests.first { $0.name == "changed worlds solved: SMERL" }?.passed == false)
    }
}
