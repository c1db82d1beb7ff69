import CTelosKernels
import TelosTensor

/// A concave bonus h on action distributions u: where it is added to the reward, the best policy is unique and changes
/// smoothly with the values.
///
/// - `none`: h = 0.
/// - `quadratic(t)`: h(u) = t / 2 (1 - |u|^2), which leaves bad actions out.
/// - `entropy(t)`: h(u) = -t sum_a u_a log u_a, which keeps them all.
///
/// (Geist, Scherrer and Pietquin, *A theory of regularized Markov decision processes*, 2019.)
public enum PolicyRegularizer: Sendable, Hashable {
    case none
    case quadratic(Double)
    case entropy(Double)

    /// h(u).
    public func bonus(_ u: some Sequence<Double>) -> Double {
        switch self {
        case .none: 0
        case .quadratic(let t): t / 2 * (1 - u.reduce(0) { $0 + $1 * $1 })
        case .entropy(let t): -t * u.reduce(0) { $0 + ($1 > 0 ? $1 * telos_log64($1) : 0) }
        }
    }

    /// argmax over distributions u of <u, q> + h(u): the lowest best action, the projection of q / t onto the simplex,
    /// softmax(q / t).
    public func greedy(_ q: [Double]) -> [Double] {
        switch self {
        case .none: TabularPolicy.greedy(q, actionCount: q.count)
        case .quadratic(let t): projectionOntoSimplex(q.map { $0 / t })
        case .entropy(let t): TabularPolicy.softmax(q, actionCount: q.count, temperature: t)
        }
    }

    /// One proximal step: argmax over distributions u of <u, q> + h(u) - |u - anchor|^2 / (2 stepSize).
    ///
    /// A projection onto the simplex without entropy. With it the conditions q_a - t (1 + log u_a) - (u_a - anchor_a) /
    /// stepSize = n are solved for u_a by Newton's method, for n by bisection.
    public func proximalStep(_ q: [Double], from anchor: [Double], stepSize: Double) -> [Double] {
        switch self {
        case .none: return projectionOntoSimplex(zip(q, anchor).map { $1 + stepSize * $0 })
        case .quadratic(let t):
            return projectionOntoSimplex(zip(q, anchor).map { ($0 + $1 / stepSize) / (t + 1 / stepSize) })
        case .entropy(let t):
            let pulls = zip(q, anchor).map { $0 + $1 / stepSize - t }
            let largest = pulls.max() ?? 0
            let share = 1 / Double(max(1, q.count))
            // At the lower end the best action alone has all the mass, at the upper one none has more than its share.
            var low = largest - 1 / stepSize
            var high = largest - t * telos_log64(share) - share / stepSize
            func candidates(_ multiplier: Double) -> [Double] {
                pulls.map { Self.entropicShare($0 - multiplier, t, stepSize) }
            }
            for _ in 0..<100 {
                let middle = (low + high) / 2
                if candidates(middle).reduce(0, +) > 1 { low = middle } else { high = middle }
            }
            let u = candidates(high)
            let sum = u.reduce(0, +)
            return u.map { $0 / sum }
        }
    }

    /// u > 0 with t log u + u / stepSize = b, by Newton's method on x = log u from above, where it descends.
    private static func entropicShare(_ b: Double, _ t: Double, _ stepSize: Double) -> Double {
        var x = stepSize * b >= 1 ? min(b / t, telos_log64(stepSize * b)) : min(b / t, 0)
        for _ in 0..<50 {
            let grown = telos_exp64(x) / stepSize
            let step = (t * x + grown - b) / (t + grown)
            x -= step
            if abs(step) < 1e-14 { break }
        }
        return telos_exp64(x)
    }
}

/// Values with a regulariser's bonus in every state: V(s) = E[sum over k of discount^k (r(s_k, a_k) + h(pi(.|s_k)))].
extension TabularMDP {
    /// V of `policy` and q(s,a) = r(s,a) + discount E[V(s')]; the bonus of the first state is in V and not in q.
    public func regularizedValues(
        policy: [Double], reward: [Double], regularizer: PolicyRegularizer, discount: Double
    ) throws -> (values: [Double], q: [Double]) {
        let reward = try checkedReward(reward)
        try check(policy: policy)
        let bonuses = (0..<stateCount).map { state in
            regularizer.bonus(policy[(state * actionCount)..<((state + 1) * actionCount)])
        }
        let values = try policyValue(
            policy: policy, reward: reward.indices.map { reward[$0] + bonuses[$0 / actionCount] }, discount: discount)
        return (values, try actionValues(values: values, reward: reward, discount: discount))
    }

    /// The best values with the bonus, and the policy that has them, by repeating V(s) <- max over u of <u, q(s, .)> +
    /// h(u) until V is within `tolerance`. `discount` is below 1.
    public func regularizedValueIteration(
        reward: [Double], regularizer: PolicyRegularizer, discount: Double, tolerance: Double = 1e-10
    ) throws -> (values: [Double], q: [Double], policy: [Double]) {
        let reward = try checkedReward(reward)
        guard discount >= 0, discount < 1 else {
            throw TabularError("the discount is \(discount); a regularised optimum needs one from 0 to below 1")
        }
        var values = [Double](repeating: 0, count: stateCount)
        while true {
            let q = backup(values, reward, discount)
            var policy: [Double] = []
            policy.reserveCapacity(q.count)
            var (change, largest) = (0.0, 0.0)
            for state in 0..<stateCount {
                let row = Array(q[(state * actionCount)..<((state + 1) * actionCount)])
                let u = regularizer.greedy(row)
                policy += u
                guard !terminal[state] else { continue }
                let value = zip(u, row).reduce(0) { $0 + $1.0 * $1.1 } + regularizer.bonus(u)
                change = max(change, abs(value - values[state]))
                largest = max(largest, abs(value))
                values[state] = value
            }
            if change * discount <= max(tolerance * (1 - discount), 4 * largest.ulp) { return (values, q, policy) }
        }
    }
}
