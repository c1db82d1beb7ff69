import TelosEnvironments
import TelosTensor

extension TabularMDP {
    /// Episodes of a policy as a dataset: each from the start distribution (or `start`) to a terminal state or for
    /// `horizon` steps.
    /// - Parameters:
    ///   - policy: pi(a|s) at `s * actionCount + a`.
    ///   - reward: r(s,a), or R(s,a,s') at the index of `transitions`; nothing is paid where nil.
    ///   - start: a distribution of first states; the model's where nil.
    /// - Throws: `FeedbackError` where an array has the wrong size, or the horizon is no positive number.
    public func dataset(
        following policy: [Double], episodes: Int, horizon: Int, reward: [Double]? = nil, from start: [Double]? = nil,
        source: String = "", using random: inout RandomStream
    ) throws -> TransitionDataset {
        let pairs = stateCount * actionCount
        guard policy.count == pairs, [nil, pairs, transitions.count].contains(reward?.count),
            [nil, stateCount].contains(start?.count), horizon > 0
        else {
            throw FeedbackError(
                "a dataset of \(stateCount) states and \(actionCount) actions needs a policy of \(pairs) probabilities, a "
                    + "reward of \(pairs) or \(transitions.count) numbers, a start of \(stateCount) and a positive horizon"
            )
        }
        var dataset = TransitionDataset(observationWidth: 1, source: source)
        for _ in 0..<episodes {
            var state = random.index(weights: start ?? self.start)
            for step in 0..<horizon where !terminal[state] {
                let action = random.index(weights: policy[(state * actionCount)..<((state + 1) * actionCount)])
                let next = successor(of: state, action: action, using: &random)
                let pair = state * actionCount + action
                let paid = reward.map { $0.count == pairs ? $0[pair] : $0[pair * stateCount + next] } ?? 0
                try dataset.append(
                    LoggedTransition(
                        observation: [Float(state)], action: [Float(action)], reward: Float(paid),
                        nextObservation: [Float(next)],
                        end: terminal[next] ? .terminated : step == horizon - 1 ? .truncated : .ongoing))
                state = next
            }
        }
        return dataset
    }
}

extension TransitionDataset {
    /// Calls `body` with every row of a dataset of a finite MDP.
    /// - Throws: `FeedbackError` where observations or actions are no indices below these counts.
    public func forEachTabularRow(
        stateCount: Int, actionCount: Int,
        _ body: (_ state: Int, _ action: Int, _ reward: Double, _ next: Int, _ end: EpisodeEnd) -> Void
    ) throws {
        guard observationWidth == 1, actionWidth == 1 else {
            throw FeedbackError(
                "states and actions of a finite MDP are one number each, not \(observationWidth) and \(actionWidth)")
        }
        func index(_ value: Float, below count: Int, _ row: Int, _ name: String) throws -> Int {
            guard let index = Int(exactly: value), (0..<count).contains(index) else {
                throw FeedbackError("row \(row): the \(name) \(value) is no whole number from 0 to \(count - 1)")
            }
            return index
        }
        try withRows { rows in
            for row in rows.rewards.indices {
                body(
                    try index(rows.observations[row], below: stateCount, row, "state"),
                    try index(rows.actions[row], below: actionCount, row, "action"), Double(rows.rewards[row]),
                    try index(rows.nextObservations[row], below: stateCount, row, "next state"),
                    EpisodeEnd(rawValue: UInt8(rows.ends[row])) ?? .ongoing)
            }
        }
    }
}

extension EmpiricalMDP {
    /// What a dataset of a finite MDP says of it.
    /// - Throws: `FeedbackError` where observations or actions are no indices below these counts.
    public init(_ dataset: TransitionDataset, stateCount: Int, actionCount: Int) throws {
        self.init(stateCount: stateCount, actionCount: actionCount)
        try append(dataset)
    }

    /// Adds a dataset's rows, of which each paid one reward.
    /// - Throws: `FeedbackError` where observations or actions are no indices below the counts.
    public mutating func append(_ dataset: TransitionDataset) throws {
        try dataset.forEachTabularRow(stateCount: stateCount, actionCount: actionCount) {
            state, action, reward, next, _ in
            append(state: state, action: action, next: next, rewards: [reward])
        }
    }
}
