import Foundation
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosFeedback

private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "nothing was wrong"
}

/// A folder of its own that goes with its owner.
private final class Folder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("minari-\(UUID())").path
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

private let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

@Suite struct MinariLocationTests {
    @Test func whatIsThereDecides() throws {
        let folder = try Folder()
        #expect(
            message { _ = try TransitionDataset(contentsOf: folder.path) }
                == "\(folder.path) is no dataset of Minari's: there is no main_data.hdf5 in it, and none in its folder data"
        )
        #if !HDF5
            let walks = fixtures.appendingPathComponent("walks-v0").path
            for path in [walks, "\(walks)/data", "\(walks)/data/main_data.hdf5"] {
                let told = message { _ = try TransitionDataset(contentsOf: path) }
                #expect(told.contains("main_data.hdf5 cannot be read") && told.contains("--traits HDF5"))
            }
            let dataset = TransitionDataset(observationWidth: 1)
            #expect(
                message {
                    try dataset.writeMinari(to: "\(folder.path)/x-v0", observation: .discrete(2), action: .discrete(2))
                }.contains("built without HDF5"))
        #endif
    }
}

#if HDF5
    /// Where Minari can be imported: the environment's TELOS_PYTHON, or `.python` in a folder above the tests.
    private let python: String? = {
        var candidates = [ProcessInfo.processInfo.environment["TELOS_PYTHON"]].compactMap(\.self)
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            candidates.append(folder.appendingPathComponent(".python/bin/python3").path)
        }
        return candidates.first {
            FileManager.default.isExecutableFile(atPath: $0) && (try? run($0, ["-c", "import h5py, minari"]).code) == 0
        }
    }()

    private func run(_ program: String, _ arguments: [String]) throws -> (code: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    @Suite struct MinariTests {
        /// Episodes of random rows in these spaces: whole numbers where a space has them.
        private func episodes(
            _ lengths: [Int], _ observation: Space, _ action: Space, signals: [String] = [],
            end: (Int) -> EpisodeEnd
        ) throws -> TransitionDataset {
            var random = RandomKey(seed: 4).stream
            func row(_ space: Space) -> [Float] {
                switch space {
                case .box(_, _, let shape): (0..<shape.reduce(1, *)).map { _ in Float(random.normal()) }
                case .discrete(let count): [Float(random.index(below: count))]
                case .multiDiscrete(let counts): counts.map { Float(random.index(below: $0)) }
                case .binary(let count): (0..<count).map { _ in Float(random.index(below: 2)) }
                case .tuple(let spaces): spaces.flatMap(row)
                case .dictionary(let spaces): spaces.keys.sorted().flatMap { row(spaces[$0]!) }
                case .tokens: []
                }
            }
            var dataset = TransitionDataset(
                observationWidth: observation.width, actionWidth: action.width, signalNames: signals,
                source: "some \"run\", seed 3")
            for (number, length) in lengths.enumerated() {
                var (seen, values) = (row(observation), signals.map { _ in Float(random.normal()) })
                for step in 0..<length {
                    let (next, after) = (row(observation), signals.map { _ in Float(random.normal()) })
                    try dataset.append(
                        LoggedTransition(
                            observation: seen, action: row(action), reward: Float(random.normal()),
                            nextObservation: next, end: step == length - 1 ? end(number) : .ongoing, signals: values,
                            nextSignals: after))
                    (seen, values) = (next, after)
                }
            }
            return dataset
        }

        private static let nested = Space.dictionary([
            "b": .tuple([
                .discrete(3),
                .box(low: [-1, 0, -.infinity, 0, 0, 0], high: [1, 1, .infinity, 1, 1, 1], shape: [2, 3]),
            ]),
            "a": .multiDiscrete([2, 5]), "Z": .binary(3),
        ])

        @Test(arguments: [
            (Space.box(-1...1, count: 3), Space.box(-2...2, count: 2)), (.discrete(7), .discrete(4)),
            (MinariTests.nested, .tuple([.discrete(2), .box(0...1, count: 1)])),
        ])
        func aRoundTripIsExact(observation: Space, action: Space) throws {
            let folder = try Folder()
            for (number, last) in [EpisodeEnd.ongoing, .truncated, .terminated].enumerated() {
                let dataset = try episodes([4, 1, 3], observation, action, signals: ["speed", "goal"]) {
                    $0 == 0 ? .terminated : $0 == 1 ? .truncated : last
                }
                let paths = ["a", "b"].map { "\(folder.path)/\($0)-v\(number)" }
                for path in paths { try dataset.writeMinari(to: path, observation: observation, action: action) }
                for path in [paths[0], "\(paths[0])/data", "\(paths[0])/data/main_data.hdf5"] {
                    #expect(try TransitionDataset(contentsOf: path) == dataset)
                }
                // Equal datasets, equal bytes.
                let bytes = paths.map { FileManager.default.contents(atPath: "\($0)/data/main_data.hdf5") }
                #expect(bytes[0] != nil && bytes[0] == bytes[1])
                // Without metadata signals are recognised, in ascending order, and words are missing.
                try FileManager.default.removeItem(atPath: "\(paths[0])/data/metadata.json")
                let bare = try TransitionDataset(contentsOf: paths[0])
                #expect(bare.signalNames == ["goal", "speed"] && bare.source == "")
                #expect(bare[5].nextSignals == dataset[5].nextSignals.reversed())
                #expect(
                    bare.paying { _ in 0 }.withRows { Array($0.observations) }
                        == dataset.withRows { Array($0.observations) })
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 6)
        }

        /// Recorded by Minari and read there by h5py; the numbers are beside it.
        @Test func whatMinariRecordedIsRead() throws {
            struct Row: Decodable {
                var observation, action, nextObservation, signals, nextSignals: [Float]
                var reward: Float
                var end: UInt8
            }
            let dataset = try TransitionDataset(contentsOf: fixtures.appendingPathComponent("walks-v0").path)
            let rows = try JSONDecoder().decode(
                [Row].self, from: Data(contentsOf: fixtures.appendingPathComponent("walks-v0.json")))
            #expect(dataset.source == "two walks" && dataset.signalNames == ["height"] && dataset.count == rows.count)
            #expect(dataset.episodes == [0..<3, 3..<5] && rows.map(\.end) == [0, 0, 1, 0, 2])
            for (index, row) in rows.enumerated() {
                #expect(
                    dataset[index]
                        == LoggedTransition(
                            observation: row.observation, action: row.action, reward: row.reward,
                            nextObservation: row.nextObservation, end: EpisodeEnd(rawValue: row.end)!,
                            signals: row.signals, nextSignals: row.nextSignals))
            }
        }

        // MARK: Damage

        private struct Part {
            var values: [Float]
            var shape: [Int]
        }

        /// Two episodes of two steps, changed before they are written.
        private func reading(
            metadata: String? = nil, attribute: Int = 2, names: [String] = ["episode_0", "episode_1"],
            change: (inout [String: Part]) -> Void = { _ in }
        ) throws -> String {
            let folder = try Folder()
            let file = "\(folder.path)/main_data.hdf5"
            try HDF5Node.creating(file) { file in
                for (number, name) in names.enumerated() {
                    var parts = [
                        "observations": Part(values: [1, 2, 3, 4, 5, 6], shape: [3, 2]),
                        "actions": Part(values: [0, 1], shape: [2]), "rewards": Part(values: [1, 2], shape: [2]),
                        "terminations": Part(values: [0, 1], shape: [2]),
                        "truncations": Part(values: [0, 0], shape: [2]),
                    ]
                    if number == 1 { change(&parts) }
                    try file.createGroup(name) { episode in
                        try episode.setInteger("total_steps", attribute)
                        for (name, part) in parts {
                            try episode.createArray(name, part.values, shape: part.shape, as: .float32)
                        }
                    }
                }
            }
            if let metadata { try Data(metadata.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/metadata.json")) }
            let told = message { _ = try TransitionDataset(contentsOf: folder.path) }
            return told.replacing("\(file)", with: "FILE")
        }

        @Test func damageIsNamed() throws {
            #expect(try reading() == "nothing was wrong")
            for name in ["observations", "actions", "rewards", "terminations", "truncations"] {
                #expect(try reading { $0[name] = nil } == "FILE/episode_1/\(name) is missing")
            }
            #expect(
                try reading { $0["observations"] = Part(values: [1, 2, 3, 4], shape: [2, 2]) }
                    == "FILE/episode_1/observations has 2 rows, not 3: one before each of 2 steps, one after")
            #expect(
                try reading { $0["observations"] = Part(values: [1, 2, 3], shape: [3, 1]) }
                    == "FILE/episode_1/observations has 1 numbers a row, in the first episode 2")
            #expect(
                try reading { $0["actions"] = Part(values: [1, 2, 3], shape: [3]) }
                    == "FILE/episode_1/actions has 3 rows, not 2: one for each of 2 rewards")
            #expect(
                try reading { $0["observations"]!.values[3] = .nan }
                    == "FILE/episode_1/observations, row 1: a number is not finite as float32")
            #expect(
                try reading { $0["rewards"]!.values[1] = .infinity }
                    == "FILE/episode_1/rewards, row 1: a number is not finite as float32")
            #expect(
                try reading { $0["rewards"] = Part(values: [1, 2, 3, 4], shape: [2, 2]) }
                    == "FILE/episode_1/rewards has the shape [2, 2], not one number for each of 1 or more steps")
            #expect(
                try reading { $0["terminations"]!.values[1] = 3 }
                    == "FILE/episode_1/terminations is neither true nor false somewhere")
            #expect(
                try reading { $0["truncations"]!.values[0] = 1 }
                    == "FILE/episode_1/truncations is true at step 0 of 2; what follows an end is another episode")
            #expect(try reading(attribute: 5) == "FILE/episode_0 has 2 rewards, its total_steps are 5")
            #expect(
                try reading(names: ["episode_0", "episode_2"])
                    == "FILE/episode_1 is missing, and there are 2 episodes")
            #expect(try reading(names: ["other"]).hasPrefix("FILE has no episodes"))
            #expect(
                try reading(metadata: #"{"total_episodes": 3}"#)
                    == "FILE has 2 episodes, metadata.json says 3; one of them is not whole")
            #expect(
                try reading(metadata: #"{"total_steps": 9}"#)
                    == "FILE has 4 steps, metadata.json says 9; one of them is not whole")
            #expect(try reading(metadata: "{").contains("metadata.json is no JSON object"))
            #expect(try reading(metadata: #"{"data_format": "arrow"}"#).contains("have Minari write them as 'hdf5'"))
            let image = #"{"type": "Box", "dtype": "uint8", "shape": [64, 64], "low": [[-Infinity]]}"#
            let text = String(decoding: try JSONEncoder().encode(image), as: UTF8.self)
            #expect(try reading(metadata: #"{"observation_space": \#(text)}"#).contains("jpeg_encoding=False"))
            #expect(
                try reading(metadata: #"{"observation_space": \#(text), "jpeg_encoding": false}"#)
                    == "nothing was wrong")
        }

        @Test func filesThatEndEarlyAreRefused() throws {
            let folder = try Folder()
            let whole = try Data(
                contentsOf: fixtures.appendingPathComponent("walks-v0/data/main_data.hdf5"))
            let path = "\(folder.path)/main_data.hdf5"
            for length in stride(from: 8, to: whole.count, by: 1511) {
                try whole.prefix(length).write(to: URL(fileURLWithPath: path))
                #expect(message { _ = try TransitionDataset(contentsOf: path) }.hasPrefix("\(path) cannot be read: "))
            }
        }

        @Test func whatMinariCannotKeepIsRefused() throws {
            let folder = try Folder()
            let (observation, action) = (Space.box(-1...1, count: 2), Space.discrete(3))
            let dataset = try episodes([3, 2], observation, action, signals: ["height"]) { _ in .terminated }
            func writing(
                _ dataset: TransitionDataset, _ name: String = "a-v0", _ observation: Space = observation,
                _ action: Space = action
            ) -> String {
                message {
                    try dataset.writeMinari(to: "\(folder.path)/\(name)", observation: observation, action: action)
                }
            }
            #expect(writing(dataset, "a").contains("write one such as pendulum-sac-v0"))
            #expect(writing(dataset, "a-v0", .discrete(4)).contains("observations of 2 and actions of 1 numbers"))
            #expect(writing(dataset, "a-v0", .tokens(vocabulary: 9, length: 2)).contains("not tokens"))
            #expect(writing(dataset, "a-v0", .multiDiscrete([4, 4])).contains("where the space has whole numbers"))
            #expect(writing(dataset, "a-v0", .dictionary(["a/b": observation])).contains("without '/'"))
            var gap = dataset
            try gap.append(
                LoggedTransition(
                    observation: [0, 0], action: [1], reward: 0, nextObservation: [0.5, 0], signals: [0],
                    nextSignals: [0]))
            try gap.append(
                LoggedTransition(
                    observation: [0, 0], action: [1], reward: 0, nextObservation: [0, 0], signals: [0], nextSignals: [0]
                ))
            #expect(
                writing(gap).hasPrefix("step 6 of the dataset does not begin with the observations that step 5 ended"))
            #expect(writing(TransitionDataset(observationWidth: 2)).contains("there are no steps"))
            // Nothing is left of an attempt that failed.
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
            #expect(writing(dataset) == "nothing was wrong")
            #expect(writing(dataset).contains("exists; write another version"))
        }

        /// Minari loads what Telos wrote, by its name, and adds to it; Telos then reads both.
        @Test(.enabled(if: python != nil, "no Python with h5py and minari: run 'make python', or set TELOS_PYTHON"))
        func minariReadsWhatIsWritten() throws {
            let folder = try Folder()
            let action = Space.box(-2...2, count: 1)
            let dataset = try episodes([4, 2], Self.nested, action, signals: ["height"]) {
                $0 == 0 ? .terminated : .truncated
            }
            try dataset.writeMinari(to: "\(folder.path)/ours-v0", observation: Self.nested, action: action)
            let script = """
                import os, warnings
                warnings.simplefilter("ignore")
                os.environ["MINARI_DATASETS_PATH"] = "\(folder.path)"
                import minari, numpy as np
                from minari.data_collector import EpisodeBuffer
                d = minari.load_dataset("ours-v0")
                assert list(minari.list_local_datasets()) == ["ours-v0"]
                assert (d.total_episodes, d.total_steps, len(d)) == (2, 6, 2), d.spec
                assert d.storage.metadata["description"] == 'some "run", seed 3'
                assert d.observation_space["b"][1].shape == (2, 3) and d.observation_space["Z"].n == 3
                assert np.isneginf(d.observation_space["b"][1].low[0, 2])
                for walk in d:
                    repr(walk)
                    rows = len(walk) + 1
                    for row in range(rows):
                        one = {k: v[row] for k, v in walk.observations.items() if k != "b"}
                        assert one["a"].dtype == np.int64 and one["Z"].dtype == np.int8
                        assert walk.observations["b"][1][row].shape == (2, 3)
                    assert walk.actions.shape == (len(walk), 1) and walk.actions.dtype == np.float32
                    assert walk.infos["height"].shape == (rows,)
                    assert walk.terminations.dtype == bool and not walk.terminations[:-1].any()
                assert d[0].terminations[-1] and not d[0].truncations[-1] and d[1].truncations[-1]
                first = d[0]
                numbers = [first.observations["Z"][0], first.observations["a"][0], [first.observations["b"][0][0]],
                           first.observations["b"][1][0].ravel(), first.actions[0], [first.rewards[0]]]
                print(*[repr(float(x)) for part in numbers for x in part])
                d.update_dataset_from_buffer([EpisodeBuffer(
                    observations=first.observations, actions=first.actions, rewards=first.rewards,
                    terminations=first.terminations, truncations=first.truncations, infos=first.infos)])
                """
            let outcome = try run(try #require(python), ["-c", script])
            #expect(outcome.code == 0, "\(outcome.output)")
            let row = dataset[0]
            #expect(
                outcome.output.split(whereSeparator: \.isWhitespace).compactMap { Float($0) }
                    == row.observation + row.action + [row.reward])
            let longer = try TransitionDataset(contentsOf: "\(folder.path)/ours-v0")
            #expect(longer.count == 10 && longer.episodes == [0..<4, 4..<6, 6..<10] && longer[9] == dataset[3])
        }
    }
#endif
