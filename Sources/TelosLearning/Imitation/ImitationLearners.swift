import TelosEnvironments
import TelosFeedback

extension Learners {
    static let imitation: [LearnerEntry] = [
        adversarial(
            "gail", ImitationConfiguration<TD3Configuration, AdversarialOptions>.self, .deterministicActorCritic,
            { $0 },
            "twin delayed deterministic policy gradients on a reward that tells the agent from an expert",
            "Ho and Ermon, Generative adversarial imitation learning, 2016; Blondé, Strasser and Kalousis, Lipschitzness is "
                + "all you need to tame off-policy generative adversarial imitation learning, 2022"),
        adversarial(
            "airl", ImitationConfiguration<SACConfiguration, AIRLOptions>.self, .softActorCritic, { $0.options },
            "soft actor-critic on the log-odds of a discriminator: the reward of adversarial inverse reinforcement learning",
            "Fu, Luo and Levine, Learning robust rewards with adversarial inverse reinforcement learning, 2018; from a "
                + "replay: Kostrikov, Agrawal, Dwibedi, Levine and Tompson, Discriminator-actor-critic, 2019"),
        LearnerEntry(
            name: "sqil", family: "imitation",
            summary: "soft actor-critic that is paid 1 for the expert's steps and 0 for its own",
            reference:
                "Reddy, Dragan and Levine, SQIL: imitation learning via reinforcement learning with sparse rewards, "
                + "2020",
            notes: LearnerNotes(
                equations: "half of every batch the expert's, r = 1; the agent's own, r = 0; then\n"
                    + LearnerNotes.softActorCritic.equations,
                metrics: LearnerNotes.softActorCritic.metrics),
            configuration: ImitationConfiguration<SACConfiguration, ExpertShareOptions>.self,
            refusal: continuousRefusal,
            make: { context, options in
                try make(context, options.base, file: options.own.demonstrations) { demonstrations, _ in
                    ExpertShare(demonstrations, share: options.own.expertShare, discount: options.base.discount)
                }
            }),
    ]

    private static func adversarial<Base: LearnerConfiguration & ActorCriticOptions, Own: LearnerConfiguration>(
        _ name: String, _ configuration: ImitationConfiguration<Base, Own>.Type, _ notes: LearnerNotes,
        _ discriminator: @escaping @Sendable (Own) -> AdversarialOptions, _ summary: String, _ reference: String
    ) -> LearnerEntry {
        LearnerEntry(
            name: name, family: "imitation", summary: summary, reference: reference,
            notes: LearnerNotes(
                equations: """
                    L_D = mean(softplus(D(x))) + mean(softplus(-D(x_E))) - h mean(H(sigma(D))) + lambda mean((|grad D| - k)+^2)
                    x of the batch, x_E of demonstrations; slopes at e x + (1 - e) x_E, e ~ U(0, 1)
                    r = softplus(D(x)) (positive), -softplus(-D(x)) (negative) or D(x) (log-odds), by D after its step

                    """ + notes.equations,
                metrics: notes.metrics + [
                    MetricDescription(
                        "discriminatorLoss", "mean L_D; 1.39 where expert and agent cannot be told apart"),
                    MetricDescription(
                        "discriminatorAccuracy",
                        "share of steps that it is right about; near 1 for long, the reward says too little"),
                    MetricDescription("imitationReward", "mean of what batches were paid"),
                    MetricDescription(
                        "rewardSlope",
                        "0.9-quantile of |grad r| over a batch; near 0 says that the discriminator is saturated"),
                ]),
            configuration: configuration, refusal: continuousRefusal,
            make: { context, options in
                let own = discriminator(options.own)
                return try make(context, options.base, file: own.demonstrations) { demonstrations, specification in
                    try RewardDiscriminator(
                        own, demonstrations, specification: specification, rows: options.base.batchSize,
                        key: context.key.derived("discriminator"), threads: context.threads)
                }
            })
    }

    private static func make(
        _ context: LearnerContext, _ options: any ActorCriticOptions, file: String,
        _ reward: (TransitionDataset, EnvironmentSpecification) throws -> any BatchReward
    ) throws -> any Learner {
        try OffPolicyLearner(context, options) { specification in
            if let reason = continuousRefusal(specification) { throw LearnerError(reason) }
            let demonstrations = try context.dataset(file: file, option: "demonstrations", in: specification)
            return ImitationAgent(
                try ActorCriticAgent(specification, options, context: context),
                reward: try reward(demonstrations, specification))
        }
    }
}
