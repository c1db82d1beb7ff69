import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct PPGTests {
    private func learner(_ name: String, _ options: String) throws -> any Learner {
        let task = try TaskDefinition(Environments.named("CartPole")!)
        return try Learners.named(name)!.make(
            LearnerContext(task: task, key: RandomKey(seed: 4), plannedSteps: 20_000), options)
    }

    private let sizes =
        #""environments": 4, "rolloutSteps": 32, "minibatchSize": 32, "hiddenSizes": [16], "epochs": 2"#

    /// Without auxiliary passes nothing but PPO is left, to the bit.
    @Test func isPPOBetweenAuxiliaryPhases() throws {
        let ppg = try learner("ppg", "{\(sizes), \"auxiliaryEpochs\": 0, \"entropyCoefficient\": 0}")
        let ppo = try learner("ppo", "{\(sizes)}")
        for _ in 0..<10 {
            _ = try (ppg.iterate(), ppo.iterate())
            #expect(ppg.weightHash == ppo.weightHash)
        }
    }

    private func metric(_ name: String, _ report: IterationReport) -> Double? {
        report.metrics.first { $0.name == name }?.value
    }

    /// The phase comes after so many rollouts; passes over it bring the policy's layers nearer to the returns, and the
    /// policy away from where it was unless it is held.
    @Test func auxiliaryPhasesTeachThePolicysLayers() throws {
        func phases(epochs: Int, clone: Double) throws -> [(loss: Double, divergence: Double)] {
            let learner = try learner(
                "ppg",
                "{\(sizes), \"policyGain\": 1, \"policyIterations\": 3, \"auxiliaryEpochs\": \(epochs), "
                    + "\"cloneCoefficient\": \(clone), \"auxiliaryLearningRate\": 0.003}")
            var found: [(Double, Double)] = []
            for iteration in 1...9 {
                let report = try learner.iterate()
                let loss = metric("auxiliaryLoss", report)
                #expect((loss != nil) == (iteration % 3 == 0))
                if let loss { found.append((loss, try #require(metric("cloneDivergence", report)))) }
            }
            return found
        }
        let (short, long) = (try phases(epochs: 1, clone: 1), try phases(epochs: 12, clone: 1))
        #expect(long[0].loss < 0.8 * short[0].loss, "\(long[0].loss), \(short[0].loss)")
        let (free, held) = (try phases(epochs: 12, clone: 0), try phases(epochs: 12, clone: 100))
        #expect(
            held[0].divergence < 0.3 * free[0].divergence, "\(held[0].divergence), \(free[0].divergence)")
        #expect(held[0].divergence < 0.01)
    }

    @Test func sharedLayersAreRefused() {
        #expect {
            try PPGConfiguration(json: #"{"sharedLayers": true}"#)
        } throws: {
            ($0 as? ConfigurationError)?.option == "sharedLayers"
        }
    }
}
