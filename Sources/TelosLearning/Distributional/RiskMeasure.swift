import CTelosKernels

/// What a distribution of returns is worth to someone with an attitude to risk.
///
/// - `mean`: E[X].
/// - `conditionalValueAtRisk(share)`: the mean of the worst share (Rockafellar and Uryasev, 2000).
/// - `entropic(aversion)`: -log E[exp(-b X)] / b, averse for b > 0, seeking for b < 0 (Howard and Matheson,
///   *Risk-sensitive Markov decision processes*, 1972).
/// - `meanVariance(weight)`: E[X] - w Var[X] (Markowitz, 1952).
/// - `distorted(by, parameter)`: the mean of the quantiles at distorted levels, as Wang's (see `RiskDistortion`).
public enum RiskMeasure: Sendable, Hashable {
    case mean
    case conditionalValueAtRisk(Double)
    case entropic(Double)
    case meanVariance(Double)
    case distorted(RiskDistortion, parameter: Double)

    public func callAsFunction(_ distribution: FiniteDistribution) -> Double {
        switch self {
        case .mean: return distribution.mean
        case .conditionalValueAtRisk(let share): return distribution.conditionalValueAtRisk(share)
        case .entropic(let aversion):
            guard aversion != 0 else { return distribution.mean }
            // Relative to the outcome with the largest exponent, so that nothing overflows.
            let pivot = (aversion > 0 ? distribution.values.first : distribution.values.last) ?? .nan
            return pivot - telos_log64(distribution.expectation { telos_exp64(-aversion * ($0 - pivot)) }) / aversion
        case .meanVariance(let weight): return distribution.mean - weight * distribution.variance
        case .distorted(let distortion, let parameter):
            var (mass, weight, sum) = (0.0, 0.0, 0.0)
            for (value, probability) in zip(distribution.values, distribution.probabilities) {
                mass += probability
                let next = distortion.inverse(mass, parameter: parameter)
                sum += value * (next - weight)
                weight = next
            }
            // What rounding leaves of the mass belongs to the largest value.
            return sum + (distribution.values.last ?? .nan) * (1 - weight)
        }
    }
}

extension RiskDistortion {
    /// The share of levels t with b(t) <= probability: 1 from b(1) on, else by bisection, b being increasing.
    public func inverse(_ probability: Double, parameter: Double) -> Double {
        guard probability > 0 else { return 0 }
        guard probability < 1 - 1e-12 else { return 1 }
        var (low, high) = (0.0, 1.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if self(middle, parameter: parameter) <= probability { low = middle } else { high = middle }
        }
        return high
    }
}
