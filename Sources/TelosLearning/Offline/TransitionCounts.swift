import TelosEnvironments
import TelosFeedback

/// What data say of a finite MDP: how often each action was done in each state, what it paid and where it led. The
/// behaviour policy and the model of greatest likelihood are these in proportion.
public struct TransitionCounts: Sendable, Hashable {
    public let stateCount: Int
    public let actionCount: Int
    /// N(s,a), and with it the behaviour policy.
    public private(set) var behavior: TabularImitation
    private var rewardSums: [Double]
    /// N(s,a,s') at `(s * actionCount + a) * stateCount + s'`.
    private var followed: [Double]

    public init(stateCount: Int, actionCount: Int) {
        (self.stateCount, self.actionCount) = (stateCount, actionCount)
        behavior = TabularImitation(stateCount: stateCount, actionCount: actionCount)
        rewardSums = Array(repeating: 0, count: stateCount * actionCount)
        followed = Array(repeating: 0, count: stateCount * actionCount * stateCount)
    }

    /// - Throws: `FeedbackError` where observations or actions are no indices below these counts.
    public init(_ dataset: TransitionDataset, stateCount: Int, actionCount: Int) throws {
        self.init(stateCount: stateCount, actionCount: actionCount)
        try append(dataset)
    }

    public mutating func append(_ dataset: TransitionDataset) throws {
        try dataset.forEachTabularRow(stateCount: stateCount, actionCount: actionCount) {
            state, action, reward, next, _ in
            append(state: state, action: action, reward: reward, next: next)
        }
    }

    public mutating func append(state: Int, action: Int, reward: Double, next: Int) {
        let pair = state * actionCount + action
        behavior.append(state: state, action: action)
        rewardSums[pair] += reward
        followed[pair * stateCount + next] += 1
    }

    /// N(s,a) at `s * actionCount + a`.
    public var visits: [Double] { behavior.counts }

    /// N(s,a) / N: the data's own occupancy, every step counted alike; zeros without data.
    public var occupancy: [Double] {
        let total = visits.reduce(0, +)
        return total > 0 ? visits.map { $0 / total } : visits
    }

    /// The mean reward seen for each pair; 0 for pairs that were not.
    public var meanReward: [Double] { rewardSums.indices.map { visits[$0] > 0 ? rewardSums[$0] / visits[$0] : 0 } }

    /// Whether a pair was seen; in a state in which nothing was, every action counts as seen: something must be done.
    public var isSupported: [Bool] {
        let visits = visits
        return visits.indices.map { pair in
            let row = pair / actionCount * actionCount
            return visits[pair] > 0 || visits[row..<(row + actionCount)].allSatisfy { $0 == 0 }
        }
    }

    /// The MDP of greatest likelihood. A pair that was never seen, and any in a terminal state, stays where it is.
    /// - Throws: `TabularError` where `terminal` or `start` do not fit.
    public func model(terminal: [Bool], start: [Double]) throws -> TabularMDP {
        guard terminal.count == stateCount else {
            throw TabularError("terminal has \(terminal.count) values for \(stateCount) states")
        }
        var transitions = followed
        for (pair, count) in visits.enumerated() {
            let row = (pair * stateCount)..<((pair + 1) * stateCount)
            if count == 0 || terminal[pair / actionCount] {
                for index in row { transitions[index] = 0 }
                transitions[row.lowerBound + pair / actionCount] = 1
            } else {
                for index in row { transitions[index] /= count }
            }
        }
        return try TabularMDP(
            stateCount: stateCount, actionCount: actionCount, transitions: transitions, terminal: terminal, start: start
        )
    }
}
