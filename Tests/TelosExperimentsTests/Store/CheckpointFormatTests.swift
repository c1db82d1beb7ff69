import Foundation
import TelosLearning
import TelosTensor
import Testing

@testable import TelosExperiments

/// Files of version 1, written once and never again: every later version must read them.
///
/// `checkpoint-1.safetensors` is a seed's checkpoint and `policy-1.safetensors` its exported policy, of
/// `checkpoint-1.yaml`; `checkpoint-1.json` says what they held.
@Suite struct CheckpointFormatTests {
    private struct Held: Decodable {
        var steps: Int
        var weights: String
        /// Over the four deterministic episodes that `telos evaluate` runs of the exported policy.
        var meanReturn: Double
        var episodes: Int
    }

    private let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    private func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appending(path: name)) }

    private func meanReturn(_ policy: any Policy, _ plan: TrainingPlan) throws -> Double {
        let key = RandomKey(seed: 0).derived("policy evaluation")
        return try evaluate(policy, on: plan.task, episodes: 4, key: key).meanReturn
    }

    @Test func checkpointsOfVersion1AreRead() throws {
        let held = try JSONDecoder().decode(Held.self, from: data("checkpoint-1.json"))
        let experiment = try Experiment(
            parsing: String(decoding: data("checkpoint-1.yaml"), as: UTF8.self), name: "checkpoint-1")
        let plan = TrainingPlan(experiment)
        var checkpoint = try Checkpoint(decoding: data("checkpoint-1.safetensors"))
        let log: TrainingLog = try checkpoint.load(from: SeedTrainer.logName)
        #expect(log.plannedSteps == 1024 && log.episodes == held.episodes)
        checkpoint.texts[SeedTrainer.logName] = nil
        let learner = try plan.learner.make(
            LearnerContext(task: plan.task, key: RandomKey(seed: 0).derived("learner"), plannedSteps: plan.steps),
            plan.options)
        try learner.restore(checkpoint)
        #expect(learner.steps == held.steps)
        #expect(hexadecimal(learner.weightHash) == held.weights)
        #expect(try meanReturn(learner.policy(), plan) == held.meanReturn)
        _ = try learner.iterate()
        #expect(learner.steps > held.steps)
        let policy = try PolicyFile(decoding: data("policy-1.safetensors")).policy()
        #expect(try meanReturn(policy, plan) == held.meanReturn)
        let evaluation = try PolicyEvaluation(path: folder.appending(path: "policy-1.safetensors").path)
        #expect(evaluation.task == "CartPole" && evaluation.learner == "ppo" && evaluation.episodes == 4)
        #expect(evaluation.meanReturn == held.meanReturn)
    }
}
