import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct WrapperTests {
    private let key = RandomKey(seed: 11)

    private func cartPole(_ count: Int = 3, horizon: Int? = nil) -> VectorEnvironment<CartPole> {
        VectorEnvironment(CartPole(), count: count, horizon: horizon, key: key)
    }

    private func actions(_ batch: any BatchEnvironment, _ random: inout RandomStream) -> [Float] {
        let width = batch.specification.action.width
        var values = [Float](repeating: 0, count: batch.count * width)
        values.withUnsafeMutableBufferPointer { all in
            for index in 0..<batch.count {
                let row = UnsafeMutableBufferPointer(rebasing: all[(index * width)..<((index + 1) * width)])
                batch.specification.action.sample(into: row, using: &random)
            }
        }
        return values
    }

    @Test func wrappersConform() {
        let stacked = EnvironmentConformance.check(name: "stack") { count, horizon, key in
            try FrameStack(VectorEnvironment(CartPole(), count: count, horizon: horizon, key: key), frames: 3)
        }
        #expect(stacked == [])
        let nested = EnvironmentConformance.check(name: "nested") { count, horizon, key in
            let base = VectorEnvironment(Pendulum(), count: count, horizon: horizon, key: key)
            return try FrameStack(FrameStack(ClippedAction(RescaledAction(base)), frames: 2), frames: 3)
        }
        #expect(nested == [])
        let normalized = EnvironmentConformance.check(name: "normalized", independent: false) { count, horizon, key in
            try NormalizedObservation(
                RescaledAction(VectorEnvironment(Pendulum(), count: count, horizon: horizon, key: key)))
        }
        #expect(normalized == [])
    }

    @Test func frameStackAgreesWithAHistoryKeptByHand() throws {
        let plain = cartPole(horizon: 9)
        let stacked = try FrameStack(cartPole(horizon: 9), frames: 3)
        var histories = (0..<3).map { index in
            Array(repeating: Array(plain.observations[(index * 4)..<(index * 4 + 4)]), count: 3)
        }
        var random = key.derived("test").stream
        var ended = 0
        for _ in 0..<60 {
            let chosen = actions(plain, &random)
            chosen.withUnsafeBufferPointer {
                plain.step(actions: $0); stacked.step(actions: $0)
            }
            for index in 0..<3 {
                let columns = (index * 4)..<(index * 4 + 4)
                let wide = (index * 12)..<(index * 12 + 12)
                #expect(Array(stacked.transitions.observations[wide]) == histories[index].flatMap { $0 })
                let next = histories[index].dropFirst() + [Array(plain.transitions.nextObservations[columns])]
                #expect(Array(stacked.transitions.nextObservations[wide]) == next.flatMap { $0 })
                let first = Array(plain.observations[columns])
                if plain.transitions.ends[index] == .ongoing {
                    histories[index] = Array(next)
                } else {
                    histories[index] = [first, first, first]
                    ended += 1
                }
                #expect(Array(stacked.observations[wide]) == histories[index].flatMap { $0 })
            }
        }
        #expect(ended > 5)
    }

    @Test func stackedSpaces() throws {
        let stacked = try FrameStack(cartPole(), frames: 2)
        guard case .box(let low, let high, let shape) = stacked.specification.observation else {
            Issue.record("not a box")
            return
        }
        #expect(shape == [2, 4])
        #expect(low.count == 8 && high.count == 8 && low[0] == low[4] && high[2] == high[6])
        #expect(throws: WrapperError.self) { try FrameStack(self.cartPole(), frames: 0) }
    }

    @Test func momentsAgreeWithTwoPasses() {
        var random = key.stream
        let rows = (0..<600).map { _ in Float(1000 + random.normal()) }
        var moments = RunningMoments(width: 3)
        var start = 0
        for size in [1, 4, 15, 60, 120] {
            rows[start..<(start + 3 * size)].withContiguousStorageIfAvailable { moments.merge(rows: $0) }
            start += 3 * size
        }
        #expect(start == 600)
        for column in 0..<3 {
            let values = stride(from: column, to: 600, by: 3).map { Double(rows[$0]) }
            let mean = values.reduce(0, +) / 200
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 200
            #expect(abs(moments.mean[column] - mean) < 1e-9)
            #expect(abs(moments.variance[column] - variance) < 1e-9)
        }
        #expect(RunningMoments(values: moments.values) == moments)
        #expect(RunningMoments(values: [1, 2]) == nil)
    }

    @Test func normalizedObservationsMatchTheirStatistics() throws {
        let plain = cartPole(8, horizon: 20)
        let batch = try NormalizedObservation(cartPole(8, horizon: 20))
        var seen = [Array(plain.observations)]
        var random = key.derived("test").stream
        for _ in 0..<50 {
            let chosen = actions(plain, &random)
            chosen.withUnsafeBufferPointer {
                plain.step(actions: $0); batch.step(actions: $0)
            }
            seen.append(Array(plain.observations))
        }
        for column in 0..<4 {
            let values = seen.flatMap { rows in (0..<8).map { Double(rows[$0 * 4 + column]) } }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            for index in 0..<8 {
                let expected = (Double(seen.last![index * 4 + column]) - mean) / (variance + 1e-8).squareRoot()
                #expect(abs(Double(batch.observations[index * 4 + column]) - expected) < 1e-5)
            }
        }
        batch.isFrozen = true
        let frozen = batch.moments
        let chosen = actions(plain, &random)
        chosen.withUnsafeBufferPointer { batch.step(actions: $0) }
        #expect(batch.moments == frozen)
        let evaluation = try NormalizedObservation(cartPole(2), moments: frozen, isFrozen: true)
        #expect(evaluation.moments == frozen)
        #expect(throws: WrapperError.self) {
            try NormalizedObservation(self.cartPole(), moments: RunningMoments(width: 2))
        }
    }

    @Test func rescaledActionsReachTheBounds() throws {
        let plain = VectorEnvironment(Pendulum(), count: 3, key: key)
        let batch = try RescaledAction(VectorEnvironment(Pendulum(), count: 3, key: key))
        #expect(batch.specification.action == .box(-1...1, count: 1))
        [Float(-2), 1, 2].withUnsafeBufferPointer { plain.step(actions: $0) }
        [Float(-1), 0.5, 1].withUnsafeBufferPointer { batch.step(actions: $0) }
        #expect(Array(batch.observations) == Array(plain.observations))
        #expect(Array(batch.transitions.actions) == [-1, 0.5, 1])
        #expect(throws: WrapperError.self) { try RescaledAction(self.cartPole()) }
        #expect(throws: WrapperError.self) { try RescaledAction(ClippedAction(plain)) }
    }

    @Test func clippedActionsStayWithinBounds() throws {
        let plain = VectorEnvironment(Pendulum(maximumTorque: 2), count: 2, key: key)
        let batch = try ClippedAction(VectorEnvironment(Pendulum(maximumTorque: 2), count: 2, key: key))
        [Float(-2), 2].withUnsafeBufferPointer { plain.step(actions: $0) }
        [Float(-50), 3].withUnsafeBufferPointer { batch.step(actions: $0) }
        #expect(Array(batch.observations) == Array(plain.observations))
        #expect(Array(batch.transitions.actions) == [-2, 2])
    }

    @Test func snapshotsOfOtherWrappersAreRefused() throws {
        let stacked = try FrameStack(cartPole(), frames: 2)
        #expect(throws: SnapshotError.self) { try self.cartPole().restore(stacked.snapshot) }
        #expect(throws: SnapshotError.self) { try stacked.restore(self.cartPole().snapshot) }
        #expect(throws: SnapshotError.self) {
            try FrameStack(self.cartPole(), frames: 3).restore(stacked.snapshot)
        }
    }

    /// The time limit is the batch's horizon: truncation, never termination, at exactly that step.
    @Test func timeLimit() {
        let batch = VectorEnvironment(Pendulum(), count: 2, horizon: 5, key: key)
        let idle: [Float] = [0, 0]
        for step in 1...20 {
            idle.withUnsafeBufferPointer { batch.step(actions: $0) }
            let expected: EpisodeEnd = step % 5 == 0 ? .truncated : .ongoing
            #expect(Array(batch.transitions.ends) == [expected, expected])
        }
    }
}
