import Foundation
import Logging
import TelosEnvironments
import TelosLearning
import TelosTensor
import Testing

@testable import TelosExperiments

/// A Python with Gymnasium, and with the environments of `Fixtures/telos_cases.py`; nil where there is none.
private let python: PythonInterpreter? = {
    guard let found = try? PythonInterpreter.find() else { return nil }
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path
    let script = NSTemporaryDirectory() + "/telos-python-\(ProcessInfo.processInfo.processIdentifier)"
    let text = "#!/bin/sh\nexec env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH='\(fixtures)' '\(found.path)' \"$@\"\n"
    guard (try? text.write(toFile: script, atomically: true, encoding: .utf8)) != nil,
        (try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)) != nil
    else { return nil }
    let interpreter = PythonInterpreter(path: script)
    return (try? EnvironmentProvider.gymnasium(python: interpreter).find("gymnasium:CartPole-v1")) != nil
        ? interpreter : nil
}()

/// What a logger was told.
private final class Notes: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []
    func add(_ line: String) { lock.withLock { lines.append(line) } }
    var all: [String] { lock.withLock { lines } }
}

private struct NoteHandler: LogHandler {
    let notes: Notes
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(
        level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?, source: String, file: String,
        function: String, line: UInt
    ) { notes.add("\(message)") }
}

@Suite(.enabled(if: python != nil, "no Python with gymnasium: make python, or set TELOS_PYTHON"))
struct GymnasiumTests {
    private let notes = Notes()

    private var provider: EnvironmentProvider {
        .gymnasium(python: python, logger: Logger(label: "test") { [notes] _ in NoteHandler(notes: notes) })
    }

    private func entry(_ identifier: String) throws -> EnvironmentEntry {
        try provider.find("gymnasium:\(identifier)")
    }

    private func batch(
        _ identifier: String, arguments: String = "{}", count: Int = 2, workers: Int = 2, timeout: Double = 60,
        horizon: Int? = nil, seed: Int = 0
    ) throws -> any BatchEnvironment {
        let options = EnvironmentOptions([
            "arguments": .text(arguments), "workers": .integer(workers), "timeout": .real(timeout),
        ])
        return try entry(identifier).make(options, count, horizon, RandomKey(seed: seed))
    }

    private func step(_ batch: any BatchEnvironment, _ actions: [Float]) {
        actions.withUnsafeBufferPointer { batch.step(actions: $0) }
    }

    private func signal(_ name: String, _ batch: any BatchEnvironment, _ index: Int = 0) throws -> Double {
        batch.transitions.signalsAfter[try #require(batch.specification.signalIndex(name)) * batch.count + index]
    }

    @Test func cartPoleIsTheCartPoleOfTelos() throws {
        let entry = try entry("CartPole-v1")
        #expect(entry.horizon == 500)
        let count = 5
        let batch = try batch("CartPole-v1", count: count)
        let own = try #require(Environments.named("CartPole"))
        let native = try own.make(own.defaultOptions, count, nil, RandomKey(seed: 1))
        #expect(batch.specification.action == .discrete(2))
        var random = RandomKey(seed: 2).stream
        for _ in 0..<60 {
            var snapshot = native.snapshot
            snapshot.states = (0..<count).map { row in (0..<4).map { Double(batch.observations[4 * row + $0]) } }
            try native.restore(snapshot)
            let actions = (0..<count).map { _ in Float(random.index(below: 2)) }
            step(batch, actions)
            step(native, actions)
            for index in 0..<(4 * count) {
                let theirs = batch.transitions.nextObservations[index]
                #expect(abs(native.transitions.nextObservations[index] - theirs) < 1e-5)
            }
            #expect(Array(batch.transitions.ends) == Array(native.transitions.ends))
            #expect(try signal("reward", batch) == 1)
        }
    }

    @Test(arguments: [("CartPole-v1", 2), ("telos_cases:Cases/Fragile-v0", 3), ("telos_cases:Cases/Masked-v0", 1)])
    func conforms(identifier: String, workers: Int) throws {
        let entry = try entry(identifier)
        var options = entry.defaultOptions
        options.values["workers"] = .integer(workers)
        let problems = EnvironmentConformance.check(entry, options: options, steps: 60)
        #expect(problems == [])
    }

    @Test func numbersDoNotDependOnTheNumberOfWorkers() throws {
        let batches = try [1, 3].map { try batch("CartPole-v1", count: 5, workers: $0, horizon: 9, seed: 7) }
        for time in 0..<40 {
            for batch in batches { step(batch, (0..<5).map { Float(($0 + time) % 3 == 0 ? 1 : 0) }) }
            #expect(Array(batches[0].transitions.nextObservations) == Array(batches[1].transitions.nextObservations))
            #expect(Array(batches[0].observations) == Array(batches[1].observations))
        }
    }

    @Test func everyKindOfSpaceIsReadAndWritten() throws {
        let batch = try batch("telos_cases:Cases/Nested-v0", count: 1)
        #expect(batch.specification.action == .tuple([.discrete(2), .box(-2...2, count: 2), .box(0...7, count: 1)]))
        #expect(
            batch.specification.observation
                == .dictionary([
                    "position": .box(-1...9, count: 2), "mode": .discrete(3),
                    "pair": .tuple([.binary(2), .multiDiscrete([3, 4])]), "word": .tokens(vocabulary: 2, length: 3),
                ]))
        // By ascending key: mode, pair, position, word; b is the second letter and a the first.
        #expect(Array(batch.observations) == [0, 1, 0, 2, 3, 0, 0, 1, 0, -1])
        // Outside the boxes: the nearest value.
        step(batch, [0, 1.5, -7, 9.2])
        #expect(Array(batch.transitions.nextObservations) == [1, 1, 0, 2, 3, 1, 1.5, 1, 0, -1])
        #expect(batch.transitions.ends[0] == .ongoing)
        let names = batch.specification.signals.map(\.name)
        #expect(
            names == [
                "reward", "steps", "direction", "level", "parts_half", "mode", "pair_0_0", "pair_0_1", "pair_1_0",
                "pair_1_1", "position_0", "position_1", "word_0", "word_1", "word_2",
            ])
        #expect(try names[..<8].map { try signal($0, batch) } == [0.25, 1, -1, 7, 0.5, 1, 1, 0])
        #expect(try signal("position_1", batch) == 1.5)
        for _ in 0..<2 { step(batch, [1, 0, 0, 0]) }
        // The environment's own truncation; then its termination in the next episode.
        step(batch, [1, 0, 0, 3])
        #expect(batch.transitions.ends[0] == .truncated)
        #expect(try signal("steps", batch) == 4)
        #expect(batch.signals[1] == 0)
        #expect(batch.transitions.nextObservations[5] == 4 && batch.observations[5] == 0)
        for _ in 0..<5 { step(batch, [0, 0, 0, 0]) }
        #expect(batch.transitions.ends[0] == .terminated)
    }

    @Test func masksAreSignals() throws {
        let batch = try batch("telos_cases:Cases/Masked-v0", count: 1)
        let mask = try #require(ActionMask(batch.specification))
        let rows = Buffer<Float>(count: 3, repeating: 0)
        mask.write(batch.signals, count: 1, into: rows.all)
        #expect(rows.array == [0, 1, 1])
        step(batch, [1])
        mask.write(batch.signals, count: 1, into: rows.all)
        #expect(rows.array == [1, 0, 1])
    }

    @Test(arguments: ["raise", "kill", "hang"]) func aFailureCostsOneEpisode(way: String) throws {
        let marker = NSTemporaryDirectory() + "/telos-marker-\(UUID().uuidString)"
        FileManager.default.createFile(atPath: marker, contents: nil)
        let batch = try batch(
            "telos_cases:Cases/Fragile-v0", arguments: #"{"way": "\#(way)", "marker": "\#(marker)"}"#, count: 4,
            workers: 2, timeout: way == "hang" ? 1.5 : 60)
        // It fails at its fifteenth step, after more of them than are tried to describe it.
        for time in 1...14 {
            step(batch, [0, 0, 0, 1])
            #expect(Array(batch.observations) == Array(repeating: Float(time), count: 4))
        }
        step(batch, [0, 0, 0, 1])
        // A process that ends takes its two environments along; an exception is one environment's.
        let ends: [EpisodeEnd] = [.ongoing, .ongoing, way == "raise" ? .ongoing : .truncated, .truncated]
        #expect(Array(batch.transitions.ends) == ends)
        #expect(Array(batch.transitions.nextObservations) == (way == "raise" ? [15, 15, 15, 14] : [15, 15, 14, 14]))
        #expect(Array(batch.observations) == (way == "raise" ? [15, 15, 15, 0] : [15, 15, 0, 0]))
        #expect(try signal("reward", batch, 3) == 0)
        step(batch, [1, 1, 1, 1])
        #expect(batch.observations[3] == 1)
        #expect(notes.all.count == 1)
        #expect(notes.all.first?.contains("truncated") == true)
        if way == "raise" { #expect(notes.all.first?.contains("ValueError: the spring broke") == true) }
    }

    @Test func repeatedFailuresEndTraining() throws {
        let entry = try entry("telos_cases:Cases/Fragile-v0")
        var options = entry.defaultOptions
        options.values["arguments"] = .text(#"{"way": "raise"}"#)
        let batch = try entry.make(options, 1, nil, RandomKey(seed: 0))
        for _ in 0..<59 { step(batch, [1]) }
        #expect(entry.failure() == nil)
        step(batch, [1])
        let failure = try #require(entry.failure())
        #expect("\(failure)".contains("failed 4 times") && "\(failure)".contains("the spring broke"))
        step(batch, [1])
        #expect(batch.transitions.ends[0] == .truncated)

        var task = try TaskDefinition(entry)
        task.options = options
        #expect(throws: GymnasiumError.self) {
            _ = try evaluate(ConstantPolicy(), on: task, episodes: 1, key: RandomKey(seed: 0))
        }
    }

    private final class ConstantPolicy: Policy {
        func act(
            on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
            using random: inout RandomStream
        ) { actions.update(repeating: 1) }
    }

    @Test func aResumedRunEndsAsAnUninterruptedOne() throws {
        let task = try TaskDefinition(entry("CartPole-v1"))
        let ppo = try #require(Learners.named("ppo"))
        let options = #"{"environments": 3, "rolloutSteps": 16, "hiddenSizes": [8], "minibatchSize": 16}"#
        func make() throws -> any Learner {
            try ppo.make(LearnerContext(task: task, key: RandomKey(seed: 5), plannedSteps: 480), options)
        }
        let whole = try make()
        for _ in 0..<3 { _ = try whole.iterate() }
        let checkpoint = try whole.checkpoint()
        for _ in 0..<3 { _ = try whole.iterate() }
        let resumed = try make()
        try resumed.restore(checkpoint)
        for _ in 0..<3 { _ = try resumed.iterate() }
        #expect(resumed.weightHash == whole.weightHash)
        #expect(notes.all == [])
    }

    @Test func whatDoesNotRepeatItselfIsToldAndGoesOn() throws {
        let first = try batch("telos_cases:Cases/Drifting-v0", count: 1)
        step(first, [0])
        let second = try batch("telos_cases:Cases/Drifting-v0", count: 1)
        try second.restore(first.snapshot)
        #expect(notes.all.count == 1)
        step(second, [0])
        #expect(second.snapshot.elapsed == [2])
        #expect(throws: SnapshotError.self) {
            var broken = first.snapshot
            broken.states = [[-1]]
            try second.restore(broken)
        }
    }

    @Test func mistakesAreExplained() throws {
        func message(_ work: () throws -> Void) -> String {
            do {
                try work()
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(message { _ = try entry("CartPol-v1") }.contains("did you mean 'CartPole-v1'?"))
        #expect(message { _ = try entry("no_such_module:Any-v0") }.contains("No module named 'no_such_module'"))
        #expect(message { _ = try batch("telos_cases:Cases/Sequences-v0") }.contains("kind Sequence; Telos reads Box"))
        #expect(message { _ = try batch("CartPole-v1", arguments: #"{"wheels": 3}"#) }.contains("wheels"))
        #expect(
            message { _ = try batch("CartPole-v1", arguments: #"{"max_episode_steps": 3}"#) }.contains("'horizon'"))
        // A Python that sees no packages, something that is no Python, and nothing at all.
        let bare = NSTemporaryDirectory() + "/telos-bare-\(UUID().uuidString)"
        try "#!/bin/sh\nexec '\(try #require(python).path)' -S \"$@\"\n".write(
            toFile: bare, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: bare)
        defer { try? FileManager.default.removeItem(atPath: bare) }
        func found(_ path: String) -> String {
            message { _ = try EnvironmentProvider.gymnasium(python: .init(path: path)).find("gymnasium:CartPole-v1") }
        }
        #expect(found(bare).contains("-m pip install gymnasium"))
        #expect(found("/bin/false").contains("did not start"))
        #expect(found("/no/such/python").contains("cannot be started"))
        #expect(message { _ = try PythonInterpreter.find(environment: [:], folder: "/") }.contains("make python"))
        #expect(
            message { _ = try PythonInterpreter.find(environment: ["TELOS_PYTHON": "/no"], folder: "/") }.contains(
                "TELOS_PYTHON is '/no'"))
    }

    @Test func anExperimentFileNamesOne() throws {
        let text = """
            task:
              environment: {name: "gymnasium:telos_cases:Cases/Fragile-v0", arguments: {start: 7, way: none}, workers: 1}
              reward: "reward - 0.1 * observation"
            learner: {algorithm: ppo, steps: 1000, environments: 2, rolloutSteps: 8, minibatchSize: 16}
            """
        let registries = Registries(providers: [provider])
        let experiment = try Experiment(parsing: text, name: "a", registries: registries)
        #expect(experiment.task.horizon == 6)
        let batch = try experiment.task.makeEnvironments(count: 1, key: RandomKey(seed: 0))
        #expect(batch.observations[0] == 7)
        let again = try Experiment(parsing: experiment.resolved, name: "a", registries: registries)
        #expect(again == experiment)
        let card = try Documentation.named("gymnasium:CartPole-v1", registries)
        #expect(card.text.contains("500 steps") && card.text.contains("observation_3"))
        #expect(throws: ExperimentError.self) {
            _ = try Experiment(
                parsing: text, name: "a", overrides: ["task.environment.name=gymnasium:CartPol-v1"],
                registries: registries)
        }

        var rollout = try RolloutInput(task: "gymnasium:CartPole-v1", state: "[42]", registries: registries)
        try rollout.read(actions: "1\n0\n", file: "a")
        var lines: [String] = []
        rollout.run { lines.append($0) }
        // gymnasium.make("CartPole-v1"), reset(seed=42), step(1), step(0); Gymnasium 1.x.
        let expected = [
            [0.02727336, 0.18847767, 0.03625453, -0.26141977], [0.03104291, -0.00714255, 0.03102613, 0.04247424],
        ]
        for (line, values) in zip(lines, expected) {
            let observation = try #require(JSONValue(json: line)?.object?["observation"]?.list)
            for (value, number) in zip(observation.compactMap(\.number), values) { #expect(abs(value - number) < 1e-6) }
        }
        #expect(lines.count == 2)
    }
}
