import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct SimBaClaimTests {
    @Test func failsWithPlainNetworksInSimBasPlace() throws {
        let outcome = try SimBaExperiment(context(narrow: 8), method: .mlp).outcome()
        #expect(outcome.tests.first { $0.name.hasPrefix("cost, plain over SimBa, least") }?.statistic == 1)
        #expect(!outcome.holds)
    }

    @Test func theNarrowerIsNarrower() throws {
        let message = "simba: narrowWidth 16 is not below width 16; write for example 8"
        #expect(throws: CatalogueError(message)) { try SimBaExperiment(context(narrow: 16)).outcome() }
    }

    private func context(narrow: Double) throws -> ClaimContext {
        let entry = try Catalogue.entry("simba")
        let settings = ["steps": 1000.0, "width": 16, "narrowWidth": narrow]
        return ClaimContext(
            slug: entry.slug, parameters: try entry.parameterValues(set: settings), seeds: [100], threads: 1)
    }

    @Test func thePointIsAnEnvironment() throws {
        let point = ScaledPoint(axes: 3, spread: 30)
        var random = RandomKey(seed: 1).stream
        var state = try #require(ScaledPoint.State(values: [1, -2, 0, 0.5, 0, 0, 0]))
        let ended = [Float(1), 0, -3].withUnsafeBufferPointer {
            point.step(&state, action: Action($0.baseAddress!), using: &random)
        }
        #expect(!ended)
        // v' = (0.475 + 0.2, 0, -0.2), p' = p + 0.2 v'.
        let expected = [1.135, -2, -0.04, 0.675, 0, -0.2]
        for (value, target) in zip(state.values, expected) { #expect(abs(value - target) < 1e-12) }
        let cost = (1.135 * 1.135 + 4 + 0.0016 + 0.1 * (0.675 * 0.675 + 0.04) + 0.02) / 3
        #expect(abs(state.values[6] - cost) < 1e-12)
        var seen = [Float](repeating: 0, count: 6)
        seen.withUnsafeMutableBufferPointer { point.observe(state, into: $0) }
        #expect(abs(seen[0] - 34.05) < 1e-3 && abs(seen[1] + 2 / 30.0) < 1e-6 && abs(seen[3] - 0.675 * 9.6549) < 1e-3)
        #expect(ScaledPoint.State(values: [1, 2]) == nil)
    }
}
