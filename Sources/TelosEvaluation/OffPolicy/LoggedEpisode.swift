import TelosEnvironments
import TelosTensor

/// An episode that another policy played, with what is needed to say what a policy of interest would have earned.
public struct LoggedEpisode: Sendable, Hashable {
    /// r_0 ... r_(L-1)
    public var rewards: [Double]
    /// rho_t = pi_e(a_t | s_t) / pi_b(a_t | s_t)
    public var ratios: [Double]
    /// s_0 ... s_L, the last being where the episode ended; empty where states have no index.
    public var states: [Int] = []
    /// a_0 ... a_(L-1); empty where actions have no index.
    public var actions: [Int] = []
    /// Whether the end was a terminal state; false where time ran out.
    public var isTerminated = true
    /// A model's q(s_t, a_t) and v(s_t) = sum over a of pi_e(a | s_t) q(s_t, a); empty without a model.
    public var actionValues: [Double] = []
    public var stateValues: [Double] = []

    public init(rewards: [Double], ratios: [Double], isTerminated: Bool = true) {
        self.rewards = rewards
        self.ratios = ratios
        self.isTerminated = isTerminated
    }

    /// An episode in a finite process, for policies pi(a|s) at `s * actionCount + a`.
    /// Throws `StatisticsError` where lengths differ or the behaviour policy never does what was done.
    public init(
        states: [Int], actions: [Int], rewards: [Double], isTerminated: Bool, policy: [Double], behavior: [Double],
        actionCount: Int
    ) throws {
        guard states.count == actions.count + 1, actions.count == rewards.count else {
            throw StatisticsError(
                "an episode of \(actions.count) actions needs as many rewards and one more state, not \(rewards.count) and "
                    + "\(states.count)")
        }
        self.init(rewards: rewards, ratios: [], isTerminated: isTerminated)
        self.states = states
        self.actions = actions
        ratios = try actions.indices.map { step in
            let pair = states[step] * actionCount + actions[step]
            guard policy.indices.contains(pair), behavior.indices.contains(pair), behavior[pair] > 0 else {
                throw StatisticsError(
                    "the behaviour policy never takes action \(actions[step]) in state \(states[step]), yet step "
                        + "\(step) did")
            }
            return policy[pair] / behavior[pair]
        }
    }

    public var length: Int { rewards.count }

    /// The discounted return of the episode as it was played.
    public func discountedReturn(_ discount: Double) -> Double {
        rewards.reversed().reduce(0) { discount * $0 + $1 }
    }

    /// This episode with the values of a model that knows how many steps are left of `horizon`.
    public func valued(by model: TabularValueEstimate) -> LoggedEpisode {
        var copy = self
        copy.actionValues = actions.indices.map { model.actionValue(states[$0], actions[$0], step: $0) }
        copy.stateValues = actions.indices.map { model.stateValue(states[$0], step: $0) }
        return copy
    }
}

/// Episodes that end in a terminal state or at step `horizon`, played by `behavior` in `mdp`.
/// - reward: r(s,a) at `s * actionCount + a`, to which normal noise of deviation `rewardNoise` is added.
/// Throws `StatisticsError` where `policy` does what `behavior` never does.
public func logEpisodes(
    _ count: Int, in mdp: TabularMDP, reward: [Double], behavior: [Double], policy: [Double], horizon: Int,
    rewardNoise: Double = 0, using random: inout RandomStream
) throws -> [LoggedEpisode] {
    let actionCount = mdp.actionCount
    return try (0..<count).map { _ in
        var states = [random.index(weights: mdp.start)]
        var actions: [Int] = []
        var rewards: [Double] = []
        while actions.count < horizon, !mdp.terminal[states[states.count - 1]] {
            let state = states[states.count - 1]
            let action = random.index(weights: behavior[(state * actionCount)..<((state + 1) * actionCount)])
            rewards.append(reward[state * actionCount + action] + (rewardNoise > 0 ? rewardNoise * random.normal() : 0))
            actions.append(action)
            states.append(mdp.successor(of: state, action: action, using: &random))
        }
        return try LoggedEpisode(
            states: states, actions: actions, rewards: rewards, isTerminated: mdp.terminal[states[states.count - 1]],
            policy: policy, behavior: behavior, actionCount: actionCount)
    }
}

func checkEpisodes(_ episodes: [LoggedEpisode], needStates: Bool = false, needModel: Bool = false) throws {
    guard !episodes.isEmpty else { throw StatisticsError("off-policy evaluation needs at least one episode") }
    for (index, episode) in episodes.enumerated() {
        let length = episode.length
        guard episode.ratios.count == length, episode.ratios.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
            throw StatisticsError(
                "episode \(index) has \(episode.ratios.count) ratios for \(length) steps, or one that is no finite number "
                    + "of 0 or more")
        }
        guard !needModel || (episode.actionValues.count == length && episode.stateValues.count == length) else {
            throw StatisticsError(
                "episode \(index) has no values of a model for its \(length) steps: add them by valued(by:), or use an "
                    + "estimator without a model")
        }
        guard !needStates || (episode.states.count == length + 1 && episode.actions.count == length) else {
            throw StatisticsError("episode \(index) has no states and actions for its \(length) steps")
        }
    }
}
