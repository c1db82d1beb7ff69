import Foundation
import TelosFeedback
import Testing

@testable import TelosExperiments

/// The built `telos`, next to the tests; nil where only the tests were built.
private let executable: String? = {
    var folders = [URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()]
    folders += Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
    return folders.map { $0.appendingPathComponent("telos").path }.first {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: $0, isDirectory: &isDirectory) && !isDirectory.boolValue
            && FileManager.default.isExecutableFile(atPath: $0)
    }
}()

private struct Outcome {
    var code: Int32
    var output: String
    var errors: String

    var json: [String: Any]? { try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] }
}

private final class Command {
    let process = Process()
    private let folder: TemporaryFolder
    private let outputPath: String
    private let errorPath: String

    init(_ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:]) throws {
        self.folder = folder
        let name = UUID().uuidString
        outputPath = "\(folder.path)/\(name).out"
        errorPath = "\(folder.path)/\(name).err"
        process.executableURL = URL(fileURLWithPath: try #require(executable))
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        for (path, isOutput) in [(outputPath, true), (errorPath, false)] {
            FileManager.default.createFile(atPath: path, contents: nil)
            let handle = try #require(FileHandle(forWritingAtPath: path))
            if isOutput { process.standardOutput = handle } else { process.standardError = handle }
        }
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    func wait() throws -> Outcome {
        process.waitUntilExit()
        return Outcome(
            code: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
            output: try String(contentsOfFile: outputPath, encoding: .utf8),
            errors: try String(contentsOfFile: errorPath, encoding: .utf8))
    }
}

private let poleExperiment = """
    task: {environment: CartPole}
    auxiliary: {upright: "-abs(angle)"}
    learner: {algorithm: ppo, steps: 4096, environments: 4, rolloutSteps: 64, hiddenSizes: [16]}
    evaluation: {episodes: 2, every: 2048}
    checkpoint: {every: 512}
    seeds: 2
    """

@Suite(.enabled(if: executable != nil)) struct CommandTests {
    private func makeFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try poleExperiment.write(toFile: folder.path + "/pole.yaml", atomically: true, encoding: .utf8)
        try "1\n0\n".write(toFile: folder.path + "/actions", atomically: true, encoding: .utf8)
        return folder
    }

    @Test(arguments: [
        ["run", "missing.yaml"], ["run", "pole.yaml", "--set", "learner.stepz=3"],
        ["run", "pole.yaml", "--seeds", "0"],
        ["run", "pole.yaml", "--seeds", "9..2"], ["run"], ["run", "pole.yaml", "--threads", "0"], ["fly"],
        ["run", "pole.yaml", "--fast"], ["resume", "pole-1"], ["report", "pole-1"], ["evaluate", "pole-1"],
        ["compare", "pole-1"], ["compare", "a", "a"], ["describe", "nothing-like-it"], ["reproduce", "no-such-paper"],
        ["search", "pole.yaml"], ["search", "missing.yaml"], ["export", "pole-1"], ["results", "--check"],
        ["collect", "pole-1"],
        ["evaluate", "missing.safetensors"], ["evaluate", "pole.yaml.safetensors", "--checkpoint", "first"],
        ["catalogue", "--family", "none"], ["bench", "--filter", "no such figure"],
        ["rollout", "--task", "CartPol", "--actions", "actions"],
        ["rollout", "--task", "CartPole", "--state", "[1]", "--actions", "actions"],
        ["rollout", "--task", "CartPole", "--actions", "missing"],
        ["rollout", "--task", "CartPole", "--actions", "pole.yaml"],
    ]) func wrongInputEndsWithTwoAndWritesNothing(arguments: [String]) throws {
        let folder = try makeFolder()
        let outcome = try Command(arguments, in: folder).wait()
        #expect(outcome.code == 2, "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("error: "))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/.telos"))
    }

    @Test(arguments: [
        ["--help"], ["--version"], ["tasks"], ["tasks", "--json"], ["learners", "--json"], ["rewards", "--json"],
        ["describe", "CartPole", "--json"], ["catalogue", "--json"], ["--generate-completion-script", "bash"],
        ["rollout", "--task", "CartPole", "--state", "[0, 0, 0, 0]", "--actions", "actions", "--json"],
        ["bench", "--filter", "64x4x64", "--repeats", "1", "--json"],
    ]) func rightInputEndsWithZero(arguments: [String]) throws {
        let folder = try makeFolder()
        let outcome = try Command(arguments, in: folder).wait()
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
        #expect(!outcome.output.isEmpty)
        if arguments.last == "--json", arguments[0] != "rollout" {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) }
        }
    }

    @Test func aRunPrintsTheDocumentedJSON() throws {
        let folder = try makeFolder()
        let outcome = try Command(["run", "pole.yaml", "--json", "--store", "kept"], in: folder).wait()
        #expect(outcome.code == 0, "\(outcome.errors)")
        let document = try #require(outcome.json)
        #expect(document["run"] as? String == "pole-1")
        #expect(document["task"] as? String == "CartPole")
        #expect(document["learner"] as? String == "ppo")
        let report = try #require(document["report"] as? String)
        #expect(FileManager.default.fileExists(atPath: report))
        let seeds = try #require(document["seeds"] as? [[String: Any]])
        #expect(seeds.map { $0["seed"] as? Int } == [0, 1])
        for seed in seeds {
            #expect(seed["steps"] as? Int == 4096)
            #expect((seed["weights"] as? String)?.count == 16)
            #expect(seed["trainingReturn"] is Double && seed["evaluationReturn"] is Double && seed["seconds"] is Double)
            #expect((seed["terms"] as? [String: Double])?.keys.sorted() == ["1", "upright"])
        }
        let value = try #require(document["evaluationReturn"] as? [String: Double])
        #expect(value["lower"]! <= value["iqm"]! && value["iqm"]! <= value["upper"]!)
        let evaluated = try Command(["evaluate", "pole-1", "--json", "--store", "kept"], in: folder).wait()
        #expect(evaluated.code == 0)
        #expect((evaluated.json?["seeds"] as? [[String: Any]])?.count == 2)
        let runs = try Command(["runs", "--store", "kept"], in: folder).wait()
        #expect(runs.output.contains("pole-1") && runs.output.contains("finished"))
    }

    @Test func whatIsKeptOfARunIsUsed() throws {
        let folder = try makeFolder()
        let trained = try Command(
            ["run", "pole.yaml", "--json", "--set", "log=[csv, tensorboard]", "--set", "checkpoint.keep=2"], in: folder
        ).wait()
        #expect(trained.code == 0, "\(trained.errors)")
        let run = folder.path + "/.telos/runs/pole-1"
        #expect(try String(contentsOfFile: "\(run)/seed-1.csv", encoding: .utf8).contains("\n4096,return/evaluation,"))
        let events = try Data(contentsOf: URL(fileURLWithPath: "\(run)/tensorboard/seed-0/events.out.tfevents.telos"))
        #expect(try EventFileReader.events([UInt8](events)).contains { $0.values.first?.tag == "metric/entropy" })

        let exported = try Command(
            ["export", "pole-1", "--seed", "1", "--output", "p.safetensors", "--json"], in: folder
        )
        .wait()
        #expect(exported.code == 0, "\(exported.errors)")
        #expect(exported.json?["steps"] as? Int == 4096 && exported.json?["kind"] as? String == "actor")
        #expect(exported.json?["card"] as? String == "p.md")
        for (format, files) in [("c", ["pole-1-seed-1.c", "pole-1-seed-1.h"]), ("onnx", ["pole-1-seed-1.onnx"])] {
            let outcome = try Command(
                ["export", "pole-1", "--seed", "1", "--format", format, "--episodes", "5"], in: folder
            ).wait()
            #expect(outcome.code == 0, "\(outcome.errors)")
            for file in files + ["pole-1-seed-1.md"] {
                #expect(FileManager.default.fileExists(atPath: "\(folder.path)/\(file)"), "\(file)")
            }
        }
        let unnamed = try Command(["export", "pole-1", "--format", "c", "--prefix", "1x"], in: folder).wait()
        #expect(unnamed.code == 2 && unnamed.errors.contains("'1x' does not serve as a prefix"))
        let judged = try Command(["evaluate", "p.safetensors", "--episodes", "7", "--json"], in: folder).wait()
        #expect(judged.code == 0, "\(judged.errors)")
        #expect(judged.json?["episodes"] as? Int == 7 && judged.json?["task"] as? String == "CartPole")

        // What it did teaches another learner.
        let collected = try Command(
            ["collect", "pole-1", "--episodes", "3", "--seeds", "1", "--output", "d.safetensors", "--json"],
            in: folder
        ).wait()
        #expect(collected.code == 0, "\(collected.errors)")
        #expect(collected.json?["episodes"] as? Int == 3)
        let dataset = try TransitionDataset(contentsOf: folder.path + "/d.safetensors")
        #expect(dataset.count == collected.json?["steps"] as? Int && dataset.observationWidth == 4)
        let same = try Command(["collect", "pole-1", "--episodes", "3", "--seeds", "1"], in: folder).wait()
        #expect(same.output.hasPrefix("pole-1-dataset.safetensors: \(dataset.count) steps, 3 episodes"))
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: folder.path + "/pole-1-dataset.safetensors"))
                == Data(contentsOf: URL(fileURLWithPath: folder.path + "/d.safetensors")))
        #expect(try Command(["collect", "pole-1", "--seeds", "7..8"], in: folder).wait().code == 2)
        let clone =
            "task: {environment: CartPole}\nevaluation: {episodes: 2}\nseeds: 2\n"
            + "learner: {algorithm: bc, steps: 300, stepsPerIteration: 100, hiddenSizes: [16], dataset: "
        func cloning(from file: String, _ arguments: [String] = []) throws -> Outcome {
            try Data("\(clone)\(file)}\n".utf8).write(to: URL(fileURLWithPath: folder.path + "/clone.yaml"))
            return try Command(["run", "clone.yaml", "--json"] + arguments, in: folder).wait()
        }
        let cloned = try cloning(from: "d.safetensors")
        #expect(cloned.code == 0, "\(cloned.errors)")
        #expect((cloned.json?["seeds"] as? [[String: Any]])?.compactMap { $0["steps"] as? Int } == [300, 300])
        let lost = try cloning(from: "e.safetensors")
        #expect(lost.code == 2 && lost.errors.contains("clone.yaml:4:") && lost.errors.contains("cannot be read"))
        let minari = try Command(
            ["collect", "pole-1", "--episodes", "3", "--seeds", "1", "--format", "minari"], in: folder
        ).wait()
        #if HDF5
            #expect(minari.output.hasPrefix("pole-1-v0: \(dataset.count) steps, 3 episodes"), "\(minari.errors)")
            #expect(try TransitionDataset(contentsOf: folder.path + "/pole-1-v0") == dataset)
            #expect(try Command(["collect", "pole-1", "--format", "minari"], in: folder).wait().code == 2)
        #else
            #expect(minari.code == 2 && minari.errors.contains("--traits HDF5"))
        #endif

        for choice in ["best", "4096", "latest"] {
            let outcome = try Command(["evaluate", "pole-1", "--checkpoint", choice], in: folder).wait()
            #expect(outcome.code == 0, "\(choice): \(outcome.errors)")
        }
        let missing = try Command(["export", "pole-1", "--checkpoint", "17"], in: folder).wait()
        #expect(missing.code == 2 && missing.errors.contains("there are latest, best, "))
    }

    /// Served until a signal comes: the socket goes with the server, and one that was left behind is taken over.
    @Test(arguments: [SIGINT, SIGTERM]) func aServedPolicyEndsWithItsSocket(signal: Int32) throws {
        let folder = try makeFolder()
        let policy = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/policy-1.safetensors").path
        let path = "/tmp/telos-\(UUID().uuidString.prefix(13)).sock"
        for end in [SIGKILL, signal] {
            let server = try Command(["serve-policy", policy, "--socket", path], in: folder)
            var client: UnixSocket?
            for _ in 0..<2000 where client == nil {
                client = try UnixSocket.connect(to: path)
                if client == nil { usleep(5000) }
            }
            guard case .bytes? = client?.write(Array("{\"observation\": [0, 0, 0, 0]}\n".utf8)) else {
                Issue.record("nobody listens")
                return
            }
            var reply = [UInt8](repeating: 0, count: 100)
            guard case .bytes(let count)? = client?.read(into: &reply) else {
                Issue.record("no reply")
                return
            }
            #expect(String(decoding: reply[..<count], as: UTF8.self).hasPrefix("{\"action\": ["))
            kill(server.process.processIdentifier, end)
            #expect(try server.wait().code == (end == SIGKILL ? 128 + SIGKILL : 0))
            #expect(FileManager.default.fileExists(atPath: path) == (end == SIGKILL))
        }
    }

    /// Killed while it trains, then continued by its name: the table of a search that was left alone.
    @Test func aKilledSearchIsContinued() throws {
        let folder = try makeFolder()
        let section = """

            search:
              method: halving
              trials: 4
              reduction: 2
              seeds: 0..1
              space: {learner.learningRate: {log-uniform: [1e-4, 1e-2]}, learner.epochs: {integer: [1, 8]}}
            """
        let path = folder.path + "/search.yaml"
        let pole = try String(contentsOfFile: folder.path + "/pole.yaml", encoding: .utf8)
        try Data((pole + section).utf8).write(to: URL(fileURLWithPath: path))
        let arguments = ["search", "search.yaml", "--json", "--set", "learner.steps=16384"]
        let whole = try Command(arguments + ["--store", "whole"], in: folder).wait()
        #expect(whole.code == 0, "\(whole.errors)")
        let broken = try Command(arguments, in: folder)
        let checkpoint = folder.path + "/.telos/searches/search-1/runs/candidate-2-1/seed-0.safetensors"
        for _ in 0..<6000 where !FileManager.default.fileExists(atPath: checkpoint) { usleep(5000) }
        kill(broken.process.processIdentifier, SIGKILL)
        #expect(try broken.wait().code == 128 + SIGKILL)
        let continued = try Command(["search", "search-1", "--json"], in: folder).wait()
        #expect(continued.code == 0, "\(continued.errors)")
        func candidates(_ outcome: Outcome) throws -> NSArray {
            try #require(outcome.json?["candidates"] as? NSArray)
        }
        #expect(try candidates(whole) == candidates(continued))
        #expect(try candidates(whole).count == 4)
        let tables = try ["whole", ".telos"].map {
            try String(contentsOfFile: "\(folder.path)/\($0)/searches/search-1/table.csv", encoding: .utf8)
        }
        #expect(tables[0] == tables[1])
    }

    /// Scalar and vector kernels, one thread and two, end in the same weights.
    @Test func theMachineDoesNotChangeTheWeights() throws {
        let folder = try makeFolder()
        var weights: [[String]] = []
        for (form, threads) in [("", "1"), ("", "2"), ("scalar", "1"), ("scalar", "2"), ("avx2", "1")] {
            let outcome = try Command(
                ["run", "pole.yaml", "--json", "--threads", threads, "--set", "learner.hiddenSizes=[37, 19]"],
                in: folder,
                environment: form.isEmpty ? [:] : ["TELOS_ISA": form]
            ).wait()
            #expect(outcome.code == 0, "\(outcome.errors)")
            let seeds = try #require(outcome.json?["seeds"] as? [[String: Any]])
            weights.append(seeds.compactMap { $0["weights"] as? String })
        }
        #expect(weights[0].count == 2 && weights[0][0] != weights[0][1])
        #expect(Set(weights).count == 1)
    }

    /// Ended by `signal` once it has saved a checkpoint, then resumed: the numbers of a run that was left alone.
    @Test(arguments: [SIGKILL, SIGINT]) func aSignalledRunIsResumedToTheSameNumbers(signal: Int32) throws {
        let folder = try makeFolder()
        let arguments = ["run", "pole.yaml", "--json", "--set", "learner.steps=16384"]
        let whole = try Command(arguments + ["--store", "whole"], in: folder).wait()
        #expect(whole.code == 0, "\(whole.errors)")

        let broken = try Command(arguments, in: folder)
        let checkpoint = folder.path + "/.telos/runs/pole-1/seed-0.safetensors"
        for _ in 0..<6000 where !FileManager.default.fileExists(atPath: checkpoint) { usleep(5000) }
        kill(broken.process.processIdentifier, signal)
        let outcome = try broken.wait()
        if signal == SIGINT {
            #expect(outcome.code == 130)
            #expect(outcome.errors.contains("telos resume pole-1"))
        } else {
            #expect(outcome.code == 128 + SIGKILL)
        }
        let resumed = try Command(["resume", "pole-1", "--json"], in: folder).wait()
        #expect(resumed.code == 0, "\(resumed.errors)")
        func facts(_ outcome: Outcome) throws -> [String] {
            try #require(outcome.json?["seeds"] as? [[String: Any]]).map {
                "\($0["weights"]!) \($0["trainingReturn"]!) \($0["evaluationReturn"]!) \($0["steps"]!)"
            }
        }
        #expect(try facts(resumed) == facts(whole))
        let stores = (
            try RunStore(path: folder.path + "/.telos"), try RunStore(path: folder.path + "/whole")
        )
        #expect(try stores.0.rows(of: "pole-1") == stores.1.rows(of: "pole-1"))
    }
}
