import TelosNN

/// Whose rewards an offline learner is paid.
public enum RewardSource: String, Sendable, Codable, CaseIterable {
    /// Those that were logged.
    case dataset
    /// The task's, auxiliaries included, evaluated over the signals that were kept.
    case task
}

/// What every learner from a dataset has.
public struct DatasetOptions: LearnerConfiguration {
    public var dataset = ""
    public var batchSize = 256
    public var learningRate = 3e-4
    public var hiddenSizes = [256, 256]
    public var activation = Activation.relu
    public var normalizeObservations = false
    public var stepsPerIteration = 500

    public init() {}

    public static let options = [
        OptionDescription(
            "dataset",
            "the path of a dataset (safetensors or Minari's) of what was done and paid; no other step is taken"),
        OptionDescription(
            "batchSize", "transitions of a gradient step, drawn evenly", raising: "smoother, slower steps",
            lowering: "noisier, faster ones", range: 1...65_536),
        OnPolicyOption.learningRate, OnPolicyOption.hiddenSizes, OnPolicyOption.activation,
        OptionDescription(
            "normalizeObservations", "whether observations are brought to mean 0 and variance 1 over the dataset"),
        OptionDescription(
            "stepsPerIteration", "gradient steps of one iteration, which are the learner's steps",
            raising: "fewer, smoother reports", lowering: "more frequent ones; learning is the same",
            range: 1...1_000_000),
    ]
}

/// Options of behaviour cloning beside the dataset's.
///
/// Pomerleau, *ALVINN: an autonomous land vehicle in a neural network*, 1989.
public struct CloningOptions: LearnerConfiguration {
    public var stochastic = false
    public init() {}

    public static let options = [
        OptionDescription(
            "stochastic",
            "whether actions of a box get a density, a squashed Gaussian's, rather than one action by least squares; discrete "
                + "ones always have probabilities")
    ]
}

/// What learners of values from a dataset share.
public struct DatasetValueOptions: LearnerConfiguration {
    public var rewards = RewardSource.dataset
    public var discount = 0.99
    public var targetRate = 0.005
    public var critics = 2

    public init() {}

    public static let options = [
        OptionDescription(
            "rewards",
            "those of the dataset, or the task's (with auxiliaries) paid for the same steps, where the dataset keeps signals",
            choices: RewardSource.allCases.map(\.rawValue)),
        OnPolicyOption.discount, OffPolicyOption.targetRate,
        OptionDescription(
            "critics", "how many value networks, the least of which counts", raising: "more pessimistic values, slower",
            lowering: "faster, more optimistic", range: 1...100),
    ]
}

/// What weighs the data's actions.
public struct AdvantageOptions: LearnerConfiguration {
    public var inverseTemperature = 3.0
    public var weightLimit = 100.0
    public init() {}

    public static let options = [
        OptionDescription(
            "inverseTemperature", "b of the actor's weights exp(b advantage)",
            raising: "nearer to the best actions seen",
            lowering: "nearer to the behaviour (0: cloning)", range: 0...1e6),
        OptionDescription(
            "weightLimit", "the largest weight", raising: "rare good actions count in full",
            lowering: "steadier", range: 1e-6...1e12),
    ]
}

/// Options of implicit Q-learning alone.
///
/// Kostrikov, Nair and Levine, *Offline reinforcement learning with implicit Q-learning*, 2022.
public struct ExpectileOptions: LearnerConfiguration {
    public var expectile = 0.7
    public init() {}

    public static let options = [
        OptionDescription(
            "expectile", "t of the value's loss |t - [d < 0]| d^2",
            raising: "nearer to the value of the best action seen; noisier",
            lowering: "nearer to the behaviour's (0.5)",
            range: 0.001...0.999)
    ]
}

/// Options of extreme Q-learning alone.
///
/// Garg, Hejna, Geist and Ermon, *Extreme Q-learning: MaxEnt RL without entropy*, 2023.
public struct GumbelOptions: LearnerConfiguration {
    public var gumbelTemperature = 2.0
    public var gumbelClip = 7.0
    public init() {}

    public static let options = [
        OptionDescription(
            "gumbelTemperature", "b of the value's loss exp(z) - z - 1, z = d / b",
            raising: "steadier, nearer to the mean",
            lowering: "nearer to the best action seen; may diverge", range: 1e-3...1e6),
        OptionDescription(
            "gumbelClip", "the largest z", raising: "exact, may diverge", lowering: "steadier", range: 0.1...80),
    ]
}

/// Options of TD3+BC alone.
///
/// Fujimoto and Gu, *A minimalist approach to offline reinforcement learning*, 2021.
public struct CloningCriticOptions: LearnerConfiguration {
    public var valueWeight = 2.5
    public var targetNoise = 0.2
    public var targetNoiseClip = 0.5
    public var policyInterval = 2
    public var layerNorm = false
    public init() {}

    public static let options = [
        OptionDescription(
            "valueWeight",
            "alpha: weight of values, each over their mean size, beside squared distances from the data's actions",
            raising: "follows the critics", lowering: "follows the data (0: cloning)", range: 0...1e6),
        OptionDescription(
            "targetNoise", "standard deviation of the noise on target actions", raising: "smoother values",
            lowering: "sharper ones", range: 0...10),
        OptionDescription(
            "targetNoiseClip", "bound of that noise", raising: "wider smoothing", lowering: "closer smoothing",
            range: 0...10),
        OptionDescription(
            "policyInterval", "critic updates to a policy update", raising: "better critics for each policy step",
            lowering: "a faster policy", range: 1...1000),
        OptionDescription("layerNorm", "whether critics normalise each hidden layer"),
    ]
}

/// What CQL and EDAC have of soft actor-critic.
public struct DatasetEntropyOptions: LearnerConfiguration {
    public var temperature = 1.0
    public var tunesTemperature = true
    public var targetEntropyScale = 1.0
    public var layerNorm = false
    public init() {}

    public static let options =
        SACConfiguration.options.filter { ["temperature", "tunesTemperature", "targetEntropyScale"].contains($0.name) }
        + [OptionDescription("layerNorm", "whether critics normalise each hidden layer")]
}

/// Options of conservative Q-learning alone.
///
/// Kumar, Zhou, Tucker and Levine, *Conservative Q-learning for offline reinforcement learning*, 2020.
public struct ConservativeOptions: LearnerConfiguration {
    public var conservativeWeight = 5.0
    public var actionSamples = 10
    public init() {}

    public static let options = [
        OptionDescription(
            "conservativeWeight", "alpha of the critics' penalty", raising: "values of unseen actions are held down",
            lowering: "nearer to soft actor-critic (0)", range: 0...1e6),
        OptionDescription(
            "actionSamples", "actions of a box, of each of three kinds, that the penalty is estimated from",
            raising: "a more exact penalty, slower", lowering: "faster", range: 1...1000),
    ]
}

/// Options of EDAC alone.
///
/// An, Moon, Kim and Song, *Uncertainty-based offline reinforcement learning with diversified Q-ensemble*, 2021.
public struct DiversityOptions: LearnerConfiguration {
    public var diversityWeight = 1.0
    public init() {}

    public static let options = [
        OptionDescription(
            "diversityWeight", "eta: how strongly the critics' slopes by the action are kept apart",
            raising: "fewer critics are pessimistic enough", lowering: "SAC-N (0)", range: 0...1e6)
    ]
}

typealias CloningConfiguration = JointConfiguration<DatasetOptions, CloningOptions>
typealias DatasetValueConfiguration = JointConfiguration<DatasetOptions, DatasetValueOptions>
typealias WeightedConfiguration<Loss: LearnerConfiguration> =
    JointConfiguration<DatasetValueConfiguration, JointConfiguration<AdvantageOptions, Loss>>
typealias EntropyConfiguration<Own: LearnerConfiguration> =
    JointConfiguration<DatasetValueConfiguration, JointConfiguration<DatasetEntropyOptions, Own>>

/// TD3+BC's options, with normalised observations.
struct TD3CloningConfiguration: ConfigurationVariant {
    var options = JointConfiguration<DatasetValueConfiguration, CloningCriticOptions>()
    init() { options.base.base.normalizeObservations = true }
}

/// EDAC's options, with ten critics.
struct DiversifiedConfiguration: ConfigurationVariant {
    var options = EntropyConfiguration<DiversityOptions>()
    init() { options.base.own.critics = 10 }

    func validate() throws {
        try options.validate()
        guard options.base.own.critics > 1 else {
            throw ConfigurationError(option: "critics", "one critic is not kept apart from others; write 2 or more")
        }
    }
}

extension DatasetOptions {
    var regression: RegressionOptions {
        var options = RegressionOptions()
        options.batchSize = batchSize
        options.learningRate = learningRate
        options.hiddenSizes = hiddenSizes
        options.activation = activation
        options.normalizesObservations = normalizeObservations
        return options
    }
}

extension DatasetValueOptions {
    /// What weighs actions by how much better than the rest they turned out.
    func implicit(_ loss: ImplicitValueLoss, _ weights: AdvantageOptions) -> ImplicitValueOptions {
        var options = ImplicitValueOptions()
        options.discount = discount
        options.loss = loss
        options.inverseTemperature = weights.inverseTemperature
        options.weightLimit = weights.weightLimit
        options.critics = critics
        options.targetRate = targetRate
        return options
    }
}

extension JointConfiguration where Base == DatasetOptions, Own == DatasetValueOptions {
    /// TD3's options, of which those that step environments have no effect.
    func td3(_ own: CloningCriticOptions) -> TD3Configuration {
        var options = shared(by: TD3Configuration(), layerNorm: own.layerNorm)
        (options.targetNoise, options.targetNoiseClip) = (own.targetNoise, own.targetNoiseClip)
        options.policyInterval = own.policyInterval
        return options
    }

    /// SAC's options, of which those that step environments have no effect.
    func sac(_ own: DatasetEntropyOptions) -> SACConfiguration {
        var options = shared(by: SACConfiguration(), layerNorm: own.layerNorm)
        (options.temperature, options.tunesTemperature) = (own.temperature, own.tunesTemperature)
        options.targetEntropyScale = own.targetEntropyScale
        return options
    }

    private func shared<Options: ActorCriticOptions>(by options: Options, layerNorm: Bool) -> Options {
        var options = options
        (options.batchSize, options.learningRate, options.normalizeObservations) =
            (base.batchSize, base.learningRate, base.normalizeObservations)
        (options.hiddenSizes, options.activation, options.layerNorm) = (base.hiddenSizes, base.activation, layerNorm)
        (options.discount, options.targetRate) = (own.discount, own.targetRate)
        (options.critics, options.targetCritics) = (own.critics, own.critics)
        return options
    }
}
