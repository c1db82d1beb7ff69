import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct PrunedNetworksClaimTests {
    @Test func failsWithoutPruning() throws {
        let report = try Catalogue.reproduce(
            slug: "pruned-networks", seeds: 100..<102, set: ["sparsity": 0, "width": 64, "updates": 600], threads: 2)
        #expect(report.verdict == .fails)
        #expect(report.tests.first { $0.name.hasPrefix("pruned less dense, largest") }?.statistic == 0)
        #expect(report.tests.first { $0.name.hasPrefix("spread") }?.statistic == 1)
    }

    /// Six steps at the least, one in ten of them at random: between 0.95^5 less what slips cost, and 0.95^5.
    @Test func theOptimumIsThatOfTheGrid() throws {
        let problem = try DistractorGrid(distractors: 4)
        #expect((0.70...0.774).contains(problem.optimum))
        let random = [Double](repeating: 0.25, count: problem.cells * 4)
        #expect(try problem.value(of: random) < 0.4)
        let data = try problem.transitions(count: 400, rewardNoise: 0, key: RandomKey(seed: 1))
        #expect(data.count == 400 && data.observationWidth == 20)
        for row in 0..<data.count { #expect(data[row].reward == (data[row].end == .terminated ? 1 : -0.02)) }
        #expect(data.episodes.contains { data[$0.upperBound - 1].end == .terminated })
    }
}
