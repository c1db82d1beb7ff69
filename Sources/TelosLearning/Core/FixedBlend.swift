import TelosEnvironments
import TelosRewards

extension TaskDefinition {
    /// For learners that cannot adapt the blend of rewards, since that differentiates the policy.
    /// - Throws: `ConfigurationError` where the combination is `.behaviorAlignment`.
    public func requireFixedBlend() throws {
        guard combination != .behaviorAlignment else {
            let others = RewardCombination.allCases.filter { $0 != .behaviorAlignment }.map(\.rawValue)
            throw ConfigurationError(
                "combine: behavior-alignment differentiates the policy, which only policy-gradient learners allow; "
                    + "write one of \(others.joined(separator: ", ")), or learn with ppo, a2c or reinforce")
        }
    }
}

extension TaskRewards {
    /// sum over c of weights[c] channel c: what a learner is paid in `environment`.
    public func blended(_ channels: UnsafeBufferPointer<Double>, _ environment: Int) -> Double {
        var reward = 0.0
        for (channel, weight) in weights.enumerated() where weight != 0 {
            reward += weight * channels[channel * count + environment]
        }
        return reward
    }
}
