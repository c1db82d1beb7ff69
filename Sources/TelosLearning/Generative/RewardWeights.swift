import CTelosKernels

/// How much each sample of a round counts in reward-weighted regression.
public enum RewardWeights: Sendable, Hashable {
    /// w in proportion to exp(r / (temperature x deviation of the round's rewards)): RWR. Lower trusts the best more.
    case softmax(temperature: Double)
    /// 1 for the best share of the round and 0 for the others: sparse RWR.
    case top(share: Double)

    /// Weights of mean 1.
    public func callAsFunction(_ rewards: [Double]) -> [Float] {
        switch self {
        case .softmax(let temperature):
            let scores = GroupBaseline.standardized.advantages(rewards).map { $0 / temperature }
            let largest = scores.max() ?? 0
            let weights = scores.map { telos_exp64($0 - largest) }
            let scale = Double(rewards.count) / weights.reduce(0, +)
            return weights.map { Float($0 * scale) }
        case .top(let share):
            let kept = min(rewards.count, max(1, Int((share * Double(rewards.count)).rounded())))
            let best = Set(rewards.indices.sorted { (-rewards[$0], $0) < (-rewards[$1], $1) }.prefix(kept))
            return rewards.indices.map { best.contains($0) ? Float(rewards.count) / Float(kept) : 0 }
        }
    }
}
