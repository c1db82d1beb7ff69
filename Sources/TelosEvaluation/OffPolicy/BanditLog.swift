import TelosTensor

/// Rounds of a contextual bandit as another policy played them: what was chosen, how likely that was, what it paid.
///
/// Contexts enter through the evaluation policy and the reward model alone, so they are not kept.
public struct BanditLog: Sendable, Hashable {
    public let actionCount: Int
    /// a_i, the arm that was played in round i.
    public let actions: [Int]
    public let rewards: [Double]
    /// pi_b(a_i | x_i), above 0.
    public let propensities: [Double]

    /// Throws `StatisticsError` for no rounds, different lengths, arms outside 0 ..< `actionCount`, propensities outside
    /// 0 ... 1, or rewards that are not finite.
    public init(actionCount: Int, actions: [Int], rewards: [Double], propensities: [Double]) throws {
        guard !actions.isEmpty, actions.count == rewards.count, actions.count == propensities.count else {
            throw StatisticsError(
                "a bandit log needs an action, a reward and a propensity a round, and at least one round, not "
                    + "\(actions.count), \(rewards.count) and \(propensities.count)")
        }
        try checkScores(rewards) { "the reward of round \($0)" }
        for (round, action) in actions.enumerated() {
            guard (0..<actionCount).contains(action) else {
                throw StatisticsError("the action of round \(round) is \(action); there are \(actionCount) from 0 on")
            }
            guard propensities[round] > 0, propensities[round] <= 1 else {
                throw StatisticsError(
                    "the propensity of round \(round) is \(propensities[round]); a chosen action's probability is above 0 "
                        + "and at most 1")
            }
        }
        self.actionCount = actionCount
        self.actions = actions
        self.rewards = rewards
        self.propensities = propensities
    }

    public var count: Int { actions.count }

    /// The expected reward of each arm by ridge regression on the contexts, one regression an arm: q(x_i, a) at
    /// `i * actionCount + a`. An arm that was never played is thought to pay the mean of all rewards.
    ///
    /// - contexts: x_i, `count` rows of `width`; a constant is added.
    /// - ridge: the penalty on the weights. Higher: nearer 0 for arms that were seldom played.
    /// Throws `StatisticsError` for contexts that do not fit.
    public func ridgeRewardModel(contexts: [Double], width: Int, ridge: Double = 1) throws -> [Double] {
        guard width >= 0, contexts.count == count * width, ridge > 0 else {
            throw StatisticsError(
                "\(contexts.count) numbers are not \(count) contexts of \(width), or the ridge, \(ridge), is not positive"
            )
        }
        let overall = mean(of: rewards)
        var estimates = [Double](repeating: overall, count: count * actionCount)
        for action in 0..<actionCount {
            let rounds = actions.indices.filter { actions[$0] == action }
            guard !rounds.isEmpty else { continue }
            func row(_ round: Int) -> [Double] { [1] + contexts[(round * width)..<((round + 1) * width)] }
            let weights = try leastSquares(
                matrix: rounds.flatMap(row), rows: rounds.count, columns: width + 1, rhs: rounds.map { rewards[$0] },
                ridge: ridge)
            for round in 0..<count {
                estimates[round * actionCount + action] = zip(row(round), weights).reduce(0) { $0 + $1.0 * $1.1 }
            }
        }
        return estimates
    }
}
