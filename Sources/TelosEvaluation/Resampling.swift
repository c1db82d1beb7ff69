import TelosTensor

/// Resamples of a score matrix by counting: how often each rank (value in ascending order) was drawn.
///
/// The values are sorted once. A resample is then a count a rank, from which order statistics follow in one pass, with
/// no sorting: the cost of a resample is that of drawing it.
struct RankedScores {
    /// All scores in ascending order.
    let sorted: [Double]
    /// The rank of run r of task t at `t * runCount + r`.
    let ranks: [Int]
    let runCount: Int
    let taskCount: Int

    init(_ scores: ScoreMatrix) {
        let order = scores.values.indices.sorted {
            (scores.values[$0], $0) < (scores.values[$1], $1)
        }
        var ranks = [Int](repeating: 0, count: order.count)
        for (rank, index) in order.enumerated() { ranks[index] = rank }
        sorted = order.map { scores.values[$0] }
        self.ranks = ranks
        runCount = scores.runCount
        taskCount = scores.taskCount
    }

    /// Adds to `counts` (one a rank) as many draws with replacement as task `task` has runs.
    func draw(task: Int, into counts: inout [Int], _ stream: inout RandomStream) {
        for _ in 0..<runCount { counts[ranks[task * runCount + stream.index(below: runCount)]] += 1 }
    }

    /// Calls `body` for `replicates` resamples, each drawing every task's runs independently, with the counts a rank.
    func resample(_ replicates: Int, _ key: RandomKey, _ body: (_ counts: [Int]) -> Void) {
        var stream = key.stream
        var counts = [Int](repeating: 0, count: sorted.count)
        for _ in 0..<replicates {
            for index in counts.indices { counts[index] = 0 }
            for task in 0..<taskCount { draw(task: task, into: &counts, &stream) }
            body(counts)
        }
    }

    /// Overwrites `values` with the counted scores in ascending order.
    func expand(_ counts: [Int], into values: inout [Double]) {
        var index = 0
        for (rank, count) in counts.enumerated() {
            for _ in 0..<count {
                values[index] = sorted[rank]
                index += 1
            }
        }
    }
}

/// The percentile interval of bootstrap `estimates` around `point`.
func percentileInterval(_ estimates: [Double], around point: Double, level: Double) -> Interval {
    let sorted = estimates.sorted()
    let tail = (1 - level) / 2
    return Interval(
        widening: quantile(tail, ofSorted: sorted), point, quantile(1 - tail, ofSorted: sorted), level: level)
}

func checkBootstrap(_ replicates: Int, _ level: Double, _ aggregate: Aggregate? = nil) throws {
    if case .optimalityGap(let threshold) = aggregate { try checkScores([threshold]) { _ in "the threshold" } }
    guard replicates > 0 else {
        throw StatisticsError("a bootstrap needs at least 1 replicate, usually 2000, not \(replicates)")
    }
    try checkLevel(level)
}
