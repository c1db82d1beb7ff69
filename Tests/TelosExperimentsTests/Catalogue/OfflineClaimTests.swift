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

    @Test func expertsOfTheGridArriveAndAbsorb() throws {
        let grid = try StartAnywhereGrid(size: 5, slip: 0.1)
        #expect(try grid.success(grid.best, 60) > 0.999)
        let uniform = TabularPolicy.uniform(stateCount: 25, actionCount: 4)
        #expect(try grid.success(uniform, 10) < 0.3)
        #expect((0..<4).allSatisfy { grid.mdp.probability(of: 24, after: 24, action: $0) == 1 })
        #expect(grid.mdp.start[24] == 0 && abs(grid.mdp.start[3] - 1 / 24) < 1e-12)
    }
}
