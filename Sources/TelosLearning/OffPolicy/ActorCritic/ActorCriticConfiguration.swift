import TelosNN

/// Options of soft actor-critic.
///
/// Haarnoja and others, *Soft actor-critic algorithms and applications*, 2018; with `critics` above two and
/// `targetCritics` of them drawn for each target it is REDQ (Chen, Wang, Zhou and Ross, *Randomized ensembled double
/// Q-learning*, 2021).
public struct SACConfiguration: LearnerConfiguration, ActorCriticOptions {
    public var environments = 1
    public var bufferCapacity = 1_000_000
    public var batchSize = 256
    public var learningStarts = 100
    public var trainInterval = 1
    public var gradientSteps = 1
    public var learningRate = 3e-4
    public var learningRateSchedule = Schedule.constant
    public var discount = 0.99
    public var targetRate = 0.005
    public var multiStep = 1
    public var hindsightGoals = 0
    public var temperature = 1.0
    public var tunesTemperature = true
    public var targetEntropyScale = 1.0
    public var critics = 2
    public var targetCritics = 2
    public var policyInterval = 1
    public var quantiles = 1
    public var droppedQuantiles = 0
    public var network = NetworkArchitecture.mlp
    public var hiddenSizes = [256, 256]
    public var actorHiddenSizes: [Int] = []
    public var activation = Activation.relu
    public var layerNorm = false
    public var dropout = 0.0
    public var batchRenormalization = false
    public var sequenceLength = 16
    public var burnIn = 8
    public var adamMomentum = 0.9
    public var normalizeObservations = false
    public var stepsPerIteration = 500

    public init() {}

    public static let options: [OptionDescription] =
        OffPolicyOption.loop + [
            OptionDescription(
                "temperature", "alpha: worth of a nat of entropy, at the start where it is tuned",
                raising: "explores more", lowering: "exploits more", range: 0...1e6),
            OptionDescription("tunesTemperature", "whether alpha is moved so that entropy meets its target"),
            OptionDescription(
                "targetEntropyScale",
                "target entropy is minus this times the number of action elements; of n discrete actions this times log n",
                raising: "a more decided policy", lowering: "a more random one", range: 0...10),
        ] + ActorCriticOption.shared

    public func validate() throws {
        try checkLoop()
        try checkCritics()
    }

    var actorKind: ActorKind {
        .soft(temperature: temperature, targetEntropyScale: tunesTemperature ? targetEntropyScale : nil)
    }
}

/// Options of twin delayed deep deterministic policy gradients; with one critic, no delay and no target noise it is
/// DDPG (Lillicrap and others, *Continuous control with deep reinforcement learning*, 2016).
///
/// Fujimoto, van Hoof and Meger, *Addressing function approximation error in actor-critic methods*, 2018.
public struct TD3Configuration: LearnerConfiguration, ActorCriticOptions {
    public var environments = 1
    public var bufferCapacity = 1_000_000
    public var batchSize = 256
    public var learningStarts = 1000
    public var trainInterval = 1
    public var gradientSteps = 1
    public var learningRate = 1e-3
    public var learningRateSchedule = Schedule.constant
    public var discount = 0.99
    public var targetRate = 0.005
    public var multiStep = 1
    public var hindsightGoals = 0
    public var explorationNoise = 0.1
    public var targetNoise = 0.2
    public var targetNoiseClip = 0.5
    public var critics = 2
    public var targetCritics = 2
    public var policyInterval = 2
    public var quantiles = 1
    public var droppedQuantiles = 0
    public var network = NetworkArchitecture.mlp
    public var hiddenSizes = [256, 256]
    public var actorHiddenSizes: [Int] = []
    public var activation = Activation.relu
    public var layerNorm = false
    public var dropout = 0.0
    public var batchRenormalization = false
    public var sequenceLength = 16
    public var burnIn = 8
    public var adamMomentum = 0.9
    public var normalizeObservations = false
    public var stepsPerIteration = 500

    public init() {}

    public static let options: [OptionDescription] =
        OffPolicyOption.loop + [
            OptionDescription(
                "explorationNoise", "standard deviation of the noise on actions, in half-widths of their range",
                raising: "explores wider", lowering: "explores closer", range: 0...10),
            OptionDescription(
                "targetNoise", "standard deviation of the noise on target actions", raising: "smoother values",
                lowering: "sharper ones", range: 0...10),
            OptionDescription(
                "targetNoiseClip", "bound of that noise", raising: "wider smoothing", lowering: "closer smoothing",
                range: 0...10),
        ] + ActorCriticOption.shared

    public func validate() throws {
        try checkLoop()
        try checkCritics()
    }

    var actorKind: ActorKind {
        .deterministic(
            explorationNoise: explorationNoise, targetNoise: targetNoise, targetNoiseClip: targetNoiseClip)
    }
}

/// DDPG's options: those of `TD3Configuration` with one critic, no delay and no target noise.
public struct DDPGConfiguration: ConfigurationVariant {
    public var options = TD3Configuration()
    public init() {
        options.critics = 1
        options.targetCritics = 1
        options.policyInterval = 1
        options.targetNoise = 0
    }
}

/// REDQ's options: those of `SACConfiguration` with ten critics, two of them a target, and twenty updates a step.
public struct REDQConfiguration: ConfigurationVariant {
    public var options = SACConfiguration()
    public init() {
        options.critics = 10
        options.gradientSteps = 20
        options.policyInterval = 20
    }
}

/// DroQ's options: those of `SACConfiguration` with dropout and layer norms in the critics and twenty updates a step.
public struct DroQConfiguration: ConfigurationVariant {
    public var options = SACConfiguration()
    public init() {
        options.layerNorm = true
        options.dropout = 0.01
        options.gradientSteps = 20
        options.policyInterval = 20
    }
}

/// TQC's options: those of `SACConfiguration` with 25 quantiles a critic, the largest two of each left out of targets.
public struct TQCConfiguration: ConfigurationVariant {
    public var options = SACConfiguration()
    public init() {
        options.quantiles = 25
        options.droppedQuantiles = 2
    }
}

/// CrossQ's options: those of `SACConfiguration` with batch renormalisation in place of target networks.
public struct CrossQConfiguration: ConfigurationVariant {
    public var options = SACConfiguration()
    public init() {
        options.batchRenormalization = true
        options.adamMomentum = 0.5
        options.learningRate = 1e-3
        options.policyInterval = 3
    }
}

/// SimBa's options: those of `SACConfiguration` with residual networks and normalised observations.
public struct SimBaConfiguration: ConfigurationVariant {
    public var options = SACConfiguration()
    public init() {
        options.network = .simba
        options.hiddenSizes = [128, 128]
        options.normalizeObservations = true
    }
}

/// Options of soft actor-critic for discrete actions: those of `SACConfiguration` with a target of half the largest
/// entropy.
public struct DiscreteSACConfiguration: ConfigurationVariant {
    public var options = SACConfiguration()
    public init() { options.targetEntropyScale = 0.5 }
}
