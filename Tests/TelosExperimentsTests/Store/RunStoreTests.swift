import Foundation
import TelosLearning
import Testing

@testable import TelosExperiments

@Suite struct RunStoreTests {
    @Test func rowsComeBackAsTheyWereWritten() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin(seeds: [3, 7])
        var rows = RunRows()
        rows.points = [
            CurveRow(seed: 3, step: 10, kind: .evaluation, value: 0.1 + 0.2),
            CurveRow(seed: 3, step: 10, kind: .training, value: -1e-300),
        ]
        rows.terms = [NamedRow(seed: 3, step: 10, name: "goal ? 0 : -1", value: 1 / 3)]
        rows.metrics = [NamedRow(seed: 3, step: 10, name: "loss", value: .infinity)]
        rows.evaluations = [
            EvaluationRow(seed: 3, step: 10, episode: 0, primaryReturn: -4, length: 5, end: .truncated)
        ]
        let seed = SeedRecord(
            seed: 3, steps: 10, status: .interrupted, seconds: 1.5, trainingReturn: 2, evaluationReturn: nil,
            terms: [NamedValue("b", 1), NamedValue("a", 0.1)], weights: "00ff", message: "it's \"fine\"")
        try store.write(seed, rows: rows, run: run.id)
        // Opened anew, as another process would.
        let other = try folder.store()
        #expect(try other.rows(of: run.id) == rows)
        #expect(try other.seeds(of: run.id) == [seed, SeedRecord(seed: 7)])
        #expect(try other.run(run.id) == run)
        try store.deleteRows(run: run.id, seed: 3, after: 10)
        #expect(try store.rows(of: run.id) == rows)
        try store.deleteRows(run: run.id, seed: 3, after: 9)
        #expect(try store.rows(of: run.id).isEmpty)
    }

    @Test func notANumberIsKept() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin(seeds: [0])
        var rows = RunRows()
        rows.metrics = [NamedRow(seed: 0, step: 1, name: "loss", value: .nan)]
        try store.write(SeedRecord(seed: 0), rows: rows, run: run.id)
        #expect(try store.rows(of: run.id).metrics[0].value.isNaN)
    }

    @Test(arguments: [
        ("mountain-car-ppo", "mountain-car-ppo"), ("MountainCar PPO", "mountain-car-ppo"), ("../../x", "x"),
        ("été", "t"), ("--", "run"), ("", "run"), ("a_b.c", "a-b-c"), ("FourRooms", "four-rooms"),
    ]) func identifiersAreReadable(name: String, slug: String) {
        #expect(RunStore.slug(name) == slug)
    }

    @Test func runsOfOneNameAreNumbered() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        #expect(try store.begin("A b").id == "a-b-1")
        #expect(try store.begin("a-b").id == "a-b-2")
        #expect(try store.begin("a").id == "a-1")
        #expect(try store.runs().map(\.id) == ["a-b-1", "a-b-2", "a-1"])
        #expect(try String(contentsOfFile: store.folder(of: "a-1") + "/experiment.yaml", encoding: .utf8) == "resolved")
    }

    @Test func concurrentWritersGetDifferentRuns() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store"
        let identifiers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try RunStore(path: path).begin("same").id } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(identifiers.sorted() == (1...8).map { "same-\($0)" })
    }

    @Test func aMissingRunNamesTheNearest() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        _ = try store.begin("cart-pole")
        let error = #expect(throws: StoreError.self) { try store.run("cart-pol-1") }
        #expect(error?.message.contains("did you mean 'cart-pole-1'") == true)
    }

    @Test func aMissingStoreIsNotMade() throws {
        let folder = try TemporaryFolder()
        #expect(throws: StoreError.self) { try RunStore(path: folder.path + "/none", create: false) }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/none"))
    }

    @Test func aRunIsTrainedByOneAtATime() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin()
        var lock = try store.lock(run: run.id)
        #expect(lock != nil)
        #expect(try folder.store().lock(run: run.id) == nil)
        lock = nil
        #expect(try folder.store().lock(run: run.id) != nil)
    }

    @Test func checkpointsAreReplacedWhole() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin()
        #expect(try store.readCheckpoint(run: run.id, seed: 0) == nil)
        var checkpoint = Checkpoint()
        checkpoint.arrays["w"] = .init(shape: [2], values: [1, -0.5])
        try store.writeCheckpoint(checkpoint, run: run.id, seed: 0)
        // A reader that opened the old file keeps the old bytes: a new file took its name.
        let path = store.checkpointPath(of: run.id, seed: 0)
        let reader = try #require(FileHandle(forReadingAtPath: path))
        let old = try Data(contentsOf: URL(fileURLWithPath: path))
        checkpoint.texts["t"] = "later"
        try store.writeCheckpoint(checkpoint, run: run.id, seed: 0)
        #expect(try reader.readToEnd() == old)
        #expect(try store.readCheckpoint(run: run.id, seed: 0) == checkpoint)
        let files = try FileManager.default.contentsOfDirectory(atPath: store.folder(of: run.id)).sorted()
        #expect(files == ["experiment.yaml", "seed-0.safetensors"])
    }

    @Test func aFailedWriteLeavesTheOldFile() throws {
        let folder = try TemporaryFolder()
        #expect(throws: StoreError.self) { try writeAtomically(Data([1]), to: folder.path + "/no/such/file") }
        let path = folder.path + "/occupied"
        try FileManager.default.createDirectory(atPath: path + "/inside", withIntermediateDirectories: true)
        #expect(throws: StoreError.self) { try writeAtomically(Data([1]), to: path) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["occupied"])
    }

    @Test func aDamagedCheckpointIsAnError() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin()
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: store.checkpointPath(of: run.id, seed: 1)))
        #expect(throws: StoreError.self) { try store.readCheckpoint(run: run.id, seed: 1) }
    }
}
