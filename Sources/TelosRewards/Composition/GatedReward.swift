import TelosEnvironments

/// A reward that counts only while a condition holds, and is 0 otherwise; so are its terms.
///
/// The reward sees every step whatever the condition: a reward with memory advances also while it does not count.
public struct GatedReward: Reward {
    public var reward: any Reward
    public var condition: Expression

    public init(_ reward: any Reward, by condition: Expression) {
        self.reward = reward
        self.condition = condition
    }

    /// - Throws: `RewardError` when the condition is a number or either part does not bind.
    public func bind(to specification: EnvironmentSpecification) throws -> any BoundReward {
        BoundGated(
            parts: BoundParts([(name: nil, reward: try reward.bind(to: specification))]),
            gate: try condition.compiledCondition(for: specification))
    }

    public var description: String { "\(bracketed(reward)) while \(condition)" }
}

struct BoundGated: BoundReward {
    let parts: BoundParts
    let gate: ExpressionProgram

    var termNames: [String] { parts.termNames }
    var memoryWidth: Int { parts.memoryWidth }
    func reset(memory: UnsafeMutableBufferPointer<Double>) { parts.reset(memory: memory) }

    func evaluate(
        _ transitions: TransitionBatch, memory: UnsafeMutableBufferPointer<Double>,
        rewards: UnsafeMutableBufferPointer<Double>, terms: UnsafeMutableBufferPointer<Double>
    ) {
        let count = transitions.count
        parts.evaluate(0, transitions, memory: memory, rewards: rewards, terms: terms)
        gate.forEachBlock(transitions) { start, open in
            for i in open.indices where open[i] == 0 {
                rewards[start + i] = 0
                for term in 0..<parts.termNames.count { terms[term * count + start + i] = 0 }
            }
        }
    }
}
