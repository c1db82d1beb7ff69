import TelosTensor

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
        // Written so that each operation uses one before it: then all of them become one pass over the parameter.
        let mean = zip(state.mean, gradients).map { $0 + (1 - beta1) * ($1 - $0) }
        let square = zip(state.square, gradients).map { $0 + (1 - beta2) * ($1.squared - $0) }
        let updated = parameters.indices.map {
            parameters[$0] - rate * mean[$0] / (sqrt(square[$0] * correction) + epsilon)
        }
        return (updated, State(mean: mean, square: square, power1: power1, power2: power2))
    }
}

/// Adam with decoupled weight decay: p shrinks by a * weightDecay * p beside Adam's step, so that the decay is not
/// divided by the gradient's size (Loshchilov and Hutter, *Decoupled weight decay regularization*, 2019).
public struct AdamW: Optimizer {
    public var adam: Adam
    public var weightDecay: Float

    public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0.01) {
        adam = Adam(beta1: beta1, beta2: beta2, epsilon: epsilon)
        self.weightDecay = weightDecay
    }

    public func initialState(for parameters: [Tensor]) -> Adam.State { adam.initialState(for: parameters) }

    public func step(
        _ parameters: [Tensor], gradients: [Tensor], state: Adam.State, learningRate: Tensor
    ) -> (parameters: [Tensor], state: Adam.State) {
        let (moved, state) = adam.step(
            parameters, gradients: gradients, state: state, learningRate: learningRate)
        return (zip(moved, parameters).map { $0 - learningRate * weightDecay * $1 }, state)
    }
}
