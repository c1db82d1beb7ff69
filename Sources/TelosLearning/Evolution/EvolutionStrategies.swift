import TelosNN
import TelosTensor

/// Options of evolution strategies as OpenAI used them: antithetic directions, returns replaced by their ranks, Adam.
///
/// Salimans, Ho, Chen, Sidor and Sutskever, *Evolution strategies as a scalable alternative to reinforcement learning*,
/// 2017.
public struct EvolutionStrategiesConfiguration: LearnerConfiguration {
    public var directions = 32
    public var deviation = 0.1
    public var learningRate = 0.05
    public var weightDecay = 0.005
    public var episodes = 1
    public var episodeLimit = 1000
    public var normalizeObservations = false
    public var hiddenSizes = [16]
    public var activation = Activation.tanh
    public var network = NetworkKind.mlp
    public var rescaleActions = false

    public init() {}

    public static let options: [OptionDescription] =
        [
            EvolutionOption.directions, EvolutionOption.deviation, EvolutionOption.learningRate,
            OptionDescription(
                "weightDecay", "weight l of -l |theta|^2 / 2 beside the return",
                raising: "smaller parameters, which stay sensitive to steps",
                lowering: "larger ones", range: 0...100),
        ] + EvolutionOption.shared

    public func validate() throws { try EvolutionOption.check(network, hiddenSizes: hiddenSizes) }

    var settings: EvolutionSettings {
        EvolutionSettings(
            episodes: episodes, episodeLimit: episodeLimit, normalizeObservations: normalizeObservations,
            rescalesActions: rescaleActions,
            network: .evolved(network, hiddenSizes: hiddenSizes, activation: activation, policyGain: 1))
    }
}

/// g = 1 / (2 n s) sum over i of (u(theta + s d_i) - u(theta - s d_i)) d_i - l theta, u the return's rank among all,
/// from -1/2 to 1/2; theta follows g by Adam.
struct EvolutionStrategies: SearchStrategy {
    private(set) var center: [Float]
    private var directions = AntitheticDirections()
    private var mean: [Double]
    private var square: [Double]
    private var powers = [1.0, 1.0]
    private let pairs: Int
    private let deviation: Double
    private let learningRate: Double
    private let weightDecay: Double

    init(_ options: EvolutionStrategiesConfiguration, center: [Float]) {
        self.center = center
        mean = center.map { _ in 0 }
        square = mean
        pairs = options.directions
        deviation = options.deviation
        learningRate = options.learningRate
        weightDecay = options.weightDecay
    }

    mutating func candidates(using random: inout RandomStream) -> [[Float]] {
        directions.candidates(around: center, deviation: deviation, pairs: pairs, using: &random)
    }

    mutating func learn(from returns: [Double]) -> [Metric] {
        let shaped = EvolutionStrategies.centredRanks(returns)
        let scale = 1 / (2 * Double(pairs) * deviation)
        var gradient = directions.weighted(
            (0..<pairs).map { ($0, scale * (shaped[2 * $0] - shaped[2 * $0 + 1])) }, count: center.count)
        for index in gradient.indices { gradient[index] -= weightDecay * Double(center[index]) }
        powers = [powers[0] * 0.9, powers[1] * 0.999]
        for (index, slope) in gradient.enumerated() {
            mean[index] = 0.9 * mean[index] + 0.1 * slope
            square[index] = 0.999 * square[index] + 0.001 * slope * slope
            let step = mean[index] / (1 - powers[0]) / ((square[index] / (1 - powers[1])).squareRoot() + 1e-8)
            center[index] += Float(learningRate * step)
        }
        directions.forget()
        return [Metric("gradientNorm", gradient.reduce(0) { $0 + $1 * $1 }.squareRoot())]
    }

    /// Ranks from -1/2 (the smallest) to 1/2; equal returns share the mean of their ranks, so that where all are equal
    /// there is no direction.
    static func centredRanks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        var ranks = [Double](repeating: 0, count: values.count)
        var first = 0
        while first < order.count {
            var last = first
            while last + 1 < order.count, values[order[last + 1]] == values[order[first]] { last += 1 }
            let rank = Double(first + last) / 2
            for position in first...last { ranks[order[position]] = rank / Double(max(1, values.count - 1)) - 0.5 }
            first = last + 1
        }
        return ranks
    }
}
