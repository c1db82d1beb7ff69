import TelosLearning
import TelosTensor

extension LearningCurve {
    /// The cumulative regret of a bandit's run, at its marks.
    public init(regretOf run: BanditRun) throws { try self.init(steps: run.rounds, values: run.regrets) }
}

/// The mean cumulative regret of several runs of a bandit policy at their marks, with bootstrap intervals.
///
/// Throws `StatisticsError` for no runs, or runs that share no rounds.
public func regretCurve(
    _ runs: [BanditRun], of aggregate: Aggregate = .mean, replicates: Int = 2000, level: Double = 0.95, key: RandomKey
) throws -> [CurvePoint] {
    try sampleEfficiencyCurve(
        runs.map { try LearningCurve(regretOf: $0) }, of: aggregate, replicates: replicates, level: level, key: key)
}
