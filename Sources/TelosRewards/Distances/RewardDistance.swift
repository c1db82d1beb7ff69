import TelosEnvironments

/// A norm of arrays.
public enum ArrayNorm: String, Sendable, Codable, CaseIterable {
    /// Sum of absolute values.
    case l1
    /// Square root of the sum of squares.
    case l2
    /// Largest absolute value.
    case maximum

    public func callAsFunction(_ values: [Double]) -> Double {
        let largest = values.reduce(0) { max($0, abs($1)) }
        switch self {
        case .l1: return values.reduce(0) { $0 + abs($1) }
        case .l2:
            guard largest > 0, largest.isFinite else { return largest }
            return largest * values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
        case .maximum: return largest
        }
    }
}

/// Distances between rewards of one MDP.
///
/// (Skalse, Farnik, Motwani, Jenner, Gleave and Abate, *STARC: a general framework for quantifying differences between
/// reward functions*, 2024.)
extension TabularMDP {
    /// s(R) = c(R) / n(c(R)), or zeros where c(R) is zero to rounding (a reward under which all policies are alike).
    public func standardizedReward(
        _ reward: [Double], by canonicalization: RewardCanonicalization = .valueAdjustedLevelling,
        norm: ArrayNorm = .l2, discount: Double
    ) throws -> [Double] {
        let canonical = try canonicalReward(reward, by: canonicalization, discount: discount)
        let size = norm(canonical)
        guard size > 1e-12 * norm(reward) else { return canonical.map { _ in 0 } }
        return canonical.map { $0 / size }
    }

    /// d(R1,R2) = m(s(R1) - s(R2)), from 0 (the same order of policies) to 2 (the opposite order, where both norms are
    /// the same).
    ///
    /// With `.valueAdjustedLevelling` or `.minimalL2` it bounds, from both sides and up to constants, the worst regret
    /// of a policy that is better by one reward when judged by the other. With `.epic`, `.dard` or `.none` the same
    /// formula gives what those canonical forms see, without such bounds.
    /// - Parameters:
    ///   - first, second: R(s,a,s') at the index of `transitions`; r(s,a) also suits the first two.
    ///   - norm: n, by which canonical rewards are scaled.
    ///   - metric: m, by which they are compared.
    /// - Throws: `TabularError` for a reward of the wrong size or a discount outside 0 ..< 1.
    public func starcDistance(
        _ first: [Double], _ second: [Double], by canonicalization: RewardCanonicalization = .valueAdjustedLevelling,
        norm: ArrayNorm = .l2, metric: ArrayNorm = .l2, discount: Double
    ) throws -> Double {
        let x = try standardizedReward(first, by: canonicalization, norm: norm, discount: discount)
        let y = try standardizedReward(second, by: canonicalization, norm: norm, discount: discount)
        guard x.count == y.count else {
            throw TabularError("a reward of \(x.count) values cannot be compared with one of \(y.count)")
        }
        return metric(zip(x, y).map { $0 - $1 })
    }

    /// EPIC: sqrt((1 - rho) / 2) with rho the Pearson correlation of EPIC's canonical rewards over all (s,a,s')
    /// equally, from 0 to 1. Two constant canonical rewards are at distance 0, one at sqrt(1/2) from any other.
    ///
    /// (Gleave, Dennis, Legg, Russell and Leike, *Quantifying differences in reward functions*, 2021.)
    public func epicDistance(_ first: [Double], _ second: [Double], discount: Double) throws -> Double {
        try pearsonDistance(first, second, .epic, discount)
    }

    /// DARD: as EPIC's distance, with DARD's canonical rewards.
    ///
    /// (Wulfe, Ellis, Mercat, McAllister and Gaidon, *Dynamics-aware comparison of learned reward functions*, 2022.)
    public func dardDistance(_ first: [Double], _ second: [Double], discount: Double) throws -> Double {
        try pearsonDistance(first, second, .dard, discount)
    }

    private func pearsonDistance(
        _ first: [Double], _ second: [Double], _ canonicalization: RewardCanonicalization, _ discount: Double
    ) throws -> Double {
        func unit(_ reward: [Double]) throws -> [Double] {
            let canonical = try canonicalReward(reward, by: canonicalization, discount: discount)
            let mean = canonical.reduce(0, +) / Double(canonical.count)
            let centred = canonical.map { $0 - mean }
            let size = ArrayNorm.l2(centred)
            return centred.map { size > 1e-12 * ArrayNorm.l2(reward) ? $0 / size : 0 }
        }
        let (x, y) = (try unit(first), try unit(second))
        // |x - y|^2 = 2 - 2 rho, without the cancellation of 1 - rho.
        return ArrayNorm.l2(zip(x, y).map { $0 - $1 }) / 2
    }
}
