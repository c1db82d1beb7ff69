import TelosEnvironments
import TelosLearning
import TelosRewards
import TelosTensor

/// Turns the tree of an experiment file into an experiment, collecting everything that is wrong on the way.
struct ExperimentReader {
    var registries: Registries
    var problems: [Problem]

    static let keys = [
        "name", "task", "auxiliary", "combine", "learner", "seeds", "evaluation", "checkpoint", "log", "threads",
        "search",
    ]
    static let defaultSeeds = 5
    static let defaultEpisodes = 20

    mutating func read(_ root: DocumentNode, defaultName: String, source: String) -> Experiment? {
        guard let pairs = root.pairs else {
            report(
                "an experiment is a map of keys (\(Self.keys.joined(separator: ", "))), not \(root.kind)",
                at: root.place)
            return nil
        }
        let fields = Fields(pairs)
        checkKeys(pairs, known: Self.keys, of: "an experiment")

        let name = readName(fields["name"]) ?? defaultName
        let task = readTask(fields["task"], root: root)
        let auxiliaries = readAuxiliaries(fields["auxiliary"], environment: task?.specification)
        let combination = readCombination(fields["combine"], hasAuxiliaries: fields["auxiliary"]?.isNull == false)
        let learner = readLearner(fields["learner"], root: root, task: task)
        let seeds = readSeeds(fields["seeds"])
        let evaluation = readEvaluation(fields["evaluation"], steps: learner?.steps ?? 1)
        let checkpoint = readCheckpoint(fields["checkpoint"], steps: learner?.steps ?? 1)
        let logs = readLogs(fields["log"])
        let search = readSearch(fields["search"])
        let threads = fields["threads"].flatMap { node in
            node.isNull || node.string == "all" ? nil : integer(node, named: "threads", in: 1...1024)
        }

        guard let task, let learner, let seeds, let evaluation, let checkpoint, let combination, let logs else {
            return nil
        }
        guard let definition = define(task, auxiliaries, combination) else { return nil }
        if problems.isEmpty { tryLearner(learner, on: definition, at: fields["learner"]) }
        guard problems.isEmpty else { return nil }
        return Experiment(
            name: name, task: definition, primary: task.reward, auxiliaries: auxiliaries.map(\.form),
            learner: learner.entry, learnerOptions: learner.options, steps: learner.steps, seeds: seeds,
            evaluation: evaluation, checkpoint: checkpoint, logs: logs, threads: threads, search: search,
            source: source)
    }

    /// The task of a file, whatever else it holds.
    mutating func readDefinition(_ root: DocumentNode) -> TaskDefinition? {
        guard let pairs = root.pairs else {
            report("an experiment is a map of keys, not \(root.kind)", at: root.place)
            return nil
        }
        let fields = Fields(pairs)
        checkKeys(pairs, known: Self.keys, of: "an experiment")
        let task = readTask(fields["task"], root: root)
        let auxiliaries = readAuxiliaries(fields["auxiliary"], environment: task?.specification)
        let combination = readCombination(fields["combine"], hasAuxiliaries: fields["auxiliary"]?.isNull == false)
        guard let task, let combination else { return nil }
        let definition = define(task, auxiliaries, combination)
        return problems.isEmpty ? definition : nil
    }

    private mutating func define(
        _ task: ReadTask, _ auxiliaries: [PlacedAuxiliary], _ combination: RewardCombination
    ) -> TaskDefinition? {
        guard problems.isEmpty, let primary = try? task.reward.makeReward() else { return nil }
        let definition = TaskDefinition(
            environment: task.entry, options: task.options, horizon: task.horizon, primary: primary,
            auxiliaries: auxiliaries.compactMap { auxiliary in
                (try? auxiliary.form.reward.makeReward()).map {
                    AuxiliaryReward(name: auxiliary.form.name, reward: $0, weight: auxiliary.form.weight)
                }
            }, combination: combination)
        checkWhole(definition, auxiliaries: auxiliaries, specification: task.specification)
        return definition
    }

    // MARK: Messages

    mutating func report(_ message: String, at place: Place) {
        switch place {
        case .file(let line, let column): problems.append(Problem(line: line, column: column, message: message))
        case .argument(let argument): problems.append(Problem(argument: argument, message: message))
        }
    }

    /// Reports a mistake at `line` and `column` (1-based, in characters) of the text of a scalar.
    mutating func report(_ message: String, at node: DocumentNode, line: Int? = nil, column: Int?) {
        guard let string = node.string, line != nil || column != nil else { return report(message, at: node.place) }
        let lines = string.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let before = lines.prefix((line ?? 1) - 1).reduce(0) { $0 + $1.count + 1 }
        let column = before + (column ?? 1)
        switch node.place {
        case .file(let line, let start):
            let offset = string.prefix(column - 1).unicodeScalars.count
            if let position = node.text.position(ofOffset: offset, in: string, line: line, column: start) {
                report(message, at: .file(line: position.line, column: position.column))
            } else {
                report("at character \(column) of this text: \(message)", at: node.place)
            }
        case .argument:
            report("at character \(column) of the value: \(message)", at: node.place)
        }
    }

    mutating func checkKeys(_ pairs: [DocumentNode.Pair], known: [String], of what: String) {
        for pair in pairs where !known.contains(pair.key) && !pair.isRepetition {
            var help = suggestion(pair.key, among: known)
            if help.isEmpty {
                help =
                    known.count > 12
                    ? "; 'telos describe \(what)' lists them" : "; its keys are \(known.joined(separator: ", "))"
            }
            report("\(what) has no key '\(pair.key.abridged)'\(help)", at: pair.keyPlace)
        }
    }

    // MARK: Scalars

    private mutating func readName(_ node: DocumentNode?) -> String? {
        guard let node else { return nil }
        guard let text = text(node, named: "name") else { return nil }
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0 == "/" }) || text.count > 100 {
            report("a name is at most 100 characters on one line, without '/'", at: node.place)
        }
        return text
    }

    mutating func readSeeds(_ node: DocumentNode?) -> [Int]? {
        guard let node else { return Array(0..<Self.defaultSeeds) }
        if case .list(let items) = node.content {
            let seeds = items.compactMap { integer($0, named: "a seed", in: 0...Int(Int32.max)) }
            guard seeds.count == items.count else { return nil }
            for (index, seed) in seeds.enumerated() where seeds[..<index].contains(seed) {
                report("seed \(seed) is given twice", at: items[index].place)
            }
            if seeds.isEmpty { report("there must be at least one seed", at: node.place) }
            return seeds
        }
        guard let text = node.string else {
            report("seeds is a count, as in 5, or a range, as in 100..109, not \(node.kind)", at: node.place)
            return nil
        }
        do {
            return try Seeds.parse(text)
        } catch {
            report("\(error)", at: node.place)
            return nil
        }
    }

    private mutating func readEvaluation(_ node: DocumentNode?, steps: Int) -> Experiment.Evaluation? {
        var evaluation = Experiment.Evaluation(episodes: Self.defaultEpisodes, every: max(1, steps / 20))
        guard let node, !node.isNull else { return evaluation }
        guard let pairs = map(node, named: "evaluation", example: "{episodes: 20, every: 10_000}") else { return nil }
        checkKeys(pairs, known: ["episodes", "every"], of: "evaluation")
        let fields = Fields(pairs)
        let valid = problems.count
        if let node = fields["episodes"] {
            evaluation.episodes = integer(node, named: "episodes", in: 1...100_000) ?? 1
        }
        if let node = fields["every"] { evaluation.every = integer(node, named: "every", in: 1...Int.max) ?? 1 }
        return problems.count == valid ? evaluation : nil
    }

    private mutating func readCheckpoint(_ node: DocumentNode?, steps: Int) -> Experiment.Checkpoints? {
        var checkpoint = Experiment.Checkpoints(every: max(1, steps / 10))
        guard let node, !node.isNull else { return checkpoint }
        guard let pairs = map(node, named: "checkpoint", example: "{every: 10_000, best: true, keep: 3}") else {
            return nil
        }
        checkKeys(pairs, known: ["every", "best", "keep"], of: "checkpoint")
        let fields = Fields(pairs)
        let valid = problems.count
        if let node = fields["every"] { checkpoint.every = integer(node, named: "every", in: 1...Int.max) ?? 1 }
        if let node = fields["best"] { checkpoint.best = flag(node, named: "best") ?? true }
        if let node = fields["keep"] { checkpoint.keep = integer(node, named: "keep", in: 0...100_000) ?? 0 }
        return problems.count == valid ? checkpoint : nil
    }

    private mutating func readLogs(_ node: DocumentNode?) -> [LogFormat]? {
        guard let node, !node.isNull, node.string != "none" else { return [] }
        let names = LogFormat.allCases.map(\.rawValue)
        let items: [DocumentNode]
        if case .list(let list) = node.content { items = list } else { items = [node] }
        var formats: [LogFormat] = []
        for item in items {
            guard let name = text(item, named: "log") else { return nil }
            guard let format = LogFormat(rawValue: name) else {
                let nearest = suggestion(name, among: names)
                report(
                    "there is no log called '\(name.abridged)'"
                        + (nearest.isEmpty ? "; write some of [\(names.joined(separator: ", "))]" : nearest),
                    at: item.place)
                return nil
            }
            if !formats.contains(format) { formats.append(format) }
        }
        return formats
    }

    private mutating func readCombination(_ node: DocumentNode?, hasAuxiliaries: Bool) -> RewardCombination? {
        guard let node else { return hasAuxiliaries ? .sum : .primary }
        guard let text = text(node, named: "combine") else { return nil }
        let names = RewardCombination.allCases.map(\.rawValue)
        guard let combination = RewardCombination(rawValue: text) else {
            let nearest = suggestion(text, among: names)
            report(
                "there is no way to combine rewards called '\(text)'"
                    + (nearest.isEmpty ? "; there are \(names.joined(separator: ", "))" : nearest), at: node.place)
            return nil
        }
        if combination != .primary, !hasAuxiliaries {
            report(
                "combine: \(text) needs auxiliary rewards, and there are none; add 'auxiliary' or leave 'combine' out",
                at: node.place)
        }
        return combination
    }

    /// What only the whole shows: auxiliaries that do not fit the way they are combined.
    private mutating func checkWhole(
        _ task: TaskDefinition, auxiliaries: [PlacedAuxiliary], specification: EnvironmentSpecification
    ) {
        for (auxiliary, placed) in zip(task.auxiliaries, auxiliaries) {
            var single = task
            single.auxiliaries = [auxiliary]
            do {
                _ = try TaskRewards(single, specification: specification, count: 1, discount: 0.99)
            } catch let error as RewardError {
                report(
                    "auxiliary '\(auxiliary.name)': \(error.message)", at: placed.node, line: error.line,
                    column: error.column)
            } catch {
                report("auxiliary '\(auxiliary.name)': \(error)", at: placed.node.place)
            }
        }
    }
}

/// The values of a map by their keys.
struct Fields {
    private var values: [String: DocumentNode] = [:]
    init(_ pairs: [DocumentNode.Pair]) {
        for pair in pairs where values[pair.key] == nil { values[pair.key] = pair.value }
    }
    subscript(key: String) -> DocumentNode? { values[key] }
}

extension DocumentNode.Pair {
    /// A key given twice, reported already and renamed.
    var isRepetition: Bool { key.unicodeScalars.first.map { (0xE001...0xE0FF).contains($0.value) } ?? false }
}
