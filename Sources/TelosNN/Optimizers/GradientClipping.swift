import TelosTensor

/// Scales gradients so that their joint Euclidean norm is at most `limit`; also gives the norm before.
public func clippingGlobalNorm(_ gradients: [Tensor], to limit: Float) -> (gradients: [Tensor], norm: Tensor) {
    let norm = sqrt(gradients.reduce(Tensor(0)) { $0 + $1.squared.sum() })
    let scale = TelosTensor.minimum(Tensor(1), limit / (norm + 1e-6))
    return (gradients.map { $0 * scale }, norm)
}

/// Every element of every gradient between -limit and limit.
public func clippingValues(_ gradients: [Tensor], to limit: Float) -> [Tensor] {
    gradients.map { $0.clipped(-limit, limit) }
}
