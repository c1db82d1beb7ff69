import Foundation
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct PolicyFileTests {
    /// Every learner's policy acts from its file as it did before, to the bit, drawn actions included.
    @Test(arguments: LearnerCase.all) func aPolicyReadBackActsTheSame(_ example: LearnerCase) throws {
        let learner = try example.make()
        for _ in 0..<3 { _ = try learner.iterate() }
        try expectSame(learner, example.context())
    }

    @Test func theNormalizerIsPartOfIt() throws {
        let task = try TaskDefinition(Environments.named("CartPole")!)
        let context = LearnerContext(task: task, key: RandomKey(seed: 3), plannedSteps: 1000)
        let options = #"{"normalizeObservations": true, "environments": 4, "rolloutSteps": 32, "minibatchSize": 32}"#
        let learner = try Learners.named("ppo")!.make(context, options)
        for _ in 0..<2 { _ = try learner.iterate() }
        try expectSame(learner, context)
        // By hand, for other programs: tanh layers on (x - mean) scale, the larger logit.
        let data = try PolicyFile(learner.policy(), texts: ["note": "kept"]).encoded()
        let file = try SafeTensors(decoding: [UInt8](data))
        #expect(file.metadata["note"] == "kept" && file.metadata["telos.policy"] == "actor")
        func floats(_ name: String) throws -> [Float] { try #require(file.arrays[name]).values.floats }
        let (mean, scale) = (try floats("normalizer/mean"), try floats("normalizer/scale"))
        #expect(mean.count == 4 && scale.allSatisfy { $0 > 0 && $0 != 1 })
        var random = RandomKey(seed: 9).stream
        for _ in 0..<50 {
            let observation = (0..<4).map { _ in Float(random.uniform(-0.3, 0.3)) }
            var hidden = observation.indices.map { Double(min(10, max(-10, (observation[$0] - mean[$0]) * scale[$0]))) }
            for layer in 0..<3 {
                let weight = try floats("actor/policy.layers.\(layer).weight")
                let bias = try floats("actor/policy.layers.\(layer).bias")
                let outputs = bias.indices.map { column in
                    hidden.indices.reduce(Double(bias[column])) {
                        $0 + hidden[$1] * Double(weight[$1 * bias.count + column])
                    }
                }
                hidden = layer < 2 ? outputs.map { tanh($0) } : outputs
            }
            guard abs(hidden[0] - hidden[1]) > 1e-5 else { continue }
            let policy = try PolicyFile(decoding: data).policy()
            #expect(
                act(policy, observation, count: 1, width: 1, deterministic: true) == [hidden[1] > hidden[0] ? 1 : 0])
        }
    }

    @Test(arguments: [("dqn", "CartPole"), ("discrete-sac", "CartPole"), ("sac", "Pendulum"), ("td3", "Pendulum")])
    func offPolicyNormalizersAreKept(name: String, environment: String) throws {
        let task = try TaskDefinition(Environments.named(environment)!)
        let context = LearnerContext(task: task, key: RandomKey(seed: 3), plannedSteps: 1000)
        let learner = try Learners.named(name)!.make(
            context,
            #"{"normalizeObservations": true, "learningStarts": 20, "stepsPerIteration": 60, "hiddenSizes": [8]}"#)
        _ = try learner.iterate()
        try expectSame(learner, context)
        let policy = learner.policy()
        var file = try Checkpoint(decoding: PolicyFile(policy).encoded())
        let scale = try #require(file.arrays["normalizer/scale"]).values
        #expect(scale.allSatisfy { $0 > 0 && $0 != 1 })
        // It is of consequence: draws over the same rows change without it.
        var random = RandomKey(seed: 9).stream
        let observations = (0..<(50 * scale.count)).map { _ in Float(random.uniform(-0.3, 0.3)) }
        let actions = act(policy, observations, count: 50, width: 1, deterministic: true)
        file.arrays = file.arrays.filter { !$0.key.hasPrefix("normalizer/") }
        let bare = try PolicyFile(decoding: file.encoded()).policy()
        let plain = act(bare, observations, count: 50, width: 1, deterministic: true)
        #expect(plain != actions)
        let mean = try #require(try Checkpoint(decoding: PolicyFile(policy).encoded()).arrays["normalizer/mean"]).values
        let normalized = observations.indices.map {
            min(10, max(-10, (observations[$0] - mean[$0 % mean.count]) * scale[$0 % mean.count]))
        }
        #expect(act(bare, normalized, count: 50, width: 1, deterministic: true) == actions)
    }

    @Test func whatIsNoPolicyIsRefused() throws {
        final class Loose: Policy {
            func act(
                on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
                using random: inout RandomStream
            ) {}
        }
        #expect(throws: CheckpointError.self) { try PolicyFile(Loose()) }
        #expect(throws: CheckpointError.self) { try PolicyFile(decoding: Data("x".utf8)) }
        #expect(throws: CheckpointError.self) { try PolicyFile(decoding: Checkpoint().encoded()) }
        let sound = try PolicyFile(TablePolicy(values: [1, 2, 3, 4], actionCount: 2)).encoded()
        var file = try Checkpoint(decoding: sound)
        file.texts["telos.policy"] = "oracle"
        let refusal = #expect(throws: CheckpointError.self) { try PolicyFile(decoding: file.encoded()).policy() }
        #expect(refusal?.reason.contains("actor, off-policy-actor, greedy-values, table") == true)
        file.texts["telos.policy"] = "actor"
        #expect(throws: CheckpointError.self) { try PolicyFile(decoding: file.encoded()).policy() }
        file.texts["telos.policy"] = "table"
        file.texts["telos.policy.version"] = "2"
        #expect(throws: CheckpointError.self) { try PolicyFile(decoding: file.encoded()) }
        // Sizes that no network has.
        let learner = try LearnerCase.all.first { $0.entry.name == "dqn" }!.make()
        file = try Checkpoint(decoding: PolicyFile(learner.policy()).encoded())
        let settings = try #require(file.texts["telos.policy.settings"])
        file.texts["telos.policy.settings"] = settings.replacing("\"hiddenSizes\":[8]", with: "\"hiddenSizes\":[-8]")
        #expect(file.texts["telos.policy.settings"] != settings)
        #expect(throws: CheckpointError.self) { try PolicyFile(decoding: file.encoded()).policy() }
    }

    private func expectSame(_ learner: any Learner, _ context: LearnerContext) throws {
        let environments = try context.task.makeEnvironments(count: 32, key: RandomKey(seed: 8))
        let width = environments.specification.action.width
        let actions = Buffer<Float>(count: 32 * width, repeating: 0)
        let policy = learner.policy()
        let data = try PolicyFile(policy).encoded()
        let read = try PolicyFile(decoding: data).policy()
        #expect(try PolicyFile(read).encoded() == data)
        var random = RandomKey(seed: 6).stream
        for _ in 0..<20 {
            let observations = Array(environments.observations)
            for deterministic in [true, false] {
                let expected = act(policy, observations, count: 32, width: width, deterministic: deterministic)
                #expect(act(read, observations, count: 32, width: width, deterministic: deterministic) == expected)
            }
            policy.act(
                on: environments.observations, count: 32, into: actions.all, deterministic: false, using: &random)
            environments.step(actions: actions.readOnly)
        }
    }

    private func act(
        _ policy: any Policy, _ observations: [Float], count: Int, width: Int, deterministic: Bool
    ) -> [Float] {
        var random = RandomKey(seed: 5).stream
        let result = Buffer<Float>(count: count * width, repeating: 0)
        observations.withUnsafeBufferPointer {
            policy.act(on: $0, count: count, into: result.all, deterministic: deterministic, using: &random)
        }
        return result.array
    }
}
