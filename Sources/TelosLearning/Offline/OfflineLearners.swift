import TelosEnvironments
import TelosFeedback
import TelosNN

/// The baselines of offline learning.
extension OfflineLearner {
    /// Behaviour cloning: the actor of greatest likelihood.
    ///
    /// (Pomerleau, *ALVINN*, 1989.)
    public static func behaviorCloning(
        _ dataset: TransitionDataset, _ context: LearnerContext, _ options: RegressionOptions = RegressionOptions()
    ) throws -> OfflineLearner {
        try OfflineLearner(dataset, context, discount: 0, normalizes: options.normalizesObservations) {
            try RegressionAgent($0, options, implicit: nil, context: context)
        }
    }

    /// Implicit Q-learning, and with another `valueLoss` extreme Q-learning or f-DVL.
    public static func implicit(
        _ dataset: TransitionDataset, _ context: LearnerContext, _ options: RegressionOptions = RegressionOptions(),
        values: ImplicitValueOptions = ImplicitValueOptions()
    ) throws -> OfflineLearner {
        try OfflineLearner(dataset, context, discount: values.discount, normalizes: options.normalizesObservations) {
            try RegressionAgent($0, options, implicit: values, context: context)
        }
    }

    /// TD3+BC: twin delayed deterministic policy gradients whose actor minimises
    ///
    ///     mean of |pi(s) - a|^2 over batch and elements - weight / mean |Q| mean of Q(s, pi(s)),    actions in [-1, 1]^d
    ///
    /// (Fujimoto and Gu, *A minimalist approach to offline reinforcement learning*, 2021.)
    /// - Parameter weight: alpha: raising it follows the critics, 0 is behaviour cloning.
    /// - Throws: `LearnerError` for actions that are not a box.
    public static func td3WithBehaviorCloning(
        _ dataset: TransitionDataset, _ context: LearnerContext, weight: Double = 2.5,
        _ options: TD3Configuration = {
            var options = TD3Configuration()
            options.learningRate = 3e-4
            options.normalizeObservations = true
            return options
        }()
    ) throws -> OfflineLearner {
        try actorCritic(dataset, context, options, .cloning(weight: weight))
    }

    /// Conservative Q-learning, CQL(H): soft actor-critic whose critics also pay
    ///
    ///     weight mean of (log sum over a of exp Q_i(s,a) - Q_i(s, a of the data))
    ///
    /// For a box the sum is estimated from `samples` actions each of the uniform distribution, of the policy here and of
    /// the policy in the next state, divided by their densities.
    ///
    /// (Kumar, Zhou, Tucker and Levine, *Conservative Q-learning for offline reinforcement learning*, 2020.)
    /// - Parameter weight: alpha: raising it holds values of unseen actions down, 0 is soft actor-critic.
    public static func conservative(
        _ dataset: TransitionDataset, _ context: LearnerContext, weight: Double = 5, samples: Int = 10,
        _ options: SACConfiguration = SACConfiguration()
    ) throws -> OfflineLearner {
        guard samples > 0 else { throw ConfigurationError(option: "samples", "\(samples); write 1 or more") }
        return try actorCritic(dataset, context, options, .conservative(weight: weight, samples: samples))
    }

    /// EDAC: soft actor-critic with many critics, the least of which is every target, kept apart by `gradientDiversity` of
    /// this weight; without it, SAC-N.
    ///
    /// (An, Moon, Kim and Song, *Uncertainty-based offline reinforcement learning with diversified Q-ensemble*, 2021.)
    /// - Parameters:
    ///   - critics: 2 or more: raising it holds values of unseen actions down.
    ///   - weight: eta; raising it needs fewer critics for the same.
    /// - Throws: `LearnerError` for actions that are not a box.
    public static func diversified(
        _ dataset: TransitionDataset, _ context: LearnerContext, critics: Int = 10, weight: Double = 1,
        _ options: SACConfiguration = SACConfiguration()
    ) throws -> OfflineLearner {
        guard critics > 1 else { throw ConfigurationError(option: "critics", "\(critics); write 2 or more") }
        guard case .box = try context.task.makeEnvironments(count: 1, key: context.key).specification.action else {
            throw LearnerError("critics of discrete actions have no slopes to keep apart; use conservative or implicit")
        }
        var options = options
        (options.critics, options.targetCritics) = (critics, critics)
        return try actorCritic(dataset, context, options, .diverse(weight: weight))
    }

    private static func actorCritic<Options: ActorCriticOptions>(
        _ dataset: TransitionDataset, _ context: LearnerContext, _ options: Options,
        _ regularizer: OfflineRegularizer
    ) throws -> OfflineLearner {
        // Checks ranges as an experiment file's options are checked, and what contradicts.
        _ = try Options(json: options.json)
        let weight =
            switch regularizer {
            case .none: 0.0
            case .cloning(let weight), .conservative(let weight, _), .diverse(let weight): weight
            }
        guard weight >= 0, weight.isFinite else {
            throw ConfigurationError(option: "weight", "\(weight); write 0 or more")
        }
        guard options.sequences == nil, options.quantiles == 1, !options.batchRenormalization else {
            throw ConfigurationError(
                option: "network",
                "offline learners take networks without memory, one quantile and no batch renormalisation"
            )
        }
        return try OfflineLearner(
            dataset, context, discount: options.discount, normalizes: options.normalizeObservations
        ) {
            try ActorCriticAgent($0, options, context: context, regularizer: regularizer)
        }
    }
}

/// What keeps actor and critics near the actions of a dataset.
enum OfflineRegularizer: Sendable, Hashable {
    case none
    /// The actor's squared distance from the data's action, beside values of this weight.
    case cloning(weight: Double)
    /// The critics' log-sum-exp over actions above the data's.
    case conservative(weight: Double, samples: Int)
    /// How alike the critics' slopes by the action are.
    case diverse(weight: Double)
}
