/// How a distribution of returns is written down with a bounded number of values.
///
/// (Bellemare, Dabney and Rowland, *Distributional reinforcement learning*, 2023, chapter 5.)
public enum ReturnProjection: Sendable, Hashable {
    /// As it is: for few steps, or returns that meet on few values.
    case exact
    /// On given values, ascending: mass between two of them is shared so that its mean stays, mass beyond goes to the
    /// ends. The nearest distribution in Cramér's distance.
    case categorical([Double])
    /// n equally likely values, the quantiles at (i + 1/2) / n. The nearest such distribution in Wasserstein's
    /// distance.
    case quantiles(Int)

    public func callAsFunction(_ distribution: FiniteDistribution) -> FiniteDistribution {
        switch self {
        case .exact: return distribution
        case .categorical(let support):
            guard let first = support.first, let last = support.last else { return distribution }
            var masses = [Double](repeating: 0, count: support.count)
            var upper = 0
            for (value, probability) in zip(distribution.values, distribution.probabilities) {
                while upper < support.count - 1, support[upper] < value { upper += 1 }
                if value <= first {
                    masses[0] += probability
                } else if value >= last {
                    masses[support.count - 1] += probability
                } else {
                    let share = (value - support[upper - 1]) / (support[upper] - support[upper - 1])
                    masses[upper] += share * probability
                    masses[upper - 1] += (1 - share) * probability
                }
            }
            return FiniteDistribution(unchecked: zip(support, masses).map { ($0, $1) })
        case .quantiles(let count):
            guard count > 0 else { return distribution }
            return FiniteDistribution(
                unchecked: (0..<count).map {
                    (distribution.quantile((Double($0) + 0.5) / Double(count)), 1 / Double(count))
                })
        }
    }
}
