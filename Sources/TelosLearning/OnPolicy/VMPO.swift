import TelosNN

/// Options of V-MPO, maximum a posteriori policy optimisation on-policy.
///
/// Song and others, *V-MPO: on-policy maximum a posteriori policy optimization for discrete and continuous control*,
/// 2020.
public struct VMPOConfiguration: LearnerConfiguration {
    public var environments = 8
    public var rolloutSteps = 256
    public var epochs = 5
    public var minibatchSize = 128
    public var learningRate = 1e-3
    public var learningRateSchedule = Schedule.constant
    public var dualLearningRate = 1e-2
    public var temperatureBound = 0.1
    public var divergence = 0.01
    public var deviationDivergence = 5e-5
    public var initialTemperature = 1.0
    public var initialMultiplier = 1.0
    public var discount = 0.99
    public var gaeLambda = 0.95
    public var maximumGradientNorm = 0.5
    public var normalizeAdvantages = false
    public var normalizeObservations = false
    public var normalizeRewards = false
    public var hiddenSizes = [64, 64]
    public var activation = Activation.tanh
    public var initialLogDeviation = 0.0
    public var network = NetworkKind.mlp
    public var sequenceLength = 0
    public var rescaleActions = false

    public init() {}

    public static let options: [OptionDescription] = [
        OnPolicyOption.environments, OnPolicyOption.rolloutSteps,
        OptionDescription(
            "epochs", "passes of policy and critic over each rollout", raising: "more use of each sample, slower",
            lowering: "faster", range: 1...1000),
        OptionDescription(
            "minibatchSize", "rows of a gradient step; divides environments * rolloutSteps",
            raising: "smoother, fewer steps", lowering: "noisier, more steps", range: 1...1e7),
        OnPolicyOption.learningRate, OnPolicyOption.learningRateSchedule,
        OptionDescription(
            "dualLearningRate", "step size on the temperature and the multipliers", raising: "bounds are met sooner",
            lowering: "steadier", range: 0...10),
        OptionDescription(
            "temperatureBound", "how far the weights of the better half may be from equal, as a divergence",
            raising: "the best samples count for more", lowering: "all of the better half count alike",
            range: 1e-8...100),
        OptionDescription(
            "divergence", "mean KL(old || new) that the multiplier aims at, for normals of the mean",
            raising: "larger, riskier policy steps", lowering: "smaller, safer ones", range: 1e-8...100),
        OptionDescription(
            "deviationDivergence", "the same for the deviation of normals", raising: "exploration changes faster",
            lowering: "exploration changes slower", range: 1e-8...100),
        OptionDescription(
            "initialTemperature", "temperature at the start", raising: "weights begin nearer to equal",
            lowering: "weights begin on the best samples", range: 1e-8...1e6),
        OptionDescription(
            "initialMultiplier", "multipliers of the divergences at the start", raising: "first steps are smaller",
            lowering: "first steps are larger", range: 1e-8...1e6),
        OnPolicyOption.discount, OnPolicyOption.gaeLambda, OnPolicyOption.maximumGradientNorm,
        OnPolicyOption.normalizeAdvantages, OnPolicyOption.normalizeObservations, OnPolicyOption.normalizeRewards,
        OnPolicyOption.hiddenSizes, OnPolicyOption.activation, OnPolicyOption.initialLogDeviation,
        OnPolicyOption.network, OnPolicyOption.sequenceLength, OnPolicyOption.rescaleActions,
    ]

    public func validate() throws {
        try OnPolicyOption.checkMinibatches(of: minibatchSize, environments: environments, steps: rolloutSteps)
        try OnPolicyOption.checkSequences(
            network, length: sequenceLength, steps: rolloutSteps, minibatchSize: minibatchSize, hiddenSizes: hiddenSizes
        )
    }

    var settings: OnPolicySettings {
        var design = NetworkDesign()
        design.kind = network
        design.hiddenSizes = hiddenSizes
        design.activation = activation
        design.initialLogDeviation = initialLogDeviation
        let options = VMPOSettings(
            dualLearningRate: dualLearningRate, temperatureBound: temperatureBound, divergence: divergence,
            deviationDivergence: deviationDivergence, initialTemperature: initialTemperature,
            initialMultiplier: initialMultiplier)
        return OnPolicySettings(
            environments: environments, rolloutSteps: rolloutSteps, epochs: epochs, minibatchSize: minibatchSize,
            solver: .adam(epsilon: 1e-5), learningRate: learningRate, schedule: learningRateSchedule,
            discount: discount, gaeLambda: gaeLambda, entropyCoefficient: 0, valueCoefficient: 1,
            maximumGradientNorm: maximumGradientNorm, network: design, sequenceLength: sequenceLength,
            rescalesActions: rescaleActions, normalizeObservations: normalizeObservations,
            normalizeRewards: normalizeRewards, normalizeAdvantages: normalizeAdvantages, targetDivergence: nil,
            objective: PolicyGradientObjective(), alignmentInterval: 1, alignment: AlignmentSettings(),
            makeUpdate: { try VMPOUpdate($0, options: options) })
    }
}
