import TelosNN
import TelosTensor

/// Options of the cross-entropy method.
///
/// Rubinstein, *The cross-entropy method for combinatorial and continuous optimization*, 1999; for policies with the
/// extra deviation of Szita and Lőrincz, *Learning Tetris using the noisy cross-entropy method*, 2006.
public struct CrossEntropyConfiguration: LearnerConfiguration {
    public var population = 40
    public var eliteFraction = 0.2
    public var initialDeviation = 0.5
    public var extraDeviation = 0.25
    public var extraIterations = 30
    public var episodes = 2
    public var episodeLimit = 1000
    public var normalizeObservations = false
    public var hiddenSizes = [16]
    public var activation = Activation.tanh
    public var network = NetworkKind.mlp
    public var rescaleActions = false

    public init() {}

    public static let options: [OptionDescription] =
        [
            OptionDescription(
                "population", "policies tried in an iteration", raising: "a better estimate of where to go, slower",
                lowering: "faster iterations, more by luck", range: 2...100_000),
            OptionDescription(
                "eliteFraction", "share of them that the next iteration is fitted to",
                raising: "a slower, broader search",
                lowering: "a faster, greedier one", range: 0.001...1),
            OptionDescription(
                "initialDeviation", "deviation of every parameter at first", raising: "a wider first search",
                lowering: "a search nearer to the first policy", range: 0...1000),
            OptionDescription(
                "extraDeviation", "deviation added to the fitted one, gone after extraIterations",
                raising: "the search narrows later", lowering: "it narrows sooner, perhaps too soon", range: 0...1000),
            OptionDescription(
                "extraIterations", "iterations until no deviation is added any more",
                raising: "the search narrows later",
                lowering: "it narrows sooner", range: 0...1_000_000),
        ] + EvolutionOption.shared

    public func validate() throws {
        try EvolutionOption.check(network, hiddenSizes: hiddenSizes)
        guard Int(eliteFraction * Double(population)) >= 1 else {
            throw ConfigurationError(
                option: "eliteFraction",
                "\(eliteFraction) of a population of \(population) is nobody; write at least \(1 / Double(population))")
        }
    }

    var settings: EvolutionSettings {
        EvolutionSettings(
            episodes: episodes, episodeLimit: episodeLimit, normalizeObservations: normalizeObservations,
            rescalesActions: rescaleActions,
            network: .evolved(network, hiddenSizes: hiddenSizes, activation: activation, policyGain: 1))
    }
}

/// Candidates from independent normals; the next normals are those of the best candidates.
struct CrossEntropySearch: SearchStrategy {
    private(set) var center: [Float]
    private(set) var deviations: [Float]
    private var iteration = 0
    private var tried: [[Float]] = []
    private let population: Int
    private let elites: Int
    private let extraDeviation: Double
    private let extraIterations: Int

    init(_ options: CrossEntropyConfiguration, center: [Float]) {
        self.center = center
        deviations = center.map { _ in Float(options.initialDeviation) }
        population = options.population
        elites = max(1, Int(options.eliteFraction * Double(options.population)))
        extraDeviation = options.extraDeviation
        extraIterations = options.extraIterations
    }

    mutating func candidates(using random: inout RandomStream) -> [[Float]] {
        tried = (0..<population).map { _ in
            zip(center, deviations).map { $0 + $1 * Float(random.normal()) }
        }
        return tried
    }

    /// mu = mean of the elites, s^2 = their variance + the extra variance, which falls to zero.
    mutating func learn(from returns: [Double]) -> [Metric] {
        let order = returns.indices.sorted { (returns[$0], $1) > (returns[$1], $0) }
        let best = order.prefix(elites).map { tried[$0] }
        let remaining = max(0, 1 - Double(iteration) / Double(max(1, extraIterations)))
        let extra = extraDeviation * extraDeviation * remaining
        for index in center.indices {
            let values = best.map { Double($0[index]) }
            let (mean, deviation) = meanAndDeviation(values)
            center[index] = Float(mean)
            deviations[index] = Float((deviation * deviation + extra).squareRoot())
        }
        iteration += 1
        tried = []
        let spread = deviations.reduce(0.0) { $0 + Double($1) } / Double(max(1, deviations.count))
        let eliteReturn = order.prefix(elites).reduce(0.0) { $0 + returns[$1] } / Double(elites)
        return [Metric("eliteReturn", eliteReturn), Metric("deviation", spread)]
    }
}
