/// A stretch of behaviour as a rater sees it: k steps, with what was observed before each and after the last.
public struct Segment: Sendable, Hashable {
    /// k + 1 rows of numbers, one before each step and one after the last, all of one width.
    public let observations: [[Float]]
    /// k rows of numbers, all of one width; a discrete action is one whole number.
    public let actions: [[Float]]
    /// What each step was paid; empty where unknown, as it is to a rater.
    public let rewards: [Double]
    /// Whether the episode ended with the last step, so that nothing follows. A time limit ends no episode.
    public let isTerminated: Bool

    public var stepCount: Int { actions.count }

    /// - Throws: `FeedbackError` where the counts do not fit together or a number is not finite.
    public init(
        observations: [[Float]], actions: [[Float]], rewards: [Double] = [], isTerminated: Bool = false
    ) throws {
        guard !actions.isEmpty else { throw FeedbackError("a segment needs at least one step") }
        guard observations.count == actions.count + 1 else {
            throw FeedbackError(
                "a segment of \(actions.count) steps needs \(actions.count + 1) observations, one before each step and "
                    + "one after the last, not \(observations.count)")
        }
        guard rewards.isEmpty || rewards.count == actions.count else {
            throw FeedbackError(
                "a segment of \(actions.count) steps has \(rewards.count) rewards; write one a step, or none")
        }
        for (name, rows) in [("observation", observations), ("action", actions)] {
            for (index, row) in rows.enumerated() {
                guard row.count == rows[0].count else {
                    throw FeedbackError("\(name) \(index) has \(row.count) numbers, \(name) 0 has \(rows[0].count)")
                }
                guard row.allSatisfy(\.isFinite) else {
                    throw FeedbackError("\(name) \(index) has a number that is not finite")
                }
            }
        }
        guard rewards.allSatisfy(\.isFinite) else { throw FeedbackError("a reward of a segment is not finite") }
        self.observations = observations
        self.actions = actions
        self.rewards = rewards
        self.isTerminated = isTerminated
    }

    /// The sum of its rewards, the last counted fully and each before it `myopia` times the one after it:
    /// sum over t of myopia^(k - 1 - t) r_t. 0 where the rewards are unknown.
    public func partialReturn(myopia: Double = 1) -> Double { rewards.reduce(0) { $0 * myopia + $1 } }
}

extension Segment: Codable {
    private enum CodingKeys: String, CodingKey { case observations, actions, rewards, isTerminated = "terminated" }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        do {
            try self.init(
                observations: container.decode([[Float]].self, forKey: .observations),
                actions: container.decode([[Float]].self, forKey: .actions),
                rewards: container.decodeIfPresent([Double].self, forKey: .rewards) ?? [],
                isTerminated: container.decodeIfPresent(Bool.self, forKey: .isTerminated) ?? false)
        } catch let error as FeedbackError {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: error.description))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(observations, forKey: .observations)
        try container.encode(actions, forKey: .actions)
        if !rewards.isEmpty { try container.encode(rewards, forKey: .rewards) }
        if isTerminated { try container.encode(isTerminated, forKey: .isTerminated) }
    }
}

/// What is wrong with feedback or what it is asked: a message that says where and what to write instead.
public struct FeedbackError: Error, CustomStringConvertible, Equatable {
    public var description: String
    public init(_ description: String) { self.description = description }
}
