import TelosTensor

/// The probability that a run of x scores higher than a run of y, averaged over tasks, a tie counting one half:
/// P = mean over tasks of (1 / n m) sum_ij [x_i > y_j] + [x_i = y_j] / 2 (the statistic of Mann and Whitney, 1947).
///
/// It says how often x improves on y, not by how much. Source: Agarwal et al., *Deep reinforcement learning at the edge
/// of the statistical precipice*, 2021. Throws `StatisticsError` for different numbers of tasks.
public func probabilityOfImprovement(_ x: ScoreMatrix, over y: ScoreMatrix) throws -> Double {
    try checkSameTasks(x, y)
    let tasks = (0..<x.taskCount).map { MergedLevels(x.scores(ofTask: $0), y.scores(ofTask: $0)) }
    return mean(of: tasks.map { $0.probability($0.countX, $0.countY) })
}

/// The probability of improvement with its stratified bootstrap interval: runs of x and of y are resampled
/// independently, task by task. x improves on y with confidence when the interval lies above 0.5.
/// Throws `StatisticsError` for different numbers of tasks, no replicates, or a level outside 0 ... 1.
public func probabilityOfImprovement(
    _ x: ScoreMatrix, over y: ScoreMatrix, replicates: Int = 2000, level: Double = 0.95, key: RandomKey
) throws -> Interval {
    try checkBootstrap(replicates, level)
    let point: Double = try probabilityOfImprovement(x, over: y)
    var estimates = [Double](repeating: 0, count: replicates)
    var (streamX, streamY) = (key.derived("bootstrap x").stream, key.derived("bootstrap y").stream)
    for task in 0..<x.taskCount {
        let levels = MergedLevels(x.scores(ofTask: task), y.scores(ofTask: task))
        for replicate in 0..<replicates {
            let countX = levels.draw(levels.levelX, &streamX)
            let countY = levels.draw(levels.levelY, &streamY)
            estimates[replicate] += levels.probability(countX, countY) / Double(x.taskCount)
        }
    }
    return percentileInterval(estimates, around: point, level: level)
}

/// The same for the scores of runs on one task. Throws also for no scores or one that is not finite.
public func probabilityOfImprovement(
    _ x: [Double], over y: [Double], replicates: Int = 2000, level: Double = 0.95, key: RandomKey
) throws -> Interval {
    try probabilityOfImprovement(
        ScoreMatrix(x), over: ScoreMatrix(y), replicates: replicates, level: level, key: key)
}

/// Two samples on the ladder of their distinct values: comparing them takes one climb instead of n m comparisons.
private struct MergedLevels {
    /// The level of each score.
    let levelX: [Int]
    let levelY: [Int]
    let levelCount: Int

    init(_ x: [Double], _ y: [Double]) {
        let merged = (x + y).indices.map { index in
            (value: index < x.count ? x[index] : y[index - x.count], index: index)
        }.sorted { ($0.value, $0.index) < ($1.value, $1.index) }
        var levels = [Int](repeating: 0, count: merged.count)
        var level = 0
        for (position, item) in merged.enumerated() {
            if position > 0, item.value > merged[position - 1].value { level += 1 }
            levels[item.index] = level
        }
        levelX = Array(levels.prefix(x.count))
        levelY = Array(levels.suffix(y.count))
        levelCount = level + 1
    }

    var countX: [Int] { count(levelX) }
    var countY: [Int] { count(levelY) }

    private func count(_ levels: [Int]) -> [Int] {
        var counts = [Int](repeating: 0, count: levelCount)
        for level in levels { counts[level] += 1 }
        return counts
    }

    func draw(_ levels: [Int], _ stream: inout RandomStream) -> [Int] {
        var counts = [Int](repeating: 0, count: levelCount)
        for _ in levels { counts[levels[stream.index(below: levels.count)]] += 1 }
        return counts
    }

    func probability(_ countX: [Int], _ countY: [Int]) -> Double {
        var below = 0
        var twice = 0
        for level in 0..<levelCount {
            twice += countX[level] * (2 * below + countY[level])
            below += countY[level]
        }
        return Double(twice) / (2 * Double(levelX.count) * Double(levelY.count))
    }
}
