#if MuJoCo
    import Foundation
    import TelosTensor
    import Testing

    @testable import TelosEnvironments

    /// What Gymnasium's MuJoCo tasks did, as `Fixtures/record_mujoco.py` recorded it.
    struct MuJoCoRecording: Decodable {
        struct Step: Decodable {
            var action: [Float]
            var positions: [Double]
            var velocities: [Double]
            var observation: [Double]?
            var terms: [String: Double]
            var reward: Double
            var terminated: Bool
        }
        struct Trajectory: Decodable {
            var start: [[Double]]
            var steps: [Step]
        }
        var mujoco: String
        var tasks: [String: Trajectory]

        static let shared: MuJoCoRecording? = {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            let data = try? Data(contentsOf: folder.appending(path: "Fixtures/mujoco.json"))
            return data.flatMap { try? JSONDecoder().decode(MuJoCoRecording.self, from: $0) }
        }()
    }

    @Suite struct MuJoCoParityTests {
        static let names = [
            "InvertedPendulum", "InvertedDoublePendulum", "Reacher", "Pusher", "Swimmer", "Hopper", "Walker2d",
            "HalfCheetah", "Ant", "Humanoid",
        ]

        /// Largest difference, relative where values are above 1.
        private static func distance(_ ours: some Sequence<Double>, _ theirs: some Sequence<Double>) -> Double {
            zip(ours, theirs).reduce(0) { max($0, abs($1.0 - $1.1) / max(1, abs($1.1))) }
        }

        @Test(arguments: names) func matchesGymnasium(_ name: String) throws {
            let recording = try #require(MuJoCoRecording.shared?.tasks[name])
            let entry = try #require(Environments.named(name))
            let batch = try #require(
                try entry.make(entry.defaultOptions, 1, nil, RandomKey(seed: 0))
                    as? VectorEnvironment<PhysicsEnvironment>)
            let environment = batch.dynamics
            var random = RandomKey(seed: 0).stream
            let start = recording.start[0] + recording.start[1]
            var state = try #require(environment.state(values: start, memory: []))
            var observation = [Float](repeating: 0, count: environment.specification.observation.width)
            let steps = recording.steps
            try #require(steps.count == 100)
            for (index, step) in steps.enumerated() {
                let terminal = step.action.withUnsafeBufferPointer {
                    environment.step(&state, action: Action($0.baseAddress!), using: &random)
                }
                #expect(terminal == step.terminated, "\(name), step \(index)")
                let apart = Self.distance(state.values, step.positions + step.velocities)
                #expect(apart < 1e-6, "\(name), step \(index)")
                observation.withUnsafeMutableBufferPointer { environment.observe(state, into: $0) }
                if let theirs = step.observation {
                    try #require(theirs.count == observation.count)
                    #expect(Self.distance(observation.map(Double.init), theirs) < 1e-6, "\(name), step \(index)")
                }
            }
        }
    }
#endif
