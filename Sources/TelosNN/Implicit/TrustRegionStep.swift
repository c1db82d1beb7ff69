import TelosTensor

/// The step of a trust region on the divergence of a policy, as a graph: x with (F + damping I) x = g by conjugate
/// gradients, and the factor sqrt(2 d / x'(F + damping I) x) that takes it to where the divergence is d in its
/// quadratic model x' F x / 2.
///
/// Schulman, Levine, Moritz, Jordan and Abbeel, *Trust region policy optimization*, 2015; x alone is the natural
/// gradient of Kakade, *A natural policy gradient*, 2001.
/// - Parameters:
///   - gradient: g, of what is to be maximised.
///   - product: F times a vector (`fisherVectorProduct`), in the shapes of `gradient`.
///   - divergence: d. Raising it lengthens the step.
///   - iterations: products made to find x.
///   - damping: raising it steadies x and takes away that it does not depend on how the policy is parameterised.
public func trustRegionStep(
    gradient: [Tensor], product: ([Tensor]) -> [Tensor], divergence: Float, iterations: Int, damping: Float = 0
) -> (direction: [Tensor], scale: Tensor) {
    let x = conjugateGradient(product: product, rightHandSide: gradient, iterations: iterations, damping: damping)
    let curvature = dot(x, zip(product(x), x).map { $0 + damping * $1 })
    return (x, sqrt(Tensor(2 * divergence) / maximum(curvature, Tensor(1e-12))))
}
