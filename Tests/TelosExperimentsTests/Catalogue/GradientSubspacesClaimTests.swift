import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct GradientSubspacesClaimTests {
    static let small = ["iterations": 20.0, "episodes": 5, "width": 8, "share": 0.05]

    private func outcome(_ basis: GradientSubspacesExperiment.Basis) throws -> ClaimOutcome {
        let entry = try Catalogue.entry("gradient-subspaces")
        let context = ClaimContext(
            slug: entry.slug, parameters: try entry.parameterValues(set: Self.small), seeds: [100, 101], threads: 2)
        return try GradientSubspacesExperiment(context, basis: basis).outcome()
    }

    /// A run of 20 rollouts, the first checkpoint after one; later the gradients lie where the curvature is.
    @Test func gradientsLieWhereTheCurvatureIs() throws {
        let outcome = try outcome(.curvature)
        let passed = Set(outcome.tests.filter(\.passed).map(\.name))
        #expect(passed.isSuperset(of: ["critic, minibatches", "critic, overlap", "actor, precise"]))
    }

    @Test func randomDirectionsHoldNothing() throws {
        let outcome = try outcome(.random)
        #expect(!outcome.holds)
        for name in [
            "critic, precise: least over checkpoints", "critic, minibatches", "actor, precise", "critic, overlap",
        ] {
            #expect(outcome.tests.first { $0.name == name }?.passed == false, "\(name)")
        }
    }
}
