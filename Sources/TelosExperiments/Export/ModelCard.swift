import Foundation
import TelosEnvironments
import TelosLearning
import TelosTensor

/// What the run of an exported policy can show of it, as Markdown (after Mitchell and others, *Model cards for model
/// reporting*, 2019).
struct ModelCard {
    var loaded: LoadedPolicy
    var kind: String
    var summary: RunSummary
    var options: PolicyExportOptions
    /// Names of the policy's files.
    var files: [String]
    /// Nil where none was asked for.
    var measurement: PolicyMeasurement?

    private var experiment: Experiment { loaded.experiment }
    private var specification: EnvironmentSpecification { loaded.specification }

    func markdown() throws -> String {
        let computation = try? PolicyFile.actingGraph(loaded.policy, rows: 1)
        var blocks = ["# \(experiment.learner.name) on \(specification.name)"]
        blocks.append(
            "The policy of \(loaded.origin), after \(readable(Double(loaded.steps))) training steps, in "
                + files.map(code).joined(separator: " and ") + ".")
        blocks += task + training + returns + failures + use
        blocks += loading + ports(computation)
        return blocks.joined(separator: "\n\n") + "\n"
    }

    // MARK: Sections

    private var task: [String] {
        let entry = experiment.task.environment
        var rows = [
            ["environment", "\(specification.name): \(specification.summary)"], ["reference", specification.reference],
            ["primary reward", code(experiment.primary.yaml)],
            ["horizon", experiment.task.horizon.map { "\($0) steps" } ?? "none"],
        ]
        for option in entry.options {
            guard let value = experiment.task.options.values[option.name] else { continue }
            let isDefault = value == option.defaultValue
            rows.append(["option \(code(option.name))", "\(value)" + (isDefault ? " (the default)" : "")])
        }
        for auxiliary in experiment.auxiliaries {
            let weight = readable(auxiliary.weight)
            rows.append(["auxiliary \(code(auxiliary.name))", "\(code(auxiliary.reward.yaml)), weight \(weight)"])
        }
        if !experiment.auxiliaries.isEmpty {
            let combination = experiment.task.combination
            rows.append(["combined by", "\(code(combination.rawValue)): \(combination.summary)"])
        }
        return ["## Task", table(["", ""], rows)]
    }

    private var training: [String] {
        let learner = experiment.learner
        var rows = [
            ["algorithm", "\(code(learner.name)): \(learner.summary)"], ["reference", learner.reference],
            ["planned steps", "\(readable(Double(experiment.steps))) a seed"],
            ["steps of this policy", readable(Double(loaded.steps))],
            ["seeds of the run", Seeds.text(summary.run.seeds)],
            ["this seed", loaded.seed.map(String.init) ?? "not known"],
            ["policy", code(kind)],
        ]
        let settings = JSONValue(json: experiment.learnerOptions)?.object ?? [:]
        let defaults = JSONValue(json: learner.defaults)?.object ?? [:]
        let changed = settings.keys.sorted().filter { settings[$0] != defaults[$0] }
        rows.append(
            [
                "settings that differ from the defaults",
                changed.isEmpty
                    ? "none" : changed.map { code("\($0): \(settings[$0]!.json)") }.joined(separator: ", "),
            ])
        return ["## Training", table(["", ""], rows)]
    }

    private var returns: [String] {
        var rows: [[String]] = []
        if let measurement {
            let values = measurement.episodes.map(\.primaryReturn)
            rows.append(
                [
                    "this policy, \(counted(values.count, "fresh episode")), deterministic", interval(values),
                    mean(values),
                ])
        }
        let known = summary.seeds.compactMap(\.evaluationReturn)
        rows.append(
            [
                "the run's seeds, each one's last evaluation (\(known.count) of \(summary.seeds.count))",
                interval(known),
                mean(known),
            ])
        var blocks = [
            "## Returns",
            "Undiscounted primary return an episode: interquartile mean with its 95% bootstrap interval, and mean.",
            table(["of", "interquartile mean", "mean"], rows),
        ]
        if loaded.isBestOfSeveral {
            blocks.append(
                "This seed was exported because its last evaluation was the best of the run's; the seeds together say "
                    + "what training again gives.")
        }
        if let measurement, measurement.termNames.count > 1 {
            blocks.append(
                table(
                    ["reward term", "mean sum an episode"],
                    zip(measurement.termNames, measurement.terms).map { [code($0), readable($1)] }))
        }
        return blocks
    }

    private var failures: [String] {
        guard let measurement, !measurement.episodes.isEmpty else {
            return ["## Known failure modes", "Nothing was measured: the card was written with `--episodes 0`."]
        }
        let episodes = measurement.episodes
        let sorted = episodes.sorted { $0.primaryReturn < $1.primaryReturn }
        func share(_ end: EpisodeEnd) -> String {
            let count = episodes.filter { $0.end == end }.count
            return "\(count) of \(episodes.count)"
        }
        let lengths = episodes.map(\.length).sorted()
        let worst = sorted.prefix(5).map {
            "\(readable($0.primaryReturn)) (\(counted($0.length, "step")), \($0.end.name))"
        }
        let rows = [
            ["lowest returns", worst.joined(separator: "; ")],
            ["highest return", readable(sorted.last!.primaryReturn)],
            ["ended in a terminal state", share(.terminated)], ["cut off by the horizon", share(.truncated)],
            [
                "length in steps: shortest, median, longest",
                "\(lengths[0]), \(lengths[lengths.count / 2]), \(lengths[lengths.count - 1])",
            ],
        ]
        var blocks = ["## Known failure modes", "Of the same fresh episodes:", table(["", ""], rows)]
        if measurement.noise.isEmpty {
            blocks.append("Sensitivity to noise was not measured: nothing observed is a real number that varies.")
        } else {
            let base = episodes.map(\.primaryReturn)
            blocks.append(
                "With normal noise added to every real number observed, its standard deviation given as a share of "
                    + "that number's own over the episodes without noise:")
            blocks.append(
                table(
                    ["noise", "interquartile mean", "mean", "lowest"],
                    [["0", interval(base), mean(base), readable(base.min()!)]]
                        + measurement.noise.map {
                            [
                                readable($0.share), interval($0.returns), mean($0.returns),
                                readable($0.returns.min() ?? 0),
                            ]
                        }))
        }
        return blocks
    }

    private var use: [String] {
        [
            "## Intended use",
            "To act in \(code(specification.name)) with the options above, where the primary reward above is what is "
                + "wanted. Nothing was measured in any other environment, nor with other options, nor on a real system.",
            "## Licence of the weights", options.license,
        ]
    }

    private var loading: [String] {
        let file = files[0]
        var blocks = ["## How to load it"]
        switch options.format {
        case .safetensors:
            blocks.append(
                fenced("sh", ["telos evaluate \(file)", "telos serve-policy \(file) --socket /tmp/policy.sock"]))
        case .onnx:
            var feed = "\"observation\": observations"
            if isMasked { feed += ", \"mask\": masks" }
            if loaded.policy.memoryWidth > 0 { feed += ", \"memory\": memory" }
            blocks.append(
                fenced(
                    "python",
                    [
                        "import onnxruntime", "session = onnxruntime.InferenceSession(\"\(file)\")",
                        "results = session.run(None, {\(feed)})  # float32, a row an environment",
                        "results = dict(zip([output.name for output in session.get_outputs()], results))",
                    ]))
        case .c:
            let (name, upper) = (options.prefix, options.prefix.uppercased())
            var lines = [
                "#include \"\(files.last ?? file)\"", "", "\(name)_workspace workspace;",
                "float action[\(upper)_ACTION_COUNT];",
            ]
            var arguments = ["&workspace", "observation"]
            if isMasked { arguments.append("mask") }
            if loaded.policy.memoryWidth > 0 {
                lines.append("float memory[\(upper)_MEMORY_COUNT] = {0};  /* zeros where an episode begins */")
                arguments.append("memory")
            }
            lines.append("\(name)_act(\((arguments + ["action"]).joined(separator: ", ")));")
            blocks.append(fenced("c", lines))
            blocks.append(
                "Compile with `cc -std=c99 -O2 -c \(file)` and link with `-lm`; with `-march=native` or `-mfma` it is "
                    + "faster and gives the same bits.")
        }
        return blocks
    }

    private var isMasked: Bool { !specification.maskSignals.isEmpty }

    private func ports(_ computation: NamedComputation?) -> [String] {
        var blocks = ["## Inputs and outputs"]
        if let computation, options.format != .safetensors {
            func rows(_ ports: [NamedTensor], _ direction: String) -> [[String]] {
                ports.map { port in
                    let extents = (["batch"] + port.tensor.shape.dropFirst().map(String.init)).joined(separator: ", ")
                    let shape = options.format == .c ? "\(port.tensor.count)" : "[\(extents)]"
                    return [direction, code(port.name), shape, port.summary]
                }
            }
            blocks.append(
                table(
                    ["", "name", "float32", "holds"],
                    rows(computation.inputs, "in") + rows(computation.outputs, "out")))
        }
        let space = specification.observation
        let signals = measurement?.columnSignals ?? Array(repeating: nil, count: space.width)
        let shown = 64
        blocks.append("Observation: \(space.summary).")
        blocks.append(
            table(
                ["column", "range", "signal of the same value in every state seen", "unit"],
                zip(space.columnBounds, signals).prefix(shown).enumerated().map { index, column in
                    let (bounds, signal) = column
                    let range = rangeText(Double(bounds.lowerBound), Double(bounds.upperBound))
                    return [
                        "\(index)", range, signal.map { "\(code($0.name)): \($0.summary)" } ?? "none",
                        signal.map(\.unit) ?? "",
                    ]
                }))
        if space.width > shown { blocks.append("And \(space.width - shown) more columns.") }
        let names = specification.actionNames
        var action = "Action: \(specification.action.summary)."
        if !names.isEmpty {
            action += " In order: \(names.map(code).joined(separator: ", "))."
        }
        if case .discrete = specification.action { action += " A choice is given as its number, counted from 0." }
        blocks.append(action)
        return blocks
    }

    // MARK: Text

    private func code(_ text: String) -> String {
        text.contains("`") ? "`` \(text) ``" : "`\(text)`"
    }

    private func fenced(_ language: String, _ lines: [String]) -> String {
        (["```\(language)"] + lines + ["```"]).joined(separator: "\n")
    }

    private func table(_ heading: [String], _ rows: [[String]]) -> String {
        func line(_ cells: [String]) -> String {
            let escaped = cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }
            return "| " + escaped.joined(separator: " | ") + " |"
        }
        return ([line(heading), "|" + String(repeating: "---|", count: heading.count)] + rows.map(line))
            .joined(separator: "\n")
    }

    private func interval(_ values: [Double]) -> String {
        guard let interval = RunSummary.interval(values) else { return "none" }
        return "\(readable(interval.point)) (\(readable(interval.lower)) to \(readable(interval.upper)))"
    }

    private func mean(_ values: [Double]) -> String {
        values.isEmpty ? "none" : readable(values.reduce(0, +) / Double(values.count))
    }
}
