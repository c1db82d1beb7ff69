import TelosRewards

/// Measures of how good a set of trade-offs is, each a list of values with more of each objective being better. They
/// are NaN for an empty set.
public enum FrontQuality {
    /// The mean, over users, of what the best of `points` is worth to each: the expected utility metric.
    ///
    /// (Zintgraf, Kanters, Roijers, Oliehoek and Beau, *Quality assessment of MORL algorithms: a utility-based
    /// approach*, 2015.)
    public static func expectedUtility(_ points: [[Double]], utilities: [Scalarization]) -> Double {
        guard !points.isEmpty else { return .nan }
        return mean(of: utilities.map { utility in points.map { utility($0) }.max()! })
    }

    /// The most that any user loses by having to choose among `points` instead of `best`.
    public static func maximumUtilityLoss(
        _ points: [[Double]], comparedWith best: [[Double]], utilities: [Scalarization]
    ) -> Double {
        guard !points.isEmpty, !best.isEmpty else { return .nan }
        return utilities.map { utility in
            best.map { utility($0) }.max()! - points.map { utility($0) }.max()!
        }.max() ?? .nan
    }

    /// The mean over neighbours of squared gaps, summed over objectives: (1 / (n - 1)) sum_j sum_k (v_(k+1),j -
    /// v_(k),j)^2, values of objective j in ascending order. Lower is denser; 0 for a single point, and near 0 for many
    /// near-duplicates, so that it says little without the hypervolume.
    ///
    /// (Xu, Tian, Ma, Rus, Sueda and Matusik, *Prediction-guided multi-objective reinforcement learning for continuous
    /// robot control*, 2020.)
    public static func sparsity(_ points: [[Double]]) -> Double {
        guard let first = points.first else { return .nan }
        guard points.count > 1 else { return 0 }
        var sum = 0.0
        for objective in first.indices {
            let values = points.map { $0[objective] }.sorted()
            for (low, high) in zip(values, values.dropFirst()) { sum += (high - low) * (high - low) }
        }
        return sum / Double(points.count - 1)
    }

    /// How far the points of a true front are from `points` on average: the mean over z in `front` of the least
    /// distance to a point. With `plus` only what a point falls short of z counts, so that dominating z is at distance
    /// 0.
    ///
    /// (Coello Coello and Reyes Sierra, 2004; plus: Ishibuchi, Masuda, Tanigaki and Nojima, *Modified distance
    /// calculation in generational distance and inverted generational distance*, 2015.)
    public static func invertedGenerationalDistance(
        _ points: [[Double]], front: [[Double]], plus: Bool = false
    ) -> Double {
        guard !points.isEmpty, !front.isEmpty else { return .nan }
        return mean(
            of: front.map { target in
                points.map { point in
                    zip(target, point).reduce(0) { sum, pair in
                        let gap = plus ? max(0, pair.0 - pair.1) : pair.0 - pair.1
                        return sum + gap * gap
                    }
                }.min()!.squareRoot()
            })
    }

    /// The least e such that every point of `front`, lowered by e in all objectives, is weakly dominated by some point:
    /// the additive epsilon indicator. (Zitzler, Thiele, Laumanns, Fonseca and Grunert da Fonseca, 2003.)
    public static func additiveEpsilon(_ points: [[Double]], front: [[Double]]) -> Double {
        guard !points.isEmpty, !front.isEmpty else { return .nan }
        return front.map { target in
            points.map { point in zip(target, point).map { $0 - $1 }.max() ?? 0 }.min()!
        }.max()!
    }
}
