import TelosTensor
import Testing

@testable import TelosLearning

/// A critic's step without target networks depends on the actor; a bounded box and columns that never vary once made the
/// derivative of that step infinite.
@Suite struct CrossQTests {
    @Test func actorsAreNotTrainedThroughTheCriticsStep() throws {
        var options = CrossQConfiguration()
        options.options.hiddenSizes = [8]
        options.options.batchSize = 16
        options.options.learningStarts = 50
        options.options.policyInterval = 1
        options.options.stepsPerIteration = 100
        let entry = try #require(Learners.named("crossq"))
        let context = LearnerContext(
            task: try task("MountainCarContinuous"), key: RandomKey(seed: 0), plannedSteps: 400)
        let learner = try entry.make(context, options.json)
        for _ in 0..<3 { #expect(try learner.iterate().metrics.allSatisfy { $0.value.isFinite }) }
    }
}
