import TelosNN

/// What the agent with an actor and critics reads of a configuration, whichever algorithm it runs.
protocol ActorCriticOptions: OffPolicyOptions {
    var actorKind: ActorKind { get }
    var targetRate: Double { get set }
    var critics: Int { get set }
    var targetCritics: Int { get set }
    var policyInterval: Int { get }
    var quantiles: Int { get }
    var droppedQuantiles: Int { get }
    var network: NetworkArchitecture { get }
    var hiddenSizes: [Int] { get set }
    var actorHiddenSizes: [Int] { get }
    var activation: Activation { get set }
    var layerNorm: Bool { get set }
    var dropout: Double { get }
    var batchRenormalization: Bool { get }
    var adamMomentum: Double { get }
}

/// How an actor chooses, and what its critics are told about it.
enum ActorKind {
    /// A squashed Gaussian, or probabilities of discrete actions; a nil scale keeps the temperature.
    case soft(temperature: Double, targetEntropyScale: Double?)
    case deterministic(explorationNoise: Double, targetNoise: Double, targetNoiseClip: Double)
}

extension ActorCriticOptions {
    var actorShape: FeedForward.Shape {
        FeedForward.Shape(
            architecture: network, hiddenSizes: actorHiddenSizes.isEmpty ? hiddenSizes : actorHiddenSizes,
            activation: activation)
    }

    var criticShape: FeedForward.Shape {
        FeedForward.Shape(
            architecture: network, hiddenSizes: hiddenSizes, activation: activation, layerNorm: layerNorm,
            dropout: dropout, batchRenormalization: batchRenormalization)
    }

    /// Whether the actor follows the critics' mean rather than their least.
    var averagesCritics: Bool { targetCritics < critics || dropout > 0 || quantiles > 1 }

    var memory: NetworkKind { network.memory }

    func checkCritics() throws {
        try checkSequences(hiddenSizes)
        guard targetCritics <= critics else {
            throw ConfigurationError(
                option: "targetCritics", "\(targetCritics) of critics: \(critics); write at most \(critics)")
        }
        guard droppedQuantiles < quantiles else {
            throw ConfigurationError(
                option: "droppedQuantiles",
                "\(droppedQuantiles) of quantiles: \(quantiles) leaves none; write at most \(quantiles - 1)")
        }
        guard !batchRenormalization || (!layerNorm && dropout == 0) else {
            throw ConfigurationError(
                option: "batchRenormalization", "it takes the place of layerNorm and dropout; switch those off")
        }
        guard network == .simba else { return }
        guard !layerNorm, dropout == 0, !batchRenormalization else {
            throw ConfigurationError(
                option: "network",
                "simba has norms of its own; write layerNorm: false, dropout: 0, batchRenormalization: false")
        }
        for (option, sizes) in [("hiddenSizes", hiddenSizes), ("actorHiddenSizes", actorShape.hiddenSizes)]
        where Set(sizes).count != 1 {
            throw ConfigurationError(
                option: option, "simba's blocks are of one width; write for example [128, 128]")
        }
    }
}

/// Descriptions of the options that learners with an actor and critics share.
enum ActorCriticOption {
    static let shared = [
        OffPolicyOption.targetRate,
        OptionDescription(
            "critics", "how many value networks", raising: "less overestimation or more exact values, slower",
            lowering: "faster", range: 1...100),
        OptionDescription(
            "targetCritics", "how many of them, drawn afresh, the least of which is a target",
            raising: "more pessimistic targets", lowering: "more optimistic ones", range: 1...100),
        OptionDescription(
            "policyInterval", "critic updates to a policy update", raising: "better critics for each policy step",
            lowering: "a faster policy", range: 1...1000),
        OptionDescription(
            "quantiles", "quantiles of the return that each critic predicts; 1 is its mean (above 1: for box actions)",
            raising: "finer distributions, slower", lowering: "faster", range: 1...1000),
        OptionDescription(
            "droppedQuantiles", "largest target quantiles left out for each critic",
            raising: "more pessimistic targets",
            lowering: "more optimistic ones", range: 0...999),
        OptionDescription(
            "network",
            "how actor and critics are built: mlp, simba's residual blocks, or mlp behind a memory of observations (gru, "
                + "lstm, s4d, as wide as the first hidden layer) that learns from sequences, of which batchSize then is "
                + "the number",
            choices: NetworkArchitecture.allCases.map(\.rawValue)),
        SequenceOption.sequenceLength, SequenceOption.burnIn, OnPolicyOption.hiddenSizes,
        OptionDescription(
            "actorHiddenSizes", "units of each of the actor's hidden layers; [] is hiddenSizes, which critics have",
            raising: "more capacity, slower", lowering: "less, faster", range: OnPolicyOption.widths),
        OnPolicyOption.activation,
        OptionDescription("layerNorm", "whether critics normalise each hidden layer"),
        OptionDescription(
            "dropout", "share of the critics' hidden units that are dropped at random",
            raising: "less overfitting and overestimation with many updates a step", lowering: "more exact values",
            range: 0...0.9),
        OptionDescription(
            "batchRenormalization",
            "whether critics are normalised over the batch of present and next steps, and need no target networks"),
        OptionDescription(
            "adamMomentum", "b1 of Adam", raising: "smoother steps that turn more slowly", lowering: "quicker turns",
            range: 0...0.999),
    ]
}
