import TelosEvaluation
import TelosLearning
import TelosTensor

/// Fresh episodes of a policy from a file, judged by the primary reward of the task it was trained on.
public struct PolicyEvaluation: Sendable {
    public var path: String
    public var task: String
    public var learner: String
    public var episodes: Int
    /// Interquartile mean over episodes of the primary return, with its 95% bootstrap interval.
    public var evaluationReturn: Interval?
    public var meanReturn: Double
    public var terms: [NamedValue]

    /// - episodes: nil for the experiment's own number.
    /// Throws `StoreError` for what is not a policy's file.
    public init(
        path: String, episodes: Int? = nil, deterministic: Bool = true, seed: Int = 0,
        registries: Registries = .builtIn
    ) throws {
        let loaded = try LoadedPolicy(path: path, registries: registries)
        let plan = TrainingPlan(loaded.experiment)
        let names = try TaskRewards(plan.task, specification: loaded.specification, count: 1, discount: 1).termNames
        let result = try evaluate(
            loaded.policy, on: plan.task, episodes: episodes ?? plan.evaluationEpisodes, deterministic: deterministic,
            key: RandomKey(seed: seed).derived("policy evaluation"))
        self.path = path
        task = loaded.experiment.task.environment.name
        learner = loaded.experiment.learner.name
        self.episodes = result.episodes.count
        evaluationReturn = RunSummary.interval(result.episodes.map(\.primaryReturn))
        meanReturn = result.meanReturn
        terms = zip(names, result.meanTerms).map { NamedValue($0, $1) }
    }

    public var json: OrderedJSON {
        .object([
            ("policy", .text(path)), ("task", .text(task)), ("learner", .text(learner)),
            ("episodes", .integer(episodes)), ("meanReturn", .number(meanReturn)),
            ("terms", .object(terms.map { ($0.name, .number($0.value)) })),
            ("evaluationReturn", RunSummary.json(evaluationReturn)),
        ])
    }

    public var text: String {
        var lines = [
            "\(path): \(learner) on \(task), \(counted(episodes, "episode")), mean return \(readable(meanReturn))"
        ]
        if terms.count > 1 { lines.append(terms.map { "  \($0.name): \(readable($0.value))" }.joined(separator: "\n")) }
        if let interval = evaluationReturn {
            lines.append(
                "interquartile mean \(readable(interval.point)), 95% interval \(readable(interval.lower)) to "
                    + "\(readable(interval.upper)) over episodes")
        }
        return lines.joined(separator: "\n")
    }
}
