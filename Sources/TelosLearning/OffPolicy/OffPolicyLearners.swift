import TelosEnvironments

extension Learners {
    static let offPolicy: [LearnerEntry] = [
        LearnerEntry(
            name: "dqn", family: "off-policy",
            summary:
                "deep Q-learning from a replay; double, duelling, n-step, prioritised, noisy and distributional on request",
            reference: "Mnih and others, Human-level control through deep reinforcement learning, 2015",
            notes: .dqn, configuration: DQNConfiguration.self, refusal: discreteRefusal,
            make: { context, options in
                try OffPolicyLearner(context, options.settings) { try DQNAgent($0, options, context: context) }
            }),
        LearnerEntry(
            name: "rainbow", family: "off-policy",
            summary: "deep Q-learning with all of its improvements",
            reference: "Hessel and others, Rainbow: combining improvements in deep reinforcement learning, 2018",
            notes: .dqn, configuration: RainbowConfiguration.self, refusal: discreteRefusal,
            make: { context, rainbow in
                try OffPolicyLearner(context, rainbow.options.settings) {
                    try DQNAgent($0, rainbow.options, context: context)
                }
            }),
        continuous(
            "sac", .softActorCritic, SACConfiguration.self, { $0.settings },
            "soft actor-critic: a random policy as uncertain as it can afford, two critics, a tuned temperature",
            "Haarnoja and others, Soft actor-critic algorithms and applications, 2018"),
        continuous(
            "redq", .softActorCritic, REDQConfiguration.self, { $0.options.settings },
            "soft actor-critic with ten critics, two of them drawn for each target, and twenty updates a step",
            "Chen, Wang, Zhou and Ross, Randomized ensembled double Q-learning: learning fast without a model, 2021"),
        continuous(
            "td3", .deterministicActorCritic, TD3Configuration.self, { $0.settings },
            "a deterministic policy with twin critics, delayed policy updates and smoothed targets",
            "Fujimoto, van Hoof and Meger, Addressing function approximation error in actor-critic methods, 2018"),
        continuous(
            "ddpg", .deterministicActorCritic, DDPGConfiguration.self, { $0.options.settings },
            "deep deterministic policy gradients: one critic, one deterministic policy",
            "Lillicrap and others, Continuous control with deep reinforcement learning, 2016"),
    ]

    private static func continuous<Configuration: LearnerConfiguration>(
        _ name: String, _ notes: LearnerNotes, _ configuration: Configuration.Type,
        _ settings: @escaping @Sendable (Configuration) -> ContinuousSettings, _ summary: String, _ reference: String
    ) -> LearnerEntry {
        LearnerEntry(
            name: name, family: "off-policy", summary: summary, reference: reference, notes: notes,
            configuration: configuration,
            refusal: continuousRefusal,
            make: { context, options in
                let settings = settings(options)
                return try OffPolicyLearner(context, settings.loop) {
                    try ContinuousAgent($0, settings, context: context)
                }
            })
    }

    static let continuousRefusal: @Sendable (EnvironmentSpecification) -> String? = { specification in
        if ObservationEncoding(specification.observation) == nil {
            return
                "it reads box, binary and discrete observations, \(specification.name) gives \(specification.observation)"
        }
        guard case .box(let low, let high, _) = specification.action, (low + high).allSatisfy(\.isFinite) else {
            return "it chooses actions in a bounded box, \(specification.name) takes \(specification.action)"
        }
        return nil
    }

    static let discreteRefusal: @Sendable (EnvironmentSpecification) -> String? = { specification in
        if ObservationEncoding(specification.observation) == nil {
            return
                "it reads box, binary and discrete observations, \(specification.name) gives \(specification.observation)"
        }
        guard case .discrete = specification.action else {
            return "it chooses discrete actions, \(specification.name) takes \(specification.action)"
        }
        return nil
    }
}
