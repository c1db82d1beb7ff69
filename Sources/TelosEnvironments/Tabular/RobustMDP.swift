import CTelosKernels
import TelosTensor

/// A tabular MDP whose transition probabilities are known only to lie in a set, separately for every state and action
/// (sa-rectangular): an adversary picks the worst of them at every step.
///
///     V(s) = max_a min over p in P(s,a) of sum_s' p(s') (R(s,a,s') + discount V(s'))
///
/// (Iyengar, *Robust dynamic programming*, 2005; Nilim and El Ghaoui, *Robust control of Markov decision processes with
/// uncertain transition matrices*, 2005.)
public struct RobustMDP: Sendable {
    /// What p may be beside the nominal row q.
    public enum Uncertainty: Sendable, Hashable {
        /// |p - q|_1 <= radius, over all states.
        case l1(Double)
        /// KL(p, q) <= radius, on the states that q can reach.
        case kl(Double)
        /// |p(s') - q(s')| <= width for every state that q can reach, and no other state.
        case interval(Double)
        /// The same row of one of these models, whichever is worst.
        case models([TabularMDP])
    }

    public let nominal: TabularMDP
    public let uncertainty: Uncertainty

    /// - Throws: `TabularError` for a negative radius, no models, or models of another size or with other terminal
    ///   states.
    public init(_ nominal: TabularMDP, uncertainty: Uncertainty) throws {
        switch uncertainty {
        case .l1(let size), .kl(let size), .interval(let size):
            guard size >= 0 else { throw TabularError("the uncertainty is \(size); write 0 or more") }
        case .models(let models):
            guard !models.isEmpty,
                models.allSatisfy({
                    $0.stateCount == nominal.stateCount && $0.actionCount == nominal.actionCount
                        && $0.terminal == nominal.terminal
                })
            else { throw TabularError("a finite set needs at least one model, all with the nominal one's states") }
        }
        self.nominal = nominal
        self.uncertainty = uncertainty
    }

    /// The best behaviour against the adversary, by repeating the equation above until V is within `tolerance`.
    /// - reward: r(s,a) or R(s,a,s'); discount: from 0 to below 1.
    public func valueIteration(
        reward: [Double], discount: Double, tolerance: Double = 1e-10
    ) throws -> TabularSolution {
        let actionCount = nominal.actionCount
        let (values, q, iterations) = try iterate(reward, discount, tolerance) { row in
            row.max() ?? 0
        }
        let actions = TabularPolicy.greedyActions(q, actionCount: actionCount, tolerance: 2 * tolerance)
        return TabularSolution(
            values: values, q: q, actions: actions,
            policy: TabularPolicy.deterministic(actions, actionCount: actionCount), iterations: iterations)
    }

    /// What `policy` is worth against the adversary.
    public func policyValue(
        policy: [Double], reward: [Double], discount: Double, tolerance: Double = 1e-10
    ) throws -> [Double] {
        try nominal.check(policy: policy)
        return try iterate(reward, discount, tolerance) { row in
            var sum = 0.0
            for entry in row.indices where policy[entry] > 0 { sum += policy[entry] * row[entry] }
            return sum
        }.values
    }

    /// The model that the adversary answers a policy's values with: the worst row of every state and action for them.
    public func worstModel(values: [Double], reward: [Double], discount: Double) throws -> TabularMDP {
        let reward = try full(reward)
        let (states, actions) = (nominal.stateCount, nominal.actionCount)
        var transitions = nominal.transitions
        for row in 0..<(states * actions) where !nominal.terminal[row / actions] {
            let worst = worstRow(row, outcomes(row, values, reward, discount))
            transitions.replaceSubrange((row * states)..<((row + 1) * states), with: worst)
        }
        return try TabularMDP(
            stateCount: states, actionCount: actions, transitions: transitions, terminal: nominal.terminal,
            start: nominal.start)
    }

    // MARK: Sweeps

    private func iterate(
        _ reward: [Double], _ discount: Double, _ tolerance: Double, _ choose: (ArraySlice<Double>) -> Double
    ) throws -> (values: [Double], q: [Double], iterations: Int) {
        guard discount >= 0, discount < 1 else {
            throw TabularError("the discount is \(discount); a robust value needs one from 0 to below 1")
        }
        let reward = try full(reward)
        let (states, actions) = (nominal.stateCount, nominal.actionCount)
        var values = [Double](repeating: 0, count: states)
        var q = [Double](repeating: 0, count: states * actions)
        var iterations = 0
        while true {
            iterations += 1
            var (change, largest) = (0.0, 0.0)
            for state in 0..<states where !nominal.terminal[state] {
                let entries = (state * actions)..<((state + 1) * actions)
                for row in entries { q[row] = worstValue(row, values, reward, discount) }
                let value = choose(q[entries])
                change = max(change, abs(value - values[state]))
                largest = max(largest, abs(value))
                values[state] = value
            }
            if change * discount <= max(tolerance * (1 - discount), 4 * largest.ulp) { return (values, q, iterations) }
        }
    }

    /// R(s,a,s') from either form.
    private func full(_ reward: [Double]) throws -> [Double] {
        if reward.count == nominal.transitions.count { return reward }
        let checked = try nominal.checkedReward(reward)
        return nominal.transitions.indices.map { checked[$0 / nominal.stateCount] }
    }

    /// R(s,a,s') + discount V(s') of every s'.
    private func outcomes(_ row: Int, _ values: [Double], _ reward: [Double], _ discount: Double) -> [Double] {
        (0..<nominal.stateCount).map {
            reward[row * nominal.stateCount + $0] + (nominal.terminal[$0] ? 0 : discount * values[$0])
        }
    }

    private func worstValue(_ row: Int, _ values: [Double], _ reward: [Double], _ discount: Double) -> Double {
        guard case .models(let models) = uncertainty else {
            let outcomes = outcomes(row, values, reward, discount)
            return zip(worstRow(row, outcomes), outcomes).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let (state, action) = (row / nominal.actionCount, row % nominal.actionCount)
        var worst = Double.infinity
        for model in models {
            var sum = 0.0
            model.forEachSuccessor(of: state, action: action) { next, probability in
                sum +=
                    probability
                    * (reward[row * nominal.stateCount + next] + (nominal.terminal[next] ? 0 : discount * values[next]))
            }
            worst = min(worst, sum)
        }
        return worst
    }

    private func worstRow(_ row: Int, _ outcomes: [Double]) -> [Double] {
        let count = nominal.stateCount
        let probabilities = Array(nominal.transitions[(row * count)..<((row + 1) * count)])
        switch uncertainty {
        case .l1(let radius): return Self.worst(probabilities, outcomes, l1: radius)
        case .kl(let radius): return Self.worst(probabilities, outcomes, kl: radius)
        case .interval(let width): return Self.worst(probabilities, outcomes, interval: width)
        case .models(let models):
            let rows = models.map { Array($0.transitions[(row * count)..<((row + 1) * count)]) }
            let sums = rows.map { zip($0, outcomes).reduce(0) { $0 + $1.0 * $1.1 } }
            return rows[sums.firstIndex(of: sums.min()!)!]
        }
    }

    // MARK: Worst distributions

    /// argmin over |p - q|_1 <= radius of <p, outcomes>: half the radius moves from the best outcomes to the worst.
    static func worst(_ q: [Double], _ outcomes: [Double], l1 radius: Double) -> [Double] {
        let order = outcomes.indices.sorted { (outcomes[$0], $0) < (outcomes[$1], $1) }
        var p = q
        let gained = min(radius / 2, 1 - q[order[0]])
        p[order[0]] += gained
        var left = gained
        for index in order.reversed() where left > 0 && index != order[0] {
            let taken = min(left, p[index])
            p[index] -= taken
            left -= taken
        }
        return p
    }

    /// argmin over KL(p, q) <= radius of <p, outcomes>: p proportional to q exp(-outcomes / t), with the t at which the
    /// radius is used up, by bisection.
    static func worst(_ q: [Double], _ outcomes: [Double], kl radius: Double) -> [Double] {
        let reached = q.indices.filter { q[$0] > 0 }
        let lowest = reached.reduce(Double.infinity) { min($0, outcomes[$1]) }
        let highest = reached.reduce(-Double.infinity) { max($0, outcomes[$1]) }
        guard radius > 0, highest > lowest else { return q }
        func tilted(_ t: Double) -> [Double] {
            var p = [Double](repeating: 0, count: q.count)
            var total = 0.0
            for index in reached {
                p[index] = q[index] * telos_exp64((lowest - outcomes[index]) / t)
                total += p[index]
            }
            return p.map { $0 / total }
        }
        func divergence(_ p: [Double]) -> Double {
            reached.reduce(0) { $0 + (p[$1] > 0 ? p[$1] * telos_log64(p[$1] / q[$1]) : 0) }
        }
        let scale = highest - lowest
        var (low, high) = (1e-9 * scale, 1e9 * scale)
        let limit = tilted(low)
        if divergence(limit) <= radius { return limit }
        for _ in 0..<100 {
            let middle = (low * high).squareRoot()
            if divergence(tilted(middle)) > radius { low = middle } else { high = middle }
        }
        return tilted(high)
    }

    /// argmin over |p_i - q_i| <= width, p_i = 0 where q_i = 0, of <p, outcomes>: every p_i as low as it may be, and
    /// the rest to the worst outcomes first.
    static func worst(_ q: [Double], _ outcomes: [Double], interval width: Double) -> [Double] {
        var p = q.map { max(0, $0 - width) }
        var left = 1 - p.reduce(0, +)
        for index in outcomes.indices.sorted(by: { (outcomes[$0], $0) < (outcomes[$1], $1) }) where q[index] > 0 {
            let added = min(left, min(1, q[index] + width) - p[index])
            p[index] += added
            left -= added
        }
        return p
    }
}
