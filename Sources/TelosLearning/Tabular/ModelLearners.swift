import CTelosKernels
import TelosEnvironments
import TelosTensor

/// Follows a tabular MDP with a stream of random numbers, one state after another.
struct ModelWalker {
    let model: TabularMDP
    var state: Int
    private(set) var stepsInEpisode = 0

    init(_ model: TabularMDP, _ random: inout RandomStream) {
        self.model = model
        state = random.index(weights: model.start)
    }

    mutating func reset(_ random: inout RandomStream) {
        state = random.index(weights: model.start)
        stepsInEpisode = 0
    }

    /// Moves on and returns the state reached.
    mutating func step(_ action: Int, _ random: inout RandomStream) -> Int {
        state = model.successor(of: state, action: action, using: &random)
        stepsInEpisode += 1
        return state
    }
}

/// Settings of `tabularQLearning`.
public struct TabularQLearningConfiguration: Sendable, Hashable, Codable {
    /// How much later rewards count. Raising it looks further ahead and learns more slowly.
    public var discount = 0.95
    /// How far a value moves towards its target. Raising it learns faster and forgets faster.
    public var stepSize = 0.5
    /// The share of random actions. Raising it explores more and wastes more steps.
    public var exploration = 0.1
    /// Steps of the environment in all.
    public var steps = 40_000
    /// An episode is cut off after so many steps; the last state's value still counts.
    public var episodeLength = 100
    /// Whether equal actions are chosen among at random, or the lowest is taken, as an array's argmax does, which
    /// explores far less before the first reward is found.
    public var breaksTiesAtRandom = true
    /// The greedy policy is handed out each time so many steps have passed.
    public var evaluationInterval = 200

    public init() {}
}

/// Q-learning on a known model: q(s,a) <- q(s,a) + stepSize (r(s,a) + discount max over b of q(s',b) - q(s,a)), from
/// zero, with epsilon-greedy behaviour.
///
/// - Parameters:
///   - reward: r(s,a) at `s * actionCount + a`.
///   - evaluate: called every `evaluationInterval` steps with the steps so far and the action values.
/// - Returns: q(s,a) at `s * actionCount + a`.
///
/// (Watkins and Dayan, *Q-learning*, 1992.)
@discardableResult
public func tabularQLearning(
    _ model: TabularMDP, reward: [Double], configuration: TabularQLearningConfiguration, key: RandomKey,
    evaluate: (_ steps: Int, _ q: [Double]) throws -> Void = { _, _ in }
) rethrows -> [Double] {
    let actionCount = model.actionCount
    precondition(reward.count == model.stateCount * actionCount, "the reward needs a value a state and action")
    var random = key.derived("q-learning").stream
    var q = [Double](repeating: 0, count: reward.count)
    var walker = ModelWalker(model, &random)
    for step in 1...max(1, configuration.steps) {
        let state = walker.state
        let row = state * actionCount
        let action = ActionValues.epsilonGreedy(
            q, row..<(row + actionCount), epsilon: configuration.exploration,
            breakingTiesAtRandom: configuration.breaksTiesAtRandom, &random)
        let next = walker.step(action, &random)
        var following = 0.0
        if !model.terminal[next] {
            following = ActionValues.maximum(q, (next * actionCount)..<((next + 1) * actionCount))
        }
        let target = reward[row + action] + configuration.discount * following
        q[row + action] += configuration.stepSize * (target - q[row + action])
        if model.terminal[next] || walker.stepsInEpisode >= configuration.episodeLength { walker.reset(&random) }
        if step % max(1, configuration.evaluationInterval) == 0 { try evaluate(step, q) }
    }
    return q
}

/// Settings of `tabularREINFORCE`.
public struct TabularREINFORCEConfiguration: Sendable, Hashable, Codable {
    /// How much later rewards count.
    public var discount = 0.95
    /// How far the logits move along a return. Raising it learns faster until the policy commits too early.
    public var stepSize = 0.01
    /// How far a state's baseline moves towards a return. Raising it follows the policy faster and noisier.
    public var baselineStepSize = 0.1
    public var episodes = 2000
    /// An episode is cut off after so many steps.
    public var episodeLength = 30
    /// The reward may change each time so many episodes have passed.
    public var redesignInterval = 50

    public init() {}
}

/// REINFORCE with a running baseline a state, on a known model:
/// theta(s_t, .) += stepSize (G_t - b(s_t)) (onehot(a_t) - pi(.|s_t)), b(s_t) += baselineStepSize (G_t - b(s_t)),
/// with G_t the discounted return from step t on, after each episode and with the policy that made it.
///
/// - Parameter redesign: called before episodes 0, `redesignInterval`, ... with the policy pi(a|s); returns r(s,a) to
///   learn from until the next call, or nil to keep the last.
/// - Returns: the policy after the last episode.
///
/// (Williams, *Simple statistical gradient-following algorithms for connectionist reinforcement learning*, 1992.)
@discardableResult
public func tabularREINFORCE(
    _ model: TabularMDP, reward initialReward: [Double], configuration: TabularREINFORCEConfiguration, key: RandomKey,
    redesign: (_ episode: Int, _ policy: [Double]) throws -> [Double]? = { _, _ in nil }
) rethrows -> [Double] {
    let actionCount = model.actionCount
    precondition(initialReward.count == model.stateCount * actionCount, "the reward needs a value a state and action")
    var random = key.derived("reinforce").stream
    var reward = initialReward
    var logits = [Double](repeating: 0, count: reward.count)
    var baseline = [Double](repeating: 0, count: model.stateCount)
    var walker = ModelWalker(model, &random)
    var path: [(state: Int, action: Int)] = []
    for episode in 0..<max(0, configuration.episodes) {
        let policy = TabularPolicy.softmax(logits, actionCount: actionCount)
        if episode % max(1, configuration.redesignInterval) == 0, let changed = try redesign(episode, policy) {
            reward = changed
        }
        walker.reset(&random)
        path.removeAll(keepingCapacity: true)
        while path.count < configuration.episodeLength, !model.terminal[walker.state] {
            let state = walker.state
            let action = random.index(weights: policy[(state * actionCount)..<((state + 1) * actionCount)])
            path.append((state, action))
            _ = walker.step(action, &random)
        }
        var following = 0.0
        for (state, action) in path.reversed() {
            following = reward[state * actionCount + action] + configuration.discount * following
            let advantage = following - baseline[state]
            for other in 0..<actionCount {
                let score = (other == action ? 1 : 0) - policy[state * actionCount + other]
                logits[state * actionCount + other] += configuration.stepSize * advantage * score
            }
            baseline[state] += configuration.baselineStepSize * advantage
        }
    }
    return TabularPolicy.softmax(logits, actionCount: actionCount)
}
