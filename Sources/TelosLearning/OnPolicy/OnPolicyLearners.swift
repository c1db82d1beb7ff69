import TelosEnvironments

extension Learners {
    static let onPolicy: [LearnerEntry] = [
        LearnerEntry(
            name: "ppo", family: "on-policy",
            summary:
                "proximal policy optimisation: several passes over each rollout, held near the policy that took it",
            reference: "Schulman, Wolski, Dhariwal, Radford and Klimov, Proximal policy optimization algorithms, 2017",
            notes: .ppo, configuration: PPOConfiguration.self, capabilities: onPolicyCapabilities,
            refusal: onPolicyRefusal,
            make: { try OnPolicyLearner($0, $1.settings) }),
        LearnerEntry(
            name: "a2c", family: "on-policy",
            summary: "advantage actor-critic: one gradient step on each short rollout",
            reference: "Mnih and others, Asynchronous methods for deep reinforcement learning, 2016",
            notes: .a2c, configuration: A2CConfiguration.self, capabilities: onPolicyCapabilities,
            refusal: onPolicyRefusal,
            make: { try OnPolicyLearner($0, $1.settings) }),
        LearnerEntry(
            name: "reinforce", family: "on-policy",
            summary: "the policy gradient with Monte-Carlo returns and a learned baseline",
            reference: "Williams, Simple statistical gradient-following algorithms for connectionist reinforcement "
                + "learning, 1992",
            notes: .reinforce, configuration: ReinforceConfiguration.self, capabilities: onPolicyCapabilities,
            refusal: onPolicyRefusal,
            make: { try OnPolicyLearner($0, $1.settings) }),
        LearnerEntry(
            name: "trpo", family: "on-policy",
            summary: "trust-region policy optimisation: the natural gradient, as far as a bound on divergence allows",
            reference: "Schulman, Levine, Moritz, Jordan and Abbeel, Trust region policy optimization, 2015",
            notes: .trpo, configuration: TRPOConfiguration.self, capabilities: onPolicyCapabilities,
            refusal: onPolicyRefusal,
            make: { try OnPolicyLearner($0, $1.settings) }),
        LearnerEntry(
            name: "vmpo", family: "on-policy",
            summary:
                "V-MPO: follows the better half of each rollout, weighed by advantage, near the policy that took it",
            reference: "Song and others, V-MPO: on-policy maximum a posteriori policy optimization for discrete and "
                + "continuous control, 2020",
            notes: .vmpo, configuration: VMPOConfiguration.self, capabilities: onPolicyCapabilities,
            refusal: onPolicyRefusal,
            make: { try OnPolicyLearner($0, $1.settings) }),
        impala, ppg, rnd,
    ]

    static let onPolicyCapabilities: Set<LearnerCapability> = [.actionMasks, .memory, .stochasticPolicies]

    static let onPolicyRefusal: @Sendable (EnvironmentSpecification) -> String? = { specification in
        if ObservationEncoding(specification.observation) == nil {
            return "it reads every observation but text, \(specification.name) gives \(specification.observation)"
        }
        if ActionHead(specification.action) == nil {
            return "it chooses every action but text, \(specification.name) takes \(specification.action)"
        }
        return nil
    }
}
