import TelosEvaluation
import TelosLearning
import TelosTensor

/// What came of a run, as `telos run` prints it.
public struct RunSummary: Sendable {
    public var run: RunRecord
    public var seeds: [SeedRecord]
    /// Interquartile mean of the seeds' evaluation returns with its 95% bootstrap interval; nil where a seed has none
    /// that is finite.
    public var evaluationReturn: Interval?
    public var trainingReturn: Interval?
    /// The store's folder, and the run's report within it.
    public var storePath: String
    public var reportPath: String

    /// Interquartile mean over seeds with its 95% bootstrap interval; nil unless every value is there and finite.
    public static func interval(_ values: [Double?]) -> Interval? {
        let known = values.compactMap { $0 }
        guard !known.isEmpty, known.count == values.count else { return nil }
        return try? bootstrapInterval(
            of: .interquartileMean, known, key: RandomKey(seed: 0).derived("run summary"))
    }

    public var json: OrderedJSON {
        .object([
            ("run", .text(run.id)),
            ("task", .text(run.environment)),
            ("learner", .text(run.learner)),
            ("status", .text(run.status.rawValue)),
            ("store", .text(storePath)),
            ("report", .text(reportPath)),
            ("seeds", .list(seeds.map(RunSummary.json))),
            ("evaluationReturn", RunSummary.json(evaluationReturn)),
        ])
    }

    /// For a terminal: a line a seed, then the result with its interval.
    public var text: String {
        var lines = ["\(run.id): \(run.learner) on \(run.environment), \(run.status.rawValue)"]
        for seed in seeds {
            var parts = [
                "  seed \(seed.seed)  \(readable(Double(seed.steps))) steps in \(readableDuration(seed.seconds))"
            ]
            if let value = seed.trainingReturn { parts.append("training \(readable(value))") }
            if let value = seed.evaluationReturn { parts.append("evaluation \(readable(value))") }
            if seed.terms.count > 1 {
                parts.append(seed.terms.map { "\($0.name): \(readable($0.value))" }.joined(separator: ", "))
            }
            if !seed.weights.isEmpty { parts.append("weights \(seed.weights)") }
            lines.append(parts.joined(separator: "   "))
        }
        if let interval = evaluationReturn {
            lines.append(
                "evaluation return \(readable(interval.point)), 95% interval \(readable(interval.lower)) to "
                    + "\(readable(interval.upper)) (interquartile mean over \(counted(seeds.count, "seed")))")
        }
        lines.append("report: \(reportPath)")
        return lines.joined(separator: "\n")
    }

    static func json(_ seed: SeedRecord) -> OrderedJSON {
        var fields: [(name: String, value: OrderedJSON)] = [
            ("seed", .integer(seed.seed)),
            ("steps", .integer(seed.steps)),
            ("seconds", .number((seed.seconds * 1000).rounded() / 1000)),
            ("trainingReturn", .optional(seed.trainingReturn)),
            ("evaluationReturn", .optional(seed.evaluationReturn)),
            ("terms", .object(seed.terms.map { ($0.name, .number($0.value)) })),
            ("weights", .text(seed.weights)),
        ]
        if !seed.message.isEmpty { fields.append(("error", .text(seed.message))) }
        return .object(fields)
    }

    public static func json(_ interval: Interval?) -> OrderedJSON {
        guard let interval else { return .null }
        return .object([
            ("iqm", .number(interval.point)), ("lower", .number(interval.lower)), ("upper", .number(interval.upper)),
        ])
    }
}

extension RunStore {
    public func summary(of id: String) throws -> RunSummary {
        let run = try run(id)
        let seeds = try seeds(of: id)
        return RunSummary(
            run: run, seeds: seeds, evaluationReturn: RunSummary.interval(seeds.map(\.evaluationReturn)),
            trainingReturn: RunSummary.interval(seeds.map(\.trainingReturn)), storePath: path,
            reportPath: reportPath(of: id))
    }
}
