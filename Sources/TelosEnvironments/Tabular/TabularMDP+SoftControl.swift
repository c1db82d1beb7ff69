import CTelosKernels

/// The solution with an entropy bonus.
public struct SoftTabularSolution: Sendable, Hashable {
    /// V(s) = T log((1 / actions) sum over a of exp(q(s,a) / T)), 0 in terminal states.
    public var values: [Double]
    /// q(s,a) = r(s,a) + discount E[V(s')].
    public var q: [Double]
    /// pi(a|s) proportional to exp(q(s,a) / T).
    public var policy: [Double]
    public var iterations: Int
}

extension TabularMDP {
    /// The policy that maximises rewards minus T times its divergence from choosing uniformly: value iteration with a
    /// smooth maximum.
    ///
    /// The mean inside the logarithm, instead of a sum, pays nothing for choosing uniformly; it shifts all rewards by
    /// T log(actions) and leaves the policy of a continuing task as it is. (Ziebart, *Modeling purposeful adaptive behavior
    /// with the principle of maximum causal entropy*, 2010; Fox, Pakman and Tishby, *Taming the noise in reinforcement
    /// learning via soft updates*, 2016.)
    /// - Parameters:
    ///   - reward: r(s,a) or R(s,a,s').
    ///   - temperature: T, above 0. Raising it makes the policy more random.
    ///   - discount: below 1.
    public func softValueIteration(
        reward: [Double], discount: Double, temperature: Double, tolerance: Double = 1e-10
    ) throws -> SoftTabularSolution {
        let reward = try checkedReward(reward)
        guard discount >= 0, discount < 1, temperature > 0 else {
            throw TabularError(
                "discount \(discount) and temperature \(temperature); write a discount from 0 to below 1, and a temperature "
                    + "above 0")
        }
        var values = [Double](repeating: 0, count: stateCount)
        var iterations = 0
        while true {
            iterations += 1
            let q = backup(values, reward, discount)
            var change = 0.0
            for state in 0..<stateCount where !terminal[state] {
                let row = q[(state * actionCount)..<((state + 1) * actionCount)]
                let largest = row.max()!
                var sum = 0.0
                for value in row { sum += telos_exp64((value - largest) / temperature) }
                let value = largest + temperature * telos_log64(sum / Double(actionCount))
                change = max(change, abs(value - values[state]))
                values[state] = value
            }
            if change <= max(tolerance * (1 - discount), 4 * (values.map(abs).max() ?? 0).ulp) {
                return SoftTabularSolution(
                    values: values, q: q,
                    policy: TabularPolicy.softmax(q, actionCount: actionCount, temperature: temperature),
                    iterations: iterations)
            }
        }
    }

    /// The probability that `policy` is in a state of `target` within `horizon` steps, from each state.
    public func reachability(of target: [Bool], policy: [Double], horizon: Int) throws -> [Double] {
        try check(policy: policy)
        guard target.count == stateCount else {
            throw TabularError("target has \(target.count) values for \(stateCount) states")
        }
        let matrix = try transitionMatrix(policy: policy)
        var chances = target.map { $0 ? 1.0 : 0 }
        for _ in 0..<max(horizon, 0) {
            chances = (0..<stateCount).map { state in
                if target[state] { return 1 }
                var sum = 0.0
                for next in 0..<stateCount { sum += matrix[state * stateCount + next] * chances[next] }
                return sum
            }
        }
        return chances
    }
}
