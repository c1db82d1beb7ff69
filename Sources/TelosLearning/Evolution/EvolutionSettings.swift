import TelosNN

/// What the loop of evolutionary learners is told, whichever search it runs.
struct EvolutionSettings {
    /// Episodes that a candidate is judged by.
    var episodes: Int
    /// Steps after which an episode without a time limit of its own is no longer followed.
    var episodeLimit: Int
    var normalizeObservations: Bool
    var rescalesActions: Bool
    var network: NetworkDesign
}

extension NetworkDesign {
    static func evolved(
        _ kind: NetworkKind, hiddenSizes: [Int], activation: Activation, policyGain: Double
    ) -> NetworkDesign {
        var design = NetworkDesign()
        design.kind = kind
        design.hiddenSizes = hiddenSizes
        design.activation = activation
        design.policyGain = policyGain
        // The critic is not used: let it have nothing of its own.
        design.sharesLayers = !hiddenSizes.isEmpty
        return design
    }
}

/// Descriptions of the options that evolutionary learners share.
enum EvolutionOption {
    static let directions = OptionDescription(
        "directions", "random directions tried in an iteration, each both ways", raising: "steadier steps, slower",
        lowering: "faster, noisier ones", range: 1...100_000)
    static let deviation = OptionDescription(
        "deviation", "length of a tried step along a standard normal direction",
        raising: "a smoother view of the returns",
        lowering: "a more local, noisier one", range: 1e-6...1000)
    static let learningRate = OptionDescription(
        "learningRate", "step size", raising: "faster, less stable", lowering: "slower, steadier", range: 0...1000)

    static let shared: [OptionDescription] = [
        OptionDescription(
            "episodes", "episodes that each policy is judged by", raising: "a fairer judgement, slower",
            lowering: "more iterations, more luck", range: 1...10_000),
        OptionDescription(
            "episodeLimit", "steps after which an episode is no longer followed, where the task has no time limit",
            raising: "longer episodes count in full", lowering: "faster iterations", range: 1...1e7),
        OptionDescription(
            "normalizeObservations",
            "whether observations are scaled by the mean and deviation of all that was seen (part of the policy)"),
        OptionDescription(
            "hiddenSizes", "units of each hidden layer", raising: "more capacity, more parameters to search",
            lowering: "fewer; [] is linear", range: OnPolicyOption.widths),
        OnPolicyOption.activation,
        OptionDescription(
            "network", "what the policy is made of: mlp, or with a memory (gru, lstm: the last hidden layer; s4d)",
            choices: NetworkKind.allCases.map(\.rawValue)),
        OnPolicyOption.rescaleActions,
    ]

    static func check(_ network: NetworkKind, hiddenSizes: [Int]) throws {
        guard !network.isRecurrent || !hiddenSizes.isEmpty else {
            throw ConfigurationError(
                option: "hiddenSizes", "network: \(network.rawValue) needs at least one size; write for example [16]")
        }
    }
}
