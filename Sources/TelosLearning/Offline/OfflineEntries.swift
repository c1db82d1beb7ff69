import TelosEnvironments
import TelosFeedback

extension Learners {
    static let offline: [LearnerEntry] = [
        LearnerEntry(
            name: "bc", family: "offline",
            summary: "behaviour cloning: the policy under which a dataset's actions are likeliest",
            reference: "Pomerleau, ALVINN: an autonomous land vehicle in a neural network, 1989",
            notes: LearnerNotes(
                equations: """
                    L_pi = mean(|pi(s) - a|^2)    actions in [-1, 1]^d
                    L_pi = -mean(log pi(a|s))     where it is stochastic, or actions are discrete
                    """,
                metrics: [
                    MetricDescription(
                        "actorLoss",
                        "mean loss of the iteration's steps; falling while returns do not rise, it overfits")
                ]),
            configuration: CloningConfiguration.self, refusal: regressionRefusal,
            make: { context, options in
                try make(context, options.base, rewards: nil) { dataset in
                    var regression = options.base.regression
                    regression.isStochastic = options.own.stochastic
                    return try .behaviorCloning(dataset, context, regression)
                }
            }),
        weighted(
            "iql", ExpectileOptions.self, { .expectile($0.expectile) }, "|t - [d < 0]| d^2",
            "implicit Q-learning: values of the best actions seen, no other ever asked about, and a clone weighted by them",
            "Kostrikov, Nair and Levine, Offline reinforcement learning with implicit Q-learning, 2022"),
        weighted(
            "xql", GumbelOptions.self, { .gumbel(temperature: $0.gumbelTemperature, clip: $0.gumbelClip) },
            "exp(z) - z - 1, z = min(d / b, clip)",
            "extreme Q-learning: implicit Q-learning whose values are soft maxima, by Gumbel regression",
            "Garg, Hejna, Geist and Ermon, Extreme Q-learning: MaxEnt RL without entropy, 2023"),
        LearnerEntry(
            name: "td3-bc", family: "offline",
            summary: "twin delayed deterministic policy gradients that stay near a dataset's actions",
            reference: "Fujimoto and Gu, A minimalist approach to offline reinforcement learning, 2021",
            notes: LearnerNotes(
                equations: """
                    y = r + gamma [not terminated] min_i Q_target,i(s', pi_target(s') + clip(e))
                    L_Q = sum_i mean((Q_i(s, a) - y)^2) / 2
                    L_pi = mean(|pi(s) - a|^2) - alpha mean(Q_1(s, pi(s))) / mean |Q_1|    actions in [-1, 1]^d
                    """,
                metrics: offlineMetrics(.deterministicActorCritic)),
            configuration: TD3CloningConfiguration.self, refusal: continuousRefusal,
            make: { context, configuration in
                let (base, own) = (configuration.options.base, configuration.options.own)
                return try make(context, base.base, rewards: base.own) {
                    try .td3WithBehaviorCloning($0, context, weight: own.valueWeight, base.td3(own))
                }
            }),
        LearnerEntry(
            name: "cql", family: "offline",
            summary: "conservative Q-learning: soft actor-critic whose critics hold values of unseen actions down",
            reference:
                "Kumar, Zhou, Tucker and Levine, Conservative Q-learning for offline reinforcement learning, 2020",
            notes: LearnerNotes(
                equations: """
                    y = r + gamma [not terminated] (min_i Q_target,i(s', a') - alpha_H log pi(a'|s')),  a' ~ pi(.|s')
                    L_Q = sum_i mean((Q_i(s, a) - y)^2) / 2 + alpha sum_i mean(log sum_b exp Q_i(s, b) - Q_i(s, a))
                    L_pi = mean(alpha_H log pi(a|s) - min_i Q_i(s, a)),  a = tanh(mu + sigma e)
                    """,
                metrics: offlineMetrics(.softActorCritic)),
            configuration: EntropyConfiguration<ConservativeOptions>.self, refusal: regressionRefusal,
            make: { context, options in
                let own = options.own.own
                return try make(context, options.base.base, rewards: options.base.own) {
                    try .conservative(
                        $0, context, weight: own.conservativeWeight, samples: own.actionSamples,
                        options.base.sac(options.own.base))
                }
            }),
        LearnerEntry(
            name: "edac", family: "offline",
            summary: "soft actor-critic with many critics, kept apart, the least of which is every target",
            reference:
                "An, Moon, Kim and Song, Uncertainty-based offline reinforcement learning with diversified Q-ensemble, 2021",
            notes: LearnerNotes(
                equations: """
                    y = r + gamma [not terminated] (min_i Q_target,i(s', a') - alpha_H log pi(a'|s')),  a' ~ pi(.|s')
                    L_Q = sum_i mean((Q_i(s, a) - y)^2) / 2 + eta / (N - 1) mean(sum_{i != j} cos(grad_a Q_i, grad_a Q_j))
                    L_pi = mean(alpha_H log pi(a|s) - min_i Q_i(s, a)),  a = tanh(mu + sigma e)
                    """,
                metrics: offlineMetrics(.softActorCritic)),
            configuration: DiversifiedConfiguration.self, refusal: continuousRefusal,
            make: { context, configuration in
                let (base, own) = (configuration.options.base, configuration.options.own)
                return try make(context, base.base, rewards: base.own) {
                    try .diversified(
                        $0, context, critics: base.own.critics, weight: own.own.diversityWeight, base.sac(own.base))
                }
            }),
    ]

    private static func weighted<Loss: LearnerConfiguration>(
        _ name: String, _ configuration: Loss.Type, _ loss: @escaping @Sendable (Loss) -> ImplicitValueLoss,
        _ equation: String, _ summary: String, _ reference: String
    ) -> LearnerEntry {
        LearnerEntry(
            name: name, family: "offline", summary: summary, reference: reference,
            notes: LearnerNotes(
                equations: """
                    L_V = mean(l(d)),  d = min_i Q_target,i(s, a) - V(s),  l = \(equation)
                    L_Q = sum_i mean((Q_i(s, a) - r - gamma [not terminated] V(s'))^2) / 2
                    L_pi = -mean(min(exp(beta d), limit) log pi(a|s))    a box: |pi(s) - a|^2 in [-1, 1]^d for -log pi
                    """,
                metrics: [
                    MetricDescription("actorLoss", "mean weighted loss of the clone; grows with the weights"),
                    MetricDescription(
                        "criticLoss", "loss of the critics, summed over them; grows with the scale of returns"),
                    MetricDescription("valueLoss", "mean l(d); growing without bound, values diverge"),
                    MetricDescription(
                        "meanValue",
                        "mean predicted return of the data's steps; above any return seen, it is overestimated"),
                ]),
            configuration: WeightedConfiguration<Loss>.self, refusal: regressionRefusal,
            make: { context, options in
                try make(context, options.base.base, rewards: options.base.own) {
                    try .implicit(
                        $0, context, options.base.base.regression,
                        values: options.base.own.implicit(loss(options.own.own), options.own.base))
                }
            })
    }

    /// An actor-critic's metrics but for the count of updates, which the steps are.
    private static func offlineMetrics(_ notes: LearnerNotes) -> [MetricDescription] {
        notes.metrics.filter { $0.name != "updates" }
    }

    /// - Parameter rewards: how values are learned; nil where rewards are not read.
    private static func make(
        _ context: LearnerContext, _ options: DatasetOptions, rewards: DatasetValueOptions?,
        _ learner: (TransitionDataset) throws -> OfflineLearner
    ) throws -> any Learner {
        try context.task.requireFixedBlend()
        let specification = try context.task.makeEnvironments(count: 1, key: context.key).specification
        var dataset = try context.dataset(file: options.dataset, option: "dataset", in: specification)
        if let rewards {
            switch rewards.rewards {
            case .task: dataset = try dataset.paid(by: context.task, in: specification, discount: rewards.discount)
            case .dataset:
                guard context.task.auxiliaries.isEmpty || context.task.combination == .primary else {
                    throw ConfigurationError(
                        option: "rewards",
                        "logged rewards know nothing of the task's auxiliaries; write task, or combine: primary")
                }
            }
        }
        return DatasetLearner(try learner(dataset), stepsPerIteration: options.stepsPerIteration)
    }

    /// Of learners that read any action that is one choice or a bounded box.
    private static let regressionRefusal: @Sendable (EnvironmentSpecification) -> String? = { specification in
        discreteRefusal(specification) == nil || continuousRefusal(specification) == nil
            ? nil
            : ObservationEncoding(specification.observation) == nil
                ? discreteRefusal(specification)
                : "it chooses discrete actions or in a bounded box, \(specification.name) takes \(specification.action)"
    }
}
