import TelosEnvironments

extension Learners {
    static let offPolicy: [LearnerEntry] = [
        LearnerEntry(
            name: "dqn", family: "off-policy",
            summary:
                "deep Q-learning from a replay; double, duelling, n-step, prioritised, noisy and distributional on request",
            reference: "Mnih and others, Human-level control through deep reinforcement learning, 2015",
            notes: .dqn, configuration: DQNConfiguration.self, capabilities: [.actionMasks, .memory],
            refusal: discreteRefusal,
            make: { context, options in
                try OffPolicyLearner(context, options) { try DQNAgent($0, options, context: context) }
            }),
        LearnerEntry(
            name: "rainbow", family: "off-policy",
            summary: "deep Q-learning with all of its improvements",
            reference: "Hessel and others, Rainbow: combining improvements in deep reinforcement learning, 2018",
            notes: .dqn, configuration: RainbowConfiguration.self, capabilities: [.actionMasks, .memory],
            refusal: discreteRefusal,
            make: { context, rainbow in
                try OffPolicyLearner(context, rainbow.options) {
                    try DQNAgent($0, rainbow.options, context: context)
                }
            }),
        LearnerEntry(
            name: "pqn", family: "off-policy",
            summary: "parallelised Q-learning: lambda returns and layer norms, no replay and no target network",
            reference:
                "Gallici, Fellows, Ellis, Pou, Masmitja, Foerster and Martin, Simplifying deep temporal difference "
                + "learning, 2024",
            notes: .pqn, configuration: PQNConfiguration.self, capabilities: [.actionMasks],
            refusal: discreteRefusal,
            make: { try PQNLearner($0, $1) }),
        actorCritic(
            "sac", .softActorCritic, SACConfiguration.self, { $0 },
            "soft actor-critic: a random policy as uncertain as it can afford, two critics, a tuned temperature",
            "Haarnoja and others, Soft actor-critic algorithms and applications, 2018"),
        actorCritic(
            "redq", .redq, REDQConfiguration.self, { $0.options },
            "soft actor-critic with ten critics, two of them drawn for each target, and twenty updates a step",
            "Chen, Wang, Zhou and Ross, Randomized ensembled double Q-learning: learning fast without a model, 2021"),
        actorCritic(
            "droq", .droq, DroQConfiguration.self, { $0.options },
            "soft actor-critic with dropout and layer norms in its critics, and twenty updates a step",
            "Hiraoka and others, Dropout Q-functions for doubly efficient reinforcement learning, 2022"),
        actorCritic(
            "tqc", .tqc, TQCConfiguration.self, { $0.options },
            "soft actor-critic with quantile critics, the largest quantiles left out of targets",
            "Kuznetsov, Shvechikov, Grishin and Vetrov, Controlling overestimation bias with truncated mixture of "
                + "continuous distributional quantile critics, 2020"),
        actorCritic(
            "crossq", .crossq, CrossQConfiguration.self, { $0.options },
            "soft actor-critic with batch-renormalised critics and no target networks",
            "Bhatt and others, CrossQ: batch normalization in deep reinforcement learning for greater sample "
                + "efficiency and simplicity, 2024"),
        actorCritic(
            "simba", .simba, SimBaConfiguration.self, { $0.options },
            "soft actor-critic with residual networks and normalised observations",
            "Lee and others, SimBa: simplicity bias for scaling up parameters in deep reinforcement learning, 2025"),
        actorCritic(
            "discrete-sac", .discreteSAC, DiscreteSACConfiguration.self, { $0.options },
            "soft actor-critic over discrete actions, with expectations in place of draws",
            "Christodoulou, Soft actor-critic for discrete action settings, 2019",
            capabilities: [.actionMasks, .memory], refusal: discreteRefusal),
        actorCritic(
            "td3", .deterministicActorCritic, TD3Configuration.self, { $0 },
            "a deterministic policy with twin critics, delayed policy updates and smoothed targets",
            "Fujimoto, van Hoof and Meger, Addressing function approximation error in actor-critic methods, 2018"),
        actorCritic(
            "ddpg", .deterministicActorCritic, DDPGConfiguration.self, { $0.options },
            "deep deterministic policy gradients: one critic, one deterministic policy",
            "Lillicrap and others, Continuous control with deep reinforcement learning, 2016"),
    ]

    private static func actorCritic<Configuration: LearnerConfiguration>(
        _ name: String, _ notes: LearnerNotes, _ configuration: Configuration.Type,
        _ options: @escaping @Sendable (Configuration) -> any ActorCriticOptions, _ summary: String,
        _ reference: String, capabilities: Set<LearnerCapability> = [.memory],
        refusal: @escaping @Sendable (EnvironmentSpecification) -> String? = continuousRefusal
    ) -> LearnerEntry {
        LearnerEntry(
            name: name, family: "off-policy", summary: summary, reference: reference, notes: notes,
            configuration: configuration, capabilities: capabilities, refusal: refusal,
            make: { context, configuration in
                let options = options(configuration)
                return try OffPolicyLearner(context, options) {
                    if let reason = refusal($0) { throw LearnerError(reason) }
                    return try ActorCriticAgent($0, options, context: context)
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
