import TelosTensor

/// One step of gradient descent as a pure function: parameters, gradients and state to new parameters and new state.
public protocol Optimizer {
    associatedtype State: TensorContainer
    func initialState(for parameters: [Tensor]) -> State
    /// - learningRate: a number; a tensor, so that a schedule can change it without compiling again.
    func step(
        _ parameters: [Tensor], gradients: [Tensor], state: State, learningRate: Tensor
    ) -> (parameters: [Tensor], state: State)
}

/// p <- p - a v, v <- momentum v + g (plain gradient descent where momentum is 0).
public struct SGD: Optimizer {
    public var momentum: Float
    public init(momentum: Float = 0) { self.momentum = momentum }

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
        return (zip(parameters, velocity).map { $0 - learningRate * $1 }, velocity)
    }
}

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
        let squares = zip(state, gradients).map { decay * $0 + (1 - decay) * $1.squared }
        let updated = zip(parameters, zip(gradients, squares)).map {
            $0 - learningRate * $1.0 / (sqrt($1.1) + epsilon)
        }
        return (updated, squares)
    }
}

/// Adam (Kingma and Ba, *Adam: a method for stochastic optimization*, 2015).
///
/// m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, p <- p - a (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + e).
public struct Adam: Optimizer {
    public var beta1: Float
    public var beta2: Float
    public var epsilon: Float

    public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }

    public struct State: TensorContainer {
        public var mean: [Tensor]
        public var square: [Tensor]
        /// b1^t and b2^t.
        public var power1: Tensor
        public var power2: Tensor

        public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            mean.visitTensors(path.appending(part: "mean"), visit)
            square.visitTensors(path.appending(part: "square"), visit)
            power1.visitTensors(path.appending(part: "power1"), visit)
            power2.visitTensors(path.appending(part: "power2"), visit)
        }
    }

    public func initialState(for parameters: [Tensor]) -> State {
        State(
            mean: parameters.map { .zeros(like: $0) }, square: parameters.map { .zeros(like: $0) }, power1: Tensor(1),
            power2: Tensor(1))
    }

    public func step(
        _ parameters: [Tensor], gradients: [Tensor], state: State, learningRate: Tensor
    ) -> (parameters: [Tensor], state: State) {
        let power1 = state.power1 * beta1
        let power2 = state.power2 * beta2
        let rate = learningRate / (1 - power1)
        let correction = 1 / (1 - power2)
        let mean = zip(state.mean, gradients).map { beta1 * $0 + (1 - beta1) * $1 }
        let square = zip(state.square, gradients).map { beta2 * $0 + (1 - beta2) * $1.squared }
        let updated = parameters.indices.map {
            parameters[$0] - rate * mean[$0] / (sqrt(square[$0] * correction) + epsilon)
        }
        return (updated, State(mean: mean, square: square, power1: power1, power2: power2))
    }
}

/// Scales gradients so that their joint Euclidean norm is at most `limit`; also gives the norm before.
public func clippingGlobalNorm(_ gradients: [Tensor], to limit: Float) -> (gradients: [Tensor], norm: Tensor) {
    let norm = sqrt(gradients.reduce(Tensor(0)) { $0 + $1.squared.sum() })
    let scale = TelosTensor.minimum(Tensor(1), limit / (norm + 1e-6))
    return (gradients.map { $0 * scale }, norm)
}
