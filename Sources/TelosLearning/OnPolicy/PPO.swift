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
    public var network = NetworkKind.mlp
    public var sequenceLength = 0
    public var rescaleActions = false
    public var sharedLayers = false
    public var hiddenGain = 1.414_213_6
    public var policyGain = 0.01
    public var valueGain = 1.0
    public var stateDependentDeviation = false
    public var boundedDeviation = false
    /// 0 switches clipping off.
    public var valueClipRange = 0.0
    public var advantageScope = AdvantageScope.minibatch
    /// 0 leaves the learning rate alone.
    public var adaptiveDivergence = 0.0
    /// 0 holds steps near the policy that acted.
    public var proximalDecay = 0.0
    /// 1 leaves none out.
    public var keptShare = 1.0
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
            OnPolicyOption.network, OnPolicyOption.sequenceLength, OnPolicyOption.rescaleActions,
            OptionDescription("sharedLayers", "whether policy and critic have the same hidden layers"),
            OptionDescription(
                "hiddenGain", "gain of the hidden layers' orthogonal first weights",
                raising: "stronger, sooner saturated features", lowering: "weaker, more linear ones", range: 0...100),
            OptionDescription(
                "policyGain", "gain of the policy's last layer at first", raising: "decided opinions from the start",
                lowering: "a policy nearer to uniform, or to a mean of 0", range: 0...100),
            OptionDescription(
                "valueGain", "gain of the critic's last layer at first", raising: "larger first predictions",
                lowering: "first predictions nearer to 0", range: 0...100),
            OptionDescription(
                "stateDependentDeviation",
                "whether a continuous policy's deviation is an output of its network, not one number for all states"),
            OptionDescription(
                "boundedDeviation", "whether log deviations are kept within -5 ... 2 by a hyperbolic tangent"),
            OptionDescription(
                "valueClipRange",
                "how far the critic may move from its predictions during the rollout before its gradient stops; 0 is any",
                raising: "larger changes of the critic", lowering: "smaller ones", range: 0...1e9),
            OptionDescription(
                "advantageScope", "which advantages normalizeAdvantages standardises together",
                choices: AdvantageScope.allCases.map(\.rawValue)),
            OptionDescription(
                "adaptiveDivergence",
                "divergence from the old policy that the learning rate is adapted to, by 1.5 a step; 0 leaves it alone",
                raising: "larger steps", lowering: "smaller ones", range: 0...100),
            OptionDescription(
                "proximalDecay",
                "decay of the average of policies that steps are held near (PPO-EWMA); 0 is the policy that acted",
                raising: "held near policies of longer ago", lowering: "near recent ones", range: 0...0.9999),
            OptionDescription(
                "keptShare",
                "share of a minibatch that the policy learns from, without those that make its objective vary most "
                    + "(D-PPO); 1 is all",
                raising: "nearer to unbiased", lowering: "a steadier objective, biased towards lucky samples",
                range: 0.01...1),
        ] + OnPolicyOption.alignment

    public func validate() throws {
        try OnPolicyOption.checkMinibatches(of: minibatchSize, environments: environments, steps: rolloutSteps)
        try OnPolicyOption.checkSequences(
            network, length: sequenceLength, steps: rolloutSteps, minibatchSize: minibatchSize, hiddenSizes: hiddenSizes
        )
        guard !sharedLayers || !hiddenSizes.isEmpty else {
            throw ConfigurationError(
                option: "sharedLayers", "there are no hidden layers to share; write hiddenSizes with at least one")
        }
    }

    var settings: OnPolicySettings {
        var alignment = AlignmentSettings()
        alignment.learningRate = alignmentLearningRate
        alignment.terms = alignmentTerms
        alignment.regularization = alignmentRegularization
        alignment.adaptsDiscount = alignDiscount
        var design = NetworkDesign()
        design.kind = network
        design.hiddenSizes = hiddenSizes
        design.activation = activation
        design.sharesLayers = sharedLayers
        design.hiddenGain = hiddenGain
        design.policyGain = policyGain
        design.valueGain = valueGain
        design.initialLogDeviation = initialLogDeviation
        design.hasStateDependentDeviation = stateDependentDeviation
        design.boundsDeviation = boundedDeviation
        return OnPolicySettings(
            environments: environments, rolloutSteps: rolloutSteps, epochs: epochs, minibatchSize: minibatchSize,
            solver: .adam(epsilon: 1e-5), learningRate: learningRate, schedule: learningRateSchedule,
            discount: discount,
            gaeLambda: gaeLambda, entropyCoefficient: entropyCoefficient, valueCoefficient: valueCoefficient,
            maximumGradientNorm: maximumGradientNorm, network: design, sequenceLength: sequenceLength,
            rescalesActions: rescaleActions, normalizeObservations: normalizeObservations,
            normalizeRewards: normalizeRewards, normalizeAdvantages: normalizeAdvantages,
            targetDivergence: targetDivergence > 0 ? targetDivergence : nil,
            objective: ClippedObjective(clipRange: Float(clipRange)), alignmentInterval: alignmentInterval,
            alignment: alignment, advantageScope: advantageScope,
            valueClipRange: valueClipRange > 0 ? valueClipRange : nil,
            adaptiveDivergence: adaptiveDivergence > 0 ? adaptiveDivergence : nil,
            proximalDecay: proximalDecay > 0 ? proximalDecay : nil, keptShare: keptShare < 1 ? keptShare : nil)
    }
}
