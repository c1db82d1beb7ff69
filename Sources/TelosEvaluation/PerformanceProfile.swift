import TelosTensor

/// One point of a performance profile.
public struct ProfilePoint: Sendable, Hashable, Codable {
    public var threshold: Double
    /// The share of runs above the threshold, 0 to 1.
    public var share: Interval

    public init(threshold: Double, share: Interval) {
        self.threshold = threshold
        self.share = share
    }
}

/// The run-score distribution: for each threshold tau the share of runs, over all tasks, that score above it,
/// F(tau) = mean_t (1 / n) sum_i [x_ti > tau], with pointwise stratified bootstrap intervals.
///
/// It shows the whole distribution at once; one curve above another everywhere is stochastic dominance. The area under
/// it from 0 up is the mean of non-negative scores. Source: Agarwal et al., *Deep reinforcement learning at the edge of
/// the statistical precipice*, 2021; Dolan and Moré, *Benchmarking optimization software with performance profiles*,
/// 2002. Throws `StatisticsError` for a NaN threshold, no replicates, or a level outside 0 ... 1.
public func performanceProfile(
    _ scores: ScoreMatrix, thresholds: [Double], replicates: Int = 2000, level: Double = 0.95, key: RandomKey
) throws -> [ProfilePoint] {
    try checkBootstrap(replicates, level)
    if let index = thresholds.firstIndex(where: \.isNaN) {
        throw StatisticsError("threshold \(index) is not a number")
    }
    let ranked = RankedScores(scores)
    let total = Double(ranked.sorted.count)
    // The rank from which scores exceed each threshold.
    let starts = thresholds.map { threshold in ranked.sorted.firstIndex { $0 > threshold } ?? ranked.sorted.count }
    var estimates = starts.map { _ in [Double]() }
    var fromRank = [Int](repeating: 0, count: ranked.sorted.count + 1)
    ranked.resample(replicates, key) { counts in
        for rank in counts.indices.reversed() { fromRank[rank] = fromRank[rank + 1] + counts[rank] }
        for (index, start) in starts.enumerated() { estimates[index].append(Double(fromRank[start]) / total) }
    }
    return thresholds.indices.map { index in
        let point = Double(ranked.sorted.count - starts[index]) / total
        return ProfilePoint(
            threshold: thresholds[index], share: percentileInterval(estimates[index], around: point, level: level))
    }
}

/// The average-score distribution: for each threshold tau the share of tasks whose mean score over runs lies above it,
/// with pointwise stratified bootstrap intervals.
///
/// It hides how much runs vary, which `performanceProfile` shows; it is what most tables of mean scores amount to.
/// Source: Agarwal et al., *Deep reinforcement learning at the edge of the statistical precipice*, 2021.
/// Throws `StatisticsError` for a NaN threshold, no replicates, or a level outside 0 ... 1.
public func averagePerformanceProfile(
    _ scores: ScoreMatrix, thresholds: [Double], replicates: Int = 2000, level: Double = 0.95, key: RandomKey
) throws -> [ProfilePoint] {
    if let index = thresholds.firstIndex(where: \.isNaN) {
        throw StatisticsError("threshold \(index) is not a number")
    }
    return try thresholds.map { threshold in
        // The same key: every point draws the same runs, so that the whole curve moves as runs do.
        let share = try bootstrapInterval(scores, replicates: replicates, level: level, key: key) { drawn in
            Double(drawn.taskMeans.count { $0 > threshold }) / Double(drawn.taskCount)
        }
        return ProfilePoint(threshold: threshold, share: share)
    }
}
