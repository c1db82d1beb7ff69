import TelosNN
import TelosTensor

/// Options of augmented random search: linear policies, random directions tried both ways, the best ones followed.
/// With `normalizeObservations` it is version 2 (the default), without version 1.
///
/// Mania, Guy and Recht, *Simple random search of static linear policies is competitive for reinforcement learning*,
/// 2018.
public struct AugmentedRandomSearchConfiguration: LearnerConfiguration {
    public var directions = 16
    public var bestDirections = 8
    public var deviation = 0.05
    public var learningRate = 0.05
    public var episodes = 1
    public var episodeLimit = 1000
    public var normalizeObservations = true
    public var hiddenSizes: [Int] = []
    public var activation = Activation.tanh
    public var network = NetworkKind.mlp
    public var rescaleActions = false

    public init() {}

    public static let options: [OptionDescription] =
        [
            EvolutionOption.directions,
            OptionDescription(
                "bestDirections", "directions followed: those whose better side earned most",
                raising: "less biased steps", lowering: "greedier ones", range: 1...100_000),
            EvolutionOption.deviation, EvolutionOption.learningRate,
        ] + EvolutionOption.shared

    public func validate() throws {
        try EvolutionOption.check(network, hiddenSizes: hiddenSizes)
        guard bestDirections <= directions else {
            throw ConfigurationError(
                option: "bestDirections", "\(bestDirections) are more than there are; write at most \(directions)")
        }
    }

    var settings: EvolutionSettings {
        EvolutionSettings(
            episodes: episodes, episodeLimit: episodeLimit, normalizeObservations: normalizeObservations,
            rescalesActions: rescaleActions,
            // A linear policy starts at zero; one with hidden layers could not leave it.
            network: .evolved(
                network, hiddenSizes: hiddenSizes, activation: activation, policyGain: hiddenSizes.isEmpty ? 0 : 1))
    }
}

/// theta += a / (b s_R) sum over the b best directions of (R(theta + v d) - R(theta - v d)) d, s_R the deviation of the
/// returns used.
struct AugmentedRandomSearch: SearchStrategy {
    private(set) var center: [Float]
    private var directions = AntitheticDirections()
    private let pairs: Int
    private let best: Int
    private let deviation: Double
    private let learningRate: Double

    init(_ options: AugmentedRandomSearchConfiguration, center: [Float]) {
        self.center = center
        pairs = options.directions
        best = options.bestDirections
        deviation = options.deviation
        learningRate = options.learningRate
    }

    mutating func candidates(using random: inout RandomStream) -> [[Float]] {
        directions.candidates(around: center, deviation: deviation, pairs: pairs, using: &random)
    }

    mutating func learn(from returns: [Double]) -> [Metric] {
        func better(_ pair: Int) -> Double { max(returns[2 * pair], returns[2 * pair + 1]) }
        let chosen = (0..<pairs).sorted { (better($0), $1) > (better($1), $0) }.prefix(best)
        let (_, spread) = meanAndDeviation(chosen.flatMap { [returns[2 * $0], returns[2 * $0 + 1]] })
        // Where all returns are equal there is nowhere to go.
        let scale = spread > 0 ? learningRate / (Double(best) * spread) : 0
        let step = directions.weighted(
            chosen.map { ($0, scale * (returns[2 * $0] - returns[2 * $0 + 1])) }, count: center.count)
        for index in center.indices { center[index] += Float(step[index]) }
        directions.forget()
        return [
            Metric("returnDeviation", spread), Metric("stepNorm", step.reduce(0) { $0 + $1 * $1 }.squareRoot()),
        ]
    }
}
