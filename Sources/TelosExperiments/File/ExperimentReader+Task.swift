import TelosEnvironments
import TelosLearning
import TelosRewards
import TelosTensor

/// What the `task` of a file says, checked.
struct ReadTask {
    var entry: EnvironmentEntry
    var options: EnvironmentOptions
    var horizon: Int?
    var reward: RewardForm
    var specification: EnvironmentSpecification
}

/// An auxiliary reward and the node its text stands in.
struct PlacedAuxiliary {
    var form: AuxiliaryForm
    var node: DocumentNode
}

extension ExperimentReader {
    mutating func readTask(_ node: DocumentNode?, root: DocumentNode) -> ReadTask? {
        guard let node, !node.isNull else {
            report("'task' is missing; write task: {environment: NAME}", at: node?.place ?? root.place)
            return nil
        }
        guard let pairs = map(node, named: "task", example: "{environment: NAME}") else { return nil }
        checkKeys(pairs, known: ["environment", "reward", "horizon"], of: "task")
        let fields = Fields(pairs)
        let environment = readEnvironment(fields["environment"], task: node)
        var horizon = environment?.entry.horizon
        if let node = fields["horizon"] {
            let isNone = node.isNull || node.string == "none"
            horizon = isNone ? nil : integer(node, named: "horizon", in: 1...Int(Int32.max))
        }
        var form: RewardForm?
        if let node = fields["reward"] {
            form = readReward(node, named: "reward", specification: environment?.specification)
        } else {
            form = environment.map { RewardForm($0.entry.reward) }
        }
        guard let environment, let form else { return nil }
        return ReadTask(
            entry: environment.entry, options: environment.options, horizon: horizon, reward: form,
            specification: environment.specification)
    }

    private mutating func readEnvironment(
        _ node: DocumentNode?, task: DocumentNode
    ) -> (entry: EnvironmentEntry, options: EnvironmentOptions, specification: EnvironmentSpecification)? {
        guard let node, !node.isNull else {
            report("task needs an 'environment', as in environment: NAME", at: node?.place ?? task.place)
            return nil
        }
        var nameNode = node
        var given: [DocumentNode.Pair] = []
        if let pairs = node.pairs {
            guard let name = Fields(pairs)["name"] else {
                report("environment needs a 'name', as in {name: FourRooms, size: 9}", at: node.place)
                return nil
            }
            nameNode = name
            given = pairs.filter { $0.key != "name" }
        }
        guard let name = text(nameNode, named: "environment") else { return nil }
        let found: EnvironmentEntry?
        do {
            found = try registries.environment(name)
        } catch {
            report("\(error)", at: nameNode.place)
            return nil
        }
        guard let entry = found else {
            let nearest = suggestion(
                name, among: registries.environments.map(\.name) + registries.providers.map(\.prefix))
            report(
                Environments.missing(name) ?? "there is no environment '\(name)'"
                    + (nearest.isEmpty ? "; 'telos tasks' lists them" : nearest), at: nameNode.place)
            return nil
        }
        let known = problems.count
        checkKeys(given, known: ["name"] + entry.options.map(\.name), of: name)
        var options = entry.defaultOptions
        let fields = Fields(given)
        for option in entry.options {
            guard let node = fields[option.name] else { continue }
            options.values[option.name] = readOption(option, from: node) ?? option.defaultValue
        }
        guard problems.count == known else { return nil }
        do {
            let environments = try entry.make(options, 1, entry.horizon, RandomKey(seed: 0))
            return (entry, options, environments.specification)
        } catch {
            report("\(name) cannot be made with these options: \(error)", at: node.place)
            return nil
        }
    }

    private mutating func readOption(_ option: EnvironmentOption, from node: DocumentNode) -> OptionValue? {
        switch option.kind {
        case .integer(let range):
            return integer(node, named: option.name, in: range).map(OptionValue.integer)
        case .real(let range):
            guard let value = number(node, named: option.name) else { return nil }
            guard range.contains(value) else {
                report("\(option.name) must be \(Self.bounds(range)), not \(node.string ?? "")", at: node.place)
                return nil
            }
            return .real(value)
        case .flag:
            return flag(node, named: option.name).map(OptionValue.flag)
        case .text:
            return text(node, named: option.name).map(OptionValue.text)
        case .object:
            guard let pairs = map(node, named: option.name, example: "{name: value}") else { return nil }
            return .text(JSONValue.object(pairs.jsonFields).json)
        }
    }

    mutating func readAuxiliaries(
        _ node: DocumentNode?, environment specification: EnvironmentSpecification?
    ) -> [PlacedAuxiliary] {
        guard let node, !node.isNull else { return [] }
        guard let pairs = map(node, named: "auxiliary", example: "{speed: \"abs(velocity)\"}") else { return [] }
        if pairs.isEmpty { report("auxiliary is empty; name a reward in it, or leave it out", at: node.place) }
        var read: [PlacedAuxiliary] = []
        for pair in pairs where !pair.isRepetition {
            if pair.key == "primary" {
                report(
                    "'primary' is the name of the task's own reward; name this auxiliary reward differently",
                    at: pair.keyPlace)
            } else {
                checkRewardName(pair)
            }
            var reward = pair.value
            var weight = 1.0
            if let inner = pair.value.pairs, inner.contains(where: { $0.key == "reward" || $0.key == "weight" }) {
                checkKeys(inner, known: ["reward", "weight"], of: "auxiliary '\(pair.key)'")
                let fields = Fields(inner)
                if let node = fields["weight"] { weight = number(node, named: "weight") ?? 1 }
                guard let text = fields["reward"] else {
                    report("auxiliary '\(pair.key)' needs a 'reward'", at: pair.value.place)
                    continue
                }
                reward = text
            }
            if let form = readReward(reward, named: "auxiliary '\(pair.key)'", specification: specification) {
                read.append(
                    PlacedAuxiliary(form: AuxiliaryForm(name: pair.key, reward: form, weight: weight), node: reward))
            }
        }
        return read
    }
}

extension [DocumentNode.Pair] {
    /// The values as JSON, by key.
    fileprivate var jsonFields: [String: JSONValue] {
        [String: JSONValue](map { ($0.key, $0.value.json) }) { first, _ in first }
    }
}

extension DocumentNode {
    /// The value as JSON: what is written without quotes is nothing, yes or no, or a number where it looks so.
    fileprivate var json: JSONValue {
        switch content {
        case .list(let values): return .list(values.map(\.json))
        case .map(let pairs): return .object(pairs.jsonFields)
        case .scalar(let text, let isPlain):
            if isNull { return .null }
            guard isPlain else { return .text(text) }
            if ["true", "True", "TRUE"].contains(text) { return .flag(true) }
            if ["false", "False", "FALSE"].contains(text) { return .flag(false) }
            return Numeral.parse(text).map(JSONValue.number) ?? .text(text)
        }
    }
}
