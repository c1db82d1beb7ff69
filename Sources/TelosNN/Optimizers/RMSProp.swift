import TelosTensor

/// s <- d s + (1 - d) g^2, p <- p - a g / (sqrt(s) + e) (Tieleman and Hinton, lecture 6.5, 2012).
public struct RMSProp: Optimizer {
    public var decay: Float
    public var epsilon: Float

    public init(decay: Float = 0.99, epsilon: Float = 1e-5) {
        self.decay = decay
        self.epsilon = epsilon
    }

    public func initialState(for parameters: [Tensor]) -> [Tensor] { parameters.map { .zeros(like: $0) } }

    public func step(
        _ parameters: [Tensor], gradients: [Tensor], state: [Tensor], learningRate: Tensor
    ) -> (parameters: [Tensor], state: [Tensor]) {
        // Written so that each operation uses one before it: then all of them become one pass over the parameter.
        let squares = zip(state, gradients).map { $0 + (1 - decay) * ($1.squared - $0) }
        let updated = zip(parameters, zip(gradients, squares)).map {
            $0 - learningRate * $1.0 / (sqrt($1.1) + epsilon)
        }
        return (updated, squares)
    }
}
