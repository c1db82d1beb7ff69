import TelosEvaluation
import TelosTensor

/// Several runs side by side: their evaluation returns, and how probable it is that one improves on another.
public struct RunComparison: Sendable {
    public var runs: [RunSummary]
    /// Row i, column j: the probability that a seed of run i returns more than a seed of run j, a tie counting half.
    /// Nil on the diagonal.
    public var improvement: [[Interval?]]
    /// The page's path; empty before it is written.
    public var reportPath = ""

    /// Throws `StoreError` unless every seed of every run has a finite evaluation return.
    public init(_ runs: [RunSummary]) throws {
        self.runs = runs
        let scores = try runs.map { summary in
            try summary.seeds.map { seed in
                guard let value = seed.evaluationReturn, value.isFinite else {
                    throw StoreError(
                        "seed \(seed.seed) of '\(summary.run.id)' has no finite evaluation return to compare"
                    )
                }
                return value
            }
        }
        improvement = try scores.indices.map { row in
            try scores.indices.map { column in
                guard row != column else { return nil }
                let key = RandomKey(seed: 0).derived("comparison", row).derived("with", column)
                return try probabilityOfImprovement(scores[row], over: scores[column], key: key)
            }
        }
    }

    /// Whether the first run returns more than every other with confidence: each interval lies above 0.5.
    public var firstIsBetter: Bool { improvement[0].allSatisfy { $0.map { $0.lower > 0.5 } ?? true } }

    public var json: OrderedJSON {
        .object([
            (
                "runs",
                .list(
                    runs.map {
                        .object([
                            ("run", .text($0.run.id)), ("task", .text($0.run.environment)),
                            ("learner", .text($0.run.learner)),
                            ("values", .list($0.seeds.map { .optional($0.evaluationReturn) })),
                            ("evaluationReturn", RunSummary.json($0.evaluationReturn)),
                        ])
                    })
            ),
            (
                "improvement",
                .list(
                    improvement.enumerated().flatMap { row, cells in
                        cells.enumerated().compactMap { column, cell in
                            cell.map {
                                OrderedJSON.object([
                                    ("run", .text(runs[row].run.id)), ("over", .text(runs[column].run.id)),
                                    ("probability", .number($0.point)), ("lower", .number($0.lower)),
                                    ("upper", .number($0.upper)),
                                ])
                            }
                        }
                    })
            ),
            ("report", .text(reportPath)),
        ])
    }

    public var text: String {
        var lines: [String] = []
        for summary in runs {
            let value = summary.evaluationReturn.map {
                "\(readable($0.point)), 95% interval \(readable($0.lower)) to \(readable($0.upper))"
            }
            lines.append(
                "\(summary.run.id)  \(summary.run.learner) on \(summary.run.environment)  evaluation return "
                    + "\(value ?? "unknown")  (\(counted(summary.seeds.count, "seed")))")
        }
        for (row, cells) in improvement.enumerated() {
            for (column, cell) in cells.enumerated() where column > row {
                guard let cell else { continue }
                lines.append(
                    "P(\(runs[row].run.id) > \(runs[column].run.id)) = \(readable(cell.point)), 95% interval "
                        + "\(readable(cell.lower)) to \(readable(cell.upper))")
            }
        }
        if !reportPath.isEmpty { lines.append("report: \(reportPath)") }
        return lines.joined(separator: "\n")
    }
}

extension RunStore {
    /// Compares runs and writes the page `comparison.html` in the first one's folder.
    public func compare(_ identifiers: [String]) throws -> RunComparison {
        var comparison = try RunComparison(try identifiers.map(summary))
        let tasks = Set(comparison.runs.map(\.run.environment))
        var content = ComparisonContent(title: identifiers.joined(separator: ", "))
        content.subtitle = tasks.sorted().joined(separator: ", ")
        content.runs = comparison.runs.map { summary in
            ComparedRun(
                name: summary.run.id, description: "\(summary.run.learner) on \(summary.run.environment)",
                scores: summary.seeds.compactMap(\.evaluationReturn), evaluation: summary.evaluationReturn)
        }
        for (title, kind) in [("Evaluation return", CurveKind.evaluation), ("Training return", .training)] {
            let series = try identifiers.compactMap { id in
                RunStore.series(
                    id, try rows(of: id).points.filter { $0.kind == kind }.map { ($0.seed, $0.step, $0.value) })
            }
            if !series.isEmpty {
                content.curves.append(CurvePanel(title: title, yLabel: "primary return an episode", series: series))
            }
        }
        content.profiles = RunStore.profiles(content.runs)
        content.improvement = comparison.improvement
        if tasks.count > 1 {
            content.notes.append("These runs are of different tasks: their returns are not on one scale.")
        }
        let path = "\(folder(of: identifiers[0]))/comparison.html"
        try write(page: renderComparison(content), to: path)
        comparison.reportPath = path
        return comparison
    }

    private static func profiles(_ runs: [ComparedRun]) -> [CurvePanel] {
        let all = runs.flatMap(\.scores)
        guard let low = all.min(), let high = all.max(), low < high else { return [] }
        let thresholds = (0...50).map { low + (high - low) * Double($0) / 50 }
        let series = runs.compactMap { run -> PlotSeries? in
            guard let matrix = try? ScoreMatrix(run.scores),
                let profile = try? performanceProfile(
                    matrix, thresholds: thresholds, replicates: 500, key: RandomKey(seed: 0).derived("profile"))
            else { return nil }
            return PlotSeries(run.name, profile)
        }
        return [
            CurvePanel(
                title: "Performance profile", xLabel: "evaluation return", yLabel: "share of seeds above",
                series: series)
        ]
    }
}
