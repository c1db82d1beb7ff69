import TelosTensor

/// What a policy would have earned an episode, from episodes of another: estimators that weigh rewards by how much likelier
/// the policy would have made them.
///
/// With w_t = product of rho_k for k = 0 ... t, n episodes, u_t = w_t / n, or w_t over its sum over episodes where weighted,
/// and u_(-1) = 1 / n (an episode that is over keeps its last weight and earns nothing):
///
///     importance sampling    sum over episodes of u_(L-1) (sum over t of discount^t r_t)
///     per decision           sum over episodes and t of discount^t u_t r_t
///     doubly robust          sum over episodes and t of discount^t (u_t (r_t - q(s_t, a_t)) + u_(t-1) v(s_t))
///
/// Importance sampling and its per-decision and doubly robust forms are unbiased, the weighted ones consistent.
///
/// (Precup, Sutton and Singh, *Eligibility traces for off-policy policy evaluation*, 2000; Jiang and Li, *Doubly robust
/// off-policy value evaluation for reinforcement learning*, 2016; Thomas and Brunskill, *Data-efficient off-policy policy
/// evaluation for reinforcement learning*, 2016.)
public enum TrajectoryEstimator: String, Sendable, CaseIterable {
    case importanceSampling, weightedImportanceSampling
    case perDecision, weightedPerDecision
    /// Need a model's values in each episode.
    case doublyRobust, weightedDoublyRobust

    public var needsModel: Bool { self == .doublyRobust || self == .weightedDoublyRobust }

    var isWeighted: Bool {
        self == .weightedImportanceSampling || self == .weightedPerDecision || self == .weightedDoublyRobust
    }

    /// The estimate of the policy's expected return. NaN where all weights are 0 and it is weighted.
    /// - Throws: `StatisticsError` for no episodes, lengths that differ, or no model where one is needed.
    public func estimate(_ episodes: [LoggedEpisode], discount: Double = 1) throws -> Double {
        try checkEpisodes(episodes, needModel: needsModel)
        let weights = StepWeights(episodes, normalized: isWeighted)
        var sum = 0.0
        for (index, episode) in episodes.enumerated() {
            switch self {
            case .importanceSampling, .weightedImportanceSampling:
                sum += weights.last(index) * episode.discountedReturn(discount)
            default:
                var power = 1.0
                for step in 0..<episode.length {
                    let weight = weights[index, step]
                    sum += power * weight * episode.rewards[step]
                    if needsModel {
                        sum +=
                            power
                            * (weights[index, step - 1] * episode.stateValues[step] - weight
                                * episode.actionValues[step])
                    }
                    power *= discount
                }
            }
        }
        return sum
    }

    /// The estimate with its percentile bootstrap interval over episodes.
    public func interval(
        _ episodes: [LoggedEpisode], discount: Double = 1, replicates: Int = 1000, level: Double = 0.95, key: RandomKey
    ) throws -> Interval {
        try bootstrapInterval(resampling: episodes, replicates: replicates, level: level, key: key) {
            try estimate($0, discount: discount)
        }
    }
}

/// u_t of each episode: cumulative ratios over the number of episodes, or over their sum.
struct StepWeights {
    /// Of episode e at step t, `e * (horizon + 1) + t + 1`; the first column is 1 / n.
    private var values: [Double]
    let horizon: Int

    init(_ episodes: [LoggedEpisode], normalized: Bool) {
        let count = episodes.count
        let horizon = episodes.map(\.length).max() ?? 0
        self.horizon = horizon
        values = [Double](repeating: 1, count: count * (horizon + 1))
        for (index, episode) in episodes.enumerated() {
            for step in 0..<horizon {
                let ratio = step < episode.length ? episode.ratios[step] : 1
                values[index * (horizon + 1) + step + 1] = values[index * (horizon + 1) + step] * ratio
            }
        }
        for column in 0...horizon {
            var sum = Double(count)
            if normalized {
                sum = (0..<count).reduce(0) { $0 + values[$1 * (horizon + 1) + column] }
            }
            for index in 0..<count { values[index * (horizon + 1) + column] /= sum }
        }
    }

    /// u_t of an episode; `step` -1 is before the first.
    subscript(episode: Int, step: Int) -> Double { values[episode * (horizon + 1) + step + 1] }
    func last(_ episode: Int) -> Double { self[episode, horizon - 1] }
}
