import TelosTensor

/// One run's score as it learned: a value at each of some steps of experience.
public struct LearningCurve: Sendable, Hashable {
    /// Environment steps, strictly ascending.
    public let steps: [Int]
    public let values: [Double]

    /// Throws `StatisticsError` for different lengths, no points, steps that do not ascend, or a value that is not
    /// finite: leave out the points at which there was nothing to measure yet.
    public init(steps: [Int], values: [Double]) throws {
        guard steps.count == values.count, !steps.isEmpty else {
            throw StatisticsError(
                "a learning curve needs a value a step and at least one point, not \(steps.count) steps "
                    + "and \(values.count) values")
        }
        for (before, after) in zip(steps, steps.dropFirst()) where after <= before {
            throw StatisticsError("the steps of a learning curve must ascend, but \(after) follows \(before)")
        }
        try checkScores(values) { "the value at step \(steps[$0]) of a learning curve" }
        self.steps = steps
        self.values = values
    }

    /// The value at `step`: linear between the neighbouring points, constant beyond the first and the last.
    public func value(at step: Int) -> Double {
        // The first point after `step`, by bisection.
        var (low, high) = (0, steps.count)
        while low < high {
            let middle = (low + high) / 2
            if steps[middle] > step { high = middle } else { low = middle + 1 }
        }
        guard low > 0 else { return values[0] }
        guard low < steps.count, steps[low - 1] < step else { return values[low - 1] }
        let share = Double(step - steps[low - 1]) / Double(steps[low] - steps[low - 1])
        return values[low - 1] + share * (values[low] - values[low - 1])
    }
}

/// A point of a curve with its interval.
public struct CurvePoint: Sendable, Hashable, Codable {
    public var step: Int
    public var value: Interval

    public init(step: Int, value: Interval) {
        self.step = step
        self.value = value
    }
}

/// An aggregate over runs as a function of experience, with pointwise bootstrap intervals.
///
/// The curves are read at common steps, by linear interpolation: at `steps`, or by default at the curves' own steps if
/// all share them, else at `pointCount` evenly spaced steps of the range that every curve covers. Every point draws the
/// same runs, so the band moves as whole runs do. Source: Agarwal et al., *Deep reinforcement learning at the edge of
/// the statistical precipice*, 2021.
/// Throws `StatisticsError` for no curves, curves that share no range, a step outside it, fewer than 2 points, no
/// replicates, or a level outside 0 ... 1.
public func sampleEfficiencyCurve(
    _ curves: [LearningCurve], at steps: [Int]? = nil, pointCount: Int = 100,
    of aggregate: Aggregate = .interquartileMean, replicates: Int = 2000, level: Double = 0.95, key: RandomKey
) throws -> [CurvePoint] {
    try sampleEfficiencyCurve(
        tasks: [curves], at: steps, pointCount: pointCount, of: aggregate, replicates: replicates, level: level,
        key: key)
}

/// The same over several tasks: a list of curves a task, all of one length, resampled task by task.
public func sampleEfficiencyCurve(
    tasks: [[LearningCurve]], at steps: [Int]? = nil, pointCount: Int = 100,
    of aggregate: Aggregate = .interquartileMean, replicates: Int = 2000, level: Double = 0.95, key: RandomKey
) throws -> [CurvePoint] {
    let grid = try commonSteps(tasks.flatMap { $0 }, steps, pointCount)
    return try grid.map { step in
        let scores = try ScoreMatrix(tasks: tasks.map { curves in curves.map { $0.value(at: step) } })
        return CurvePoint(
            step: step,
            value: try bootstrapInterval(of: aggregate, scores, replicates: replicates, level: level, key: key))
    }
}

private func commonSteps(_ curves: [LearningCurve], _ requested: [Int]?, _ pointCount: Int) throws -> [Int] {
    guard let first = curves.map({ $0.steps[0] }).max(), let last = curves.map({ $0.steps[$0.steps.count - 1] }).min()
    else { throw StatisticsError("no curves: a sample-efficiency curve needs at least one run") }
    guard first <= last else {
        throw StatisticsError(
            "the curves share no steps: one starts at step \(first), after another has ended at step \(last)")
    }
    if let requested {
        for step in requested where step < first || step > last {
            throw StatisticsError("step \(step) is outside \(first) to \(last), the range every curve covers")
        }
        return requested
    }
    if curves.allSatisfy({ $0.steps == curves[0].steps }) { return curves[0].steps }
    guard pointCount > 1 else {
        throw StatisticsError("a curve needs at least 2 points, not \(pointCount)")
    }
    let count = min(pointCount, last - first + 1)
    let stride = Double(last - first) / Double(max(count - 1, 1))
    return (0..<count).map { first + Int((Double($0) * stride).rounded()) }
}
