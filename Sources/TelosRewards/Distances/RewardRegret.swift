import TelosEnvironments

/// What is lost by optimising one reward when another is meant, as a share of what is at stake: 0 to 1.
public struct RewardRegret: Sendable, Hashable {
    /// (J1(pi1) - J1(pi2)) / (max J1 - min J1), pi_i optimal for reward i: the first reward is meant.
    public var first: Double
    /// The same with roles swapped.
    public var second: Double
    /// Their mean.
    public var symmetric: Double { (first + second) / 2 }
}

extension TabularMDP {
    /// The regret of optimising one of two rewards for the other, by policy iteration; where several policies are
    /// optimal, of the one with the lowest actions.
    /// - Returns: nil when all policies are alike under one of the rewards (to 1e-12 of its size).
    /// - Throws: `TabularError` for a reward of the wrong size or a discount outside 0...1.
    public func regret(between first: [Double], and second: [Double], discount: Double) throws -> RewardRegret? {
        func side(_ meant: [Double], _ other: [Double]) throws -> Double? {
            let best = try policyIteration(reward: meant, discount: discount)
            let worst = try policyIteration(reward: meant.map { -$0 }, discount: discount)
            let proxy = try policyIteration(reward: other, discount: discount)
            let highest = expectation(of: best.values)
            let lowest = -expectation(of: worst.values)
            let stake = highest - lowest
            let scale = best.values.reduce(0) { max($0, abs($1)) } + worst.values.reduce(0) { max($0, abs($1)) }
            guard stake > 1e-12 * scale else { return nil }
            let reached = try expectedReturn(policy: proxy.policy, reward: meant, discount: discount)
            return (highest - reached) / stake
        }
        guard let one = try side(first, second), let two = try side(second, first) else { return nil }
        return RewardRegret(first: one, second: two)
    }
}
