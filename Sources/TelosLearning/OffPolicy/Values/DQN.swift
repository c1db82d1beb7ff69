import TelosEnvironments
import TelosNN

/// Options of deep Q-learning and the improvements that Rainbow gathered, each a switch of its own.
///
/// Hessel and others, *Rainbow: combining improvements in deep reinforcement learning*, 2018.
public struct DQNConfiguration: LearnerConfiguration, OffPolicyOptions, EpsilonGreedy {
    public var environments = 1
    public var bufferCapacity = 100_000
    public var batchSize = 64
    public var learningStarts = 1000
    public var trainInterval = 1
    public var gradientSteps = 1
    public var learningRate = 5e-4
    public var learningRateSchedule = Schedule.constant
    public var discount = 0.99
    public var targetInterval = 250
    public var targetRate = 1.0
    public var double = true
    public var duelling = false
    public var multiStep = 1
    public var hindsightGoals = 0
    public var prioritized = false
    public var priorityExponent = 0.6
    public var importanceExponent = 0.4
    public var noisy = false
    public var returns = ReturnModel.mean
    public var atoms = 51
    public var minimumReturn = -10.0
    public var maximumReturn = 10.0
    public var riskDistortion = RiskDistortion.neutral
    public var riskParameter = 0.25
    public var epsilon = 1.0
    public var finalEpsilon = 0.05
    public var explorationFraction = 0.2
    public var adamEpsilon = 1e-8
    public var maximumGradientNorm = 10.0
    public var layerNorm = false
    public var hiddenSizes = [128, 128]
    public var activation = Activation.relu
    public var network = NetworkKind.mlp
    public var sequenceLength = 16
    public var burnIn = 8
    public var normalizeObservations = false
    public var stepsPerIteration = 500

    public init() {}

    public static let options: [OptionDescription] =
        OffPolicyOption.loop + [
            OptionDescription(
                "targetInterval", "environment steps between moves of the target network",
                raising: "steadier targets, slower", lowering: "fresher targets, less stable", range: 1...1_000_000),
            OffPolicyOption.targetRate,
            OptionDescription("double", "whether the online network chooses the action that the target network values"),
            OptionDescription("duelling", "whether value and advantages have heads of their own"),
            OptionDescription("prioritized", "whether transitions with large errors are sampled more often"),
            OptionDescription(
                "priorityExponent", "a of priorities |error|^a", raising: "greedier sampling",
                lowering: "nearer to uniform",
                range: 0...2),
            OptionDescription(
                "importanceExponent", "b of importance weights at the start; it rises to 1",
                raising: "less bias at the start", lowering: "faster at the start", range: 0...1),
            OptionDescription("noisy", "whether the last layers explore by learned noise, in place of epsilon"),
            OptionDescription(
                "returns", "what is predicted about an action's return", choices: ReturnModel.allCases.map(\.rawValue)),
            OptionDescription(
                "atoms", "atoms or quantiles of a predicted distribution", raising: "finer, slower",
                lowering: "coarser, faster",
                range: 2...1000),
            OptionDescription(
                "minimumReturn", "lowest atom of returns: categorical", raising: "finer atoms, may cut returns off",
                lowering: "room for lower returns", range: -1e6...1e6),
            OptionDescription(
                "maximumReturn", "highest atom of returns: categorical", raising: "room for higher returns",
                lowering: "finer atoms, may cut returns off", range: -1e6...1e6),
            OptionDescription(
                "riskDistortion",
                "which quantiles of returns choose actions, implicit quantiles only: all alike, the worst share (cvar), "
                    + "shifted by wang or power, or people's weighting (cpw)",
                choices: RiskDistortion.allCases.map(\.rawValue)),
            OptionDescription(
                "riskParameter",
                "of riskDistortion: cvar's share in 0 ... 1; of wang and power below 0 averse, above 0 seeking; cpw's is "
                    + "about 0.71",
                raising: "less averse to risk", lowering: "more averse", range: -1e6...1e6),
            OptionDescription(
                "adamEpsilon", "e of Adam's step m / (sqrt v + e)", raising: "smaller steps where gradients are small",
                lowering: "steps that ignore the gradient's size", range: 1e-12...1),
            OnPolicyOption.maximumGradientNorm, DQNOption.layerNorm, OnPolicyOption.hiddenSizes,
            OnPolicyOption.activation, SequenceOption.network, SequenceOption.sequenceLength, SequenceOption.burnIn,
        ] + EpsilonGreedyOption.all

    public func validate() throws {
        try checkLoop()
        try checkSequences(hiddenSizes)
        try checkExploration()
        guard minimumReturn < maximumReturn else {
            throw ConfigurationError(
                option: "minimumReturn",
                "\(minimumReturn) is not below maximumReturn: \(maximumReturn); write the range of discounted returns")
        }
        guard riskDistortion == .neutral || returns == .implicitQuantile else {
            throw ConfigurationError(
                option: "riskDistortion",
                "\(riskDistortion.rawValue) chooses by quantiles, which returns: \(returns.rawValue) does not predict at "
                    + "every level; write returns: implicit-quantile")
        }
        let range = riskDistortion.parameters
        guard range.contains(riskParameter) else {
            throw ConfigurationError(
                option: "riskParameter",
                "\(riskParameter) is no parameter of riskDistortion: \(riskDistortion.rawValue); write a number from "
                    + "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    var memory: NetworkKind { network }

    var replayPriority: ReplayPriority? {
        prioritized ? ReplayPriority(exponent: priorityExponent, importance: importanceExponent) : nil
    }
}

/// Rainbow's options: those of `DQNConfiguration` with every part on.
public struct RainbowConfiguration: ConfigurationVariant {
    public var options = DQNConfiguration()
    public init() {
        options.duelling = true
        options.multiStep = 3
        options.prioritized = true
        options.noisy = true
        options.returns = .categorical
    }
}

/// Descriptions of options that value networks share.
enum DQNOption {
    static let layerNorm = OptionDescription(
        "layerNorm", "whether hidden layers are normalised before their activation")
}
