import TelosFeedback

/// Options of a learned discriminator, beside those of the learner that it rewards.
///
/// Ho and Ermon, *Generative adversarial imitation learning*, 2016; from a replay: Kostrikov, Agrawal, Dwibedi, Levine
/// and Tompson, *Discriminator-actor-critic*, 2019.
public struct AdversarialOptions: LearnerConfiguration {
    public var demonstrations = ""
    public var imitationReward = ImitationReward.positive
    public var discriminatorInput = DiscriminatorInput.action
    public var discriminatorSizes = [64, 64]
    public var discriminatorLearningRate = 2e-4
    public var discriminatorEntropy = 0.001
    public var gradientPenalty = 10.0
    public var penaltyNorm = 1.0
    public var penaltyOneSided = true
    public var penaltyPoints = PenaltyPoints.between
    public var penaltyNoise = 0.5
    public var spectralNorm = false

    public init() {}

    public static let options = [
        demonstrationsOption,
        OptionDescription(
            "imitationReward",
            "of a logit D: positive log(1 + e^D), negative -log(1 + e^-D), or log-odds D; where episodes can end the first "
                + "favours long ones and the second short ones",
            choices: ImitationReward.allCases.map(\.rawValue)),
        OptionDescription(
            "discriminatorInput",
            "what expert and agent are told apart by: observation and action, or observations alone",
            choices: DiscriminatorInput.allCases.map(\.rawValue)),
        OptionDescription(
            "discriminatorSizes", "units of each hidden layer of the discriminator",
            raising: "finer differences, slower", lowering: "coarser, faster", range: OnPolicyOption.widths),
        OptionDescription(
            "discriminatorLearningRate", "its step size",
            raising: "it follows the agent sooner, and is sooner too sure",
            lowering: "later", range: 0...10),
        OptionDescription(
            "discriminatorEntropy", "weight of the entropy of its answers", raising: "less sure of itself",
            lowering: "surer (0)", range: 0...10),
        OptionDescription(
            "gradientPenalty", "lambda of lambda (|grad D| - k)^2", raising: "a smoother reward that tells less",
            lowering: "a steeper one; without any (0) it saturates and the agent has nothing to follow", range: 0...1e4),
        OptionDescription(
            "penaltyNorm", "k, the slope of D that costs nothing", raising: "a steeper reward",
            lowering: "a flatter one",
            range: 0...100),
        OptionDescription("penaltyOneSided", "whether slopes below k cost nothing either"),
        OptionDescription(
            "penaltyPoints", "where slopes are taken: between expert and agent, or around either",
            choices: PenaltyPoints.allCases.map(\.rawValue)),
        OptionDescription(
            "penaltyNoise", "deviation of points around expert or agent", raising: "smooth further away",
            lowering: "smooth where data are", range: 0...100),
        OptionDescription("spectralNorm", "whether each layer is divided by its largest singular value"),
    ]

    static let demonstrationsOption = OptionDescription(
        "demonstrations",
        "the path of a dataset (safetensors or Minari's) of what the expert did; its rewards are not read")

    var penalty: GradientPenalty? {
        gradientPenalty > 0
            ? GradientPenalty(weight: gradientPenalty, norm: penaltyNorm, isOneSided: penaltyOneSided) : nil
    }
}

/// The same with the log-odds for a reward.
///
/// Fu, Luo and Levine, *Learning robust rewards with adversarial inverse reinforcement learning*, 2018. Theirs has log
/// pi(a|s) and a potential inside the discriminator; from a replay, whose steps are many policies', neither is.
public struct AIRLOptions: ConfigurationVariant {
    public var options = AdversarialOptions()
    public init() { options.imitationReward = .logOdds }
}

/// Options of soft Q imitation learning beside those of the learner that it rewards.
///
/// Reddy, Dragan and Levine, *SQIL: imitation learning via reinforcement learning with sparse rewards*, 2020.
public struct ExpertShareOptions: LearnerConfiguration {
    public var demonstrations = ""
    public var expertShare = 0.5

    public init() {}

    public static let options = [
        AdversarialOptions.demonstrationsOption,
        OptionDescription(
            "expertShare", "share of a batch that is the expert's, rounded down",
            raising: "nearer to the expert's states",
            lowering: "more of its own", range: 0...1),
    ]
}

/// The options of an off-policy learner whose rewards come from demonstrations.
struct ImitationConfiguration<Base: LearnerConfiguration & ActorCriticOptions, Own: LearnerConfiguration>:
    LearnerConfiguration
{
    var joint = JointConfiguration<Base, Own>()
    var base: Base { joint.base }
    var own: Own { joint.own }

    init() {}
    init(from decoder: any Decoder) throws { joint = try JointConfiguration(from: decoder) }
    func encode(to encoder: any Encoder) throws { try joint.encode(to: encoder) }
    static var options: [OptionDescription] { JointConfiguration<Base, Own>.options }

    func validate() throws {
        try joint.validate()
        for (option, value, isPlain, advice) in [
            ("multiStep", "\(base.multiStep)", base.multiStep == 1, "1"),
            ("hindsightGoals", "\(base.hindsightGoals)", base.hindsightGoals == 0, "0"),
            ("normalizeObservations", "true", !base.normalizeObservations, "false"),
            ("network", base.memory.rawValue, !base.memory.isRecurrent, "mlp"),
        ] where !isPlain {
            throw ConfigurationError(
                option: option,
                "rewards are decided anew for single steps as they were observed, which \(value) is not; write \(advice)"
            )
        }
    }
}
