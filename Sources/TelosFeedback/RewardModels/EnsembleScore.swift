/// How the scores of several reward models become one.
///
/// (Coste, Anwar, Kirk and Krueger, *Reward model ensembles help mitigate overoptimization*, 2024.)
public enum EnsembleScore: Sendable, Hashable {
    /// The score of one member.
    case member(Int)
    /// (1 / k) sum of R_i.
    case mean
    /// The least R_i: worst-case optimisation. Members must be on one scale.
    case minimum
    /// Mean minus `weight` times the variance of the R_i (divisor k): uncertainty-weighted optimisation. Raising the weight
    /// avoids more of what members disagree on; 0 is the mean.
    case uncertaintyWeighted(Double)

    /// The combined score of each option.
    /// - Parameter scores: [member][option].
    public func callAsFunction(_ scores: [[Double]]) -> [Double] {
        if case .member(let index) = self { return scores[index] }
        let share = 1 / Double(scores.count)
        return scores[0].indices.map { option in
            var (sum, least) = (0.0, Double.infinity)
            for member in scores {
                sum += member[option]
                least = min(least, member[option])
            }
            let mean = sum * share
            switch self {
            case .member, .mean: return mean
            case .minimum: return least
            case .uncertaintyWeighted(let weight):
                var variance = 0.0
                for member in scores { variance += (member[option] - mean) * (member[option] - mean) * share }
                return mean - weight * variance
            }
        }
    }
}
