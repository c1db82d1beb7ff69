import TelosLearning

/// What is shown of an algorithm.
struct LearnerCard {
    var entry: LearnerEntry
    /// Every option with its default, in the order of its documentation.
    private var options: [(description: OptionDescription, usual: JSONValue)]

    private var presets: [Preset]

    init(_ entry: LearnerEntry, presets: [Preset] = []) {
        self.entry = entry
        self.presets = presets.filter { $0.learner == entry.name }
        let defaults = JSONValue(json: entry.defaults)?.object ?? [:]
        let documented = entry.options.map(\.name)
        options = (documented + defaults.keys.sorted().filter { !documented.contains($0) }).map { name in
            (
                entry.options.first { $0.name == name } ?? OptionDescription(name, ""),
                defaults[name] ?? .null
            )
        }
    }

    /// A few lines for the list of all.
    var brief: String {
        [
            entry.name, wrapped(entry.summary, indent: 2), wrapped(entry.reference, indent: 2),
            wrapped("options " + options.map(\.description.name).joined(separator: ", "), indent: 2),
        ].joined(separator: "\n")
    }

    var text: String {
        var parts = [
            "\(entry.name) (algorithm, \(entry.family))", wrapped(entry.summary, indent: 2),
            wrapped(entry.reference, indent: 2),
            (["Options"] + options.map { indented(text($0.description, usual: $0.usual)) }).joined(separator: "\n"),
            "In an experiment file\n  learner: {algorithm: \(entry.name), steps: 100_000}",
        ]
        if !presets.isEmpty {
            parts.append((["Presets (preset: tuned)"] + presets.map(Self.text)).joined(separator: "\n"))
        }
        return parts.joined(separator: "\n\n")
    }

    var json: JSONValue {
        .object([
            "kind": .text("learner"), "name": .text(entry.name), "family": .text(entry.family),
            "summary": .text(entry.summary), "reference": .text(entry.reference),
            "options": .list(options.map { json($0.description, usual: $0.usual) }),
            "presets": .list(
                presets.map {
                    .object([
                        "environment": .text($0.environment), "steps": .number(Double($0.steps)),
                        "options": JSONValue(json: $0.options) ?? .null, "note": .text($0.note),
                    ])
                }),
        ])
    }

    private static func text(_ preset: Preset) -> String {
        let options = JSONValue(json: preset.options)?.object ?? [:]
        let settings = ["steps: \(preset.steps)"] + options.keys.sorted().map { "\($0): \(options[$0]!.json)" }
        let note = preset.note.isEmpty ? "" : "; \(preset.note)"
        return "  \(preset.environment)\n" + wrapped(settings.joined(separator: ", ") + note, indent: 4)
    }

    /// Its options, each for itself.
    var parts: [(name: String, text: String, json: JSONValue)] {
        options.map { option in
            let name = "\(entry.name).\(option.description.name)"
            var renamed = option.description
            renamed.name = name
            return (name, text(renamed, usual: option.usual), json(option.description, usual: option.usual))
        }
    }

    private func text(_ option: OptionDescription, usual: JSONValue) -> String {
        var values = ""
        if let range = option.range {
            let text = rangeText(range.lowerBound, range.upperBound)
            if text != "any" { values = ", \(text)" }
        } else if !option.choices.isEmpty {
            values = ", one of " + option.choices.joined(separator: ", ")
        }
        var lines = ["\(option.name): \(usual.json)\(values)"]
        if !option.summary.isEmpty { lines.append(wrapped(option.summary, indent: 4)) }
        if !option.raising.isEmpty { lines.append(wrapped("higher: " + option.raising, indent: 4)) }
        if !option.lowering.isEmpty { lines.append(wrapped("lower: " + option.lowering, indent: 4)) }
        return lines.joined(separator: "\n")
    }

    private func json(_ option: OptionDescription, usual: JSONValue) -> JSONValue {
        .object([
            "kind": .text("option"), "of": .text(entry.name), "name": .text(option.name), "default": usual,
            "summary": .text(option.summary), "raising": .text(option.raising), "lowering": .text(option.lowering),
            "low": option.range.map { boundJSON($0.lowerBound) } ?? .null,
            "high": option.range.map { boundJSON($0.upperBound) } ?? .null,
            "choices": .list(option.choices.map(JSONValue.text)),
        ])
    }
}
