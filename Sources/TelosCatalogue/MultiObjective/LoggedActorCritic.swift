import CTelosKernels
import TelosEnvironments
import TelosLearning
import TelosTensor

/// Actors and critics of a log of a finite MDP with several responses: critics are exact on the log's empirical model,
/// actors begin as who wrote it.
struct LoggedActorCritic: Sendable {
    /// Steps of an actor: theta += pi A / std(A).
    static let steps = 150
    let model: TabularMDP
    /// r_i(s,a), a response each.
    let rewards: [[Double]]
    let behavior: [Double]
    /// Of what the log holds, at `s * actionCount + a`.
    private let weights: [Double]

    init(_ log: EmpiricalMDP, terminal: [Bool], start: [Double]) throws {
        model = try log.model(terminal: terminal, start: start)
        rewards = (0..<log.rewardCount).map(log.reward)
        behavior = log.behavior(floor: 1e-6)
        let visits = log.visits
        let total = visits.reduce(0, +)
        weights = visits.map { $0 / total }
    }

    /// What a policy would earn of each response, by the model.
    func returns(of policy: [Double], discount: Double) throws -> [Double] {
        try model.expectedReturns(policy: policy, rewards: rewards, discount: discount)
    }

    /// A(s,a) of sum_i w_i r_i, divided by its standard deviation over the log.
    func advantages(of policy: [Double], responseWeights: [Double], discount: Double) throws -> [Double] {
        let advantages = try model.advantages(
            policy: policy, reward: TabularMDP.weightedReward(rewards, weights: responseWeights), discount: discount)
        let mean = zip(weights, advantages).reduce(0) { $0 + $1.0 * $1.1 }
        let variance = zip(weights, advantages).reduce(0) { $0 + $1.0 * ($1.1 - mean) * ($1.1 - mean) }
        let deviation = max(variance.squareRoot(), 1e-12)
        return advantages.map { $0 / deviation }
    }

    /// The actor of a weighted sum of responses.
    /// - weights: before each step, from the present policy.
    func actor(
        discount: Double, steps: Int = Self.steps, weights: (_ policy: [Double]) throws -> [Double]
    ) throws -> [Double] {
        var logits = behavior.map { telos_log64($0) }
        for _ in 0..<steps {
            let policy = TabularPolicy.softmax(logits, actionCount: model.actionCount)
            let advantages = try advantages(of: policy, responseWeights: try weights(policy), discount: discount)
            for index in logits.indices { logits[index] += policy[index] * advantages[index] }
        }
        return TabularPolicy.softmax(logits, actionCount: model.actionCount)
    }

    /// The actor of the first response under floors on what it earns of the others, by multipliers that rise while a
    /// floor is not kept: reward-constrained policy optimisation; the last policy.
    /// - margin: floors are 1 + margin times what the behaviour earns.
    /// - step: of dual ascent, on violations as shares of the floors.
    func constrainedActor(discount: Double, margin: Double, step: Double) throws -> [Double] {
        let floors = try returns(of: behavior, discount: discount).dropFirst().map { (1 + margin) * $0 }
        var multipliers = LagrangeMultipliers(count: floors.count, gains: .init(integral: step))
        return try actor(discount: discount, steps: 250) { policy in
            let earned = try returns(of: policy, discount: discount).dropFirst()
            multipliers.update(violations: zip(floors, earned).map { ($0 - $1) / max($0, 1e-12) })
            return [1] + multipliers.values
        }
    }

    /// The two-stage actor: one actor for each response but the first, with discount 0, and then the best policy for
    /// the first near all of them.
    /// - hasFirstStage: without it the behaviour stands in for every actor of the first stage.
    func twoStageActor(discount: Double, multipliers: [Double], hasFirstStage: Bool = true) throws -> [Double] {
        let count = rewards.count
        let anchors = try (1..<count).map { one in
            hasFirstStage ? try actor(discount: 0) { _ in (0..<count).map { $0 == one ? 1 : 0 } } : behavior
        }
        let improvement = AnchoredImprovement(multipliers: multipliers)
        let main = (0..<count).map { $0 == 0 ? 1.0 : 0 }
        var logits = behavior.map { telos_log64($0) }
        for _ in 0..<Self.steps {
            let policy = TabularPolicy.softmax(logits, actionCount: model.actionCount)
            let advantages = try advantages(of: policy, responseWeights: main, discount: discount)
            let target = improvement.logits(advantages: advantages, anchors: anchors)
            for index in logits.indices {
                logits[index] = 0.5 * (telos_log64(max(policy[index], 1e-300)) + target[index])
            }
        }
        return TabularPolicy.softmax(logits, actionCount: model.actionCount)
    }
}
