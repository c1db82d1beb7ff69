import Foundation
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

/// A policy with what it was shown and what it did, deterministically: some episodes side by side.
private struct Acted {
    static let (episodes, steps) = (16, 12)

    var name: String
    var policy: any Policy
    var width: Int
    var maskWidth: Int
    var actionWidth: Int
    /// Step after step, each [episodes, width].
    var observations: [[Float]] = []
    var masks: [[Float]] = []
    var actions: [[Float]] = []

    init(_ example: LearnerCase) throws {
        let learner = try example.make()
        for _ in 0..<3 { _ = try learner.iterate() }
        try self.init(learner.policy(), example.testDescription, task: example.context().task)
    }

    init(_ policy: any Policy, _ name: String, task: TaskDefinition) throws {
        let count = Self.episodes
        let environments = try task.makeEnvironments(count: count, key: RandomKey(seed: 8))
        let specification = environments.specification
        let mask = ActionMask(specification)
        self.name = name
        self.policy = policy
        width = specification.observation.width
        actionWidth = specification.action.width
        maskWidth = mask?.width ?? 0
        let memory = Buffer<Float>(count: count * policy.memoryWidth, repeating: 0)
        let maskRows = Buffer<Float>(count: count * maskWidth, repeating: 0)
        let actions = Buffer<Float>(count: count * actionWidth, repeating: 0)
        var random = RandomKey(seed: 6).stream
        for _ in 0..<Self.steps {
            mask?.write(environments.signals, count: count, into: maskRows.all)
            observations.append(Array(environments.observations))
            masks.append(maskRows.array)
            policy.act(
                on: PolicyInput(
                    observations: environments.observations, count: count, mask: mask.map { _ in maskRows.readOnly },
                    memory: memory.all), into: actions.all, deterministic: true, using: &random)
            self.actions.append(actions.array)
            // What happens next is drawn, so that more is seen than one path.
            policy.act(
                on: PolicyInput(
                    observations: environments.observations, count: count, mask: mask.map { _ in maskRows.readOnly }),
                into: actions.all, deterministic: false, using: &random)
            environments.step(actions: actions.readOnly)
        }
    }

    /// Rows of one step: observation and mask, episode by episode.
    func rows(_ step: Int) -> [Float] {
        var rows: [Float] = []
        for episode in 0..<Self.episodes {
            rows += observations[step][(episode * width)..<((episode + 1) * width)]
            rows += masks[step][(episode * maskWidth)..<((episode + 1) * maskWidth)]
        }
        return rows
    }
}

/// What learners' policies did, one of each form: where the same text in C serves several but for its numbers, the first.
private func distinctPolicies() throws -> [Acted] {
    var seen: Set<String> = []
    return try LearnerCase.all.compactMap { example in
        let acted = try Acted(example)
        let source = try CSource(
            prefix: "p", header: "p.h", summary: [], PolicyFile.actingGraph(acted.policy, rows: 1),
            results: [("action", "action"), ("next_memory", "memory")])
        let form = source.source.split(separator: "\n").filter { !$0.hasSuffix("f,") }.joined(separator: "\n")
        return seen.insert(form).inserted ? acted : nil
    }
}

private func temporaryFolder() throws -> URL {
    let folder = URL(filePath: NSTemporaryDirectory() + "telos-policies-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

/// Runs a program in a folder; its exit code and what it said.
private func launch(_ path: String, _ arguments: [String], in folder: URL) throws -> (code: Int32, log: String) {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let log = folder.appending(path: "log-" + UUID().uuidString).path
    FileManager.default.createFile(atPath: log, contents: nil)
    process.standardOutput = FileHandle(forWritingAtPath: log)
    process.standardError = FileHandle(forWritingAtPath: log)
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOfFile: log, encoding: .utf8))
}

private func floats(_ path: URL) throws -> [Float] {
    try Data(contentsOf: path).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
}

private func write(_ values: [Float], to path: URL) throws {
    try values.withUnsafeBytes { Data($0) }.write(to: path)
}

private let compiler: String? = ["/usr/bin/cc", "/usr/bin/clang", "/usr/bin/gcc"].first {
    FileManager.default.isExecutableFile(atPath: $0)
}

/// A Python that has onnxruntime: what TELOS_PYTHON names, or `.python` in this folder or one above.
private let python: String? = {
    var candidates = [ProcessInfo.processInfo.environment["TELOS_PYTHON"]].compactMap(\.self)
    var folder = URL(filePath: FileManager.default.currentDirectoryPath)
    for _ in 0..<8 {
        candidates.append(folder.appending(path: ".python/bin/python3").path)
        folder.deleteLastPathComponent()
    }
    return candidates.first { path in
        guard FileManager.default.isExecutableFile(atPath: path), let folder = try? temporaryFolder() else {
            return false
        }
        defer { try? FileManager.default.removeItem(at: folder) }
        return (try? launch(path, ["-c", "import onnxruntime, numpy"], in: folder).code) == 0
    }
}()

@Suite struct PolicyWritingTests {
    /// The written-down computation is the policy, to the bit: normaliser, network, memory, mask, bounds.
    @Test(arguments: LearnerCase.all) func theGraphActsAsThePolicyDoes(_ example: LearnerCase) throws {
        let acted = try Acted(example)
        let graph = try PolicyFile.actingGraph(acted.policy, rows: Acted.episodes)
        let program = try Program(inputs: graph.inputs.map(\.tensor), outputs: graph.outputs.map(\.tensor))
        let names = graph.inputs.map(\.name), results = graph.outputs.map(\.name)
        #expect(
            names == ["observation"] + (acted.maskWidth > 0 ? ["mask"] : [])
                + (acted.policy.memoryWidth > 0 ? ["memory"] : []))
        for step in 0..<Acted.steps {
            _ = program.input(0).update(fromContentsOf: acted.observations[step])
            if let mask = names.firstIndex(of: "mask") {
                _ = program.input(mask).update(fromContentsOf: acted.masks[step])
            }
            program.run()
            #expect(Array(program.output(0)) == acted.actions[step])
            if let memory = names.firstIndex(of: "memory"), let next = results.firstIndex(of: "next_memory") {
                _ = program.input(memory).update(fromContentsOf: program.output(next))
            }
        }
    }

    /// Every kind of policy as C, compiled without a warning, acts as the policy does, to the bit.
    @Test(.enabled(if: compiler != nil, "there is no C compiler at /usr/bin/cc"))
    func everyPolicyActsTheSameInC() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let all = try distinctPolicies()
        #expect(all.count > 20)
        var sources: [String] = []
        var main = "#include <stdio.h>\n#include <string.h>\n"
        var cases = ""
        for (index, acted) in all.enumerated() {
            let graph = try PolicyFile.actingGraph(acted.policy, rows: 1)
            let source = try CSource(
                prefix: "p\(index)", header: "p\(index).h", summary: [acted.name], graph,
                results: [("action", "action"), ("next_memory", "memory")])
            try source.header.write(to: folder.appending(path: "p\(index).h"), atomically: true, encoding: .utf8)
            try source.source.write(to: folder.appending(path: "p\(index).c"), atomically: true, encoding: .utf8)
            try write((0..<Acted.steps).flatMap { acted.rows($0) }, to: folder.appending(path: "p\(index).rows"))
            sources.append("p\(index).c")
            main += "#include \"p\(index).h\"\n"
            let (mask, memory) = (acted.maskWidth, acted.policy.memoryWidth)
            let arguments =
                ["x"] + (mask > 0 ? ["x + \(acted.width)"] : [])
                + (memory > 0 ? ["memory[row % \(Acted.episodes)]"] : [])
            cases += """
                static void act_p\(index)(FILE *in, FILE *out) {
                    p\(index)_workspace w;
                    float x[\(acted.width + mask)], action[P\(index)_ACTION_COUNT];
                    \(memory > 0 ? "static float memory[\(Acted.episodes)][P\(index)_MEMORY_COUNT];" : "")
                    for (int row = 0; fread(x, sizeof x, 1, in) == 1; ++row) {
                        memset(&w, 0xFF, sizeof w);
                        p\(index)_act(&w, \(arguments.joined(separator: ", ")), action);
                        fwrite(action, sizeof action, 1, out);
                    }
                }

                """
        }
        main += cases + "int main(void) {\n"
        for index in all.indices {
            main += """
                    { FILE *in = fopen("p\(index).rows", "rb"), *out = fopen("p\(index).actions", "wb");
                      if (!in || !out) return 1;
                      act_p\(index)(in, out); fclose(in); fclose(out); }

                """
        }
        try (main + "    return 0;\n}\n").write(to: folder.appending(path: "main.c"), atomically: true, encoding: .utf8)
        let flags = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O0"]
        let compiled = try launch(compiler!, flags + sources + ["main.c", "-o", "policies", "-lm"], in: folder)
        try #require(compiled.code == 0, "\(compiled.log.prefix(3000))")
        try #require(try launch(folder.appending(path: "policies").path, [], in: folder).code == 0)
        for (index, acted) in all.enumerated() {
            let found = try floats(folder.appending(path: "p\(index).actions"))
            #expect(found == acted.actions.flatMap(\.self), "\(acted.name)")
        }
    }

    /// Every kind of policy as ONNX passes ONNX's own checker, where there is one, and acts as the policy does in ONNX Runtime, within what
    /// its arithmetic allows.
    @Test(.enabled(if: python != nil, "no Python with onnxruntime: TELOS_PYTHON, or 'make python'"))
    func everyPolicyActsTheSameInONNXRuntime() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let all = try distinctPolicies()
        for (index, acted) in all.enumerated() {
            let bytes = try ONNXExport.encoded(name: "policy", summary: acted.name, metadata: [("case", acted.name)]) {
                try PolicyFile.actingGraph(acted.policy, rows: $0)
            }
            try Data(bytes).write(to: folder.appending(path: "\(index).onnx"))
            try write(acted.observations.flatMap(\.self), to: folder.appending(path: "\(index).observation"))
            try write(acted.masks.flatMap(\.self), to: folder.appending(path: "\(index).mask"))
        }
        let script = """
            import numpy, onnxruntime
            try: import onnx
            except ImportError: onnx = None
            steps = \(Acted.steps)
            for index in range(\(all.count)):
                if onnx: onnx.checker.check_model(onnx.load(f"{index}.onnx"), full_check=True)
                session = onnxruntime.InferenceSession(f"{index}.onnx")
                assert "case" in session.get_modelmeta().custom_metadata_map
                widths = {x.name: x.shape[1] for x in session.get_inputs()}
                assert all(x.shape[0] == "batch" for x in session.get_inputs() + session.get_outputs()), index
                names = [x.name for x in session.get_outputs()]
                read = lambda name: numpy.fromfile(f"{index}.{name}", numpy.float32).reshape(steps, -1, widths[name])
                feed = {name: read(name) for name in widths if name != "memory"}
                memory = numpy.zeros((feed["observation"].shape[1], widths.get("memory", 0)), numpy.float32)
                actions, gaps = [], []
                for step in range(steps):
                    inputs = {name: values[step] for name, values in feed.items()}
                    if "memory" in widths: inputs["memory"] = memory
                    results = dict(zip(names, session.run(None, inputs)))
                    one = session.run(None, {name: values[:1] for name, values in inputs.items()})
                    assert one[0].shape[0] == 1
                    memory = results.get("next_memory")
                    actions.append(results["action"])
                    values = results.get("q", results.get("logits"))
                    if values is None or values.shape[1] < 2: gap = numpy.full(len(results["action"]), numpy.inf)
                    else: ordered = numpy.sort(values); gap = ordered[:, -1] - ordered[:, -2]
                    gaps.append(gap)
                numpy.array(actions, numpy.float32).tofile(f"{index}.actions")
                numpy.array(gaps, numpy.float32).tofile(f"{index}.gaps")
            """
        try script.write(to: folder.appending(path: "run.py"), atomically: true, encoding: .utf8)
        let outcome = try launch(python!, ["run.py"], in: folder)
        try #require(outcome.code == 0, "\(outcome.log.suffix(3000))")
        for (index, acted) in all.enumerated() {
            let found = try floats(folder.appending(path: "\(index).actions"))
            let gaps = try floats(folder.appending(path: "\(index).gaps"))
            let expected = acted.actions.flatMap(\.self)
            try #require(found.count == expected.count, "\(acted.name)")
            // Of two choices whose values hardly differ either may come out first.
            let wrong = expected.indices.first {
                abs(found[$0] - expected[$0]) > 1e-5 * max(1, abs(expected[$0])) && gaps[$0 / acted.actionWidth] > 1e-5
            }
            #expect(wrong == nil, "\(acted.name): \(wrong.map { "\(found[$0]) and \(expected[$0])" } ?? "")")
        }
    }
}
