import TelosEnvironments
import TelosTensor

/// A linear map that takes away what does not matter about a reward, so that what is left can be compared.
public enum RewardCanonicalization: Sendable, Hashable {
    /// The reward as it is. For R(s,a,s') an array over (s,a,s').
    case none
    /// Value-adjusted levelling: c(s,a) = E[R(s,a,s') - V(s) + discount V(s')] over s' ~ T(s,a), with V the value of a
    /// policy that is the same for every reward, here the uniform one. It is the advantage of that policy.
    case valueAdjustedLevelling
    /// The smallest reward in the L2 norm among those that differ by shaping: r + M Phi with
    /// M[(s,a),k] = discount T(k|s,a) - [k = s] and Phi = argmin |r + M Phi|, from r(s,a) = E[R(s,a,s')].
    case minimalL2
    /// EPIC's: C(s,a,s') = R(s,a,s') + discount p(s') - p(s) - discount m, p(x) = E[R(x,A,S')], m = E[R(S,A,S')], with
    /// A, S, S' uniform: it asks for rewards of transitions that cannot happen.
    ///
    /// (Gleave, Dennis, Legg, Russell and Leike, *Quantifying differences in reward functions*, 2021.)
    case epic
    /// DARD's: C(s,a,s') = R(s,a,s') + discount p(s') - p(s) - discount E[R(S',A,S'')], p(x) = E[R(x,A,S')], with A
    /// uniform and next states from the model: S' ~ T(s,A), S'' ~ T(s',A).
    ///
    /// (Wulfe, Ellis, Mercat, McAllister and Gaidon, *Dynamics-aware comparison of learned reward functions*, 2022.)
    case dard
}

extension TabularMDP {
    /// c(R), an array over (s,a) for `.valueAdjustedLevelling` and `.minimalL2`, over (s,a,s') for the others.
    ///
    /// The first two are the same for rewards that differ by potential shaping (0 at terminal states) or redistribution
    /// over next states; EPIC and DARD only for shaping.
    /// - Parameter reward: R(s,a,s') at the index of `transitions`; the first two also take r(s,a).
    /// - Throws: `TabularError` for a reward of the wrong size; for a discount outside 0 ..< 1.
    public func canonicalReward(
        _ reward: [Double], by canonicalization: RewardCanonicalization, discount: Double
    ) throws -> [Double] {
        guard discount >= 0, discount < 1 else {
            throw TabularError("a canonical reward needs a discount from 0 to below 1, not \(discount)")
        }
        switch canonicalization {
        case .none: return reward
        case .valueAdjustedLevelling:
            let uniform = TabularPolicy.uniform(stateCount: stateCount, actionCount: actionCount)
            return try advantages(policy: uniform, reward: reward, discount: discount)
        case .minimalL2: return try minimalReward(reward, discount)
        case .epic: return try epicReward(reward, discount)
        case .dard: return try dardReward(reward, discount)
        }
    }

    private func minimalReward(_ reward: [Double], _ discount: Double) throws -> [Double] {
        // q of zero values is r(s,a) itself.
        let zero = [Double](repeating: 0, count: stateCount)
        let expected = try actionValues(values: zero, reward: reward, discount: discount)
        let rows = expected.count
        let free = (0..<stateCount).filter { !terminal[$0] }
        guard !free.isEmpty else { return expected }
        var column = [Int](repeating: -1, count: stateCount)
        for (position, state) in free.enumerated() { column[state] = position }
        var matrix = [Double](repeating: 0, count: rows * free.count)
        for row in 0..<rows where !terminal[row / actionCount] {
            forEachSuccessor(of: row / actionCount, action: row % actionCount) { next, probability in
                if column[next] >= 0 { matrix[row * free.count + column[next]] += discount * probability }
            }
            matrix[row * free.count + column[row / actionCount]] -= 1
        }
        let potential = try leastSquares(matrix: matrix, rows: rows, columns: free.count, rhs: expected.map { -$0 })
        return expected.indices.map { row in
            (0..<free.count).reduce(expected[row]) { $0 + matrix[row * free.count + $1] * potential[$1] }
        }
    }

    private func epicReward(_ reward: [Double], _ discount: Double) throws -> [Double] {
        try checkFull(reward)
        let block = actionCount * stateCount
        let mean = (0..<stateCount).map { state in
            reward[(state * block)..<((state + 1) * block)].reduce(0, +) / Double(block)
        }
        let overall = mean.reduce(0, +) / Double(stateCount)
        return reward.indices.map { index in
            reward[index] + discount * mean[index % stateCount] - mean[index / block] - discount * overall
        }
    }

    private func dardReward(_ reward: [Double], _ discount: Double) throws -> [Double] {
        try checkFull(reward)
        let (n, block) = (stateCount, actionCount * stateCount)
        // Two contractions of one n^3 each an action, instead of n^4 for every pair of states and two next states.
        var mean = [Double](repeating: 0, count: n)
        var following = [Double](repeating: 0, count: n * n)
        var inner = [Double](repeating: 0, count: n * n)
        for action in 0..<actionCount {
            // inner(x, s') = sum over y of T(y|s',a) R(x,a,y).
            for origin in 0..<n {
                for state in 0..<n {
                    var sum = 0.0
                    forEachSuccessor(of: state, action: action) { next, probability in
                        sum += probability * reward[origin * block + action * n + next]
                    }
                    inner[origin * n + state] = sum
                }
                mean[origin] += inner[origin * n + origin] / Double(actionCount)
            }
            // following(s, s') = sum over x of T(x|s,a) inner(x, s').
            for state in 0..<n {
                forEachSuccessor(of: state, action: action) { origin, probability in
                    let weight = probability / Double(actionCount)
                    for next in 0..<n { following[state * n + next] += weight * inner[origin * n + next] }
                }
            }
        }
        return reward.indices.map { index in
            let (state, next) = (index / block, index % n)
            return reward[index] + discount * mean[next] - mean[state] - discount * following[state * n + next]
        }
    }
}
