import TelosTensor

/// What a policy is worth and where it goes, by solving linear systems.
///
/// In every method `reward` is either r(s,a) at `s * actionCount + a` or R(s,a,s') at the index of `transitions`,
/// `policy` is pi(a|s) at `s * actionCount + a`, and `discount` is in 0...1; 1 needs a policy that surely reaches a
/// terminal state. Arguments of the wrong size throw `TabularError`. (Puterman, *Markov decision processes*, 1994,
/// chapter 6.)
extension TabularMDP {
    /// V with (I - discount P_pi) V = r_pi, 0 in terminal states.
    public func policyValue(policy: [Double], reward: [Double], discount: Double) throws -> [Double] {
        let reward = try checkedReward(reward)
        try check(policy: policy)
        var collected = [Double](repeating: 0, count: stateCount)
        for state in 0..<stateCount {
            for action in 0..<actionCount {
                let entry = state * actionCount + action
                collected[state] += policy[entry] * reward[entry]
            }
        }
        return try factorization(policy: policy, discount: discount).solve(collected)
    }

    /// The values of the first steps: what `policy` collects in `horizon` steps.
    public func policyValue(
        policy: [Double], reward: [Double], discount: Double, horizon: Int
    ) throws -> [Double] {
        let reward = try checkedReward(reward)
        try check(policy: policy)
        try check(discount: discount)
        var values = [Double](repeating: 0, count: stateCount)
        for _ in 0..<max(horizon, 0) {
            let q = backup(values, reward, discount)
            for state in 0..<stateCount {
                var sum = 0.0
                for action in 0..<actionCount {
                    sum += policy[state * actionCount + action] * q[state * actionCount + action]
                }
                values[state] = sum
            }
        }
        return values
    }

    /// q(s,a) = r(s,a) + discount (sum over s' of T(s'|s,a) V(s')), 0 in terminal states.
    public func actionValues(values: [Double], reward: [Double], discount: Double) throws -> [Double] {
        guard values.count == stateCount else {
            throw TabularError("\(values.count) state values for \(stateCount) states")
        }
        try check(discount: discount)
        return backup(values, try checkedReward(reward), discount)
    }

    /// The action values of `policy`.
    public func actionValues(policy: [Double], reward: [Double], discount: Double) throws -> [Double] {
        let values = try policyValue(policy: policy, reward: reward, discount: discount)
        return try actionValues(values: values, reward: reward, discount: discount)
    }

    /// A(s,a) = q(s,a) - V(s) of `policy`.
    public func advantages(policy: [Double], reward: [Double], discount: Double) throws -> [Double] {
        let values = try policyValue(policy: policy, reward: reward, discount: discount)
        let q = try actionValues(values: values, reward: reward, discount: discount)
        return q.indices.map { q[$0] - values[$0 / actionCount] }
    }

    /// What `policy` is expected to collect from the start distribution: start . V.
    public func expectedReturn(policy: [Double], reward: [Double], discount: Double) throws -> Double {
        expectation(of: try policyValue(policy: policy, reward: reward, discount: discount))
    }

    /// start . values.
    public func expectation(of values: [Double]) -> Double {
        var sum = 0.0
        for state in 0..<stateCount where start[state] > 0 { sum += start[state] * values[state] }
        return sum
    }

    /// The expected discounted number of times that `policy` does a in s:
    /// sum over t of discount^t Pr(s_t = s, a_t = a), 0 for terminal states. Its dot product with r(s,a) is the expected return.
    public func visits(policy: [Double], discount: Double) throws -> [Double] {
        let states = try factorization(policy: policy, discount: discount).solveTransposed(start)
        return policy.indices.map { terminal[$0 / actionCount] ? 0 : policy[$0] * states[$0 / actionCount] }
    }

    /// The discounted state-action occupancy of `policy`, a distribution:
    /// (1 - discount) (sum over t of discount^t Pr(s_t = s, a_t = a)).
    ///
    /// A terminal state loops to itself for ever and counts, so that the whole sums to 1; where there is none, this is
    /// (1 - discount) times `visits`. `discount` is below 1.
    public func occupancy(policy: [Double], discount: Double) throws -> [Double] {
        guard discount < 1 else {
            throw TabularError("an occupancy needs a discount below 1, not \(discount); visits() allows 1")
        }
        let states = try factorization(policy: policy, discount: discount).solveTransposed(start)
        return policy.indices.map {
            let state = $0 / actionCount
            return policy[$0] * (terminal[state] ? states[state] : (1 - discount) * states[state])
        }
    }

    /// P_pi(s'|s) at `s * stateCount + s'`: the Markov chain that `policy` makes.
    public func transitionMatrix(policy: [Double]) throws -> [Double] {
        try check(policy: policy)
        var matrix = [Double](repeating: 0, count: stateCount * stateCount)
        for row in 0..<(stateCount * actionCount) where policy[row] > 0 {
            for entry in rowStarts[row]..<rowStarts[row + 1] {
                matrix[row / actionCount * stateCount + successorStates[entry]] +=
                    policy[row] * successorProbabilities[entry]
            }
        }
        return matrix
    }

    /// I - discount P_pi, with the identity's rows for terminal states, whose value is then what is asked for: 0.
    func factorization(policy: [Double], discount: Double) throws -> LUFactorization {
        try check(discount: discount)
        var matrix = try transitionMatrix(policy: policy)
        for state in 0..<stateCount {
            let row = state * stateCount
            for next in 0..<stateCount { matrix[row + next] = terminal[state] ? 0 : -discount * matrix[row + next] }
            matrix[row + state] += 1
        }
        do {
            return try LUFactorization(matrix)
        } catch {
            throw TabularError(
                "the policy has no finite value at discount \(discount): it may never reach a terminal state; "
                    + "use a discount below 1")
        }
    }

    /// q from values, for arguments already checked; `reward` in its expected form.
    func backup(_ values: [Double], _ reward: [Double], _ discount: Double) -> [Double] {
        var q = [Double](repeating: 0, count: stateCount * actionCount)
        for row in 0..<q.count where !terminal[row / actionCount] {
            var sum = 0.0
            for entry in rowStarts[row]..<rowStarts[row + 1] {
                let next = successorStates[entry]
                if !terminal[next] { sum += successorProbabilities[entry] * values[next] }
            }
            q[row] = reward[row] + discount * sum
        }
        return q
    }

    /// `reward` as r(s,a), 0 in terminal states.
    func checkedReward(_ reward: [Double]) throws -> [Double] {
        if reward.count == transitions.count { return expectedReward(reward) }
        guard reward.count == stateCount * actionCount else {
            throw TabularError(
                "the reward has \(reward.count) values; write r(s,a) with \(stateCount * actionCount) or R(s,a,s') "
                    + "with \(transitions.count)")
        }
        return reward.indices.map { terminal[$0 / actionCount] ? 0 : reward[$0] }
    }

    func check(discount: Double) throws {
        guard discount >= 0, discount <= 1 else {
            throw TabularError("the discount is \(discount); write a number from 0 to 1")
        }
    }

    func check(policy: [Double]) throws {
        guard policy.count == stateCount * actionCount else {
            throw TabularError(
                "the policy has \(policy.count) values, \(stateCount) states and \(actionCount) actions need "
                    + "\(stateCount * actionCount)")
        }
    }
}
