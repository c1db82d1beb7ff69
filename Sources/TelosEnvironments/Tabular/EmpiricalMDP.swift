/// A finite MDP as a log of transitions shows it: relative frequencies, mean rewards, and how often each action was
/// taken.
///
/// T(s'|s,a) = N(s,a,s') / N(s,a), r_i(s,a) the mean of what was paid, beta(a|s) = N(s,a) / N(s). The
/// certainty-equivalent model: solving it is what a learner does that trusts its data entirely.
public struct EmpiricalMDP: Sendable, Hashable, Codable {
    public let stateCount: Int
    public let actionCount: Int
    /// Kinds of reward in the log.
    public let rewardCount: Int
    /// N(s,a,s') at `(s * actionCount + a) * stateCount + s'`.
    public private(set) var counts: [Double]
    /// N(s,a) at `s * actionCount + a`.
    public private(set) var visits: [Double]
    /// Sum of reward i at `i * stateCount * actionCount + s * actionCount + a`.
    private var sums: [Double]

    public init(stateCount: Int, actionCount: Int, rewardCount: Int = 1) {
        precondition(stateCount > 0 && actionCount > 0 && rewardCount >= 0, "a model needs states and actions")
        self.stateCount = stateCount
        self.actionCount = actionCount
        self.rewardCount = rewardCount
        counts = Array(repeating: 0, count: stateCount * actionCount * stateCount)
        visits = Array(repeating: 0, count: stateCount * actionCount)
        sums = Array(repeating: 0, count: rewardCount * stateCount * actionCount)
    }

    /// Adds a transition that paid `rewards`, one of each kind.
    public mutating func append(state: Int, action: Int, next: Int, rewards: [Double]) {
        precondition(rewards.count == rewardCount, "\(rewards.count) rewards of \(rewardCount) kinds")
        let pair = state * actionCount + action
        counts[pair * stateCount + next] += 1
        visits[pair] += 1
        for (kind, reward) in rewards.enumerated() { sums[kind * stateCount * actionCount + pair] += reward }
    }

    /// N(s,a) / N: the log's own occupancy, every step counted alike; zeros where nothing was logged.
    public var occupancy: [Double] {
        let total = visits.reduce(0, +)
        return total > 0 ? visits.map { $0 / total } : visits
    }

    /// Whether a pair was logged; in a state in which nothing was, every action counts as logged: something must be done.
    public var isSupported: [Bool] {
        visits.indices.map { pair in
            let row = pair / actionCount * actionCount
            return visits[pair] > 0 || visits[row..<(row + actionCount)].allSatisfy { $0 == 0 }
        }
    }

    /// The mean of reward i at `s * actionCount + a`; 0 where nothing was logged.
    public func reward(_ kind: Int = 0) -> [Double] {
        let first = kind * stateCount * actionCount
        return visits.indices.map { visits[$0] > 0 ? sums[first + $0] / visits[$0] : 0 }
    }

    /// Who wrote the log: frequencies of actions, none below `floor` before they are normalised; uniform in states that
    /// were never seen.
    public func behavior(floor: Double = 0) -> [Double] {
        stride(from: 0, to: visits.count, by: actionCount).flatMap { row -> [Double] in
            let total = visits[row..<(row + actionCount)].reduce(0, +)
            guard total > 0 else { return Array(repeating: 1 / Double(actionCount), count: actionCount) }
            let shares = visits[row..<(row + actionCount)].map { max($0 / total, floor) }
            let sum = shares.reduce(0, +)
            return shares.map { $0 / sum }
        }
    }

    /// The model. Of a pair that was never logged it says that nothing happens for ever: the state stays, unpaid.
    /// - Throws: `TabularError` for arrays of the wrong size.
    public func model(terminal: [Bool], start: [Double]) throws -> TabularMDP {
        var transitions = counts
        for pair in 0..<(stateCount * actionCount) {
            let row = (pair * stateCount)..<((pair + 1) * stateCount)
            let state = pair / actionCount
            if visits[pair] > 0, !(terminal.indices.contains(state) && terminal[state]) {
                for index in row { transitions[index] = counts[index] / visits[pair] }
            } else {
                for index in row { transitions[index] = index == row.lowerBound + state ? 1 : 0 }
            }
        }
        return try TabularMDP(
            stateCount: stateCount, actionCount: actionCount, transitions: transitions, terminal: terminal,
            start: start)
    }
}
