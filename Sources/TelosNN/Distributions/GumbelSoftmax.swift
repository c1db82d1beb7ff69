import TelosTensor

/// Differentiable stand-ins for a categorical draw (Jang, Gu and Poole, *Categorical reparameterization with
/// Gumbel-softmax*, 2017; Maddison, Mnih and Teh, *The Concrete distribution*, 2017).
extension Categorical {
    /// softmax((log p + Gumbel noise) / temperature): a point of the simplex, [batch, k].
    ///
    /// - noise: uniform in (0, 1), [batch, k].
    /// - temperature: towards 0 the result nears a one-hot draw and its gradient grows noisier.
    public func relaxedSample(noise: Tensor, temperature: Tensor) -> Tensor {
        ((logProbabilities + gumbel(noise)) / temperature).softmax()
    }

    /// The one-hot of `sample(noise:)`, with the gradient of `relaxedSample`; [batch, k].
    public func straightThroughSample(noise: Tensor, temperature: Tensor) -> Tensor {
        let relaxed = relaxedSample(noise: noise, temperature: temperature)
        let chosen = (logProbabilities + gumbel(noise)).argmax().oneHot(logProbabilities.shape.last ?? 1)
        return chosen + (relaxed - relaxed.stoppingGradient)
    }
}
