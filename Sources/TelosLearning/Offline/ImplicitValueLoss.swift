import CTelosKernels
import TelosTensor

/// How a state's value is fitted to the values of the actions that data took in it, so that it nears the best of them and
/// no other action is ever asked about.
///
/// Of d = Q(s,a) - V(s), Q fixed:
///
///     expectile t         |t - 1[d < 0]| d^2                                             implicit Q-learning
///     Gumbel b            exp(z) - z - 1, z = d / b, at most `clip` where there is one   extreme Q-learning
///     chi-square l        l h(d) - (1 - l) d, h = d + d^2 / 4 where d > 0, else 0        f-DVL
///     total variation l   l max(d, 0) - (1 - l) d                                        f-DVL
///
/// The last three are a dual-V objective max over d of E_d[r] - D_f(d || data): its Lagrangian's (1 - l) V + l f*(Q - V)
/// for f of the reverse KL, chi-square and total variation. Where Q is spread, the Gumbel's slope grows exponentially, the
/// others' linearly or not at all. Raising t or l, or lowering b, nears the maximum. l has to be above 1/2 for total
/// variation, whose minimum is then the quantile at 2 - 1 / l.
///
/// (Kostrikov, Nair and Levine, *Offline reinforcement learning with implicit Q-learning*, 2022; Garg, Hejna, Geist and
/// Ermon, *Extreme Q-learning: MaxEnt RL without entropy*, 2023; Sikchi, Zheng, Zhang and Niekum, *Dual RL: unification
/// and new methods for reinforcement and imitation learning*, 2024.)
public enum ImplicitValueLoss: Sendable, Hashable {
    case expectile(Double)
    case gumbel(temperature: Double, clip: Double? = nil)
    case chiSquare(Double)
    case totalVariation(Double)

    /// - Throws: `ConfigurationError` for a level or temperature with which there is no minimum.
    func validate() throws {
        let (level, range, isValid) =
            switch self {
            case .expectile(let level), .chiSquare(let level): (level, "between 0 and 1", level > 0 && level < 1)
            case .totalVariation(let level): (level, "above 1/2 and below 1", level > 0.5 && level < 1)
            case .gumbel(let temperature, _): (temperature, "above 0", temperature > 0 && temperature.isFinite)
            }
        guard isValid else { throw ConfigurationError(option: "loss", "\(level); write a number \(range)") }
    }

    /// The loss of each element of d.
    public func callAsFunction(_ d: Tensor) -> Tensor {
        switch self {
        case .expectile(let level):
            return select(d .< Tensor(0), Tensor(Float(1 - level)), Tensor(Float(level))) * d.squared
        case .gumbel(let temperature, let clip):
            let ratio = d / Float(temperature)
            let z = clip.map { minimum(ratio, Tensor(Float($0))) } ?? ratio
            return exp(z) - z - 1
        case .chiSquare(let level):
            let positive = relu(d)
            return Float(level) * (positive + 0.25 * positive.squared) - Float(1 - level) * d
        case .totalVariation(let level): return Float(level) * relu(d) - Float(1 - level) * d
        }
    }

    /// The slope of the loss by d.
    public func slope(_ d: Double) -> Double {
        switch self {
        case .expectile(let level): return 2 * (d < 0 ? 1 - level : level) * d
        case .gumbel(let temperature, let clip):
            let z = d / temperature
            return clip.map { z > $0 } ?? false ? 0 : (telos_exp64(z) - 1) / temperature
        case .chiSquare(let level): return (d > 0 ? level * (1 + d / 2) : 0) - (1 - level)
        case .totalVariation(let level): return (d > 0 ? level : 0) - (1 - level)
        }
    }

    /// The value that minimises the mean loss over `actionValues`, found by bisection: what V is in a table.
    /// - Parameter weights: how often each was seen; equally often where nil.
    /// - Precondition: there is a value. A Gumbel loss that is clipped may have several minima; one is found.
    public func minimizer(of actionValues: [Double], weights: [Double]? = nil) -> Double {
        // Above the largest and far below the least, every slope has one sign; a bounded dual may lie below the least.
        var (low, high) = (actionValues.min()!, actionValues.max()!)
        func slope(_ v: Double) -> Double {
            actionValues.indices.reduce(0) { $0 + (weights?[$1] ?? 1) * self.slope(actionValues[$1] - v) }
        }
        for step in 0..<60 where slope(low) < 0 { low -= Double(1 << min(step, 40)) * 1e-3 }
        for _ in 0..<100 {
            let middle = 0.5 * (low + high)
            if slope(middle) > 0 { low = middle } else { high = middle }
        }
        return 0.5 * (low + high)
    }
}
