import TelosTensor

/// The values of a policy in a finite process with a horizon, as they were estimated from data.
public struct TabularValueEstimate: Sendable, Hashable {
    /// The expected return from the episodes' first states.
    public let value: Double
    let horizon: Int
    let actionCount: Int
    /// The cell of each state.
    let cells: [Int]
    /// pi(a|s)
    let policy: [Double]
    /// q with h steps to go at [h - 1], by cell and action.
    let actionValues: [[Double]]

    /// q(s, a) at `step` of an episode: 0 from the horizon on.
    public func actionValue(_ state: Int, _ action: Int, step: Int) -> Double {
        step < horizon ? actionValues[horizon - step - 1][cells[state] * actionCount + action] : 0
    }

    /// v(s) = sum over a of pi(a|s) q(s, a).
    public func stateValue(_ state: Int, step: Int) -> Double {
        (0..<actionCount).reduce(0) { $0 + policy[state * actionCount + $1] * actionValue(state, $1, step: step) }
    }
}

/// Fitted Q evaluation in a finite process: q_h(s,a) = mean over the data at (s,a) of r + discount v_(h-1)(s').
///
/// Every step of every episode counts at every h, since its next state is known; a terminal state is worth 0, and so is
/// what was never tried. Without `cells` it is what the maximum-likelihood model of the process gives.
///
/// (Le, Voloshin and Yue, *Batch policy learning under constraints*, 2019; the fitted Q iteration of Ernst, Geurts and
/// Wehenkel, 2005, for a fixed policy.)
/// - Parameters:
///   - policy: pi_e(a|s) at `s * actionCount + a`.
///   - cells: the cell of each state, which share their q; each its own where nil.
/// - Throws: `StatisticsError` for episodes without states, or states and actions out of range.
public func tabularFittedQEvaluation(
    _ episodes: [LoggedEpisode], policy: [Double], actionCount: Int, horizon: Int, discount: Double = 1,
    cells: [Int]? = nil
) throws -> TabularValueEstimate {
    try checkEpisodes(episodes, needStates: true)
    guard actionCount > 0, policy.count % actionCount == 0 else {
        throw StatisticsError("\(policy.count) probabilities do not form rows of \(actionCount) actions")
    }
    let stateCount = policy.count / actionCount
    let cells = cells ?? Array(0..<stateCount)
    guard cells.count == stateCount, cells.allSatisfy({ $0 >= 0 }),
        episodes.allSatisfy({ episode in
            episode.states.allSatisfy { (0..<stateCount).contains($0) }
                && episode.actions.allSatisfy { (0..<actionCount).contains($0) }
        })
    else {
        throw StatisticsError(
            "an episode's state or action, or the \(cells.count) cells, do not fit \(stateCount) states")
    }
    let pairCount = ((cells.max() ?? 0) + 1) * actionCount
    var rewards = [Double](repeating: 0, count: pairCount)
    var counts = rewards
    // Next states of each pair; -1 where nothing follows.
    var steps: [(pair: Int, next: Int)] = []
    for episode in episodes {
        for step in 0..<episode.length {
            let pair = cells[episode.states[step]] * actionCount + episode.actions[step]
            rewards[pair] += episode.rewards[step]
            counts[pair] += 1
            let isEnd = episode.isTerminated && step == episode.length - 1
            steps.append((pair, isEnd ? -1 : episode.states[step + 1]))
        }
    }
    func values(_ q: [Double]) -> [Double] {
        (0..<stateCount).map { state in
            (0..<actionCount).reduce(0) {
                $0 + policy[state * actionCount + $1] * q[cells[state] * actionCount + $1]
            }
        }
    }
    var actionValues: [[Double]] = []
    var next = [Double](repeating: 0, count: stateCount)
    for _ in 0..<max(1, horizon) {
        var q = rewards
        for step in steps where step.next >= 0 { q[step.pair] += discount * next[step.next] }
        for pair in q.indices where counts[pair] > 0 { q[pair] /= counts[pair] }
        actionValues.append(q)
        next = values(q)
    }
    let value = episodes.reduce(0) { $0 + next[$1.states[0]] } / Double(episodes.count)
    return TabularValueEstimate(
        value: value, horizon: max(1, horizon), actionCount: actionCount, cells: cells, policy: policy,
        actionValues: actionValues)
}

/// A step described by features, for values that are linear in them.
public struct FeatureTransition: Sendable, Hashable {
    /// x(s,a)
    public var features: [Double]
    public var reward: Double
    /// sum over a' of pi_e(a'|s') x(s',a'); zeros where s' is terminal.
    public var nextFeatures: [Double]

    public init(features: [Double], reward: Double, nextFeatures: [Double]) {
        self.features = features
        self.reward = reward
        self.nextFeatures = nextFeatures
    }
}

/// Fitted Q evaluation with values linear in features: w_h minimises
/// sum of (r + discount w_(h-1) · x' - w · x)² + ridge |w|², w_0 = 0. Gives w_1 ... w_horizon; q with h steps to go is w_h · x.
///
/// (Le, Voloshin and Yue, *Batch policy learning under constraints*, 2019.)
/// - Throws: `StatisticsError` for no transitions or features of different lengths; `LinearAlgebraError` where features
///   are dependent and there is no ridge.
public func linearFittedQEvaluation(
    _ transitions: [FeatureTransition], horizon: Int, discount: Double = 1, ridge: Double = 1e-6
) throws -> [[Double]] {
    let width = transitions.first?.features.count ?? 0
    guard width > 0, transitions.allSatisfy({ $0.features.count == width && $0.nextFeatures.count == width }) else {
        throw StatisticsError("linear fitted Q evaluation needs transitions whose features are all of one length")
    }
    let matrix = transitions.flatMap(\.features)
    var weights: [[Double]] = []
    var last = [Double](repeating: 0, count: width)
    for _ in 0..<max(1, horizon) {
        let targets = transitions.map { step in
            step.reward + discount * zip(last, step.nextFeatures).reduce(0) { $0 + $1.0 * $1.1 }
        }
        last = try leastSquares(matrix: matrix, rows: transitions.count, columns: width, rhs: targets, ridge: ridge)
        weights.append(last)
    }
    return weights
}

/// Marginalised importance sampling in a finite process with a horizon: distributions of states are carried forward step by
/// step, each step weighed by its own ratio alone.
///
///     d_0(s)      = share of episodes that begin in s
///     d_(t+1)(s') = sum over episodes at s at step t of d_t(s) / n_t(s) rho_t [the next state is s']
///     estimate    = sum over t of discount^t (sum over episodes at step t of d_t(s_t) / n_t(s_t) rho_t r_t)
///
/// with n_t(s) the number of episodes in s at step t. Its error grows with a power of the horizon, not exponentially.
///
/// (Xie, Ma and Wang, *Towards optimal off-policy evaluation for reinforcement learning with marginalized importance
/// sampling*, 2019.)
/// - Throws: `StatisticsError` for no episodes or episodes without states.
public func marginalizedImportanceSampling(
    _ episodes: [LoggedEpisode], stateCount: Int, discount: Double = 1
) throws -> Double {
    try checkEpisodes(episodes, needStates: true)
    let horizon = episodes.map(\.length).max() ?? 0
    var distribution = [Double](repeating: 0, count: stateCount)
    for episode in episodes { distribution[episode.states[0]] += 1 / Double(episodes.count) }
    var sum = 0.0
    var power = 1.0
    for step in 0..<horizon {
        var counts = [Double](repeating: 0, count: stateCount)
        for episode in episodes where step < episode.length { counts[episode.states[step]] += 1 }
        var following = [Double](repeating: 0, count: stateCount)
        for episode in episodes where step < episode.length {
            let state = episode.states[step]
            let mass = distribution[state] / counts[state] * episode.ratios[step]
            sum += power * mass * episode.rewards[step]
            if step + 1 < episode.length { following[episode.states[step + 1]] += mass }
        }
        distribution = following
        power *= discount
    }
    return sum
}
