import TelosEnvironments

/// A reward kept within bounds: min(max(r, low), high). What is not a number stays so.
///
/// A reward with one term is logged as clipped. With several, each is logged as it was, and `clipping` is what the
/// bounds added or took away, so that the terms still add up.
public struct ClippedReward: Reward {
    public var reward: any Reward
    public var range: ClosedRange<Double>

    public init(_ reward: any Reward, to range: ClosedRange<Double>) {
        self.reward = reward
        self.range = range
    }

    public func bind(to specification: EnvironmentSpecification) throws -> any BoundReward {
        BoundClipped(parts: BoundParts([(name: nil, reward: try reward.bind(to: specification))]), range: range)
    }

    public var description: String {
        "\(bracketed(reward)) clipped to \(Expression.spelling(of: range.lowerBound)) ... "
            + Expression.spelling(of: range.upperBound)
    }
}

struct BoundClipped: BoundReward {
    let parts: BoundParts
    let range: ClosedRange<Double>

    var isSingle: Bool { parts.termNames.count == 1 }
    var termNames: [String] { isSingle ? parts.termNames : TermNames.distinct(parts.termNames + ["clipping"]) }
    var memoryWidth: Int { parts.memoryWidth }
    func reset(memory: UnsafeMutableBufferPointer<Double>) { parts.reset(memory: memory) }

    func evaluate(
        _ transitions: TransitionBatch, memory: UnsafeMutableBufferPointer<Double>,
        rewards: UnsafeMutableBufferPointer<Double>, terms: UnsafeMutableBufferPointer<Double>
    ) {
        let count = transitions.count
        let (low, high) = (range.lowerBound, range.upperBound)
        let last = isSingle ? 0 : parts.termNames.count * count
        parts.evaluate(0, transitions, memory: memory, rewards: rewards, terms: terms)
        for e in 0..<count {
            let raw = rewards[e]
            let clipped = raw < low ? low : (raw > high ? high : raw)
            rewards[e] = clipped
            terms[last + e] = isSingle ? clipped : (clipped == raw ? 0 : clipped - raw)
        }
    }
}
