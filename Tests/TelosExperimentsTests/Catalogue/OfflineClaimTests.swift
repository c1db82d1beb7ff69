import TelosEnvironments
import TelosLearning
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct OfflineClaimTests {
    @Test func dualRLHoldsAndFailsWithoutTheTermOfTheOtherData() throws {
        let fast = ["steps": 300.0]
        let report = try Catalogue.reproduce(slug: "dual-rl", seeds: 300..<304, set: fast, threads: 2)
        let imitation = report.tests.filter { $0.name.hasPrefix("ReCOIL") }
        #expect(imitation.count == 4 && imitation.allSatisfy(\.passed), "\(report.text)")
        let blind = try Catalogue.reproduce(
            slug: "dual-rl", seeds: 300..<302, set: ["steps": 50, "othersTerm": 0], threads: 2)
        #expect(blind.verdict == .fails)
        for test in blind.tests where test.name.hasPrefix("ReCOIL minus") || test.name.hasPrefix("ReCOIL over") {
            #expect(!test.passed || test.name.contains("ratio"), "\(test.name)")
        }
    }

    @Test func ravlHoldsAndFailsWithTwoTables() throws {
        let report = try Catalogue.reproduce(slug: "ravl", seeds: 300..<304, threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
        let plain = try Catalogue.reproduce(slug: "ravl", seeds: 300..<302, set: ["members": 2], threads: 2)
        #expect(plain.tests.first { $0.name == "RAVL: share that fails" }?.passed == false)
    }

    /// Against a search of all walks of four steps.
    @Test func theGridsOptimumIsThatOfAllWalks() {
        let grid = EdgeOfReachGrid(size: 15, goal: (1, 2))
        func best(_ cell: Int, _ steps: Int) -> Double {
            (0..<5).map { action in
                let pair = cell * 5 + action
                let rest = steps == 1 ? grid.optimum[grid.next[pair]] : best(grid.next[pair], steps - 1)
                return grid.rewards[pair] + EdgeOfReachGrid.discount * rest
            }.max()!
        }
        let goal = 8 * 15 + 9
        #expect(abs(grid.optimum[goal]) < 1e-9 && grid.rewards[goal * 5 + 4] == 0)
        for cell in grid.starts { #expect(abs(best(cell, 4) - grid.optimum[cell]) < 1e-9) }
        let mean = grid.starts.reduce(0) { $0 + grid.optimum[$1] } / 9
        #expect(abs(grid.bestValue - mean) < 0.01)
    }

    @Test func expertsOfTheGridArriveAndAbsorb() throws {
        let grid = try StartAnywhereGrid(size: 5, slip: 0.1)
        #expect(try grid.success(grid.best, 60) > 0.999)
        let uniform = TabularPolicy.uniform(stateCount: 25, actionCount: 4)
        #expect(try grid.success(uniform, 10) < 0.3)
        #expect((0..<4).allSatisfy { grid.mdp.probability(of: 24, after: 24, action: $0) == 1 })
        #expect(grid.mdp.start[24] == 0 && abs(grid.mdp.start[3] - 1 / 24) < 1e-12)
    }
}
