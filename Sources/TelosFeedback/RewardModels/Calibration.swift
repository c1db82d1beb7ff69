import CTelosKernels

/// How well chances that were predicted agree with answers: what to judge a reward model by, on comparisons that it was not
/// trained on.
public struct PreferenceScore: Sendable, Hashable {
    /// The share of answers that were predicted, a prediction of 1/2 counting half; ties are left out.
    public let accuracy: Double
    /// Mean of -(y log p + (1 - y) log(1 - p)), in nats; log 2 where nothing is known.
    public let logLoss: Double
    /// Mean of (p - y)^2; 1/4 where nothing is known.
    public let brierScore: Double
    /// `ReliabilityCurve.expectedError` with ten bins.
    public let expectedCalibrationError: Double

    /// - Parameters:
    ///   - probabilities: predicted chances that the first option is better.
    ///   - targets: the answers: 1, 0, 1/2 at a tie.
    /// - Throws: `FeedbackError` for counts that differ, no answers, or a number outside 0...1.
    public init(probabilities: [Double], targets: [Double]) throws {
        let curve = try ReliabilityCurve(probabilities: probabilities, targets: targets)
        var (right, decided, loss, brier) = (0.0, 0, 0.0, 0.0)
        for (chance, target) in zip(probabilities, targets) {
            if target != 0.5 {
                decided += 1
                right += chance == 0.5 ? 0.5 : (chance > 0.5) == (target > 0.5) ? 1 : 0
            }
            if target > 0 { loss -= target * telos_log64(chance) }
            if target < 1 { loss -= (1 - target) * telos_log1p64(-chance) }
            brier += (chance - target) * (chance - target)
        }
        let share = 1 / Double(targets.count)
        accuracy = decided > 0 ? right / Double(decided) : .nan
        logLoss = loss * share
        brierScore = brier * share
        expectedCalibrationError = curve.expectedError
    }
}

/// Predicted chances in bins of equal width, and how often what was predicted came true in each.
public struct ReliabilityCurve: Sendable, Hashable {
    public struct Bin: Sendable, Hashable {
        public var count: Int
        /// The mean of the predictions in it.
        public var predicted: Double
        /// The mean of what came of them.
        public var observed: Double
    }

    /// The bins that hold predictions, ascending.
    public let bins: [Bin]
    /// The expected calibration error: the mean of |predicted - observed| over all predictions, each by its bin. (Naeini,
    /// Cooper and Hauskrecht, *Obtaining well calibrated probabilities using Bayesian binning*, 2015.)
    public let expectedError: Double
    /// The largest |predicted - observed| of a bin.
    public let largestError: Double

    /// - Parameters: as `PreferenceScore`; `bins` of width 1 / bins, from 0.
    /// - Throws: as `PreferenceScore`, and for fewer than one bin.
    public init(probabilities: [Double], targets: [Double], bins binCount: Int = 10) throws {
        guard !targets.isEmpty, probabilities.count == targets.count, binCount > 0 else {
            throw FeedbackError(
                "\(probabilities.count) predictions, \(targets.count) answers, \(binCount) bins; write as many predictions "
                    + "as answers, and at least one of each")
        }
        guard (probabilities + targets).allSatisfy({ (0...1).contains($0) }) else {
            throw FeedbackError("a prediction or an answer is outside 0...1")
        }
        var sums = Array(repeating: Bin(count: 0, predicted: 0, observed: 0), count: binCount)
        for (chance, target) in zip(probabilities, targets) {
            let index = min(Int(chance * Double(binCount)), binCount - 1)
            sums[index].count += 1
            sums[index].predicted += chance
            sums[index].observed += target
        }
        bins = sums.filter { $0.count > 0 }.map {
            Bin(
                count: $0.count, predicted: $0.predicted / Double($0.count), observed: $0.observed / Double($0.count))
        }
        let total = Double(targets.count)
        expectedError = bins.reduce(0) { $0 + Double($1.count) / total * abs($1.predicted - $1.observed) }
        largestError = bins.map { abs($0.predicted - $0.observed) }.max() ?? 0
    }
}
