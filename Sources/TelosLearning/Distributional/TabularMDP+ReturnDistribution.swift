import TelosEnvironments

/// How the return of a policy is distributed. Rewards are R(s,a,s') at the index of `transitions`, or r(s,a).
extension TabularMDP {
    /// The distribution of sum over t < horizon of discount^t R, exactly, by following every path from the start; paths
    /// that meet in state and return are one.
    /// - choosing: the action at a step (from 0), in a state, with a discounted return so far.
    /// - Throws: `TabularError` for a reward of the wrong size.
    public func returnDistribution(
        reward: [Double], discount: Double, horizon: Int, choosing action: (Int, Int, Double) -> Int
    ) throws -> FiniteDistribution {
        let reward = try steppedReward(reward)
        var here: [[(value: Double, probability: Double)]] = start.map { $0 > 0 ? [(0, $0)] : [] }
        var done: [(value: Double, probability: Double)] = []
        var weight = 1.0
        for step in 0..<max(horizon, 0) {
            var next = Array(repeating: [(value: Double, probability: Double)](), count: stateCount)
            for state in 0..<stateCount where !here[state].isEmpty {
                if terminal[state] {
                    done += here[state]
                    continue
                }
                // Masses that sum to less than 1 merge like distributions.
                let paths = FiniteDistribution(unchecked: here[state])
                for (value, probability) in zip(paths.values, paths.probabilities) {
                    let chosen = action(step, state, value)
                    forEachSuccessor(of: state, action: chosen) {
                        next[$0].append((value + weight * reward(state, chosen, $0), probability * $1))
                    }
                }
            }
            here = next
            weight *= discount
        }
        return FiniteDistribution(unchecked: done + here.flatMap { $0 })
    }

    /// The distribution of `policy`'s discounted return from every state: repeats
    /// eta(s) <- projection of the law of R + discount G', G' ~ eta(s'), until no state's changes by more than
    /// `tolerance` in Wasserstein's distance. (Bellemare, Dabney and Munos, 2017; Rowland and others, 2018.)
    /// - Throws: `TabularError` for arguments of the wrong size, a discount that is not from 0 to below 1, the exact
    ///   projection (values would grow without end), or where it does not settle within `maximumSweeps`.
    public func returnDistributions(
        policy: [Double], reward: [Double], discount: Double, projection: ReturnProjection, tolerance: Double = 1e-8,
        maximumSweeps: Int = 10_000
    ) throws -> [FiniteDistribution] {
        let reward = try steppedReward(reward)
        guard policy.count == stateCount * actionCount else {
            throw TabularError("the policy has \(policy.count) values, not \(stateCount * actionCount)")
        }
        guard discount >= 0, discount < 1, projection != .exact else {
            throw TabularError(
                "distributions of endless returns need a discount from 0 to below 1, not \(discount), and a projection "
                    + "that is categorical or on quantiles")
        }
        var laws = Array(repeating: FiniteDistribution(certain: 0), count: stateCount)
        for _ in 0..<maximumSweeps {
            var change = 0.0
            var next = laws
            for state in 0..<stateCount where !terminal[state] {
                var parts: [FiniteDistribution.Part] = []
                for action in 0..<actionCount where policy[state * actionCount + action] > 0 {
                    forEachSuccessor(of: state, action: action) {
                        parts.append(
                            .init(
                                policy[state * actionCount + action] * $1, laws[$0], scale: discount,
                                shift: reward(state, action, $0)))
                    }
                }
                next[state] = projection(FiniteDistribution(mixing: parts))
                change = max(change, next[state].wassersteinDistance(to: laws[state]))
            }
            laws = next
            if change <= tolerance { return laws }
        }
        throw TabularError("the distributions of returns do not settle within \(maximumSweeps) sweeps")
    }

    /// The reward of a step, from either form.
    func steppedReward(_ reward: [Double]) throws -> (_ state: Int, _ action: Int, _ next: Int) -> Double {
        let (states, actions) = (stateCount, actionCount)
        if reward.count == states * actions * states {
            return { reward[($0 * actions + $1) * states + $2] }
        }
        guard reward.count == states * actions else {
            throw TabularError(
                "the reward has \(reward.count) values; write r(s,a) with \(states * actions) or R(s,a,s') with "
                    + "\(states * actions * states)")
        }
        return { state, action, _ in reward[state * actions + action] }
    }
}
