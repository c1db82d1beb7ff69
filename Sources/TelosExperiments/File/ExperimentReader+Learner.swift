import Foundation
import TelosEnvironments
import TelosLearning
import TelosTensor

extension ExperimentReader {
    /// Reads the learner: its entry, its complete options as JSON, and the steps to train for.
    mutating func readLearner(
        _ node: DocumentNode?, root: DocumentNode, task: ReadTask?
    ) -> (entry: LearnerEntry, options: String, steps: Int)? {
        guard let node, !node.isNull else {
            report(
                "'learner' is missing; write learner: {algorithm: NAME, steps: 100_000}", at: node?.place ?? root.place)
            return nil
        }
        if let name = node.string {
            report("learner needs steps: write learner: {algorithm: \(name), steps: 100_000}", at: node.place)
            return nil
        }
        guard let pairs = map(node, named: "learner", example: "{algorithm: NAME, steps: 100_000}") else { return nil }
        let fields = Fields(pairs)
        guard let nameNode = fields["algorithm"] else {
            report("learner needs an 'algorithm'; 'telos learners' lists them", at: node.place)
            return nil
        }
        guard let name = text(nameNode, named: "algorithm") else { return nil }
        guard let entry = registries.learners.first(where: { $0.name == name }) else {
            let nearest = suggestion(name, among: registries.learners.map(\.name))
            report(
                "there is no algorithm '\(name)'" + (nearest.isEmpty ? "; 'telos learners' lists them" : nearest),
                at: nameNode.place)
            return nil
        }
        if let specification = task?.specification, let refusal = entry.refusal(specification) {
            report("\(name) cannot learn in \(specification.name): \(refusal)", at: nameNode.place)
        }
        let known = problems.count
        let preset = fields["preset"].flatMap { readPreset($0, of: entry, task: task) }
        var steps = preset?.steps
        if let node = fields["steps"] {
            steps = integer(node, named: "steps", in: 1...1_000_000_000_000)
        } else if fields["preset"] == nil {
            report("learner needs 'steps', the environment steps to train for, as in steps: 100_000", at: node.place)
        }
        guard let options = readLearnerOptions(pairs, of: entry, preset: preset, at: node.place), let steps,
            problems.count == known
        else { return nil }
        return (entry, options, steps)
    }

    /// Reads `preset: tuned`, the settings for the task's own environment with its options or, where there are none, as it
    /// usually is; or the name of another one to take them from.
    private mutating func readPreset(_ node: DocumentNode, of entry: LearnerEntry, task: ReadTask?) -> Preset? {
        guard let name = text(node, named: "preset") else { return nil }
        let presets = registries.presets.filter { $0.learner == entry.name }
        let names = presets.map(\.environment)
        let wanted = name == Preset.tuned ? task.map { [$0.entry.form($0.options), $0.entry.name] } : [name]
        guard let wanted else { return nil }
        for form in wanted {
            if let preset = presets.first(where: { $0.environment == form }) { return preset }
        }
        let list = "\(entry.name) has presets for \(names.joined(separator: ", "))"
        if names.isEmpty {
            report("\(entry.name) has no presets; leave 'preset' out and set its options", at: node.place)
        } else if name == Preset.tuned {
            report("\(entry.name) has no preset for \(wanted.last ?? ""); \(list)", at: node.place)
        } else {
            let nearest = suggestion(name, among: [Preset.tuned] + names)
            report(
                "there is no preset '\(name.abridged)'" + (nearest.isEmpty ? "; write tuned; \(list)" : nearest),
                at: node.place)
        }
        return nil
    }

    /// Makes the learner once: what its options, the task and the combination only together rule out shows here.
    mutating func tryLearner(
        _ learner: (entry: LearnerEntry, options: String, steps: Int), on task: TaskDefinition, at node: DocumentNode?
    ) {
        let context = LearnerContext(task: task, key: RandomKey(seed: 0), plannedSteps: learner.steps)
        let place = node?.place ?? .file(line: 1, column: 1)
        do {
            _ = try learner.entry.make(context, learner.options)
        } catch let error as ConfigurationError {
            let option = error.option.flatMap { name in node?.pairs?.first { $0.key == name } }
            report("\(error)", at: option?.value.place ?? place)
        } catch {
            report("\(learner.entry.name) cannot begin: \(error)", at: place)
        }
    }

    private mutating func readLearnerOptions(
        _ pairs: [DocumentNode.Pair], of entry: LearnerEntry, preset: Preset?, at place: Place
    ) -> String? {
        guard let defaults = JSONValue(json: entry.defaults)?.object else {
            report("the options of \(entry.name) cannot be read", at: place)
            return nil
        }
        let known = problems.count
        checkKeys(pairs, known: ["algorithm", "steps", "preset"] + defaults.keys.sorted(), of: entry.name)
        var given: [String: JSONValue] = [:]
        var places: [String: Place] = [:]
        for pair in pairs where !["algorithm", "steps", "preset"].contains(pair.key) {
            guard let usual = defaults[pair.key], given[pair.key] == nil else { continue }
            let description = entry.options.first { $0.name == pair.key }
            guard let value = readOption(pair.key, usual: usual, description: description, of: entry, from: pair.value)
            else { continue }
            given[pair.key] = value
            places[pair.key] = pair.value.place
        }
        guard problems.count == known else { return nil }
        let tuned = preset.flatMap { JSONValue(json: $0.options)?.object } ?? [:]
        given = tuned.merging(given) { $1 }
        do {
            try entry.check(JSONValue.object(given).json)
        } catch let error as ConfigurationError {
            // A value of the wrong kind comes without the option's name: try the options one by one.
            let option =
                error.option
                ?? given.keys.sorted().first { name in
                    do { try entry.check(JSONValue.object([name: given[name]!]).json) } catch { return true }
                    return false
                }
            let prefix = option.map { "\($0): " } ?? "\(entry.name): "
            report(prefix + error.message, at: option.flatMap { places[$0] } ?? place)
            return nil
        } catch {
            report("\(entry.name): \(error)", at: place)
            return nil
        }
        return JSONValue.object(defaults.merging(given) { $1 }).json
    }

    private mutating func readOption(
        _ name: String, usual: JSONValue, description: OptionDescription?, of entry: LearnerEntry,
        from node: DocumentNode
    ) -> JSONValue? {
        switch usual {
        case .flag:
            return flag(node, named: name).map(JSONValue.flag)
        case .number(let usualNumber):
            guard let value = number(node, named: name) else { return nil }
            if Int(exactly: value) == nil, Int(exactly: usualNumber) != nil,
                Self.isWhole(name, of: entry, near: usualNumber)
            {
                report("\(name) must be a whole number, not \(node.string ?? "")", at: node.place)
                return nil
            }
            if let range = description?.range, !range.contains(value) {
                report("\(name) must be \(Self.bounds(range)), not \(node.string ?? "")", at: node.place)
                return nil
            }
            return .number(value)
        case .text:
            guard let value = text(node, named: name) else { return nil }
            if let choices = description?.choices, !choices.isEmpty, !choices.contains(value) {
                let nearest = suggestion(value, among: choices)
                report(
                    "\(name) cannot be '\(value)'"
                        + (nearest.isEmpty ? "; it is one of \(choices.joined(separator: ", "))" : nearest),
                    at: node.place)
                return nil
            }
            return .text(value)
        case .list(let usualItems):
            return readList(name, usual: usualItems, description: description, of: entry, from: node)
        case .null, .object:
            return any(node)
        }
    }

    private mutating func readList(
        _ name: String, usual: [JSONValue], description: OptionDescription?, of entry: LearnerEntry,
        from node: DocumentNode
    ) -> JSONValue? {
        guard case .list(let items) = node.content else {
            let example = JSONValue.list(usual).json
            report("\(name) must be a list, as in \(example), not \(node.kind)", at: node.place)
            return nil
        }
        guard let first = usual.first ?? description?.range.map({ .number($0.lowerBound) }) else { return any(node) }
        let whole = items.compactMap { item -> JSONValue? in
            guard case .number(let number) = first else {
                return readOption(name, usual: first, description: description, of: entry, from: item)
            }
            guard let value = self.number(item, named: "each of \(name)") else { return nil }
            if Int(exactly: value) == nil, Int(exactly: number) != nil,
                Self.fails(.list([.number(number + 0.5)]), for: name, of: entry),
                !Self.fails(.list([.number(number)]), for: name, of: entry)
            {
                report("each of \(name) must be a whole number, not \(item.string ?? "")", at: item.place)
                return nil
            }
            if let range = description?.range, !range.contains(value) {
                report("each of \(name) must be \(Self.bounds(range)), not \(item.string ?? "")", at: item.place)
                return nil
            }
            return .number(value)
        }
        return whole.count == items.count ? .list(whole) : nil
    }

    /// Whether the option takes whole numbers only. Its JSON default does not tell (1.0 is written 1), decoding does.
    static func isWhole(_ name: String, of entry: LearnerEntry, near usual: Double) -> Bool {
        fails(.number(usual + 0.5), for: name, of: entry)
    }

    /// Whether `value` cannot even be decoded as option `name`.
    private static func fails(_ value: JSONValue, for name: String, of entry: LearnerEntry) -> Bool {
        do {
            try entry.check(JSONValue.object([name: value]).json)
        } catch let error as ConfigurationError {
            return error.option == nil && error.message.hasPrefix("the options do not decode")
        } catch {
            return false
        }
        return false
    }

    /// A value whose kind nothing says.
    func any(_ node: DocumentNode) -> JSONValue {
        switch node.content {
        case .list(let items): return .list(items.map(any))
        case .map(let pairs):
            return .object(Dictionary(pairs.map { ($0.key, any($0.value)) }, uniquingKeysWith: { first, _ in first }))
        case .scalar(let string, let isPlain):
            if node.isNull { return .null }
            guard isPlain else { return .text(string) }
            if let value = Numeral.parse(string) { return .number(value) }
            if string == "true" || string == "false" { return .flag(string == "true") }
            return .text(string)
        }
    }
}
