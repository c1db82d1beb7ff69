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
