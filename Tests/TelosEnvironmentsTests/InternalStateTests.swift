import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct InternalStateTests {
    private func recall(_ count: Int, delay: Int = 2) -> VectorEnvironment<Recall> {
        VectorEnvironment(Recall(delay: delay), count: count, horizon: nil, key: RandomKey(seed: 3))
    }

    @Test(arguments: ["Recall", "CartPole"]) func conforms(name: String) throws {
        let entry = try #require(Environments.named(name))
        var options = entry.defaultOptions
        options.values["internalState"] = .integer(3)
        #expect(EnvironmentConformance.check(entry, options: options) == [])
    }

    /// z adds up what is written, is shown beside the environment's own observation, and is 0 in a new episode.
    @Test func memoryAddsUpAndIsClearedAtTheEnd() throws {
        let (plain, wrapped) = (recall(2), try InternalState(recall(2), width: 2))
        var memory: [Float] = [0, 0, 0, 0]
        var ended = 0
        for step in 0..<12 {
            let before = Array(wrapped.observations)
            let own = plain.observations
            #expect(before == [own[0], memory[0], memory[1], own[1], memory[2], memory[3]])
            let written = (0..<4).map { Float($0 + step) * 0.25 - 1 }
            let chosen: [Float] = [Float(step % 2), 1]
            chosen.withUnsafeBufferPointer { plain.step(actions: $0) }
            let joint = [chosen[0], written[0], written[1], chosen[1], written[2], written[3]]
            joint.withUnsafeBufferPointer { wrapped.step(actions: $0) }
            for index in 0..<4 { memory[index] += written[index] }
            let seen = wrapped.transitions
            #expect(Array(seen.observations) == before && Array(seen.actions) == joint)
            let next = plain.transitions.nextObservations
            #expect(Array(seen.nextObservations) == [next[0], memory[0], memory[1], next[1], memory[2], memory[3]])
            #expect(Array(wrapped.signals) == Array(plain.signals))
            for row in 0..<2 where plain.transitions.ends[row] != .ongoing {
                (memory[row * 2], memory[row * 2 + 1]) = (0, 0)
                ended += 1
            }
        }
        #expect(ended == 6)
    }

    @Test func refusesWhatDoesNotFit() throws {
        #expect(throws: WrapperError.self) { try InternalState(self.recall(1), width: 0) }
        let masked = VectorEnvironment(MaskedChoice(), count: 1, horizon: nil, key: RandomKey(seed: 0))
        #expect(throws: WrapperError.self) { try InternalState(masked, width: 1) }
        let (one, two) = (try InternalState(recall(1), width: 1), try InternalState(recall(1), width: 2))
        #expect(throws: SnapshotError.self) { try two.restore(one.snapshot) }
    }
}
