import Foundation
import TelosEnvironments
import TelosLearning
import TelosTensor
import Testing

@testable import TelosExperiments

/// A small run to export from.
struct ExportedKind: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var task: String
    var learner: String

    static let all = [
        ExportedKind(
            testDescription: "categorical, normalised", task: "{environment: CartPole}",
            learner: "{algorithm: ppo, steps: 512, environments: 4, rolloutSteps: 64, normalizeObservations: true}"),
        ExportedKind(
            testDescription: "normal, rescaled", task: "{environment: Pendulum}",
            learner: "{algorithm: ppo, steps: 512, environments: 4, rolloutSteps: 64, rescaleActions: true}"),
        ExportedKind(
            testDescription: "LSTM", task: "{environment: {name: Pendulum, hideVelocities: true}}",
            learner:
                "{algorithm: ppo, steps: 256, environments: 4, rolloutSteps: 32, network: lstm, hiddenSizes: [12], "
                + "sequenceLength: 8, minibatchSize: 32}"),
        ExportedKind(
            testDescription: "masked, several choices", task: "{environment: MaskedChoice}",
            learner: "{algorithm: a2c, steps: 256, environments: 4, hiddenSizes: [8]}"),
        ExportedKind(
            testDescription: "squashed normal", task: "{environment: Pendulum}",
            learner: "{algorithm: sac, steps: 300, hiddenSizes: [32, 32], learningStarts: 100}"),
        ExportedKind(
            testDescription: "implicit quantiles", task: "{environment: CartPole}",
            learner:
                "{algorithm: dqn, steps: 300, hiddenSizes: [24], learningStarts: 100, returns: implicit-quantile, "
                + "layerNorm: true, duelling: true}"),
        ExportedKind(
            testDescription: "table", task: "{environment: Grid}", learner: "{algorithm: q-learning, steps: 500}"),
    ]

    /// Trains it and gives the store and the run.
    func train(in folder: TemporaryFolder, seeds: Int = 1) throws -> (store: RunStore, run: String) {
        let store = try folder.store()
        let text =
            "task: \(task)\nlearner: \(learner)\nevaluation: {episodes: 2, every: 100_000}\nseeds: \(seeds)\n"
        let experiment = try Experiment(parsing: text, name: "kind")
        return (store, try Runner(store: store, threads: 1).run(experiment).run.id)
    }
}

@Suite struct PolicyExportTests {
    private static let count = 10_000

    /// Rows in the flat encoding, wider than what an episode shows; masks with at least one choice.
    private func rows(_ specification: EnvironmentSpecification) -> (observations: [Float], masks: [Float]) {
        var random = RandomKey(seed: 12).stream
        let choices = specification.observation.columnChoices
        let observations = (0..<Self.count).flatMap { _ in
            choices.map { range in
                range.map { Float(random.index(below: Int($0.upperBound) + 1)) } ?? Float(random.normal()) * 2
            }
        }
        let width = specification.maskSignals.count
        let masks = (0..<Self.count).flatMap { _ in
            let sure = width > 0 ? random.index(below: width) : 0
            return (0..<width).map { $0 == sure || random.uniform() < 0.5 ? Float(1) : 0 }
        }
        return (observations, masks)
    }

    /// What Telos does in each row; a policy that remembers sees ten episodes side by side.
    private func actions(_ loaded: LoadedPolicy, _ observations: [Float], _ masks: [Float]) -> [Float] {
        let (width, maskWidth) = (loaded.specification.observation.width, loaded.specification.maskSignals.count)
        let episodes = 10
        let memory = Buffer<Float>(count: episodes * loaded.policy.memoryWidth, repeating: 0)
        let actions = Buffer<Float>(count: episodes * loaded.specification.action.width, repeating: 0)
        var random = RandomKey(seed: 0).stream
        var result: [Float] = []
        for start in stride(from: 0, to: Self.count, by: episodes) {
            let rows = Buffer(observations[(start * width)..<((start + episodes) * width)])
            let mask = Buffer(masks[(start * maskWidth)..<((start + episodes) * maskWidth)])
            loaded.policy.act(
                on: PolicyInput(
                    observations: rows.readOnly, count: episodes, mask: maskWidth > 0 ? mask.readOnly : nil,
                    memory: memory.all), into: actions.all, deterministic: true, using: &random)
            result += actions.array
        }
        return result
    }

    private func write(_ values: [Float], to path: String) throws {
        try values.withUnsafeBytes { Data($0) }.write(to: URL(filePath: path))
    }

    private func floats(_ path: String) throws -> [Float] {
        try Data(contentsOf: URL(filePath: path)).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    @Test(
        .enabled(if: ExternalProgram.compiler != nil, "there is no C compiler at /usr/bin/cc"),
        arguments: ExportedKind.all) func tenThousandActionsAreTheSameInC(_ kind: ExportedKind) throws
    {
        let folder = try TemporaryFolder()
        let (store, run) = try kind.train(in: folder)
        var options = PolicyExportOptions()
        options.format = .c
        options.path = folder.path + "/policy.c"
        options.prefix = "walker"
        options.episodes = 0
        let export = try store.exportPolicy(of: run, options)
        #expect(export.path == options.path && export.header == folder.path + "/policy.h")
        let loaded = try LoadedPolicy(of: run, in: store)
        let (observations, masks) = rows(loaded.specification)
        try write(observations, to: folder.path + "/observations")
        try write(masks, to: folder.path + "/masks")
        let hasMask = !masks.isEmpty, hasMemory = loaded.policy.memoryWidth > 0
        let main = """
            #include <stdio.h>
            #include "policy.h"
            int main(void) {
                FILE *observations = fopen("observations", "rb"), *out = fopen("actions", "wb");
                static walker_workspace workspace;
                static float x[WALKER_OBSERVATION_COUNT], action[WALKER_ACTION_COUNT];
                \(hasMask ? "FILE *masks = fopen(\"masks\", \"rb\"); static float mask[WALKER_MASK_COUNT];" : "")
                \(hasMemory ? "static float memory[10][WALKER_MEMORY_COUNT];" : "")
                for (int row = 0; fread(x, sizeof x, 1, observations) == 1; ++row) {
                    \(hasMask ? "if (fread(mask, sizeof mask, 1, masks) != 1) return 1;" : "")
                    walker_act(&workspace, x\(hasMask ? ", mask" : "")\(hasMemory ? ", memory[row % 10]" : ""), action);
                    fwrite(action, sizeof action, 1, out);
                }
                return fclose(out) != 0;
            }

            """
        try main.write(toFile: folder.path + "/main.c", atomically: true, encoding: .utf8)
        let flags = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O2"]
        let compiled = try ExternalProgram.run(
            ExternalProgram.compiler!, flags + ["policy.c", "main.c", "-o", "act", "-lm"], in: folder.path)
        try #require(compiled.code == 0, "\(compiled.log.prefix(2000))")
        try #require(try ExternalProgram.run(folder.path + "/act", [], in: folder.path).code == 0)
        #expect(try floats(folder.path + "/actions") == actions(loaded, observations, masks))
    }

    @Test(
        .enabled(
            if: ExternalProgram.pythonWithONNX != nil, "no Python with onnxruntime: TELOS_PYTHON, or 'make python'"),
        arguments: ExportedKind.all) func tenThousandActionsAreTheSameInONNXRuntime(_ kind: ExportedKind) throws
    {
        let folder = try TemporaryFolder()
        let (store, run) = try kind.train(in: folder)
        var options = PolicyExportOptions()
        options.format = .onnx
        options.path = folder.path + "/policy.onnx"
        options.episodes = 0
        _ = try store.exportPolicy(of: run, options)
        let loaded = try LoadedPolicy(of: run, in: store)
        let (observations, masks) = rows(loaded.specification)
        try write(observations, to: folder.path + "/observation")
        try write(masks, to: folder.path + "/mask")
        let script = """
            import numpy, onnxruntime
            session = onnxruntime.InferenceSession("policy.onnx")
            assert "telos.experiment" in session.get_modelmeta().custom_metadata_map
            widths = {x.name: x.shape[1] for x in session.get_inputs()}
            names = [x.name for x in session.get_outputs()]
            feed = {n: numpy.fromfile(n, numpy.float32).reshape(-1, w) for n, w in widths.items() if n != "memory"}
            size = 10 if "memory" in widths else \(Self.count)
            memory = numpy.zeros((size, widths.get("memory", 0)), numpy.float32)
            actions, gaps = [], []
            for start in range(0, \(Self.count), size):
                inputs = {n: v[start:start + size] for n, v in feed.items()}
                if "memory" in widths: inputs["memory"] = memory
                results = dict(zip(names, session.run(None, inputs)))
                memory = results.get("next_memory")
                actions.append(results["action"])
                values = results.get("q", results.get("logits"))
                ordered = None if values is None or values.shape[1] < 2 else numpy.sort(values)
                gaps.append(numpy.full(size, numpy.inf) if ordered is None else ordered[:, -1] - ordered[:, -2])
            numpy.concatenate(actions).astype(numpy.float32).tofile("actions")
            numpy.concatenate(gaps).astype(numpy.float32).tofile("gaps")
            """
        try script.write(toFile: folder.path + "/act.py", atomically: true, encoding: .utf8)
        let outcome = try ExternalProgram.run(ExternalProgram.pythonWithONNX!, ["act.py"], in: folder.path)
        try #require(outcome.code == 0, "\(outcome.log.suffix(2000))")
        let (found, gaps) = (try floats(folder.path + "/actions"), try floats(folder.path + "/gaps"))
        let expected = actions(loaded, observations, masks)
        try #require(found.count == expected.count)
        let width = expected.count / Self.count
        // Of two choices whose values hardly differ either may come out first.
        let wrong = expected.indices.filter {
            abs(found[$0] - expected[$0]) > 1e-5 * max(1, abs(expected[$0])) && gaps[$0 / width] > 1e-5
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(3).map { "\(found[$0]) for \(expected[$0])" })")
    }

    @Test func theCardSaysWhatTheRunShows() throws {
        let folder = try TemporaryFolder()
        let (store, run) = try ExportedKind.all[0].train(in: folder, seeds: 3)
        var options = PolicyExportOptions()
        options.path = folder.path + "/cart.safetensors"
        options.episodes = 20
        options.license = "CC-BY-4.0"
        let export = try store.exportPolicy(of: run, options)
        #expect(export.card == folder.path + "/cart.md" && export.format == .safetensors)
        let card = try String(contentsOfFile: export.card, encoding: .utf8)
        for text in [
            "`normalizeObservations: true`", "`rolloutSteps: 64`", "| seeds of the run | 0..2 |", "CC-BY-4.0",
            "20 fresh episodes", "(3 of 3)", "was the best of the run's", "`angularVelocity`: Of the pole. | rad/s |",
            "telos serve-policy cart.safetensors", "| primary reward | `\"1\"` |", "`left`, `right`",
        ] { #expect(card.contains(text), "\(text)") }
        // The lowest of the same fresh episodes, by hand.
        let loaded = try LoadedPolicy(of: run, in: store)
        let result = try evaluate(
            loaded.policy, on: loaded.experiment.task, episodes: 20,
            key: RandomKey(seed: loaded.seed!).derived("model card").derived("episodes"))
        let returns = result.episodes.map(\.primaryReturn)
        #expect(card.contains("| lowest returns | \(readable(returns.min()!)) ("))
        let interval = try #require(RunSummary.interval(returns))
        #expect(card.contains("20 fresh episodes, deterministic | \(readable(interval.point)) ("))
        #expect(card.contains("| \(readable(result.meanReturn)) |"))
        // Every table's rows have as many cells as its heading.
        let lines = card.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where line.hasPrefix("|") && lines[index - 1].hasPrefix("|") {
            func cells(_ line: Substring) -> Int { line.replacing("\\|", with: "").count { $0 == "|" } }
            #expect(cells(line) == cells(lines[index - 1]), "\(line)")
        }
        #expect(try PolicyEvaluation(path: export.path).learner == "ppo")
        options.episodes = 0
        options.path = folder.path + "/cart.onnx"
        options.format = .onnx
        let bare = try store.exportPolicy(of: run, seed: 1, options)
        let text = try String(contentsOfFile: bare.card, encoding: .utf8)
        #expect(
            text.contains("Nothing was measured") && text.contains("onnxruntime")
                && text.contains("| in | `observation` | [batch, 4]"))
        #expect(!text.contains("was the best of the run's"))
    }

    @Test func whatCannotBeWrittenIsRefused() throws {
        let folder = try TemporaryFolder()
        let (store, run) = try ExportedKind.all[6].train(in: folder)
        func refusal(_ change: (inout PolicyExportOptions) -> Void, seed: Int? = nil) -> String? {
            var options = PolicyExportOptions()
            options.episodes = 0
            options.path = folder.path + "/p"
            change(&options)
            return #expect(throws: StoreError.self) { try store.exportPolicy(of: run, seed: seed, options) }?.message
        }
        let prefix = refusal {
            $0.format = .c
            $0.prefix = "two words"
        }
        #expect(prefix?.contains("'two words' does not serve as a prefix") == true)
        #expect(refusal({ _ in }, seed: 7)?.contains("has no seed 7") == true)
        #expect(refusal { $0.path = folder.path + "/missing/p.onnx" }?.contains("cannot write") == true)
        #expect(refusal { $0.path = folder.path + "/card.md" }?.contains("--output") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/card.md"))
    }
}
