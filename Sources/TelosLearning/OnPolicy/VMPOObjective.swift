import TelosNN
import TelosTensor

/// The losses of V-MPO on a batch, each a number to minimise.
///
/// On the better half of the samples, D, with weights psi = softmax of A / eta over D:
///
///     policy       -sum over D of psi log pi(a|s)
///     temperature  eta bound + eta log(mean over D of exp(A / eta))
///     multiplier k alpha_k (bound_k - KL_k) + stopped alpha_k KL_k
///
/// where KL_k is the mean over all samples of KL(old || new), for a normal split into the part of its mean and the part
/// of its deviation. Psi and advantages are constants, and the multiplier's first term moves alpha alone.
///
/// Song and others, *V-MPO: on-policy maximum a posteriori policy optimization for discrete and continuous control*,
/// 2020.
struct VMPOObjective {
    var policy: Tensor
    var temperature: Tensor
    var multipliers: Tensor
    /// KL_k.
    var divergences: [Tensor]
    /// psi, [batch], 0 outside D.
    var weights: Tensor

    /// - Parameters:
    ///   - isSelected: [batch], 1 for samples of D.
    ///   - eta, alphas: what is learned beside the policy, all positive.
    ///   - bounds: of each KL_k.
    init(
        distribution: any ActionDistribution, old: any ActionDistribution, actions: Tensor, advantages: Tensor,
        isSelected: Tensor, eta: Tensor, temperatureBound: Float, alphas: [Tensor], bounds: [Float]
    ) throws {
        let tempered = select(isSelected, advantages / eta, Tensor(-1e9))
        let count = isSelected.sum()
        weights = tempered.stoppingGradient.softmax() * isSelected
        policy = -(weights * distribution.logProbability(actions)).sum()
        // A minibatch may by chance hold no sample of D.
        let excess = tempered.logSumExp() - log(maximum(count, Tensor(1)))
        temperature = eta * temperatureBound + eta * select(Tensor(0) .< count, excess, Tensor(0))
        divergences = try Self.divergences(from: old, to: distribution).map { $0.mean() }
        multipliers = zip(alphas, zip(bounds, divergences)).reduce(Tensor(0)) { sum, term in
            let (alpha, (bound, divergence)) = term
            return sum + alpha * (bound - divergence.stoppingGradient) + alpha.stoppingGradient * divergence
        }
    }

    /// KL(old || new), [batch]; for normals that due to the mean and that due to the deviation.
    static func divergences(from old: any ActionDistribution, to new: any ActionDistribution) throws -> [Tensor] {
        guard let old = old as? DiagonalGaussian, let new = new as? DiagonalGaussian else {
            return [try TelosNN.divergence(of: old, from: new)]
        }
        return [
            old.divergence(from: DiagonalGaussian(mean: new.mean, logDeviation: old.logDeviation)),
            old.divergence(from: DiagonalGaussian(mean: old.mean, logDeviation: new.logDeviation)),
        ]
    }
}
