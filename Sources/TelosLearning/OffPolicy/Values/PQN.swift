import TelosNN

/// Options of parallelised Q-learning: lambda returns over short rollouts of many environments, layer norms in place of
/// a target network, and no replay.
///
/// Gallici, Fellows, Ellis, Pou, Masmitja, Foerster and Martin, *Simplifying deep temporal difference learning*, 2024.
public struct PQNConfiguration: LearnerConfiguration, EpsilonGreedy {
    public var environments = 16
    public var rolloutSteps = 32
    public var epochs = 4
    public var minibatchSize = 64
    public var learningRate = 5e-4
    public var learningRateSchedule = Schedule.linear
    public var discount = 0.99
    public var returnLambda = 0.65
    public var epsilon = 1.0
    public var finalEpsilon = 0.05
    public var explorationFraction = 0.2
    public var maximumGradientNorm = 10.0
    public var layerNorm = true
    public var hiddenSizes = [128, 128]
    public var activation = Activation.relu

    public init() {}

    public static let options: [OptionDescription] =
        [
            OnPolicyOption.environments, OnPolicyOption.rolloutSteps,
            OptionDescription(
                "epochs", "passes over each rollout", raising: "more use of each sample, slower",
                lowering: "faster, nearer to the data", range: 1...1000),
            OptionDescription(
                "minibatchSize", "rows of a gradient step; divides environments * rolloutSteps",
                raising: "smoother, fewer steps", lowering: "noisier, more steps", range: 1...1e7),
            OnPolicyOption.learningRate, OnPolicyOption.learningRateSchedule, OnPolicyOption.discount,
            OptionDescription(
                "returnLambda", "lambda of returns: how much of a target is later rewards rather than a prediction",
                raising: "rewards travel faster, more noise and off-policy bias",
                lowering: "less of both (0: one-step)",
                range: 0...1),
        ] + EpsilonGreedyOption.all + [
            OnPolicyOption.maximumGradientNorm, DQNOption.layerNorm, OnPolicyOption.hiddenSizes,
            OnPolicyOption.activation,
        ]

    public func validate() throws {
        try OnPolicyOption.checkMinibatches(of: minibatchSize, environments: environments, steps: rolloutSteps)
        try checkExploration()
    }
}
