import TelosEnvironments
import TelosEvaluation
import TelosNN
import TelosTensor

/// A random MDP of a fixed horizon, and learners of it.
struct EpisodicProblem {
    static let discount = 0.97

    let mdp: TabularMDP
    /// For rewards times 1.
    let reward: [Double]
    let horizon: Int
    let episodes: Int
    let batches: Int
    private let uniform: Double
    private let best: Double

    init(_ context: ClaimContext, key: RandomKey) throws {
        var random = key.stream
        let mdp = try TabularMDP.dirichlet(
            states: context.whole("states"), actions: context.whole("actions"), concentration: 0.3, using: &random)
        let reward = (0..<(mdp.stateCount * mdp.actionCount)).map { _ in
            let u = random.uniform()
            return u * u * u
        }
        self.mdp = mdp
        self.reward = reward
        horizon = context.whole("horizon")
        episodes = context.whole("episodes")
        batches = context.whole("batches")
        uniform = mdp.expectation(
            of: try mdp.policyValue(
                policy: TabularPolicy.uniform(stateCount: mdp.stateCount, actionCount: mdp.actionCount),
                reward: reward, discount: Self.discount, horizon: horizon))
        best = mdp.expectation(
            of: try mdp.backwardInduction(reward: reward, horizon: horizon, discount: Self.discount).values[0])
    }

    /// (V - V of the uniform policy) / (V* - the same), exactly.
    func score(_ logits: [Double]) throws -> Double {
        let value = try mdp.policyValue(
            policy: TabularPolicy.softmax(logits, actionCount: mdp.actionCount), reward: reward,
            discount: Self.discount, horizon: horizon)
        return (mdp.expectation(of: value) - uniform) / (best - uniform)
    }

    /// g = 1/N sum over episodes and t of grad log pi(a_t|s_t) (G_t - b_t), G_t the sum over t' >= t of
    /// discount^t' r_t', b_t its mean over the batch; and the mean of G_0.
    func estimate(
        _ logits: [Double], scale: Double, using random: inout RandomStream
    ) -> (gradient: [Double], value: Double) {
        let actions = mdp.actionCount
        let policy = TabularPolicy.softmax(logits, actionCount: actions)
        var pairs = [Int](repeating: 0, count: episodes * horizon)
        var returns = [Double](repeating: 0, count: episodes * horizon)
        for episode in 0..<episodes {
            var state = random.index(weights: mdp.start)
            var weight = scale
            for step in 0..<horizon {
                let slot = episode * horizon + step
                let pair =
                    state * actions
                    + random.index(weights: policy[(state * actions)..<((state + 1) * actions)])
                pairs[slot] = pair
                returns[slot] = weight * reward[pair]
                weight *= Self.discount
                state = random.index(
                    weights: mdp.transitions[(pair * mdp.stateCount)..<((pair + 1) * mdp.stateCount)])
            }
            for slot in ((episode * horizon)..<((episode + 1) * horizon - 1)).reversed() {
                returns[slot] += returns[slot + 1]
            }
        }
        var gradient = [Double](repeating: 0, count: logits.count)
        for step in 0..<horizon {
            let slots = stride(from: step, to: episodes * horizon, by: horizon)
            let baseline = slots.reduce(0) { $0 + returns[$1] } / Double(episodes)
            for slot in slots {
                let advantage = (returns[slot] - baseline) / Double(episodes)
                let first = pairs[slot] / actions * actions
                for other in first..<(first + actions) {
                    gradient[other] += ((other == pairs[slot] ? 1 : 0) - policy[other]) * advantage
                }
            }
        }
        let value = stride(from: 0, to: episodes * horizon, by: horizon).reduce(0) { $0 + returns[$1] }
        return (gradient, value / Double(episodes))
    }

    /// The mean score of a run's last ten points; all rules see the same number of batches.
    func finalScore(_ rule: StepRule, scale: Double, key: RandomKey) throws -> Double {
        if case .twins(let constant) = rule { return try twins(constant: constant, scale: scale, key: key) }
        var random = key.stream
        var logits = [Double](repeating: 0, count: reward.count)
        var adam = AdamVector(count: logits.count)
        var scores: [Double] = []
        for batch in 0..<batches {
            let (gradient, value) = estimate(logits, scale: scale, using: &random)
            switch rule {
            case .fixed(let rate): move(&logits, along: gradient, by: rate)
            case .adam(let rate): adam.step(&logits, gradient: gradient, learningRate: -rate)
            case .polyak(let constant, let cap):
                let size = polyakStep(gap: scale * best - value, gradient: gradient, constant: constant)
                move(&logits, along: gradient, by: min(size, cap))
            case .twins: break
            }
            if batch >= batches - 10 { scores.append(try score(logits)) }
        }
        return mean(of: scores)
    }

    /// Two tables from different random logits. The score is that of the one whose last ten estimates were higher: what
    /// one could know without another batch.
    private func twins(constant: Double, scale: Double, key: RandomKey) throws -> Double {
        var random = key.stream
        var logits = (0..<2).map { _ in reward.map { _ in 0.1 * random.normal() } }
        var recent: [[Double]] = [[], []]
        var scores: [Double] = []
        let iterations = batches / 2
        for iteration in 0..<iterations {
            let estimates = logits.map { estimate($0, scale: scale, using: &random) }
            let optimum = max(estimates[0].value, estimates[1].value)
            for index in 0..<2 {
                let size = polyakStep(
                    gap: optimum - estimates[index].value, gradient: estimates[index].gradient, constant: constant)
                move(&logits[index], along: estimates[index].gradient, by: size)
                recent[index] = recent[index].suffix(9) + [estimates[index].value]
            }
            if iteration >= iterations - 10 {
                scores.append(try score(mean(of: recent[1]) > mean(of: recent[0]) ? logits[1] : logits[0]))
            }
        }
        return mean(of: scores)
    }

    private func move(_ logits: inout [Double], along gradient: [Double], by size: Double) {
        // Steps without a cap can be longer than numbers reach; so far out the policy is deterministic anyway.
        for index in logits.indices { logits[index] = min(1e9, max(-1e9, logits[index] + size * gradient[index])) }
    }
}

/// max(gap, 0) / (constant |g|^2), 0 where g is.
///
/// Polyak, *Introduction to optimization*, 1987: the step whose next squared distance from the optimum a convex
/// function's bound makes least.
func polyakStep(gap: Double, gradient: [Double], constant: Double) -> Double {
    let square = gradient.reduce(0) { $0 + $1 * $1 }
    return gap > 0 && square > 0 ? min(gap / (constant * square), 1e100) : 0
}
