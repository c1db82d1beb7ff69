/// The solution of a tabular MDP: optimal values and a deterministic optimal policy.
public struct TabularSolution: Sendable, Hashable {
    /// V*(s), 0 in terminal states.
    public var values: [Double]
    /// q*(s,a) at `s * actionCount + a`.
    public var q: [Double]
    /// The lowest of the best actions of each state (0 in terminal states).
    public var actions: [Int]
    /// `actions` as pi(a|s).
    public var policy: [Double]
    /// Sweeps of value iteration, or improvements of policy iteration.
    public var iterations: Int
}

/// The solution over a fixed number of steps. Index t counts steps from the beginning.
public struct FiniteHorizonSolution: Sendable, Hashable {
    /// V_t(s) at `values[t][s]`, t in 0...horizon; all 0 at the horizon.
    public var values: [[Double]]
    /// q_t(s,a) at `q[t][s * actionCount + a]`, t in 0..<horizon.
    public var q: [[Double]]
    /// The lowest of the best actions at step t.
    public var actions: [[Int]]
}

/// How to behave best. Arguments are as in the evaluation methods; wrong sizes throw `TabularError`.
extension TabularMDP {
    /// Repeats V(s) <- max over a of r(s,a) + discount E[V(s')] until V is within `tolerance` of the optimum.
    ///
    /// In place, in ascending order of the states. It stops when the largest change is below
    /// tolerance (1 - discount) / discount (Puterman, 1994, theorem 6.3.1), below `tolerance` where the discount is 1,
    /// or at rounding error. (Bellman, *Dynamic programming*, 1957.)
    /// - Throws: `TabularError` also when `maximumSweeps` are not enough, as when rewards grow for ever at discount 1.
    public func valueIteration(
        reward: [Double], discount: Double, tolerance: Double = 1e-10, maximumSweeps: Int = 1_000_000
    ) throws -> TabularSolution {
        let reward = try checkedReward(reward)
        try check(discount: discount)
        let threshold = discount > 0 && discount < 1 ? tolerance * (1 - discount) / discount : tolerance
        var values = [Double](repeating: 0, count: stateCount)
        for sweep in 1...max(maximumSweeps, 1) {
            var change = 0.0
            var largest = 0.0
            for state in 0..<stateCount where !terminal[state] {
                var best = -Double.infinity
                for row in (state * actionCount)..<((state + 1) * actionCount) {
                    var sum = 0.0
                    for entry in rowStarts[row]..<rowStarts[row + 1] {
                        sum += successorProbabilities[entry] * values[successorStates[entry]]
                    }
                    best = max(best, reward[row] + discount * sum)
                }
                change = max(change, abs(best - values[state]))
                largest = max(largest, abs(best))
                values[state] = best
            }
            if change <= max(threshold, 2 * largest.ulp) {
                let q = backup(values, reward, discount)
                let actions = TabularPolicy.greedyActions(q, actionCount: actionCount, tolerance: 2 * tolerance)
                return TabularSolution(
                    values: values, q: q, actions: actions,
                    policy: TabularPolicy.deterministic(actions, actionCount: actionCount), iterations: sweep)
            }
        }
        throw TabularError("value iteration did not converge in \(maximumSweeps) sweeps at discount \(discount)")
    }

    /// Evaluates a policy exactly and improves it until nothing improves. (Howard, *Dynamic programming and Markov
    /// processes*, 1960.)
    ///
    /// An action replaces the current one only when it is better by more than `tolerance`, so ties never cycle; below
    /// discount 1 the policy returned takes the lowest action within `tolerance` of the best.
    /// - Throws: `TabularError` also at discount 1 when a policy on the way never reaches a terminal state.
    public func policyIteration(
        reward: [Double], discount: Double, tolerance: Double = 1e-10
    ) throws -> TabularSolution {
        let reward = try checkedReward(reward)
        try check(discount: discount)
        var actions = TabularPolicy.greedyActions(reward, actionCount: actionCount, tolerance: tolerance)
        var iterations = 0
        while true {
            iterations += 1
            let policy = TabularPolicy.deterministic(actions, actionCount: actionCount)
            let values = try policyValue(policy: policy, reward: reward, discount: discount)
            let q = backup(values, reward, discount)
            let greedy = TabularPolicy.greedyActions(q, actionCount: actionCount, tolerance: tolerance)
            var improved = false
            for state in 0..<stateCount {
                let row = state * actionCount
                let margin = tolerance * max(1, abs(q[row + actions[state]]))
                if q[row + greedy[state]] > q[row + actions[state]] + margin {
                    actions[state] = greedy[state]
                    improved = true
                }
            }
            if !improved {
                if discount < 1 { actions = greedy }
                return TabularSolution(
                    values: values, q: q, actions: actions,
                    policy: TabularPolicy.deterministic(actions, actionCount: actionCount), iterations: iterations)
            }
        }
    }

    /// The best behaviour over exactly `horizon` steps (fewer where an episode ends), by backward induction.
    public func backwardInduction(
        reward: [Double], horizon: Int, discount: Double = 1, tolerance: Double = 1e-10
    ) throws -> FiniteHorizonSolution {
        let reward = try checkedReward(reward)
        try check(discount: discount)
        guard horizon > 0 else { throw TabularError("the horizon is \(horizon); write 1 or more") }
        var solution = FiniteHorizonSolution(
            values: Array(repeating: Array(repeating: 0, count: stateCount), count: horizon + 1),
            q: Array(repeating: [], count: horizon), actions: Array(repeating: [], count: horizon))
        for t in stride(from: horizon - 1, through: 0, by: -1) {
            let q = backup(solution.values[t + 1], reward, discount)
            for state in 0..<stateCount {
                solution.values[t][state] = q[(state * actionCount)..<((state + 1) * actionCount)].max()!
            }
            solution.actions[t] = TabularPolicy.greedyActions(q, actionCount: actionCount, tolerance: tolerance)
            solution.q[t] = q
        }
        return solution
    }

    /// The actions of each state within `tolerance` of its best, ascending.
    public func optimalActions(_ q: [Double], tolerance: Double = 1e-9) -> [[Int]] {
        TabularPolicy.optimalActions(q, actionCount: actionCount, tolerance: tolerance)
    }
}
