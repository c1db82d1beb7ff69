import TelosEnvironments
import TelosLearning

extension Experiment {
    /// The whole experiment as a file with every default written out. Reading it gives an equal experiment.
    public var resolved: String {
        var lines = ["name: \(name.quoted)", "task:"]
        let options = task.environment.options.compactMap { option in
            task.options.values[option.name].map { value in
                if option.kind != .object, case .text(let text) = value {
                    "\(option.name): \(text.quoted)"
                } else {
                    "\(option.name): \(value)"
                }
            }
        }
        let environment = task.environment.name
        let name = environment.contains(":") ? environment.quoted : environment
        lines.append("  environment: {" + (["name: \(name)"] + options).joined(separator: ", ") + "}")
        lines.append("  reward: \(primary.yaml)")
        lines.append("  horizon: \(task.horizon.map(String.init) ?? "none")")
        if !auxiliaries.isEmpty {
            lines.append("auxiliary:")
            for auxiliary in auxiliaries {
                let weight = JSONValue.number(auxiliary.weight).json
                lines.append("  \(auxiliary.name.quoted): {reward: \(auxiliary.reward.yaml), weight: \(weight)}")
            }
        }
        lines.append("combine: \(task.combination.rawValue)")
        lines += ["learner:", "  algorithm: \(learner.name)", "  steps: \(steps)"]
        let settings = JSONValue(json: learnerOptions)?.object ?? [:]
        let order = learner.options.map(\.name).filter { settings[$0] != nil }
        for name in order + settings.keys.sorted().filter({ !order.contains($0) }) {
            lines.append("  \(name): \(settings[name]!.json)")
        }
        lines.append("seeds: \(Seeds.text(seeds))")
        lines.append("evaluation: {episodes: \(evaluation.episodes), every: \(evaluation.every)}")
        lines.append("checkpoint: {every: \(checkpoint.every), best: \(checkpoint.best), keep: \(checkpoint.keep)}")
        lines.append("log: [\(logs.map(\.rawValue).joined(separator: ", "))]")
        lines.append("threads: \(threads.map(String.init) ?? "all")")
        return lines.joined(separator: "\n") + "\n"
    }
}
