import Telos
import TelosLearning

/// Transitions of HalfCheetah's size: observations of 17 numbers, actions of 6.
private struct FilledReplay {
    static let observationWidth = 17
    static let actionWidth = 6
    let buffer: ReplayBuffer
    private let observation = [Float](repeating: 0.5, count: observationWidth)
    private let action = [Float](repeating: 0.25, count: actionWidth)

    init(capacity: Int) {
        buffer = ReplayBuffer(
            capacity: capacity, observationWidth: Self.observationWidth, actionWidth: Self.actionWidth,
            priorityExponent: nil)
    }

    func push(_ count: Int) {
        for _ in 0..<count {
            buffer.append(
                observation: observation, action: action, reward: 1, bootstrap: 0.99, nextObservation: observation)
        }
    }
}

extension Benchmark {
    static func replayPush() -> Benchmark {
        Benchmark(name: "replay push", unit: "transitions/s", threads: 1) {
            let replay = FilledReplay(capacity: 1_000_000)
            return {
                replay.push(256)
                return 256
            }
        }
    }

    /// Batches of 256 drawn uniformly from a million transitions.
    static func replaySample() -> Benchmark {
        Benchmark(name: "replay sample 256", unit: "batches/s", threads: 1) {
            let replay = FilledReplay(capacity: 1_000_000)
            replay.push(1_000_000)
            let (seen, acted) = (FilledReplay.observationWidth, FilledReplay.actionWidth)
            let widths = [seen, acted, 1, 1, seen, 1]
            let columns = widths.map { Buffer<Float>(count: 256 * $0, repeating: 0) }
            let batch = ReplayBatch(
                observations: columns[0].all, actions: columns[1].all, rewards: columns[2].all,
                bootstraps: columns[3].all, nextObservations: columns[4].all, weights: columns[5].all)
            var random = RandomKey(seed: 0).stream
            return {
                withExtendedLifetime(columns) { replay.buffer.sample(into: batch, importance: 1, using: &random) }
                return 1
            }
        }
    }
}
