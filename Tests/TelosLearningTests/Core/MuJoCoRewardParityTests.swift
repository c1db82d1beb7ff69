#if MuJoCo
    import Foundation
    import TelosEnvironments
    import TelosTensor
    import Testing

    @testable import TelosLearning

    /// The terms of the usual rewards against Gymnasium's, in the trajectories the environments' own tests are held to.
    @Suite struct MuJoCoRewardParityTests {
        private struct Recording: Decodable {
            struct Step: Decodable {
                var action: [Float]
                var terms: [String: Double]
                var reward: Double
                var terminated: Bool
            }
            struct Trajectory: Decodable {
                var start: [[Double]]
                var steps: [Step]
            }
            var tasks: [String: Trajectory]
        }

        @Test func everyTermMatchesGymnasium() throws {
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let data = try Data(contentsOf: tests.appending(path: "TelosEnvironmentsTests/Fixtures/mujoco.json"))
            let recording = try JSONDecoder().decode(Recording.self, from: data)
            #expect(recording.tasks.count == 10)
            for (name, trajectory) in recording.tasks.sorted(by: { $0.key < $1.key }) {
                var task = try TaskDefinition(try #require(Environments.named(name)))
                task.horizon = nil
                let batch = try task.makeEnvironments(count: 1, key: RandomKey(seed: 0))
                let rewards = try TaskRewards(task, specification: batch.specification, count: 1, discount: 1)
                var snapshot = batch.snapshot
                snapshot.begin(in: [trajectory.start[0] + trajectory.start[1]])
                try batch.restore(snapshot)
                var apart = 0.0
                for step in trajectory.steps {
                    step.action.withUnsafeBufferPointer { batch.step(actions: $0) }
                    let values = rewards.evaluate(batch.transitions)
                    for (term, value) in zip(rewards.termNames + ["reward"], Array(values.terms) + [values.channels[0]])
                    {
                        let theirs = try #require(term == "reward" ? step.reward : step.terms[term])
                        apart = max(apart, abs(value - theirs) / max(1, abs(theirs)))
                    }
                    try #require((batch.transitions.ends[0] == .terminated) == step.terminated)
                    if step.terminated { break }
                }
                #expect(rewards.termNames.count == trajectory.steps[0].terms.count, "\(name)")
                #expect(apart < 1e-6, "\(name)")
            }
        }
    }
#endif
