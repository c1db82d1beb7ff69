import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

/// The mean of a one-sample gradient, the square of its distance from the true gradient, and its total variance.
struct GradientFigures: Sendable {
    var mean: [Double]
    var squaredBias: Double
    var variance: Double
}

/// The ring with a policy, a reward and two value functions.
struct GAERing {
    let mdp: TabularMDP
    let reward: [Double]
    let policy: [Double]
    let discount: Double
    /// V of the policy, and the same with independent normal errors.
    let values: [Double]
    let wrongValues: [Double]
    /// E[score A], at (s,a).
    let gradient: [Double]

    init(states: Int, discount: Double, valueError: Double, key: RandomKey) throws {
        var random = key.derived("ring").stream
        var transitions = [Double](repeating: 0.2 / Double(states), count: states * 2 * states)
        for state in 0..<states {
            for action in 0..<2 {
                let next = (state + (action == 0 ? states - 1 : 1)) % states
                transitions[(state * 2 + action) * states + next] += 0.8
            }
        }
        mdp = try TabularMDP(
            stateCount: states, actionCount: 2, transitions: transitions,
            terminal: Array(repeating: false, count: states), start: Array(repeating: 1 / Double(states), count: states)
        )
        reward = (0..<(states * 2)).map { _ in random.normal() }
        policy = TabularPolicy.softmax((0..<(states * 2)).map { _ in 0.5 * random.normal() }, actionCount: 2)
        self.discount = discount
        let values = try mdp.policyValue(policy: policy, reward: reward, discount: discount)
        let spread = standardDeviation(of: values)
        self.values = values
        wrongValues = values.map { $0 + valueError * spread * random.normal() }
        gradient = Self.scoreMean(
            try mdp.advantages(policy: policy, reward: reward, discount: discount), policy, mdp)
    }

    /// E[score(s,a) x(s,a)] with s uniform: element (s,a) is mu(s) pi(a|s) (x(s,a) - x(s,pi)).
    private static func scoreMean(_ x: [Double], _ policy: [Double], _ mdp: TabularMDP) -> [Double] {
        x.indices.map { pair in
            let first = pair / 2 * 2
            let mean = policy[first] * x[first] + policy[first + 1] * x[first + 1]
            return policy[pair] * (x[pair] - mean) / Double(mdp.stateCount)
        }
    }

    /// |score(s,a)|^2 = 1 - 2 pi(a|s) + sum over b of pi(b|s)^2.
    private func squaredScore(_ pair: Int) -> Double {
        let first = pair / 2 * 2
        return 1 - 2 * policy[pair] + policy[first] * policy[first] + policy[first + 1] * policy[first + 1]
    }

    /// The exact figures over endless rollouts. The estimate X(s,a) = delta + c X(s',a'), c = discount lambda, has the
    /// first and second moments that solve m = E[delta] + c E[m'] and q = E[delta^2 + 2 c delta m'] + c^2 E[q'].
    func figures(lambda: Double, values: [Double]) throws -> GradientFigures {
        let decay = discount * lambda
        func residual(_ state: Int, _ action: Int, _ next: Int) -> Double {
            reward[state * 2 + action] + discount * values[next] - values[state]
        }
        let first = try mdp.actionValues(
            policy: policy, reward: mdp.fullReward(residual), discount: decay)
        let following = (0..<mdp.stateCount).map { state -> Double in
            policy[state * 2] * first[state * 2] + policy[state * 2 + 1] * first[state * 2 + 1]
        }
        let second = try mdp.actionValues(
            policy: policy,
            reward: mdp.fullReward { state, action, next in
                let delta = residual(state, action, next)
                return delta * delta + 2 * decay * delta * following[next]
            }, discount: decay * decay)
        let mean = Self.scoreMean(first, policy, mdp)
        var square = 0.0
        var squaredMean = 0.0
        var squaredBias = 0.0
        for pair in second.indices {
            square += policy[pair] * squaredScore(pair) * second[pair] / Double(mdp.stateCount)
            squaredMean += mean[pair] * mean[pair]
            let bias = mean[pair] - gradient[pair]
            squaredBias += bias * bias
        }
        return GradientFigures(mean: mean, squaredBias: squaredBias, variance: square - squaredMean)
    }

    /// The same, estimated from rollouts with the wrong values and the shared estimator.
    func sampled(lambda: Double, rollouts: Int, key: RandomKey) -> (mean: [Double], variance: Double) {
        // Long enough that what is cut off weighs less than 1e-3.
        var steps = 1
        var weight = 1.0
        while weight > 1e-3, steps < 1000 {
            weight *= discount * lambda
            steps += 1
        }
        var random = key.stream
        var rewards = [Float](repeating: 0, count: steps * rollouts)
        var before = rewards
        var after = rewards
        var pairs = [Int](repeating: 0, count: rollouts)
        for rollout in 0..<rollouts {
            var state = random.index(weights: mdp.start)
            for step in 0..<steps {
                let action = random.uniform() < policy[state * 2] ? 0 : 1
                if step == 0 { pairs[rollout] = state * 2 + action }
                let row = (state * 2 + action) * mdp.stateCount
                let next = random.index(weights: mdp.transitions[row..<(row + mdp.stateCount)])
                rewards[step * rollouts + rollout] = Float(reward[state * 2 + action])
                before[step * rollouts + rollout] = Float(wrongValues[state])
                after[step * rollouts + rollout] = Float(wrongValues[next])
                state = next
            }
        }
        var advantages = [Float](repeating: 0, count: steps * rollouts)
        let ends = [EpisodeEnd](repeating: .ongoing, count: steps * rollouts)
        generalizedAdvantages(
            rewards: rewards, values: before, nextValues: after, ends: ends, steps: steps, environments: rollouts,
            discount: Float(discount), lambda: Float(lambda), into: &advantages)
        var mean = [Double](repeating: 0, count: reward.count)
        var square = 0.0
        for (rollout, pair) in pairs.enumerated() {
            let estimate = Double(advantages[rollout])
            for action in 0..<2 {
                let other = pair / 2 * 2 + action
                mean[other] += ((other == pair ? 1 : 0) - policy[other]) * estimate / Double(rollouts)
            }
            square += squaredScore(pair) * estimate * estimate / Double(rollouts)
        }
        return (mean, square - mean.reduce(0) { $0 + $1 * $1 })
    }
}
