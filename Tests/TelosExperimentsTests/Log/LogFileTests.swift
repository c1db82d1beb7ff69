import Foundation
import TelosLearning
import TelosTensor
import Testing

@testable import TelosExperiments

private struct Crash: Error {}

@Suite struct LogFileTests {
    /// RFC 3720, appendix B.4, and the usual check value.
    @Test func checksumsAreThePublishedOnes() {
        #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum((0..<32).map { UInt8($0) }) == 0x46DD_794E)
        #expect(CRC32C.checksum((0..<32).reversed().map { UInt8($0) }) == 0x113F_DB5C)
        #expect(EventFileReader.crc32c(Array("123456789".utf8)) == 0xE306_9283)
    }

    @Test func eventsAreReadAsTheyWereWritten() throws {
        let scalars = [
            Scalar(0, "return/evaluation", -3.25),
            Scalar(127, "metric/ü", .nan), Scalar(128, "", .infinity),
            Scalar(1_000_000_000_000, String(repeating: "x", count: 300), 1e-7),
        ]
        let bytes = TensorBoardLog.header(time: 12.5) + TensorBoardLog.encoded(scalars, time: 13.75)
        let events = try EventFileReader.events(bytes)
        #expect(events[0] == EventFileReader.Event(time: 12.5, version: "brain.Event:2"))
        #expect(events.count == 5)
        for (event, scalar) in zip(events.dropFirst(), scalars) {
            #expect(event.time == 13.75 && event.step == scalar.step && event.values.count == 1)
            #expect(event.values[0].tag == scalar.tag)
            #expect(event.values[0].value.bitPattern == Float(scalar.value).bitPattern)
        }
        // The first bytes of every event file: 24 bytes of data, and TensorFlow's checksum of that length.
        #expect(bytes[..<12] == [24, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22])
    }

    @Test func damageIsCutOff() throws {
        let scalars = (1...9).map { Scalar(10 * $0, "a,\"b\"", Double($0) / 3) }
        for format in LogFormat.allCases {
            let header = format.header(time: 1)
            let ends = (0...9).map { header.count + format.encoded(Array(scalars[..<$0]), time: 2).count }
            let whole = header + format.encoded(scalars, time: 2)
            for count in 0...9 {
                #expect(format.prefix(of: whole, count: count) == Array(whole[..<ends[count]]))
                // One byte less, and it is not all there.
                #expect(format.prefix(of: Array(whole[..<(ends[count] - 1)]), count: count) == nil)
            }
            #expect(format.prefix(of: whole, count: 10) == nil)
            #expect(format.prefix(of: Array("something else\n".utf8), count: 0) == nil)
        }
        var damaged = TensorBoardLog.header(time: 1) + TensorBoardLog.encoded(scalars, time: 2)
        damaged[damaged.count - 9] ^= 1
        #expect(TensorBoardLog.prefix(of: damaged, count: 9) == nil)
        #expect(TensorBoardLog.prefix(of: damaged, count: 8) != nil)
        #expect(throws: EventFileReader.Failure.self) { try EventFileReader.events(damaged) }
    }

    @Test func filesHoldWhatTheTablesHold() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin(seeds: [0, 1])
        try Runner(store: store, threads: 2).train(logged(), run: run)
        let rows = try store.rows(of: run.id)
        for seed in 0...1 {
            let expected = rows.ofSeed(seed).scalars.sorted(by: order)
            #expect(expected.count > 400)
            #expect(try csv(store, run.id, seed).sorted(by: order) == expected)
            let events = try events(store, run.id, seed)
            #expect(events[0].version == "brain.Event:2")
            #expect(zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.time } && events[0].time > 1.7e9)
            let values = events.dropFirst().map {
                Scalar($0.step, $0.values[0].tag, Double($0.values[0].value))
            }
            #expect(
                values.sorted(by: order)
                    == expected.map { Scalar($0.step, $0.tag, Double(Float($0.value))) })
        }
    }

    @Test(arguments: [0, 1, 2]) func interruptedLogsEndAsUninterruptedOnes(trial: Int) throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let whole = try store.begin(seeds: [0, 1])
        try Runner(store: store, threads: 2).train(logged(), run: whole)
        var random = RandomKey(seed: trial).stream
        let run = try store.begin(seeds: [0, 1])
        var sessions = 0
        while try store.run(run.id).status != .finished {
            let stop = StopFlag()
            let limit = 1 + random.index(below: 60)
            let crashes = sessions % 2 == 1
            let count = Counter()
            let plan = try logged { _ in
                guard count.increment() >= limit else { return }
                if crashes { throw Crash() }
                stop.raise()
            }
            try Runner(store: store, threads: 1, stop: stop).train(plan, run: run)
            for seed in try store.seeds(of: run.id) where ![.finished, .waiting].contains(seed.status) {
                try tear(store, run.id, seed.seed, &random)
            }
            sessions += 1
            if sessions > 200 { break }
        }
        #expect(sessions > 2)
        for seed in 0...1 {
            let expected = try Data(contentsOf: url(.csv, store, whole.id, seed))
            #expect(try Data(contentsOf: url(.csv, store, run.id, seed)) == expected)
            #expect(
                try events(store, run.id, seed).dropFirst().map { Timeless($0) }
                    == events(store, whole.id, seed).dropFirst().map { Timeless($0) })
        }
    }

    @Test func aLostFileIsWrittenAnewFromTheTables() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin(seeds: [0])
        let stop = StopFlag()
        let plan = try logged { if $0.steps > 900 { stop.raise() } }
        try Runner(store: store, threads: 1, stop: stop).train(plan, run: run)
        try FileManager.default.removeItem(at: url(.csv, store, run.id, 0))
        try Data("no events".utf8).write(to: url(.tensorboard, store, run.id, 0))
        try Runner(store: store, threads: 1).train(logged(), run: run)
        let expected = try store.rows(of: run.id).scalars.sorted(by: order)
        #expect(try csv(store, run.id, 0).sorted(by: order) == expected)
        #expect(try events(store, run.id, 0).count == expected.count + 1)
    }

    @Test func theFileSaysWhatIsLogged() throws {
        let text = "task: {environment: Corridor}\nlearner: {algorithm: ppo, steps: 10}\n"
        #expect(try experiment(text).logs == [])
        #expect(try experiment(text + "log: none").logs == [])
        #expect(try experiment(text + "log: csv").logs == [.csv])
        let both = try experiment(text, overrides: ["log=[tensorboard, csv]"])
        #expect(both.logs == [.tensorboard, .csv])
        #expect(try experiment(both.resolved) == both)
        #expect(
            problems(text + "log: tensorbord").first?.message
                == "there is no log called 'tensorbord'; did you mean 'tensorboard'?")
        #expect(problems(text + "log: [csv, xml]").first?.column == 12)
    }

    // MARK: - Helpers

    private func logged(_ hook: @escaping @Sendable (WalkLearner) throws -> Void = { _ in }) throws -> TrainingPlan {
        var plan = try WalkLearner.plan(hook: hook)
        plan.logs = LogFormat.allCases
        return plan
    }

    private func url(_ format: LogFormat, _ store: RunStore, _ run: String, _ seed: Int) -> URL {
        URL(fileURLWithPath: "\(store.folder(of: run))/\(format.path(seed: seed))")
    }

    private func order(_ left: Scalar, _ right: Scalar) -> Bool { (left.step, left.tag) < (right.step, right.tag) }

    private func csv(_ store: RunStore, _ run: String, _ seed: Int) throws -> [Scalar] {
        let lines = try String(contentsOf: url(.csv, store, run, seed), encoding: .utf8).split(separator: "\n")
        #expect(lines.first == "step,tag,value")
        return try lines.dropFirst().map { line in
            let parts = line.split(separator: ",")
            return Scalar(try #require(Int(parts[0])), String(parts[1]), try #require(Double(parts[2])))
        }
    }

    private func events(_ store: RunStore, _ run: String, _ seed: Int) throws -> [EventFileReader.Event] {
        try EventFileReader.events([UInt8](Data(contentsOf: url(.tensorboard, store, run, seed))))
    }

    /// Half a record more, as a process leaves it that is killed while it writes.
    private func tear(_ store: RunStore, _ run: String, _ seed: Int, _ random: inout RandomStream) throws {
        for format in LogFormat.allCases {
            let scalars = [Scalar(1600, "metric/spread", 1)]
            let record = format.encoded(scalars, time: 0)
            let handle = try FileHandle(forWritingTo: url(format, store, run, seed))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(record.prefix(random.index(below: record.count))))
            try handle.close()
        }
    }

    private struct Timeless: Equatable {
        var step: Int
        var values: [EventFileReader.Value]
        init(_ event: EventFileReader.Event) { (step, values) = (event.step, event.values) }
    }
}
