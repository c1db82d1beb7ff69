/// The sum of two rewards; sums of sums are one sum.
public func + (left: some Reward, right: some Reward) -> SumReward {
    SumReward(summands(of: left) + summands(of: right))
}

/// The difference of two rewards.
public func - (left: some Reward, right: some Reward) -> SumReward {
    SumReward(summands(of: left) + summands(of: -1 * right))
}

public func * (factor: Double, reward: some Reward) -> ScaledReward { ScaledReward(reward, by: factor) }

public func * (reward: some Reward, factor: Double) -> ScaledReward { ScaledReward(reward, by: factor) }

public prefix func - (reward: some Reward) -> ScaledReward { ScaledReward(reward, by: -1) }

private func summands(of reward: any Reward) -> [SumReward.Term] {
    switch reward {
    case let sum as SumReward: sum.terms
    case let named as NamedReward: [.init(named.reward, name: named.name)]
    case let scaled as ScaledReward:
        summands(of: scaled.reward).map { .init($0.reward, name: $0.name, weight: scaled.factor * $0.weight) }
    default: [.init(reward)]
    }
}

extension Reward {
    /// The reward kept within `range`.
    public func clipped(to range: ClosedRange<Double>) -> ClippedReward { ClippedReward(self, to: range) }

    /// The reward counted only while `condition` holds.
    /// - Throws: `RewardError` where the text is no expression.
    public func gated(by condition: String) throws -> GatedReward {
        GatedReward(self, by: try Expression(condition))
    }

    /// The reward counted only while `condition` holds.
    public func gated(by condition: Expression) -> GatedReward { GatedReward(self, by: condition) }

    /// The reward logged as `name`.
    public func named(_ name: String) -> NamedReward { NamedReward(name, self) }
}
