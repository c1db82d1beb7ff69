import TelosLearning

/// What a seed has logged that is not yet final, kept in its checkpoint: a run continued from one logs the same rows as
/// a run that was never interrupted.
///
/// The planned steps are cut into at most 200 equal intervals, the same for every seed and learner. An episode belongs
/// to the interval it ended in, an iteration's metrics to the one it ended in; a row is the interval's mean, written
/// when the interval is over.
struct TrainingLog: Codable, Sendable {
    static let intervalCount = 200
    static let recentCount = 100

    struct OpenInterval: Codable, Sendable {
        var index: Int
        var episodes = 0
        var returns = 0.0
        var terms: [Double] = []
        var metrics: [MetricSum] = []
    }

    struct MetricSum: Codable, Sendable {
        var name: String
        var count: Int
        var sum: Double
    }

    let plannedSteps: Int
    let termNames: [String]
    private(set) var open: [OpenInterval] = []
    /// Primary returns of the last episodes, oldest first.
    private(set) var recent: [Double] = []
    /// The terms of the last episodes, each in the order of `termNames`.
    private(set) var recentTerms: [[Double]] = []
    private(set) var episodes = 0
    private(set) var time = TimeSplit()
    var seconds = 0.0
    var evaluatedAt: Int?
    var evaluationReturn: Double?
    var evaluationTerms: [Double] = []
    /// The best evaluation return so far; nil before the first that is a number, and in what older versions wrote.
    private(set) var bestReturn: Double?
    /// Numbers in the log files so far; nil in what older versions wrote.
    var logged: Int?
    var nextEvaluation = 0
    var nextCheckpoint: Int

    init(plan: TrainingPlan, termNames: [String]) {
        plannedSteps = plan.steps
        self.termNames = termNames
        nextCheckpoint = plan.checkpointInterval
    }

    private var count: Int { max(1, min(TrainingLog.intervalCount, plannedSteps)) }

    /// The last step of interval `index`.
    private func end(_ index: Int) -> Int { (index + 1) * plannedSteps / count }

    /// The interval `step` lies in; steps beyond the planned ones lie in the last.
    private func index(of step: Int) -> Int {
        var index = min(count - 1, max(0, (step - 1) * count / max(1, plannedSteps)))
        while index > 0, end(index - 1) >= step { index -= 1 }
        while index < count - 1, end(index) < step { index += 1 }
        return index
    }

    private mutating func position(of step: Int) -> Int {
        let index = index(of: step)
        if let position = open.firstIndex(where: { $0.index == index }) { return position }
        let position = open.firstIndex { $0.index > index } ?? open.endIndex
        open.insert(OpenInterval(index: index, terms: termNames.map { _ in 0 }), at: position)
        return position
    }

    /// Takes in an iteration that ended at `steps`; gives the rows of the intervals that are over with it.
    mutating func record(_ report: IterationReport, steps: Int, seed: Int) -> RunRows {
        time += report.time
        episodes += report.episodes.count
        for episode in report.episodes {
            let position = position(of: episode.step)
            open[position].episodes += 1
            open[position].returns += episode.primaryReturn
            for (term, value) in episode.terms.enumerated() where term < termNames.count {
                open[position].terms[term] += value
            }
        }
        for episode in report.episodes.suffix(TrainingLog.recentCount) {
            recent.append(episode.primaryReturn)
            recentTerms.append(episode.terms)
        }
        recent.removeFirst(max(0, recent.count - TrainingLog.recentCount))
        recentTerms.removeFirst(max(0, recentTerms.count - TrainingLog.recentCount))
        if !report.metrics.isEmpty {
            let position = position(of: steps)
            for metric in report.metrics {
                if let known = open[position].metrics.firstIndex(where: { $0.name == metric.name }) {
                    open[position].metrics[known].count += 1
                    open[position].metrics[known].sum += metric.value
                } else {
                    open[position].metrics.append(MetricSum(name: metric.name, count: 1, sum: metric.value))
                }
            }
        }
        var rows = RunRows()
        while let first = open.first, end(first.index) <= steps, first.index < count - 1 || steps >= plannedSteps {
            append(first, to: &rows, seed: seed)
            open.removeFirst()
        }
        return rows
    }

    private func append(_ interval: OpenInterval, to rows: inout RunRows, seed: Int) {
        let step = end(interval.index)
        if interval.episodes > 0 {
            let episodes = Double(interval.episodes)
            rows.points.append(
                CurveRow(seed: seed, step: step, kind: .training, value: interval.returns / episodes))
            for (name, sum) in zip(termNames, interval.terms) {
                rows.terms.append(NamedRow(seed: seed, step: step, name: name, value: sum / episodes))
            }
        }
        for metric in interval.metrics {
            rows.metrics.append(
                NamedRow(seed: seed, step: step, name: metric.name, value: metric.sum / Double(metric.count)))
        }
    }

    /// Whether the latest evaluation is better than every one before it; takes note of it.
    mutating func isBest() -> Bool {
        guard let value = evaluationReturn, !value.isNaN, value > bestReturn ?? -.infinity || bestReturn == nil else {
            return false
        }
        bestReturn = value
        return true
    }

    /// Takes in an evaluation made at `steps` and gives its rows.
    mutating func record(_ result: EvaluationResult, steps: Int, seed: Int, interval: Int) -> RunRows {
        evaluatedAt = steps
        evaluationReturn = result.meanReturn
        evaluationTerms = result.meanTerms
        nextEvaluation = (steps / interval + 1) * interval
        var rows = RunRows()
        rows.points = [CurveRow(seed: seed, step: steps, kind: .evaluation, value: result.meanReturn)]
        rows.evaluations = result.episodes.enumerated().map { index, episode in
            EvaluationRow(
                seed: seed, step: steps, episode: index, primaryReturn: episode.primaryReturn, length: episode.length,
                end: episode.end)
        }
        return rows
    }

    /// Mean primary return of the last 100 training episodes.
    var trainingReturn: Double? { recent.isEmpty ? nil : recent.reduce(0, +) / Double(recent.count) }

    /// Mean of each term's sum over the last 100 training episodes.
    var trainingTerms: [NamedValue] {
        guard !recentTerms.isEmpty else { return [] }
        return termNames.indices.map { term in
            let sum = recentTerms.reduce(0) { $0 + (term < $1.count ? $1[term] : 0) }
            return NamedValue(termNames[term], sum / Double(recentTerms.count))
        }
    }

    func summary(seed: Int, steps: Int, status: SeedStatus, weights: UInt64?) -> SeedRecord {
        SeedRecord(
            seed: seed, steps: steps, status: status, seconds: seconds, trainingReturn: trainingReturn,
            evaluationReturn: evaluationReturn,
            terms: zip(termNames, evaluationTerms).map { NamedValue($0, $1) },
            weights: weights.map(hexadecimal) ?? "")
    }
}

/// 16 hexadecimal digits.
func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
