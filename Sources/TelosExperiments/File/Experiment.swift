import Foundation
import TelosEnvironments
import TelosLearning
import TelosRewards
import TelosTensor

/// What the names in an experiment file can mean.
public struct Registries: Sendable {
    public var environments: [EnvironmentEntry]
    public var learners: [LearnerEntry]
    public var presets: [Preset]
    public var providers: [EnvironmentProvider]

    public init(
        environments: [EnvironmentEntry] = Environments.all, learners: [LearnerEntry] = Learners.all,
        presets: [Preset] = Presets.all, providers: [EnvironmentProvider] = [.gymnasium()]
    ) {
        self.environments = environments
        self.learners = learners
        self.presets = presets
        self.providers = providers
    }

    /// Everything that comes with Telos.
    public static let builtIn = Registries()
}

/// A task, a learner, and how long, how often and how carefully to run them: the content of an experiment file.
///
/// It is complete: every default is filled in and everything in it has been checked against the environment and the
/// learner, so that nothing in it can fail to make sense once a run has begun.
public struct Experiment: Sendable {
    /// How the policy is judged: by the primary reward, on whole episodes.
    public struct Evaluation: Sendable, Hashable {
        public var episodes: Int
        /// Training steps between two evaluations.
        public var every: Int

        public init(episodes: Int, every: Int) {
            self.episodes = episodes
            self.every = every
        }
    }

    /// When training is saved, and what is kept of that.
    public struct Checkpoints: Sendable, Hashable {
        /// Training steps between two checkpoints; the end and an interruption are saved as well.
        public var every: Int
        /// Whether the checkpoint with the best evaluation return so far is kept beside the latest one.
        public var best: Bool
        /// How many of the periodic checkpoints are kept, the latest ones, besides the one a run continues from.
        public var keep: Int

        public init(every: Int, best: Bool = true, keep: Int = 0) {
            self.every = every
            self.best = best
            self.keep = keep
        }
    }

    public var name: String
    public var task: TaskDefinition
    /// The rewards of `task` as they are written in the file.
    public var primary: RewardForm
    public var auxiliaries: [AuxiliaryForm]
    public var learner: LearnerEntry
    /// Every option of the learner as a JSON object, defaults filled in.
    public var learnerOptions: String
    /// Environment steps to train for, a seed.
    public var steps: Int
    public var seeds: [Int]
    public var evaluation: Evaluation
    public var checkpoint: Checkpoints
    /// What each seed's curves are written to beside the store.
    public var logs: [LogFormat]
    /// Cores to use in all; nil for as many as there are.
    public var threads: Int?
    /// How `telos search` varies it; nil where the file does not say, and no part of what a run does.
    public var search: SearchPlan?
    /// The text it was read from, without the command line's changes.
    public var source: String
}

extension Experiment {
    /// Reads an experiment file.
    /// - overrides: changes as `key.path=value`, applied in order before anything is checked.
    /// - seeds: what `--seeds` gave, a count or a range; replaces the file's.
    /// - Throws: `ExperimentError` with everything that is wrong, before anything has run.
    public static func load(
        path: String, overrides: [String] = [], seeds: String? = nil, registries: Registries = .builtIn
    ) throws -> Experiment {
        let text = try readText(path)
        let file = (path as NSString).lastPathComponent
        let name = (file as NSString).deletingPathExtension
        return try Experiment(
            parsing: text, name: name, file: path, overrides: overrides, seeds: seeds, registries: registries)
    }

    /// Reads an experiment from the text of a file.
    /// - name: its name where the text gives none.
    /// - file: what errors call the text.
    /// - Throws: `ExperimentError` with everything that is wrong.
    public init(
        parsing text: String, name: String, file: String? = nil, overrides: [String] = [], seeds: String? = nil,
        registries: Registries = .builtIn
    ) throws {
        let document = Document(text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text)
        var problems = document.problems
        guard var root = document.root else { throw ExperimentError(file: file ?? "\(name).yaml", problems: problems) }
        for override in overrides { problems += Override.apply(override, to: &root) }
        if let seeds { problems += Override.setSeeds(seeds, in: &root) }
        var reader = ExperimentReader(registries: registries, problems: problems)
        guard let experiment = reader.read(root, defaultName: name, source: text) else {
            throw ExperimentError(file: file ?? "\(name).yaml", problems: reader.problems)
        }
        self = experiment
    }

    private static func readText(_ path: String) throws -> String {
        func failure(_ message: String, line: Int? = nil, column: Int? = nil) -> ExperimentError {
            ExperimentError(file: path, problems: [Problem(line: line, column: column, message: message)])
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            let folder = (path as NSString).deletingLastPathComponent
            let siblings = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
            throw failure(
                "there is no such file"
                    + suggestion((path as NSString).lastPathComponent, among: siblings.sorted()))
        }
        guard !isDirectory.boolValue else { throw failure("this is a directory; name an experiment file in it") }
        guard let handle = FileHandle(forReadingAtPath: path) else { throw failure("this file may not be read") }
        defer { try? handle.close() }
        let data: Data
        do {
            data = try handle.read(upToCount: Document.maximumBytes + 1) ?? Data()
        } catch {
            throw failure("this file cannot be read: \(error.localizedDescription)")
        }
        guard data.count <= Document.maximumBytes else {
            throw failure(Document.tooLarge)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            let valid = String(decoding: data, as: UTF8.self).unicodeScalars.prefix { $0 != "\u{FFFD}" }
            let lines = SourceText(String(valid)).lines
            throw failure(
                "this is not UTF-8 text", line: lines.count, column: (lines.last?.count ?? 0) + 1)
        }
        return text
    }
}

extension Experiment: Equatable {
    /// Whether both mean the same; what they were read from does not matter.
    public static func == (left: Experiment, right: Experiment) -> Bool { left.resolved == right.resolved }
}

extension Experiment: CustomStringConvertible {
    public var description: String { resolved }
}

/// `; did you mean 'x'?`, or nothing.
func suggestion(_ name: String, among candidates: some Sequence<String>) -> String {
    nearestName(to: name, among: candidates).map { "; did you mean '\($0)'?" } ?? ""
}
