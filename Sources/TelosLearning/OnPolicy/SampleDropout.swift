import TelosTensor

/// Which samples of a batch to leave out so that a surrogate built from X_i = r_i A_i varies less.
///
/// Var[X] = (n - 1) / n^2 sum X_i^2 - 1 / n^2 sum phi_i with phi_i = X_i sum over j != i of X_j: where sum X > 0 the
/// samples of small phi are the smallest positive X and the most negative ones. Of those with phi >= 0 and of those with
/// phi < 0 the same share is kept, the largest phi first.
///
/// Xie, Yu and Qiao, *Dropout strategy in reinforcement learning: limiting the surrogate objective variance in policy
/// optimization methods*, 2023.
public enum SampleDropout {
    /// [n], 1 for a sample that is kept, else 0; a constant to differentiation.
    /// - surrogates: X, [n], ratios not clipped.
    /// - share: of each group, in 0 ... 1; round(share * size) samples are kept.
    public static func kept(_ surrogates: Tensor, share: Float) -> Tensor {
        let count = Float(surrogates.count)
        let phi = (surrogates * (surrogates.sum() - surrogates)).stoppingGradient
        let isPositive = phi .>= Tensor(0)
        let positives = isPositive.sum()
        // In descending order the group of phi >= 0 comes first.
        let rank = phi.argsort(descending: true).argsort()
        let keptPositives = (share * positives + 0.5).floor
        let keptNegatives = (share * (count - positives) + 0.5).floor
        return select(isPositive, rank .< keptPositives, (rank - positives) .< keptNegatives)
    }
}
