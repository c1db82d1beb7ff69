import Foundation
import TelosLearning
import TelosTensor

/// What a policy is written as.
public enum PolicyFormat: String, Sendable, CaseIterable {
    /// Telos's own: the arrays and settings acting needs, and the experiment.
    case safetensors
    /// A graph of operations for ONNX Runtime and others.
    case onnx
    /// C99 without dependencies: a source file and its header.
    case c
}

/// How a policy is to be exported.
public struct PolicyExportOptions: Sendable {
    public var format = PolicyFormat.safetensors
    /// Where to write it; nil for `RUN-seed-N` with the format's extension in the present folder.
    public var path: String?
    /// What names in C begin with.
    public var prefix = "telos_policy"
    /// Fresh episodes the model card is measured on; 0 for a card without measurements of its own.
    public var episodes = 100
    /// The licence of the weights, as the card states it.
    public var license = "unspecified"

    public init() {}
}

/// A policy written to files of its own.
public struct PolicyExport: Sendable, Hashable {
    public var run: String
    public var seed: Int
    /// Training steps it had seen.
    public var steps: Int
    /// What `PolicyFile` calls policies of its type.
    public var kind: String
    public var format: PolicyFormat
    /// The policy's file.
    public var path: String
    /// The header beside a file in C.
    public var header: String?
    /// The model card.
    public var card: String

    public var json: OrderedJSON {
        .object(
            [
                ("run", .text(run)), ("seed", .integer(seed)), ("steps", .integer(steps)), ("kind", .text(kind)),
                ("format", .text(format.rawValue)), ("policy", .text(path)),
            ] + (header.map { [("header", .text($0))] } ?? []) + [("card", .text(card))])
    }

    public var text: String {
        let files = ([path] + [header].compactMap(\.self)).joined(separator: ", ")
        return "\(files): the policy of seed \(seed) of \(run) after \(readable(Double(steps))) steps (\(kind))\n"
            + "\(card): its model card"
    }
}

extension RunStore {
    /// Writes the policy of a seed's checkpoint to a file, its observation normaliser included, with a model card of the
    /// same name.
    /// - seed: nil for the one with the best evaluation return, the lowest of equals.
    /// Throws `StoreError` for a seed or a checkpoint that is not there, and for a policy that cannot be written so.
    public func exportPolicy(
        of id: String, seed: Int? = nil, from choice: CheckpointChoice = .latest, _ options: PolicyExportOptions,
        registries: Registries = .builtIn
    ) throws -> PolicyExport {
        let loaded = try LoadedPolicy(of: id, in: self, seed: seed, from: choice, registries: registries)
        let path = options.path ?? "\(id)-seed-\(loaded.seed ?? 0).\(options.format.rawValue)"
        let base = (path as NSString).pathExtension.isEmpty ? path : (path as NSString).deletingPathExtension
        var files: [(path: String, data: Data)] = []
        let policy: PolicyFile
        do {
            policy = try PolicyFile(
                loaded.policy,
                texts: [
                    PolicyFile.experimentName: loaded.experiment.resolved, PolicyFile.originName: loaded.origin,
                    PolicyFile.stepsName: "\(loaded.steps)",
                ])
            files = try loaded.files(policy, options, path: path, base: base)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError("'\(id)' cannot be exported as \(options.format.rawValue): \(error)")
        }
        let card = "\(base).md"
        guard !files.contains(where: { $0.path == card }) else {
            throw StoreError("\(path) is where the model card goes: give --output another extension than .md")
        }
        let measurement =
            options.episodes > 0 ? try PolicyMeasurement(loaded, episodes: options.episodes) : nil
        let text = try ModelCard(
            loaded: loaded, kind: policy.kind, summary: summary(of: id), options: options,
            files: files.map { ($0.path as NSString).lastPathComponent }, measurement: measurement
        ).markdown()
        for file in files { try writeAtomically(file.data, to: file.path) }
        try writeAtomically(Data(text.utf8), to: card)
        return PolicyExport(
            run: id, seed: loaded.seed ?? 0, steps: loaded.steps, kind: policy.kind, format: options.format,
            path: files[0].path, header: files.count > 1 ? files[1].path : nil, card: card)
    }
}

extension LoadedPolicy {
    /// The files of a format, the policy's own first.
    fileprivate func files(
        _ file: PolicyFile, _ options: PolicyExportOptions, path: String, base: String
    ) throws -> [(path: String, data: Data)] {
        let summary = [
            "The policy of \(origin), after \(readable(Double(steps))) steps of \(experiment.learner.name) on "
                + "\(specification.name).",
            "It acts deterministically, as 'telos evaluate' does; observations are given as the environment shows them.",
        ]
        switch options.format {
        case .safetensors: return [(path, try file.encoded())]
        case .onnx:
            let texts = file.texts.sorted { $0.key < $1.key }.map { (name: $0.key, text: $0.value) }
            let bytes = try ONNXExport.encoded(
                name: "telos_policy", summary: summary.joined(separator: " "),
                metadata: [(name: "telos.policy", text: file.kind)] + texts
            ) { try PolicyFile.actingGraph(policy, rows: $0) }
            return [(path, Data(bytes))]
        case .c:
            let header = ((base as NSString).lastPathComponent) + ".h"
            guard !header.contains(where: { "\"\\\n".contains($0) }) else {
                throw StoreError("\(path): a file that C includes has no quotes or backslashes in its name")
            }
            let source = try CSource(
                prefix: options.prefix, header: header, summary: summary, PolicyFile.actingGraph(policy, rows: 1),
                results: [(output: "action", array: "action"), (output: "next_memory", array: "memory")])
            return [("\(base).c", Data(source.source.utf8)), ("\(base).h", Data(source.header.utf8))]
        }
    }
}

extension PolicyFile {
    static let experimentName = "telos.experiment"
    static let originName = "telos.origin"
    static let stepsName = "telos.steps"
}
