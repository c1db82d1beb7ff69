import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct BayesianOptimizationClaimTests {
    /// Random search in place of the knowledge gradient.
    @Test func boTutorialFailsWithoutAnAcquisition() throws {
        let entry = Catalogue.boTutorial
        let context = ClaimContext(
            slug: entry.slug,
            parameters: try entry.parameterValues(set: ["grid": 7, "evaluations": 20, "exactEvaluations": 16]),
            seeds: Array(100..<116), threads: 2)
        let outcome = try BOTutorialExperiment(context, method: .random).outcome()
        #expect(outcome.tests.first { $0.name.hasPrefix("no noise: the knowledge") }?.passed == false)
        #expect(outcome.tests.first { $0.name.contains("the knowledge gradient saves") }?.passed == false)
        // Without noise EI needs few evaluations of 225 points.
        #expect(outcome.tests[0].statistic < 0.5)
    }
}
