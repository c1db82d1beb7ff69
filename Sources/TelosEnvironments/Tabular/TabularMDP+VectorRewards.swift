/// Several rewards in one model: a multi-objective MDP is a `TabularMDP` with an array of rewards, one an objective,
/// each in either form that the other methods take.
///
/// (Roijers, Vamplew, Whiteson and Dazeley, *A survey of multi-objective sequential decision-making*, 2013.)
extension TabularMDP {
    /// V_i of every reward, from one factorisation: the vector value.
    public func policyValues(policy: [Double], rewards: [[Double]], discount: Double) throws -> [[Double]] {
        try check(policy: policy)
        let rewards = try rewards.map { try checkedReward($0) }
        let factorization = try factorization(policy: policy, discount: discount)
        return try rewards.map { reward in
            var collected = [Double](repeating: 0, count: stateCount)
            for entry in policy.indices { collected[entry / actionCount] += policy[entry] * reward[entry] }
            return try factorization.solve(collected)
        }
    }

    /// What `policy` is expected to collect of every reward from the start distribution: the vector return.
    public func expectedReturns(policy: [Double], rewards: [[Double]], discount: Double) throws -> [Double] {
        try policyValues(policy: policy, rewards: rewards, discount: discount).map(expectation)
    }

    /// The vector return, and the advantages A_i(s,a) = q_i(s,a) - V_i(s) of every reward.
    public func vectorAdvantages(
        policy: [Double], rewards: [[Double]], discount: Double
    ) throws -> (returns: [Double], advantages: [[Double]]) {
        let values = try policyValues(policy: policy, rewards: rewards, discount: discount)
        let advantages = try zip(values, rewards).map { values, reward in
            let q = backup(values, try checkedReward(reward), discount)
            return q.indices.map { q[$0] - values[$0 / actionCount] }
        }
        return (values.map(expectation), advantages)
    }

    /// sum_i w_i r_i, of rewards of one form.
    public static func weightedReward(_ rewards: [[Double]], weights: [Double]) -> [Double] {
        precondition(rewards.count == weights.count, "\(weights.count) weights for \(rewards.count) rewards")
        var sum = [Double](repeating: 0, count: rewards.first?.count ?? 0)
        for (reward, weight) in zip(rewards, weights) {
            for index in sum.indices { sum[index] += weight * reward[index] }
        }
        return sum
    }
}
