import TelosNN

/// Options of advantage actor-critic: one gradient step on each short rollout, RMSProp.
///
/// Mnih and others, *Asynchronous methods for deep reinforcement learning*, 2016, in its synchronous form.
public struct A2CConfiguration: LearnerConfiguration {
    public var environments = 8
    public var rolloutSteps = 5
    public var learningRate = 7e-4
    public var learningRateSchedule = Schedule.constant
    public var discount = 0.99
    public var gaeLambda = 1.0
    public var entropyCoefficient = 0.0
    public var valueCoefficient = 0.5
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
    public var alignmentInterval = 10
    public var alignmentLearningRate = 0.1
    public var alignmentTerms = 10
    public var alignmentRegularization = 0.01
    public var alignDiscount = false

    public init() {}

    public static let options = singleStepOptions

    public func validate() throws {
        try OnPolicyOption.checkRollout(environments: environments, steps: rolloutSteps)
        try OnPolicyOption.checkSequences(
            network, length: sequenceLength, steps: rolloutSteps, minibatchSize: environments * rolloutSteps,
            hiddenSizes: hiddenSizes)
    }

    var settings: OnPolicySettings {
        OnPolicySettings(
            singleStep: self, solver: .rmsProp(decay: 0.99, epsilon: 1e-5),
            alignmentInterval: alignmentInterval)
    }
}

/// Options of REINFORCE with a learned baseline: Monte-Carlo returns over long rollouts, one gradient step each, Adam.
///
/// Williams, *Simple statistical gradient-following algorithms for connectionist reinforcement learning*, 1992.
public struct ReinforceConfiguration: LearnerConfiguration {
    public var environments = 8
    public var rolloutSteps = 256
    public var learningRate = 3e-3
    public var learningRateSchedule = Schedule.constant
    public var discount = 0.99
    public var gaeLambda = 1.0
    public var entropyCoefficient = 0.0
    public var valueCoefficient = 0.5
    public var maximumGradientNorm = 1.0
    public var normalizeAdvantages = true
    public var normalizeObservations = false
    public var normalizeRewards = false
    public var hiddenSizes = [64, 64]
    public var activation = Activation.tanh
    public var initialLogDeviation = 0.0
    public var network = NetworkKind.mlp
    public var sequenceLength = 0
    public var rescaleActions = false
    public var alignmentInterval = 1
    public var alignmentLearningRate = 0.1
    public var alignmentTerms = 10
    public var alignmentRegularization = 0.01
    public var alignDiscount = false

    public init() {}

    public static let options = singleStepOptions

    public func validate() throws {
        try OnPolicyOption.checkRollout(environments: environments, steps: rolloutSteps)
        try OnPolicyOption.checkSequences(
            network, length: sequenceLength, steps: rolloutSteps, minibatchSize: environments * rolloutSteps,
            hiddenSizes: hiddenSizes)
    }

    var settings: OnPolicySettings {
        OnPolicySettings(singleStep: self, solver: .adam(epsilon: 1e-5), alignmentInterval: alignmentInterval)
    }
}

private let singleStepOptions: [OptionDescription] =
    [
        OnPolicyOption.environments, OnPolicyOption.rolloutSteps, OnPolicyOption.learningRate,
        OnPolicyOption.learningRateSchedule, OnPolicyOption.discount, OnPolicyOption.gaeLambda,
        OnPolicyOption.entropyCoefficient, OnPolicyOption.valueCoefficient, OnPolicyOption.maximumGradientNorm,
        OnPolicyOption.normalizeAdvantages, OnPolicyOption.normalizeObservations, OnPolicyOption.normalizeRewards,
        OnPolicyOption.hiddenSizes, OnPolicyOption.activation, OnPolicyOption.initialLogDeviation,
        OnPolicyOption.network, OnPolicyOption.sequenceLength, OnPolicyOption.rescaleActions,
    ] + OnPolicyOption.alignment

/// What the algorithms that take one gradient step a rollout have in common.
protocol SingleStepConfiguration {
    var environments: Int { get }
    var rolloutSteps: Int { get }
    var learningRate: Double { get }
    var learningRateSchedule: Schedule { get }
    var discount: Double { get }
    var gaeLambda: Double { get }
    var entropyCoefficient: Double { get }
    var valueCoefficient: Double { get }
    var maximumGradientNorm: Double { get }
    var normalizeAdvantages: Bool { get }
    var normalizeObservations: Bool { get }
    var normalizeRewards: Bool { get }
    var hiddenSizes: [Int] { get }
    var activation: Activation { get }
    var initialLogDeviation: Double { get }
    var network: NetworkKind { get }
    var sequenceLength: Int { get }
    var rescaleActions: Bool { get }
    var alignmentLearningRate: Double { get }
    var alignmentTerms: Int { get }
    var alignmentRegularization: Double { get }
    var alignDiscount: Bool { get }
}

extension A2CConfiguration: SingleStepConfiguration {}
extension ReinforceConfiguration: SingleStepConfiguration {}

extension OnPolicySettings {
    fileprivate init(singleStep options: some SingleStepConfiguration, solver: Solver, alignmentInterval: Int) {
        var alignment = AlignmentSettings()
        alignment.learningRate = options.alignmentLearningRate
        alignment.terms = options.alignmentTerms
        alignment.regularization = options.alignmentRegularization
        alignment.adaptsDiscount = options.alignDiscount
        var design = NetworkDesign()
        design.kind = options.network
        design.hiddenSizes = options.hiddenSizes
        design.activation = options.activation
        design.initialLogDeviation = options.initialLogDeviation
        self.init(
            environments: options.environments, rolloutSteps: options.rolloutSteps, epochs: 1,
            minibatchSize: options.environments * options.rolloutSteps, solver: solver,
            learningRate: options.learningRate, schedule: options.learningRateSchedule, discount: options.discount,
            gaeLambda: options.gaeLambda, entropyCoefficient: options.entropyCoefficient,
            valueCoefficient: options.valueCoefficient, maximumGradientNorm: options.maximumGradientNorm,
            network: design, sequenceLength: options.sequenceLength, rescalesActions: options.rescaleActions,
            normalizeObservations: options.normalizeObservations,
            normalizeRewards: options.normalizeRewards, normalizeAdvantages: options.normalizeAdvantages,
            targetDivergence: nil, objective: PolicyGradientObjective(), alignmentInterval: alignmentInterval,
            alignment: alignment)
    }
}
