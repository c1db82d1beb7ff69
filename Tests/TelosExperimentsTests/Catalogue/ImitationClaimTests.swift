import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct ImitationClaimTests {
    @Test func rlifHoldsAndFailsWithRandomInterventions() throws {
        let report = try Catalogue.reproduce(slug: "rlif", seeds: 100..<106, threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
        let blind = try Catalogue.reproduce(slug: "rlif", seeds: 100..<102, set: ["timing": 0], threads: 2)
        #expect(blind.verdict == .fails)
        #expect(blind.tests.first { $0.name == "expert of 0.6: RLIF" }?.passed == false)
        #expect(blind.tests.first { $0.name == "timed minus random interventions" }?.passed == false)
    }

    @Test func expertsAreAsPoorAsAsked() throws {
        var random = RandomKey(seed: 4).stream
        let grid = try PitGrid(size: 6, pits: 4, slip: 0.1, using: &random)
        let optimum = try grid.value(of: grid.best)
        #expect(optimum > 0.4 && optimum <= 0.9)
        for level in [0.9, 0.5] {
            let share = try grid.value(of: grid.expert(level: level, using: &random)) / optimum
            #expect(share <= level + 1e-9 && share >= level - 0.05)
        }
        // The demonstration ends at the goal, if it gets there.
        let walk = grid.demonstration(grid.best, using: &random)
        #expect(walk.states.first == 0 && grid.mdp.terminal[walk.states.last!])
    }
}
