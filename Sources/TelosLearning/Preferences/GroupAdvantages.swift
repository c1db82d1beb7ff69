/// How the rewards of several responses to one prompt become advantages, without a critic.
public enum GroupBaseline: String, Sendable, Codable, CaseIterable {
    /// (r - mean) / deviation, with the deviation over all of the group: GRPO (Shao and others, *DeepSeekMath: pushing
    /// the limits of mathematical reasoning in open language models*, 2024). With k right answers out of G the right
    /// ones have sqrt((G - k) / k).
    case standardized
    /// r - mean: Dr. GRPO (Liu and others, *Understanding R1-Zero-like training: a critical perspective*, 2025).
    case centred
    /// r - mean of the others: RLOO (Ahmadian and others, *Back to basics: revisiting REINFORCE style optimization for
    /// learning from human feedback in LLMs*, 2024); G / (G - 1) times `centred`.
    case leaveOneOut

    /// - rewards: of one group.
    /// - Returns: an advantage for each; zeros where all rewards are equal, or there is only one.
    public func advantages(_ rewards: [Double]) -> [Double] {
        guard rewards.count > 1, let first = rewards.first, rewards.contains(where: { $0 != first }) else {
            return rewards.map { _ in 0 }
        }
        let count = Double(rewards.count)
        let mean = rewards.reduce(0, +) / count
        let scale: Double
        switch self {
        case .standardized:
            scale = 1 / (rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
        case .centred: scale = 1
        case .leaveOneOut: scale = count / (count - 1)
        }
        return rewards.map { ($0 - mean) * scale }
    }
}
