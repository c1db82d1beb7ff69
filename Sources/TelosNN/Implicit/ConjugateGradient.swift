import TelosTensor

/// Conjugate gradients on A x = b for a symmetric positive definite A known only by its products with vectors
/// (Hestenes and Stiefel, *Methods of conjugate gradients for solving linear systems*, 1952), as a graph.
///
/// The iterations are unrolled into the graph, so the result can be part of one compiled program with what uses it (the
/// natural gradient of a trust region, say) and be differentiated. Where the direction has no curvature left, because
/// the solution is reached or A is not positive definite, further steps are zero.
/// - Parameters:
///   - product: A times a vector, in the shapes of `rightHandSide`.
///   - rightHandSide: b.
///   - iterations: products made; as many as there are unknowns solve exactly, 10 are usual for a policy.
///   - damping: solves (A + damping I) x = b. Raising it shortens the solution and steadies an ill-conditioned A.
/// - Returns: x, in the shapes of `rightHandSide`.
public func conjugateGradient(
    product: ([Tensor]) -> [Tensor], rightHandSide: [Tensor], iterations: Int, damping: Float = 0
) -> [Tensor] {
    var state = ConjugateGradientState(rightHandSide: rightHandSide)
    for _ in 0..<iterations { state = state.advanced(by: product, damping: damping) }
    return state.solution
}

/// What conjugate gradients carry from one iteration to the next.
struct ConjugateGradientState {
    var solution: [Tensor]
    var residual: [Tensor]
    var direction: [Tensor]
    /// The residual's squared norm.
    var energy: Tensor

    init(solution: [Tensor], residual: [Tensor], direction: [Tensor], energy: Tensor) {
        self.solution = solution
        self.residual = residual
        self.direction = direction
        self.energy = energy
    }

    /// Begins at the solution 0.
    init(rightHandSide: [Tensor]) {
        self.init(
            solution: rightHandSide.map { .zeros(like: $0) }, residual: rightHandSide, direction: rightHandSide,
            energy: dot(rightHandSide, rightHandSide))
    }

    func advanced(by product: ([Tensor]) -> [Tensor], damping: Float) -> ConjugateGradientState {
        let image = zip(direction, product(direction)).map { damping * $0 + $1 }
        let curvature = dot(direction, image)
        let alpha = select(Tensor(1e-20) .< curvature, energy / maximum(curvature, Tensor(1e-20)), Tensor(0))
        let nextResidual = zip(residual, image).map { $0 - alpha * $1 }
        let nextEnergy = dot(nextResidual, nextResidual)
        let beta = nextEnergy / maximum(energy, Tensor(1e-30))
        return ConjugateGradientState(
            solution: zip(solution, direction).map { $0 + alpha * $1 }, residual: nextResidual,
            direction: zip(nextResidual, direction).map { $0 + beta * $1 }, energy: nextEnergy)
    }
}
