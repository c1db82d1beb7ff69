import TelosEnvironments
import TelosTensor

/// What is shown of an environment.
struct EnvironmentCard {
    var entry: EnvironmentEntry
    var specification: EnvironmentSpecification

    init(_ entry: EnvironmentEntry) throws {
        self.entry = entry
        specification = try entry.make(entry.defaultOptions, 1, entry.horizon, RandomKey(seed: 0)).specification
    }

    /// An expression, or the sum's value in an experiment file.
    private var reward: String {
        guard case .expression(let text) = RewardForm(entry.reward) else { return RewardForm(entry.reward).yaml }
        return text
    }

    private var horizonText: String { entry.horizon.map { "\($0) steps" } ?? "none" }

    /// A few lines for the list of all.
    var brief: String {
        var lines = [entry.name, wrapped(entry.summary, indent: 2)]
        lines.append(wrapped("reward \(RewardForm(entry.reward).yaml), horizon \(horizonText)", indent: 2))
        lines.append(wrapped("signals " + specification.signals.map(\.name).joined(separator: ", "), indent: 2))
        return lines.joined(separator: "\n")
    }

    var text: String {
        var names = ""
        if !specification.actionNames.isEmpty {
            names = " (" + specification.actionNames.joined(separator: ", ") + ")"
        }
        let facts = [
            ["observation", specification.observation.summary], ["action", specification.action.summary + names],
            ["state", specification.stateNames.joined(separator: ", ")], ["reward", RewardForm(entry.reward).yaml],
            ["horizon", horizonText], ["reference", specification.reference],
        ]
        let signals = specification.signals.map {
            [$0.name, $0.unit, rangeText($0.lowerBound, $0.upperBound), $0.summary]
        }
        let options = entry.options.map { [$0.name, "\($0.defaultValue)", $0.kind.summary, $0.summary] }
        let setting = entry.options.first.map { ", \($0.name): \($0.defaultValue)" } ?? ""
        let example = setting.isEmpty ? entry.name : "{name: \(entry.name)\(setting)}"
        return [
            "\(entry.name) (environment, \(entry.family))", wrapped(entry.summary, indent: 2),
            section("The usual task", facts), section("Signals: name, unit, range", signals),
            section("Options: name, default, values", options),
            "In an experiment file\n  task: {environment: \(example), reward: \(RewardForm(entry.reward).yaml)}",
        ].joined(separator: "\n\n")
    }

    var json: JSONValue {
        .object([
            "kind": .text("environment"), "name": .text(entry.name), "family": .text(entry.family),
            "summary": .text(entry.summary), "reference": .text(specification.reference),
            "reward": .text(reward), "horizon": entry.horizon.map { .number(Double($0)) } ?? .null,
            "observation": specification.observation.json, "action": specification.action.json,
            "actionNames": .list(specification.actionNames.map(JSONValue.text)),
            "stateNames": .list(specification.stateNames.map(JSONValue.text)),
            "signals": .list(specification.signals.map(json)), "options": .list(entry.options.map(json)),
        ])
    }

    /// Its options and signals, each for itself.
    var parts: [(name: String, text: String, json: JSONValue)] {
        entry.options.map { option in
            let rows = [
                ["default", "\(option.defaultValue)"], ["values", option.kind.summary], ["meaning", option.summary],
            ]
            let name = "\(entry.name).\(option.name)"
            return (name, section("\(name) (option)", rows), json(option))
        }
            + specification.signals.map { signal in
                let range = rangeText(signal.lowerBound, signal.upperBound)
                let rows = [["unit", signal.unit], ["range", range], ["meaning", signal.summary]]
                let name = "\(entry.name).\(signal.name)"
                return (name, section("\(name) (signal)", rows), json(signal))
            }
    }

    private func json(_ signal: Signal) -> JSONValue {
        .object([
            "kind": .text("signal"), "of": .text(entry.name), "name": .text(signal.name), "unit": .text(signal.unit),
            "low": boundJSON(signal.lowerBound), "high": boundJSON(signal.upperBound), "summary": .text(signal.summary),
        ])
    }

    private func json(_ option: EnvironmentOption) -> JSONValue {
        var fields: [String: JSONValue] = [
            "kind": .text("option"), "of": .text(entry.name), "name": .text(option.name),
            "summary": .text(option.summary), "default": option.defaultValue.json, "low": .null, "high": .null,
        ]
        switch option.kind {
        case .integer(let range):
            fields["type"] = .text("integer")
            fields["low"] = boundJSON(Double(range.lowerBound))
            fields["high"] = boundJSON(Double(range.upperBound))
        case .real(let range):
            fields["type"] = .text("number")
            fields["low"] = boundJSON(range.lowerBound)
            fields["high"] = boundJSON(range.upperBound)
        case .flag: fields["type"] = .text("flag")
        case .text: fields["type"] = .text("text")
        case .object: fields["type"] = .text("object")
        }
        return .object(fields)
    }
}

extension OptionValue {
    var json: JSONValue {
        switch self {
        case .integer(let value): .number(Double(value))
        case .real(let value): .number(value)
        case .flag(let value): .flag(value)
        case .text(let value): .text(value)
        }
    }
}

extension EnvironmentOption.Kind {
    var summary: String {
        switch self {
        case .integer(let range):
            "whole number, "
                + (range.upperBound == Int.max
                    ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)")
        case .real(let range): "number, " + rangeText(range.lowerBound, range.upperBound)
        case .flag: "true or false"
        case .text: "text"
        case .object: "a map of names to values"
        }
    }
}

extension Space {
    /// In words, on one line.
    var summary: String {
        switch self {
        case .box(let low, let high, let shape):
            let ranges = zip(low, high).map { rangeText(Double($0), Double($1)) }
            let size = shape.count == 1 ? "\(shape[0])" : shape.map(String.init).joined(separator: " x ")
            let number = ranges.count == 1 ? "1 real number" : "\(size) real numbers"
            if Set(ranges).count <= 1 { return number + (ranges.first.map { $0 == "any" ? "" : ", \($0)" } ?? "") }
            return ranges.count <= 12 ? "\(number): \(ranges.joined(separator: "; "))" : "\(number), bounded one by one"
        case .discrete(let count): return "one of \(count) choices"
        case .multiDiscrete(let counts): return "choices of " + counts.map(String.init).joined(separator: ", ")
        case .binary(let count): return "\(count) zeros or ones"
        case .tuple(let spaces): return "(" + spaces.map(\.summary).joined(separator: "; ") + ")"
        case .dictionary(let spaces):
            return "{" + spaces.keys.sorted().map { "\($0): \(spaces[$0]!.summary)" }.joined(separator: "; ") + "}"
        case .tokens(let vocabulary, let length): return "up to \(length) tokens of \(vocabulary)"
        }
    }

    var json: JSONValue {
        func list(_ values: [Int]) -> JSONValue { .list(values.map { .number(Double($0)) }) }
        switch self {
        case .box(let low, let high, let shape):
            return .object([
                "kind": .text("box"), "shape": list(shape), "low": .list(low.map { boundJSON(Double($0)) }),
                "high": .list(high.map { boundJSON(Double($0)) }),
            ])
        case .discrete(let count): return .object(["kind": .text("discrete"), "count": .number(Double(count))])
        case .multiDiscrete(let counts): return .object(["kind": .text("multi-discrete"), "counts": list(counts)])
        case .binary(let count): return .object(["kind": .text("binary"), "count": .number(Double(count))])
        case .tuple(let spaces): return .object(["kind": .text("tuple"), "spaces": .list(spaces.map(\.json))])
        case .dictionary(let spaces):
            return .object(["kind": .text("dictionary"), "spaces": .object(spaces.mapValues(\.json))])
        case .tokens(let vocabulary, let length):
            return .object([
                "kind": .text("tokens"), "vocabulary": .number(Double(vocabulary)), "length": .number(Double(length)),
            ])
        }
    }
}
