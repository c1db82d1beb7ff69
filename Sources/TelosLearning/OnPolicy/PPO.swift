import TelosNN

/// Options of proximal policy optimisation. Defaults follow Stable-Baselines3's PPO where it has the same option.
public struct PPOConfiguration: LearnerConfiguration {
    public var environments = 8
    public var rolloutSteps = 128
    public var epochs = 10
    public var minibatchSize = 64
    public var learningRate = 3e-4
    public var learningRateSchedule = Schedule.constant
    public var clipRange = 0.2
    public var discount = 0.99
    public var gaeLambda = 0.95
    public var entropyCoefficient = 0.0
    public var valueCoefficient = 0.5
    public var maximumGradientNorm = 0.5
    /// 0 switches the early stop off.
    public var targetDivergence = 0.0
    public var normalizeAdvantages = true
    public var normalizeObservations = false
    public var normalizeRewards = false
    public var hiddenSizes = [64, 64]
    public var activation = Activation.tanh
    public var initialLogDeviation = 0.0
    public var alignmentInterval = 1
    public var alignmentLearningRate = 0.1
    public var alignmentTerms = 10
    public var alignmentRegularization = 0.01
    public var alignDiscount = false

    public init() {}

    public static let options: [OptionDescription] =
        [
            OnPolicyOption.environments, OnPolicyOption.rolloutSteps,
            OptionDescription(
                "epochs", "passes over each rollout", raising: "more use of each sample, further from the data",
                lowering: "closer to plain policy gradient", range: 1...1000),
            OptionDescription(
                "minibatchSize", "rows of a gradient step; divides environments * rolloutSteps",
                raising: "smoother, fewer steps", lowering: "noisier, more steps", range: 1...1e7),
            OnPolicyOption.learningRate, OnPolicyOption.learningRateSchedule,
            OptionDescription(
                "clipRange", "how far the probability ratio may move from 1 before its gradient stops",
                raising: "larger policy changes per rollout", lowering: "smaller, safer ones", range: 0...10),
            OnPolicyOption.discount, OnPolicyOption.gaeLambda, OnPolicyOption.entropyCoefficient,
            OnPolicyOption.valueCoefficient, OnPolicyOption.maximumGradientNorm,
            OptionDescription(
                "targetDivergence", "ends an update early once the policy has moved 1.5 times this far; 0 never does",
                raising: "later stop", lowering: "earlier stop", range: 0...100),
            OnPolicyOption.normalizeAdvantages, OnPolicyOption.normalizeObservations, OnPolicyOption.normalizeRewards,
            OnPolicyOption.hiddenSizes, OnPolicyOption.activation, OnPolicyOption.initialLogDeviation,
        ] + OnPolicyOption.alignment

    public func validate() throws {
        try OnPolicyOption.checkMinibatches(of: minibatchSize, environments: environments, steps: rolloutSteps)
    }

    var settings: OnPolicySettings {
        var alignment = AlignmentSettings()
        alignment.learningRate = alignmentLearningRate
        alignment.terms = alignmentTerms
        alignment.regularization = alignmentRegularization
        alignment.adaptsDiscount = alignDiscount
        return OnPolicySettings(
            environments: environments, rolloutSteps: rolloutSteps, epochs: epochs, minibatchSize: minibatchSize,
            solver: .adam(epsilon: 1e-5), learningRate: learningRate, schedule: learningRateSchedule,
            discount: discount,
            gaeLambda: gaeLambda, entropyCoefficient: entropyCoefficient, valueCoefficient: valueCoefficient,
            maximumGradientNorm: maximumGradientNorm, hiddenSizes: hiddenSizes, activation: activation,
            initialLogDeviation: initialLogDeviation, normalizeObservations: normalizeObservations,
            normalizeRewards: normalizeRewards, normalizeAdvantages: normalizeAdvantages,
            targetDivergence: targetDivergence > 0 ? targetDivergence : nil,
            objective: ClippedObjective(clipRange: Float(clipRange)), alignmentInterval: alignmentInterval,
            alignment: alignment)
    }
}
