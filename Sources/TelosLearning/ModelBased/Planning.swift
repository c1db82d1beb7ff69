import CTelosKernels
import TelosTensor

/// Optimises a sequence of actions by trying random ones: for planning with a model, a few steps ahead and anew at each.
public protocol PlanOptimizer {
    /// Numbers of an action.
    var actionCount: Int { get }
    /// The actions that are thought best, one step after another.
    var plan: [Double] { get }
    /// Improves the plan.
    /// - Parameter returns: of plans, each within the bounds.
    mutating func improve(
        using random: inout RandomStream,
        returns: (_ plans: [[Double]], _ random: inout RandomStream) throws -> [Double]) rethrows
    /// Drops the first action, which was taken; the middle of the bounds becomes the last.
    mutating func advance()
}

extension PlanOptimizer {
    /// Plans from `state` in imagination, and takes the first action: model predictive control.
    public mutating func act(
        in state: [Double], of model: some DynamicsModel, discount: Double = 1, using random: inout RandomStream,
        reward: (_ states: [Double], _ actions: [Double], _ next: [Double]) throws -> [Double]
    ) throws -> [Double] {
        try improve(using: &random) {
            try model.returns(of: $0, from: state, discount: discount, using: &$1, reward: reward)
        }
        let action = Array(plan.prefix(actionCount))
        advance()
        return action
    }
}

/// What the elements of an action may be.
public struct PlanBounds: Sendable, Hashable {
    public let low, high: [Double]

    /// - Parameter low, high: of each element.
    public init(low: [Double], high: [Double]) {
        precondition(
            low.count == high.count && !low.isEmpty && zip(low, high).allSatisfy { $0 < $1 },
            "a lower and a higher bound for each element of an action")
        self.low = low
        self.high = high
    }

    /// A plan in units in which the bounds are -1 and 1, in those of the actions.
    func scaled(_ units: some Collection<Double>) -> [Double] {
        units.enumerated().map { index, unit in
            let (low, high) = (low[index % low.count], high[index % high.count])
            return low + (high - low) * 0.5 * (min(max(unit, -1), 1) + 1)
        }
    }
}

/// Plans by the cross-entropy method: candidates from independent normals, which are fitted to the best of them, several
/// times over.
///
/// Deviations begin at `deviation` for every step of the environment; the mean is kept from one to the next. (Rubinstein,
/// *The cross-entropy method for combinatorial and continuous optimization*, 1999; for planning with models Chua, Calandra,
/// McAllister and Levine, *Deep reinforcement learning in a handful of trials using probabilistic dynamics models*, 2018.)
public struct CrossEntropyPlanner: PlanOptimizer, Sendable {
    public let bounds: PlanBounds
    private let settings: CrossEntropyConfiguration
    private let iterations: Int
    private var center: [Float]

    /// - Parameters:
    ///   - horizon: steps that are planned. Higher: foresees more, harder to optimise.
    ///   - population, eliteFraction: plans of an iteration, and the share that the next is fitted to.
    ///   - deviation: of the first candidates, in halves of the bounds' widths.
    public init(
        bounds: PlanBounds, horizon: Int, population: Int = 200, eliteFraction: Double = 0.1, iterations: Int = 5,
        deviation: Double = 0.5
    ) {
        precondition(horizon > 0 && population > 1 && iterations > 0, "a plan needs steps, candidates and iterations")
        self.bounds = bounds
        self.iterations = iterations
        var settings = CrossEntropyConfiguration()
        settings.population = population
        settings.eliteFraction = eliteFraction
        settings.initialDeviation = deviation
        settings.extraDeviation = 0
        self.settings = settings
        center = Array(repeating: 0, count: horizon * bounds.low.count)
    }

    public var actionCount: Int { bounds.low.count }
    public var plan: [Double] { bounds.scaled(center.map(Double.init)) }

    public mutating func improve(
        using random: inout RandomStream,
        returns: (_ plans: [[Double]], _ random: inout RandomStream) throws -> [Double]
    ) rethrows {
        var search = CrossEntropySearch(settings, center: center)
        for _ in 0..<iterations {
            let candidates = search.candidates(using: &random)
            _ = search.learn(from: try returns(candidates.map { bounds.scaled($0.map(Double.init)) }, &random))
        }
        center = search.center.map { min(max($0, -1), 1) }
    }

    public mutating func advance() {
        center.removeFirst(actionCount)
        center += Array(repeating: 0, count: actionCount)
    }
}

/// Plans by path integrals (MPPI): the mean of random plans about the last one, weighted by the exponential of their
/// returns.
///
///     U <- sum_k w_k V_k,  V_k = clip(U + e_k),  w_k ~ exp((R_k - max R) / temperature),  e normal
///
/// (Williams, Wagener, Goldfain, Drews, Rehg, Boots and Theodorou, *Information theoretic MPC for model-based reinforcement
/// learning*, 2017; their cost of controls that differ from the last plan is left to the reward.)
public struct PathIntegralPlanner: PlanOptimizer, Sendable {
    public let bounds: PlanBounds
    public let temperature: Double
    private let population: Int
    private let iterations: Int
    private let deviation: Double
    private var center: [Double]

    /// - Parameters:
    ///   - horizon: steps that are planned.
    ///   - population: plans of an iteration.
    ///   - deviation: of candidates from the plan, in halves of the bounds' widths.
    ///   - temperature: in units of the return. Lower: nearer to the best plan alone, noisier.
    public init(
        bounds: PlanBounds, horizon: Int, population: Int = 200, iterations: Int = 1, deviation: Double = 0.5,
        temperature: Double = 1
    ) {
        precondition(
            horizon > 0 && population > 0 && iterations > 0 && temperature > 0,
            "a plan needs steps, candidates, iterations and a positive temperature")
        self.bounds = bounds
        self.temperature = temperature
        self.population = population
        self.iterations = iterations
        self.deviation = deviation
        center = Array(repeating: 0, count: horizon * bounds.low.count)
    }

    public var actionCount: Int { bounds.low.count }
    public var plan: [Double] { bounds.scaled(center) }

    public mutating func improve(
        using random: inout RandomStream,
        returns: (_ plans: [[Double]], _ random: inout RandomStream) throws -> [Double]
    ) rethrows {
        for _ in 0..<iterations {
            let candidates = (0..<population).map { _ in
                center.map { min(max($0 + deviation * random.normal(), -1), 1) }
            }
            let returns = try returns(candidates.map { bounds.scaled($0) }, &random)
            let best = returns.max() ?? 0
            let weights = returns.map { telos_exp64(($0 - best) / temperature) }
            let sum = weights.reduce(0, +)
            center = center.indices.map { index in
                zip(candidates, weights).reduce(0) { $0 + $1.1 * $1.0[index] } / sum
            }
        }
    }

    public mutating func advance() {
        center.removeFirst(actionCount)
        center += Array(repeating: 0, count: actionCount)
    }
}
