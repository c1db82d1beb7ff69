/// Final scores of independent runs on tasks: a row a run (seed), a column a task.
///
/// Columns are resampled independently of each other, so a row groups nothing: any run of one task may share a row with
/// any run of another. Scores of several tasks are only comparable once normalised.
public struct ScoreMatrix: Sendable, Hashable {
    public let runCount: Int
    public let taskCount: Int
    /// Task by task: run r of task t at `t * runCount + r`.
    public let values: [Double]

    /// Scores of several runs on one task. Throws `StatisticsError` for no scores or one that is not finite.
    public init(_ scores: [Double]) throws { try self.init(tasks: [scores]) }

    /// A list of scores a task, all of one length.
    /// Throws `StatisticsError` for no scores, lengths that differ, or a score that is not finite.
    public init(tasks: [[Double]]) throws {
        guard let first = tasks.first, !first.isEmpty else {
            throw StatisticsError("no scores: statistics need at least one run on one task")
        }
        for (task, scores) in tasks.enumerated() {
            guard scores.count == first.count else {
                throw StatisticsError(
                    "task \(task) has \(scores.count) runs and task 0 has \(first.count): "
                        + "give the same number of runs for every task")
            }
            try checkScores(scores) { "the score of run \($0) on task \(task)" }
        }
        runCount = first.count
        taskCount = tasks.count
        values = tasks.flatMap { $0 }
    }

    /// A list of scores a run, all of one length. Throws as `init(tasks:)` does.
    public init(runs: [[Double]]) throws {
        guard let first = runs.first, !first.isEmpty else {
            throw StatisticsError("no scores: statistics need at least one run on one task")
        }
        for (run, scores) in runs.enumerated() where scores.count != first.count {
            throw StatisticsError(
                "run \(run) has \(scores.count) tasks and run 0 has \(first.count): "
                    + "give a score for every task in every run")
        }
        try self.init(tasks: first.indices.map { task in runs.map { $0[task] } })
    }

    /// Bypasses the checks, for resamples of a matrix that passed them.
    init(resampled values: [Double], runCount: Int, taskCount: Int) {
        self.values = values
        self.runCount = runCount
        self.taskCount = taskCount
    }

    public subscript(run run: Int, task task: Int) -> Double { values[task * runCount + run] }

    /// The scores of one task, in the order of the runs.
    public func scores(ofTask task: Int) -> [Double] { Array(values[task * runCount..<(task + 1) * runCount]) }

    /// The mean score of each task.
    public var taskMeans: [Double] { (0..<taskCount).map { mean(of: scores(ofTask: $0)) } }

    /// (score - low) / (high - low), with a low and a high reference score a task (for example a random and an expert
    /// policy's). Throws `StatisticsError` for a wrong number of references, or a low and a high that are equal.
    public func normalized(low: [Double], high: [Double]) throws -> ScoreMatrix {
        guard low.count == taskCount, high.count == taskCount else {
            throw StatisticsError(
                "\(low.count) low and \(high.count) high reference scores for \(taskCount) tasks: "
                    + "give one of each a task")
        }
        return try ScoreMatrix(
            tasks: (0..<taskCount).map { task in
                let span = high[task] - low[task]
                guard span != 0, span.isFinite else {
                    throw StatisticsError(
                        "the reference scores of task \(task), \(low[task]) and \(high[task]), "
                            + "must be two different finite numbers")
                }
                return scores(ofTask: task).map { ($0 - low[task]) / span }
            })
    }
}

/// A number that sums up scores.
public enum Aggregate: Sendable, Hashable {
    /// The mean of all scores.
    case mean
    /// The median of all scores, runs and tasks pooled.
    case median
    /// The median over tasks of each task's mean score, the customary median of Atari results.
    case medianOfTaskMeans
    /// The interquartile mean of all scores, runs and tasks pooled.
    case interquartileMean
    /// How far scores fall short of a threshold on average; lower is better.
    case optimalityGap(threshold: Double)

    public func value(of scores: ScoreMatrix) -> Double {
        switch self {
        case .mean: TelosEvaluation.mean(of: scores.values)
        case .median: TelosEvaluation.median(of: scores.values)
        case .medianOfTaskMeans: TelosEvaluation.median(of: scores.taskMeans)
        case .interquartileMean: TelosEvaluation.interquartileMean(of: scores.values)
        case .optimalityGap(let threshold): TelosEvaluation.optimalityGap(of: scores.values, threshold: threshold)
        }
    }
}
