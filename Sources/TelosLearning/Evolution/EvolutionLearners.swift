import TelosEnvironments

extension Learners {
    static let evolution: [LearnerEntry] = [
        LearnerEntry(
            name: "cem", family: "evolution",
            summary:
                "the cross-entropy method: normals over a policy's parameters, fitted to the best of each population",
            reference: "Szita and Lőrincz, Learning Tetris using the noisy cross-entropy method, 2006",
            notes: .crossEntropyMethod, configuration: CrossEntropyConfiguration.self,
            capabilities: evolutionCapabilities,
            refusal: onPolicyRefusal,
            make: { context, options in
                try EvolutionLearner(context, options.settings, candidates: options.population) {
                    CrossEntropySearch(options, center: $0)
                }
            }),
        LearnerEntry(
            name: "ars", family: "evolution",
            summary: "augmented random search: a linear policy follows the best of random directions tried both ways",
            reference: "Mania, Guy and Recht, Simple random search of static linear policies is competitive for "
                + "reinforcement learning, 2018",
            notes: .augmentedRandomSearch, configuration: AugmentedRandomSearchConfiguration.self,
            capabilities: evolutionCapabilities,
            refusal: onPolicyRefusal,
            make: { context, options in
                try EvolutionLearner(context, options.settings, candidates: 2 * options.directions) {
                    AugmentedRandomSearch(options, center: $0)
                }
            }),
        LearnerEntry(
            name: "es", family: "evolution",
            summary: "evolution strategies: a gradient of ranked returns from random directions tried both ways",
            reference: "Salimans, Ho, Chen, Sidor and Sutskever, Evolution strategies as a scalable alternative to "
                + "reinforcement learning, 2017",
            notes: .evolutionStrategies, configuration: EvolutionStrategiesConfiguration.self,
            capabilities: evolutionCapabilities,
            refusal: onPolicyRefusal,
            make: { context, options in
                try EvolutionLearner(context, options.settings, candidates: 2 * options.directions) {
                    EvolutionStrategies(options, center: $0)
                }
            }),
    ]

    private static let evolutionCapabilities: Set<LearnerCapability> = [.actionMasks, .memory]
}
