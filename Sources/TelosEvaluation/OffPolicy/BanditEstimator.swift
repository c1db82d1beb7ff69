import TelosTensor

/// What a policy would have earned a round in a contextual bandit, from the log of another: the estimators of Open Bandit
/// Pipeline.
///
/// With w_i = pi_e(a_i | x_i) / pi_b(a_i | x_i), a reward model q(x, a), v(x) = sum over a of pi_e(a | x) q(x, a) and
/// means over rounds:
///
///     direct method          mean v(x_i)
///     inverse propensity     mean w_i r_i
///     self-normalised        (mean w_i r_i) / (mean w_i)
///     doubly robust          mean v(x_i) + mean w_i (r_i - q(x_i, a_i))
///     self-normalised DR     mean v(x_i) + (mean w_i (r_i - q(x_i, a_i))) / (mean w_i)
///     switch-DR              doubly robust with 0 in place of every w_i above the threshold
///     DR with shrinkage      doubly robust with lambda w_i / (w_i² + lambda) in place of w_i
///
/// (Saito, Aihara, Matsutani and Narita, *Open bandit dataset and pipeline*, 2021.)
public enum BanditEstimator: Sendable, Hashable {
    /// Low variance; as wrong as the model. (Beygelzimer and Langford, *The offset tree for learning with partial labels*,
    /// 2009.)
    case directMethod
    /// Unbiased; its variance grows with the weights. (Horvitz and Thompson, 1952; Precup, Sutton and Singh, 2000.)
    case inversePropensity
    /// (Swaminathan and Joachims, *The self-normalized estimator for counterfactual learning*, 2015.)
    case selfNormalized
    /// Unbiased whatever the model. (Dudík, Erhan, Langford and Li, *Doubly robust policy evaluation and optimization*,
    /// 2014.)
    case doublyRobust
    case selfNormalizedDoublyRobust
    /// Trusts the model alone where weights are large; threshold 0 or more, lower: more of the model. (Wang, Agarwal and
    /// Dudík, *Optimal and adaptive off-policy evaluation in contextual bandits*, 2017.)
    case switchDoublyRobust(threshold: Double)
    /// lambda 0 or more; 0: the direct method, infinity: doubly robust. (Su, Dimakopoulou, Krishnamurthy and Dudík,
    /// *Doubly robust off-policy evaluation with shrinkage*, 2020.)
    case shrunkDoublyRobust(lambda: Double)

    /// Whether it asks a reward model.
    public var needsModel: Bool { self != .inversePropensity && self != .selfNormalized }

    /// The estimate of what `policy` earns a round.
    /// - Parameters:
    ///   - policy: pi_e(a | x_i) at `i * actionCount + a`.
    ///   - model: q(x_i, a) likewise; may be empty where none is needed.
    /// - Throws: `StatisticsError` for sizes that do not fit, a row that is no distribution, or weights that are all 0
    ///   where their mean divides.
    public func estimate(_ log: BanditLog, policy: [Double], model: [Double] = []) throws -> Double {
        try value(terms(log, policy, model))
    }

    /// The estimate with its percentile bootstrap interval over rounds.
    public func interval(
        _ log: BanditLog, policy: [Double], model: [Double] = [], replicates: Int = 1000, level: Double = 0.95,
        key: RandomKey
    ) throws -> Interval {
        let terms = try terms(log, policy, model)
        return try bootstrapInterval(resampling: terms, replicates: replicates, level: level, key: key) {
            try value($0)
        }
    }

    /// A round's part: v(x), the (changed) weight times what is weighted, and the weight that normalises.
    private struct Term {
        var baseline: Double
        var weighted: Double
        var weight: Double
    }

    private var isNormalized: Bool { self == .selfNormalized || self == .selfNormalizedDoublyRobust }

    private func value(_ terms: [Term]) throws -> Double {
        var (baseline, weighted, weight) = (0.0, 0.0, 0.0)
        for term in terms {
            baseline += term.baseline
            weighted += term.weighted
            weight += term.weight
        }
        let count = Double(terms.count)
        guard isNormalized else { return (baseline + weighted) / count }
        guard weight > 0 else {
            throw StatisticsError(
                "the evaluation policy never plays what was played: there is nothing to normalise by; use the direct method"
            )
        }
        return baseline / count + weighted / weight
    }

    private func terms(_ log: BanditLog, _ policy: [Double], _ model: [Double]) throws -> [Term] {
        let actionCount = log.actionCount
        guard policy.count == log.count * actionCount else {
            throw StatisticsError(
                "the evaluation policy has \(policy.count) probabilities for \(log.count) rounds of \(actionCount) actions"
            )
        }
        guard !needsModel || model.count == policy.count else {
            throw StatisticsError(
                "the reward model has \(model.count) values for \(log.count) rounds of \(actionCount) actions")
        }
        switch self {
        case .switchDoublyRobust(let value) where !(value >= 0), .shrunkDoublyRobust(let value) where !(value >= 0):
            throw StatisticsError("the threshold or lambda is \(value); write a number of 0 or more")
        default: break
        }
        return try (0..<log.count).map { round in
            let row = round * actionCount..<(round + 1) * actionCount
            let sum = row.reduce(0) { $0 + policy[$1] }
            guard abs(sum - 1) < 1e-6, row.allSatisfy({ policy[$0] >= 0 }) else {
                throw StatisticsError("the evaluation policy's probabilities in round \(round) sum to \(sum), not 1")
            }
            let played = round * actionCount + log.actions[round]
            let weight = policy[played] / log.propensities[round]
            guard needsModel else { return Term(baseline: 0, weighted: weight * log.rewards[round], weight: weight) }
            let baseline = row.reduce(0) { $0 + policy[$1] * model[$1] }
            return Term(
                baseline: baseline, weighted: changed(weight) * (log.rewards[round] - model[played]), weight: weight)
        }
    }

    private func changed(_ weight: Double) -> Double {
        switch self {
        case .directMethod: 0
        case .switchDoublyRobust(let threshold): weight <= threshold ? weight : 0
        case .shrunkDoublyRobust(let lambda):
            lambda == .infinity || weight == 0 ? weight : lambda * weight / (weight * weight + lambda)
        default: weight
        }
    }
}

/// The percentile bootstrap interval of any statistic of independent items: rounds, episodes.
///
/// Each of `replicates` resamples draws as many items as there are, with replacement. (Efron, *Bootstrap methods: another
/// look at the jackknife*, 1979.) Resamples where the statistic fails or is not a number are left out; throws where it
/// fails for the items themselves, and `StatisticsError` for no replicates or a level outside 0 ... 1.
public func bootstrapInterval<Item>(
    resampling items: [Item], replicates: Int = 1000, level: Double = 0.95, key: RandomKey,
    statistic: ([Item]) throws -> Double
) throws -> Interval {
    try checkBootstrap(replicates, level)
    let point = try statistic(items)
    guard !point.isNaN else { throw StatisticsError("the statistic of these items is not a number") }
    var random = key.stream
    var estimates: [Double] = []
    for _ in 0..<replicates {
        let drawn = items.map { _ in items[random.index(below: items.count)] }
        if let estimate = try? statistic(drawn), !estimate.isNaN { estimates.append(estimate) }
    }
    return percentileInterval(estimates.isEmpty ? [point] : estimates, around: point, level: level)
}
