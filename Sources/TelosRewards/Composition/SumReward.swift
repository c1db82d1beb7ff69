import TelosEnvironments

/// A weighted sum of rewards: r = sum over i of w_i r_i.
///
/// Every term of every part is logged with its part's weight applied, so that the terms add up to the reward.
public struct SumReward: Reward {
    /// A part of the sum.
    public struct Term: Sendable {
        /// What its terms are logged as; nil for the names they have of themselves.
        public var name: String?
        public var weight: Double
        public var reward: any Reward

        public init(_ reward: any Reward, name: String? = nil, weight: Double = 1) {
            self.name = name
            self.weight = weight
            self.reward = reward
        }
    }

    public var terms: [Term]

    public init(_ terms: [Term]) { self.terms = terms }

    /// - Throws: `RewardError` when there are no terms, or a weight is not finite, or a term does not bind.
    public func bind(to specification: EnvironmentSpecification) throws -> any BoundReward {
        guard !terms.isEmpty else { throw RewardError("a sum of rewards needs at least one term") }
        for term in terms where !term.weight.isFinite {
            throw RewardError("the weight of \(term.name ?? "\(term.reward)") is \(term.weight); write a finite number")
        }
        let parts = try terms.map { (name: $0.name, reward: try $0.reward.bind(to: specification)) }
        return BoundSum(parts: BoundParts(parts), weights: terms.map(\.weight))
    }

    public var description: String {
        terms.map { term in
            let body = term.name.map { "[\($0): \(term.reward)]" } ?? bracketed(term.reward)
            return term.weight == 1 ? body : "\(Expression.spelling(of: term.weight)) * \(body)"
        }.joined(separator: " + ")
    }
}

struct BoundSum: BoundReward {
    let parts: BoundParts
    let weights: [Double]

    var termNames: [String] { parts.termNames }
    var memoryWidth: Int { parts.memoryWidth }
    func reset(memory: UnsafeMutableBufferPointer<Double>) { parts.reset(memory: memory) }

    func evaluate(
        _ transitions: TransitionBatch, memory: UnsafeMutableBufferPointer<Double>,
        rewards: UnsafeMutableBufferPointer<Double>, terms: UnsafeMutableBufferPointer<Double>
    ) {
        let count = transitions.count
        withUnsafeTemporaryAllocation(of: Double.self, capacity: weights.count > 1 ? count : 0) { scratch in
            for (index, weight) in weights.enumerated() {
                let part = index == 0 ? rewards : scratch
                parts.evaluate(index, transitions, memory: memory, rewards: part, terms: terms)
                if weight != 1 {
                    for e in 0..<count { part[e] *= weight }
                    let own = parts.terms(of: index, in: terms, count: count)
                    for i in own.indices { own[i] *= weight }
                }
                if index > 0 {
                    for e in 0..<count { rewards[e] += scratch[e] }
                }
            }
        }
    }
}

/// A reward times a constant; its terms are scaled likewise.
public struct ScaledReward: Reward {
    public var factor: Double
    public var reward: any Reward

    public init(_ reward: any Reward, by factor: Double) {
        self.reward = reward
        self.factor = factor
    }

    /// - Throws: `RewardError` when the factor is not finite or the reward does not bind.
    public func bind(to specification: EnvironmentSpecification) throws -> any BoundReward {
        try SumReward([.init(reward, weight: factor)]).bind(to: specification)
    }

    public var description: String { "\(Expression.spelling(of: factor)) * \(bracketed(reward))" }
}

/// A reward under a name: what its terms are logged as.
public struct NamedReward: Reward {
    public var name: String
    public var reward: any Reward

    public init(_ name: String, _ reward: any Reward) {
        self.name = name
        self.reward = reward
    }

    public func bind(to specification: EnvironmentSpecification) throws -> any BoundReward {
        BoundSum(parts: BoundParts([(name: name, reward: try reward.bind(to: specification))]), weights: [1])
    }

    public var description: String { "\(name): \(reward)" }
}
