import TelosNN

/// Options of soft actor-critic.
///
/// Haarnoja and others, *Soft actor-critic algorithms and applications*, 2018; with `critics` above two and
/// `targetCritics` of them drawn for each target it is REDQ (Chen, Wang, Zhou and Ross, *Randomized ensembled double
/// Q-learning*, 2021).
public struct SACConfiguration: LearnerConfiguration {
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
    public var temperature = 1.0
    public var tunesTemperature = true
    public var targetEntropyScale = 1.0
    public var critics = 2
    public var targetCritics = 2
    public var policyInterval = 1
    public var hiddenSizes = [256, 256]
    public var activation = Activation.relu
    public var stepsPerIteration = 500

    public init() {}

    public static let options: [OptionDescription] =
        [
            OffPolicyOption.environments, OffPolicyOption.bufferCapacity, OffPolicyOption.batchSize,
            OffPolicyOption.learningStarts, OffPolicyOption.trainInterval, OffPolicyOption.gradientSteps,
            OnPolicyOption.learningRate, OnPolicyOption.learningRateSchedule, OnPolicyOption.discount,
            OffPolicyOption.targetRate, OffPolicyOption.multiStep,
            OptionDescription(
                "temperature", "alpha: worth of a nat of entropy, at the start where it is tuned",
                raising: "explores more", lowering: "exploits more", range: 0...1e6),
            OptionDescription("tunesTemperature", "whether alpha is moved so that entropy meets its target"),
            OptionDescription(
                "targetEntropyScale", "target entropy is minus this times the number of action elements",
                raising: "a more decided policy", lowering: "a more random one", range: 0...10),
        ] + ContinuousOption.shared

    public func validate() throws {
        try OffPolicyOption.check(batchSize: batchSize, bufferCapacity: bufferCapacity)
        try ContinuousOption.check(critics: critics, targetCritics: targetCritics)
    }

    var settings: ContinuousSettings {
        ContinuousSettings(
            loop: OffPolicySettings(
                environments: environments, bufferCapacity: bufferCapacity, learningStarts: learningStarts,
                trainInterval: trainInterval, gradientSteps: gradientSteps, discount: discount, multiStep: multiStep,
                priorityExponent: nil, importanceExponent: 1, stepsPerIteration: stepsPerIteration),
            kind: .soft(
                temperature: temperature, targetEntropyScale: tunesTemperature ? targetEntropyScale : nil),
            batchSize: batchSize, learningRate: learningRate, schedule: learningRateSchedule, targetRate: targetRate,
            critics: critics, targetCritics: targetCritics, policyInterval: policyInterval, hiddenSizes: hiddenSizes,
            activation: activation)
    }
}

/// Options of twin delayed deep deterministic policy gradients; with one critic, no delay and no target noise it is
/// DDPG (Lillicrap and others, *Continuous control with deep reinforcement learning*, 2016).
///
/// Fujimoto, van Hoof and Meger, *Addressing function approximation error in actor-critic methods*, 2018.
public struct TD3Configuration: LearnerConfiguration {
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
    public var explorationNoise = 0.1
    public var targetNoise = 0.2
    public var targetNoiseClip = 0.5
    public var critics = 2
    public var targetCritics = 2
    public var policyInterval = 2
    public var hiddenSizes = [256, 256]
    public var activation = Activation.relu
    public var stepsPerIteration = 500

    public init() {}

    static var ddpg: TD3Configuration {
        var options = TD3Configuration()
        options.critics = 1
        options.targetCritics = 1
        options.policyInterval = 1
        options.targetNoise = 0
        return options
    }

    public static let options: [OptionDescription] =
        [
            OffPolicyOption.environments, OffPolicyOption.bufferCapacity, OffPolicyOption.batchSize,
            OffPolicyOption.learningStarts, OffPolicyOption.trainInterval, OffPolicyOption.gradientSteps,
            OnPolicyOption.learningRate, OnPolicyOption.learningRateSchedule, OnPolicyOption.discount,
            OffPolicyOption.targetRate, OffPolicyOption.multiStep,
            OptionDescription(
                "explorationNoise", "standard deviation of the noise on actions, in half-widths of their range",
                raising: "explores wider", lowering: "explores closer", range: 0...10),
            OptionDescription(
                "targetNoise", "standard deviation of the noise on target actions", raising: "smoother values",
                lowering: "sharper ones", range: 0...10),
            OptionDescription(
                "targetNoiseClip", "bound of that noise", raising: "wider smoothing", lowering: "closer smoothing",
                range: 0...10),
        ] + ContinuousOption.shared

    public func validate() throws {
        try OffPolicyOption.check(batchSize: batchSize, bufferCapacity: bufferCapacity)
        try ContinuousOption.check(critics: critics, targetCritics: targetCritics)
    }

    var settings: ContinuousSettings {
        ContinuousSettings(
            loop: OffPolicySettings(
                environments: environments, bufferCapacity: bufferCapacity, learningStarts: learningStarts,
                trainInterval: trainInterval, gradientSteps: gradientSteps, discount: discount, multiStep: multiStep,
                priorityExponent: nil, importanceExponent: 1, stepsPerIteration: stepsPerIteration),
            kind: .deterministic(
                explorationNoise: explorationNoise, targetNoise: targetNoise, targetNoiseClip: targetNoiseClip),
            batchSize: batchSize, learningRate: learningRate, schedule: learningRateSchedule, targetRate: targetRate,
            critics: critics, targetCritics: targetCritics, policyInterval: policyInterval, hiddenSizes: hiddenSizes,
            activation: activation)
    }
}

/// DDPG's options: those of `TD3Configuration` with one critic, no delay and no target noise.
public struct DDPGConfiguration: LearnerConfiguration {
    public var options: TD3Configuration
    public init() { options = .ddpg }
    public init(from decoder: any Decoder) throws { options = try TD3Configuration(from: decoder) }
    public func encode(to encoder: any Encoder) throws { try options.encode(to: encoder) }
    public func validate() throws { try options.validate() }
    public static var options: [OptionDescription] { TD3Configuration.options }
}

/// REDQ's options: those of `SACConfiguration` with ten critics, two of them a target, and twenty updates a step.
public struct REDQConfiguration: LearnerConfiguration {
    public var options = SACConfiguration()
    public init() {
        options.critics = 10
        options.gradientSteps = 20
        options.policyInterval = 20
    }
    public init(from decoder: any Decoder) throws { options = try SACConfiguration(from: decoder) }
    public func encode(to encoder: any Encoder) throws { try options.encode(to: encoder) }
    public func validate() throws { try options.validate() }
    public static var options: [OptionDescription] { SACConfiguration.options }
}

enum ContinuousOption {
    static let shared = [
        OptionDescription(
            "critics", "how many value networks", raising: "less overestimation or more exact values, slower",
            lowering: "faster", range: 1...100),
        OptionDescription(
            "targetCritics", "how many of them, drawn afresh, the least of which is a target",
            raising: "more pessimistic targets", lowering: "more optimistic ones", range: 1...100),
        OptionDescription(
            "policyInterval", "critic updates to a policy update", raising: "better critics for each policy step",
            lowering: "a faster policy", range: 1...1000),
        OnPolicyOption.hiddenSizes, OnPolicyOption.activation, OffPolicyOption.stepsPerIteration,
    ]

    static func check(critics: Int, targetCritics: Int) throws {
        guard targetCritics <= critics else {
            throw ConfigurationError(
                option: "targetCritics", "\(targetCritics) of critics: \(critics); write at most \(critics)")
        }
    }
}

/// What the continuous off-policy agent is told, whichever algorithm it runs.
struct ContinuousSettings {
    enum Kind {
        /// Actions from a squashed Gaussian; a nil scale keeps the temperature.
        case soft(temperature: Double, targetEntropyScale: Double?)
        case deterministic(explorationNoise: Double, targetNoise: Double, targetNoiseClip: Double)
    }

    var loop: OffPolicySettings
    var kind: Kind
    var batchSize: Int
    var learningRate: Double
    var schedule: Schedule
    var targetRate: Double
    var critics: Int
    var targetCritics: Int
    var policyInterval: Int
    var hiddenSizes: [Int]
    var activation: Activation
}
