import TelosTensor

/// The stratified percentile bootstrap: an aggregate of `scores` with its interval.
///
/// Each of `replicates` resamples draws, for every task independently, as many runs as there are, with replacement; the
/// bounds are the quantiles (1 - level) / 2 and (1 + level) / 2 of the aggregate over resamples. With few runs (under
/// about 5) such an interval covers the truth less often than its level says; with one run it is the point alone.
///
/// Source: Agarwal, Schwarzer, Castro, Courville and Bellemare, *Deep reinforcement learning at the edge of the
/// statistical precipice*, 2021; Efron, *Bootstrap methods: another look at the jackknife*, 1979.
/// Throws `StatisticsError` for no replicates or a level outside 0 ... 1.
public func bootstrapInterval(
    of aggregate: Aggregate, _ scores: ScoreMatrix, replicates: Int = 2000, level: Double = 0.95, key: RandomKey
) throws -> Interval {
    try checkBootstrap(replicates, level, aggregate)
    let estimates = resampledEstimates(of: aggregate, scores, replicates, key)
    return percentileInterval(estimates, around: aggregate.value(of: scores), level: level)
}

/// The same for the scores of runs on one task. Throws also for no scores or one that is not finite.
public func bootstrapInterval(
    of aggregate: Aggregate, _ scores: [Double], replicates: Int = 2000, level: Double = 0.95, key: RandomKey
) throws -> Interval {
    try bootstrapInterval(of: aggregate, ScoreMatrix(scores), replicates: replicates, level: level, key: key)
}

/// The same for any statistic of a score matrix. Resamples where it is not a number are left out; throws
/// `StatisticsError` when it is not a number for the scores themselves.
public func bootstrapInterval(
    _ scores: ScoreMatrix, replicates: Int = 2000, level: Double = 0.95, key: RandomKey,
    statistic: (ScoreMatrix) throws -> Double
) throws -> Interval {
    try checkBootstrap(replicates, level)
    let point = try statistic(scores)
    guard !point.isNaN else { throw StatisticsError("the statistic of these scores is not a number") }
    var stream = key.stream
    var values = scores.values
    var estimates: [Double] = []
    for _ in 0..<replicates {
        for task in 0..<scores.taskCount {
            for run in 0..<scores.runCount {
                let drawn = stream.index(below: scores.runCount)
                values[task * scores.runCount + run] = scores[run: drawn, task: task]
            }
        }
        let estimate = try statistic(
            ScoreMatrix(resampled: values, runCount: scores.runCount, taskCount: scores.taskCount))
        if !estimate.isNaN { estimates.append(estimate) }
    }
    return percentileInterval(estimates, around: point, level: level)
}

/// aggregate(x) - aggregate(y) with the bootstrap interval of that difference, both resampled independently.
///
/// An interval above 0 says that x scores higher. Runs need not be equal in number; the tasks must be the same, in
/// the same order. For paired runs, take the `bootstrapInterval` of the pairs' differences instead, which is narrower.
/// Throws `StatisticsError` for different numbers of tasks, no replicates, or a level outside 0 ... 1.
public func bootstrapDifference(
    of aggregate: Aggregate, _ x: ScoreMatrix, _ y: ScoreMatrix, replicates: Int = 2000, level: Double = 0.95,
    key: RandomKey
) throws -> Interval {
    try checkBootstrap(replicates, level, aggregate)
    try checkSameTasks(x, y)
    let first = resampledEstimates(of: aggregate, x, replicates, key.derived("bootstrap x"))
    let second = resampledEstimates(of: aggregate, y, replicates, key.derived("bootstrap y"))
    return percentileInterval(
        zip(first, second).map { $0 - $1 }, around: aggregate.value(of: x) - aggregate.value(of: y), level: level)
}

/// The same for the scores of runs on one task.
public func bootstrapDifference(
    of aggregate: Aggregate, _ x: [Double], _ y: [Double], replicates: Int = 2000, level: Double = 0.95, key: RandomKey
) throws -> Interval {
    try bootstrapDifference(
        of: aggregate, ScoreMatrix(x), ScoreMatrix(y), replicates: replicates, level: level, key: key)
}

func checkSameTasks(_ x: ScoreMatrix, _ y: ScoreMatrix) throws {
    guard x.taskCount == y.taskCount else {
        throw StatisticsError(
            "\(x.taskCount) tasks cannot be compared with \(y.taskCount): give scores on the same tasks, in one order")
    }
}

/// The aggregate of each resample, in the order drawn.
private func resampledEstimates(
    of aggregate: Aggregate, _ scores: ScoreMatrix, _ replicates: Int, _ key: RandomKey
) -> [Double] {
    let ranked = RankedScores(scores)
    var estimates: [Double] = []
    estimates.reserveCapacity(replicates)
    if aggregate == .medianOfTaskMeans {
        var stream = key.stream
        for _ in 0..<replicates {
            var means: [Double] = []
            for task in 0..<scores.taskCount {
                var sum = 0.0
                for _ in 0..<scores.runCount {
                    sum += scores[run: stream.index(below: scores.runCount), task: task]
                }
                means.append(sum / Double(scores.runCount))
            }
            estimates.append(median(of: means))
        }
        return estimates
    }
    var values = ranked.sorted
    ranked.resample(replicates, key) { counts in
        ranked.expand(counts, into: &values)
        let estimate =
            switch aggregate {
            case .interquartileMean: interquartileMean(ofSorted: values)
            case .median: quantile(0.5, ofSorted: values)
            case .optimalityGap(let threshold): optimalityGap(of: values, threshold: threshold)
            case .mean, .medianOfTaskMeans: mean(of: values)
            }
        estimates.append(estimate)
    }
    return estimates
}
