import TelosTensor

/// Gradient descent with momentum (Polyak, 1964): v <- momentum v + g, p <- p - a v; plain where momentum is 0.
///
/// With `nesterov`, p <- p - a (g + momentum v): the gradient as if already moved (Nesterov, 1983, in the form of
/// Sutskever, Martens, Dahl and Hinton, *On the importance of initialization and momentum in deep learning*, 2013).
public struct SGD: Optimizer {
    public var momentum: Float
    public var nesterov: Bool

    public init(momentum: Float = 0, nesterov: Bool = false) {
        self.momentum = momentum
        self.nesterov = nesterov
    }

    public func initialState(for parameters: [Tensor]) -> [Tensor] {
        momentum == 0 ? [] : parameters.map { .zeros(like: $0) }
    }

    public func step(
        _ parameters: [Tensor], gradients: [Tensor], state: [Tensor], learningRate: Tensor
    ) -> (parameters: [Tensor], state: [Tensor]) {
        guard momentum != 0 else {
            return (zip(parameters, gradients).map { $0 - learningRate * $1 }, [])
        }
        let velocity = zip(state, gradients).map { momentum * $0 + $1 }
        let direction = nesterov ? zip(gradients, velocity).map { $0 + momentum * $1 } : velocity
        return (zip(parameters, direction).map { $0 - learningRate * $1 }, velocity)
    }
}
