import TelosNN

/// Options of trust-region policy optimisation; with `lineSearchSteps` 0 it is the natural policy gradient.
///
/// Schulman, Levine, Moritz, Jordan and Abbeel, *Trust region policy optimization*, 2015.
public struct TRPOConfiguration: LearnerConfiguration {
    public var environments = 8
    public var rolloutSteps = 256
    public var divergence = 0.01
    public var conjugateGradientIterations = 10
    public var damping = 0.1
    public var lineSearchSteps = 10
    public var epochs = 10
    public var minibatchSize = 128
    public var learningRate = 1e-3
    public var learningRateSchedule = Schedule.constant
    public var discount = 0.99
    public var gaeLambda = 0.95
    public var maximumGradientNorm = 10.0
    public var normalizeAdvantages = true
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
            "divergence", "mean KL(old || new) that an update may reach", raising: "larger, riskier policy steps",
            lowering: "smaller, safer ones", range: 1e-8...10),
        OptionDescription(
            "conjugateGradientIterations", "products with the Fisher matrix to find a step",
            raising: "closer to the natural gradient, slower", lowering: "faster, closer to the plain gradient",
            range: 1...1000),
        OptionDescription(
            "damping", "added to the Fisher matrix's diagonal", raising: "steadier, shorter steps",
            lowering: "closer to the natural gradient", range: 0...1000),
        OptionDescription(
            "lineSearchSteps", "step lengths tried, each half the one before; 0 takes the natural gradient unchecked",
            raising: "more chances to improve", lowering: "fewer", range: 0...50),
        OptionDescription(
            "epochs", "passes of the critic over each rollout", raising: "a better fitted critic, slower",
            lowering: "faster", range: 1...1000),
        OptionDescription(
            "minibatchSize", "rows of a critic's gradient step; divides environments * rolloutSteps",
            raising: "smoother, fewer steps", lowering: "noisier, more steps", range: 1...1e7),
        OnPolicyOption.learningRate, OnPolicyOption.learningRateSchedule, OnPolicyOption.discount,
        OnPolicyOption.gaeLambda, OnPolicyOption.maximumGradientNorm, OnPolicyOption.normalizeAdvantages,
        OnPolicyOption.normalizeObservations, OnPolicyOption.normalizeRewards, OnPolicyOption.hiddenSizes,
        OnPolicyOption.activation, OnPolicyOption.initialLogDeviation, OnPolicyOption.network,
        OnPolicyOption.sequenceLength, OnPolicyOption.rescaleActions,
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
        let region = TrustRegionSettings(
            divergence: divergence, conjugateGradientIterations: conjugateGradientIterations, damping: damping,
            lineSearchSteps: lineSearchSteps)
        return OnPolicySettings(
            environments: environments, rolloutSteps: rolloutSteps, epochs: epochs, minibatchSize: minibatchSize,
            solver: .adam(epsilon: 1e-5), learningRate: learningRate, schedule: learningRateSchedule,
            discount: discount,
            gaeLambda: gaeLambda, entropyCoefficient: 0, valueCoefficient: 1, maximumGradientNorm: maximumGradientNorm,
            network: design, sequenceLength: sequenceLength, rescalesActions: rescaleActions,
            normalizeObservations: normalizeObservations, normalizeRewards: normalizeRewards,
            normalizeAdvantages: normalizeAdvantages, targetDivergence: nil, objective: PolicyGradientObjective(),
            alignmentInterval: 1, alignment: AlignmentSettings(),
            makeUpdate: { try TrustRegionUpdate($0, region: region) })
    }
}
