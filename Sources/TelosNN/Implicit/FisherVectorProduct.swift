import TelosTensor

/// F v for the Fisher information F of a batch of distributions: the Hessian of the mean divergence from the
/// distributions as they are, which is what a trust region on that divergence needs (Kakade, *A natural policy
/// gradient*, 2001; Schulman, Levine, Moritz, Jordan and Abbeel, *Trust region policy optimization*, 2015).
///
/// For distributions whose `divergence` is only a bound (`GaussianMixture`) it is that bound's Hessian.
/// - Parameters:
///   - distribution: a graph over `parameters`.
///   - vector: v, in the shapes of `parameters`.
public func fisherVectorProduct<Distribution: ActionDistribution>(
    of distribution: Distribution, withRespectTo parameters: [Tensor], vector: [Tensor]
) -> [Tensor] {
    let fixed = distribution.mapTensors { $0.stoppingGradient }
    return hessianVectorProduct(
        of: fixed.divergence(from: distribution).mean(), withRespectTo: parameters, vector: vector)
}
