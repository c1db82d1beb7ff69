import Foundation
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosFeedback

@Suite struct TransitionDatasetTests {
    private func step(
        _ observation: Float, _ reward: Float = 0, _ end: EpisodeEnd = .ongoing, signal: Float = 0
    ) -> LoggedTransition {
        LoggedTransition(
            observation: [observation, 1], action: [-observation], reward: reward,
            nextObservation: [observation + 1, 1], end: end, signals: [signal], nextSignals: [signal + 1])
    }

    /// Three episodes: terminated after two steps, cut off after one, unfinished after two.
    private var example: TransitionDataset {
        get throws {
            var dataset = TransitionDataset(observationWidth: 2, signalNames: ["height"], source: "a\nb \"c\"")
            for row in [
                step(0, 1), step(1, 2, .terminated, signal: 5), step(10, -1, .truncated), step(20, 3), step(21, 0.5),
            ] { try dataset.append(row) }
            return dataset
        }
    }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "nothing was wrong"
    }

    @Test func rowsEpisodesAndReturns() throws {
        let dataset = try example
        #expect(dataset.count == 5 && dataset[1] == step(1, 2, .terminated, signal: 5))
        #expect(dataset.episodes == [0..<2, 2..<3, 3..<5] && dataset.returns == [3, -1, 3.5])
        #expect(TransitionDataset(observationWidth: 1).episodes.isEmpty)
        let bootstraps = dataset.withRows { rows in rows.rewards.indices.map { rows.bootstraps($0) } }
        #expect(bootstraps == [true, false, true, true, true])
        let segment = try dataset.segment(0..<2)
        #expect(
            segment.observations == [[0, 1], [1, 1], [2, 1]] && segment.rewards == [1, 2] && segment.isTerminated)
        #expect(try dataset.segment(3..<5).isTerminated == false)
        // Another reward over the signals that were kept.
        #expect(dataset.paying { 2 * $0.nextSignals[0] }.returns == [14, 2, 4])
    }

    @Test func leavingOutAndJoiningKeepEpisodesApart() throws {
        let dataset = try example
        let even = dataset.filter { row, _ in row != 1 && row != 4 }
        #expect(even.count == 3 && even.episodes == [0..<1, 1..<2, 2..<3])
        #expect((0..<3).map { even[$0].end } == [.truncated, .truncated, .truncated])
        var joined = dataset
        try joined.append(contentsOf: dataset)
        #expect(joined.count == 10 && joined.episodes.count == 6 && joined[4].end == .truncated)
        #expect(joined.returns == dataset.returns + dataset.returns)
        #expect(
            message { try joined.append(contentsOf: TransitionDataset(observationWidth: 2)) }.contains("cannot join"))
    }

    @Test func aFileGivesTheSameRowsMapped() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let dataset = try example
        try dataset.write(to: path)
        var read = try TransitionDataset(contentsOf: path)
        #expect(read == dataset && read.isMapped && !dataset.isMapped)
        #expect(read.episodes == dataset.episodes && read[3] == dataset[3])
        // The file may be replaced while it is mapped; what was opened stays.
        try dataset.filter { row, _ in row == 0 }.write(to: path)
        #expect(read == dataset)
        #expect(try TransitionDataset(contentsOf: path).count == 1)
        try read.append(step(30))
        #expect(read.count == 6 && !read.isMapped && read[5] == step(30) && read[0] == dataset[0])
        // It is an ordinary safetensors file.
        let arrays = try SafeTensors(decoding: try dataset.encoded()).arrays
        #expect(arrays["ends"]?.values == .float32([0, 1, 2, 0, 0]) && arrays["observations"]?.shape == [5, 2])
        let empty = TransitionDataset(observationWidth: 3, actionWidth: 2)
        try empty.write(to: path)
        #expect(try TransitionDataset(contentsOf: path) == empty)
    }

    @Test func mistakesAreNamed() throws {
        var dataset = try example
        #expect(
            message {
                try dataset.append(
                    LoggedTransition(
                        observation: [1], action: [0], reward: 0, nextObservation: [1, 2], signals: [0],
                        nextSignals: [0]))
            } == "step 5: 1 numbers of observations, the dataset has 2 a step")
        #expect(message { try dataset.append(step(.nan)) }.contains("step 5: a number of observations is not finite"))
        #expect(dataset.count == 5)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        func reading(_ file: SafeTensors) throws -> String {
            try Data(file.encoded()).write(to: URL(fileURLWithPath: path))
            return message { _ = try TransitionDataset(contentsOf: path) }
        }
        let good = try SafeTensors(decoding: dataset.encoded())
        func changed(_ change: (inout SafeTensors) throws -> Void) throws -> String {
            var file = good
            try change(&file)
            return try reading(file)
        }
        #expect(try reading(good) == "nothing was wrong")
        #expect(try changed { $0.metadata = [:] }.contains("no dataset of transitions"))
        #expect(try changed { $0.metadata["telos.dataset"] = "2" }.contains("newer Telos (format 2, this one reads 1)"))
        #expect(try changed { $0.arrays["rewards"] = nil }.contains("needs an array 'rewards' of float32"))
        #expect(
            try changed { $0.arrays["rewards"] = try StoredArray(.float32([1]), shape: [1, 1]) }
                .contains("'rewards' has the shape [1, 1], not [5, 1]"))
        #expect(
            try changed { $0.arrays["ends"] = try StoredArray(.float32([0, 1, 7, 0, 0]), shape: [5, 1]) }
                .contains("an end of its rows is none of 0"))
        #expect(
            try changed { $0.metadata["signals"] = "height width" }.contains(
                "'signals' has the shape [5, 1], not [5, 2]"))
        let whole = good.encoded()
        for length in stride(from: 0, to: whole.count, by: 7) {
            try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
            #expect(message { _ = try TransitionDataset(contentsOf: path) }.hasPrefix(path))
        }
        #expect(
            message { _ = try TransitionDataset(contentsOf: "/no/such/file") }.contains("cannot be read: No such file"))
    }

    @Test func episodesOfAFiniteProcess() throws {
        // 0 -> 1 -> 2 (terminal) under action 1; action 0 stays.
        let mdp = try TabularMDP(
            stateCount: 3, actionCount: 2,
            transitions: [1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1], terminal: [false, false, true],
            start: [1, 0, 0])
        var random = RandomKey(seed: 3).stream
        let forward = TabularPolicy.deterministic([1, 1, 0], actionCount: 2)
        let reward = [0.0, 1, 0, 2, 9, 9]
        let walk = try mdp.dataset(following: forward, episodes: 2, horizon: 5, reward: reward, using: &random)
        #expect(walk.returns == [3, 3] && walk.count == 4 && walk[1].end == .terminated)
        let still = try mdp.dataset(
            following: TabularPolicy.deterministic([0, 0, 0], actionCount: 2), episodes: 1, horizon: 4,
            from: [0, 1, 0],
            using: &random)
        #expect(still.count == 4 && still[3].end == .truncated && still[0].observation == [1])
        var rows: [[Int]] = []
        try walk.forEachTabularRow(stateCount: 3, actionCount: 2) { s, a, _, next, _ in rows.append([s, a, next]) }
        #expect(rows == [[0, 1, 1], [1, 1, 2], [0, 1, 1], [1, 1, 2]])
        #expect(
            message { try walk.forEachTabularRow(stateCount: 2, actionCount: 2) { _, _, _, _, _ in } }
                == "row 1: the next state 2.0 is no whole number from 0 to 1")
        #expect(throws: FeedbackError.self) {
            try mdp.dataset(following: [1], episodes: 1, horizon: 1, using: &random)
        }
    }
}
