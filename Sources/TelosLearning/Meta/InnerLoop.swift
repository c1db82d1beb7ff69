import TelosTensor

/// A few steps down a loss, written out in the graph: the adapted model is a function of where it began, and can be
/// differentiated through the steps, as often as one likes.
///
/// m_{k+1} = m_k - rate dL/dm (m_k). (Finn, Abbeel and Levine, *Model-agnostic meta-learning for fast adaptation of
/// deep networks*, 2017.)
/// - Parameters:
///   - rate: a number, which may itself be differentiated.
///   - isFirstOrder: whether the gradient counts as constant, so that second derivatives are left out.
///   - loss: at step k (from 0), a number. Where the model holds one network a task side by side (`repeated`), the sum
///     of the tasks' losses: each network then takes its own task's step.
public func unrolledDescent<Model: TensorContainer>(
    from model: Model, steps: Int, rate: Tensor, isFirstOrder: Bool = false, loss: (Model, _ step: Int) -> Tensor
) -> Model {
    var current = model
    for step in 0..<max(0, steps) {
        let tensors = current.tensors
        let slopes = gradient(of: loss(current, step), withRespectTo: tensors)
        current = current.replacingTensors(
            zip(tensors, slopes).map { $0 - rate * (isFirstOrder ? $1.stoppingGradient : $1) })
    }
    return current
}

extension TensorContainer {
    /// One network for each of `count` tasks, all alike: every tensor [m, n] as [count, m, n], every [n] as [count, 1,
    /// n], as in an `ensemble` of copies. The gradient of the one is the sum of the copies'.
    public func repeated(_ count: Int) -> Self {
        mapTensors { tensor in
            let padded = Array(repeating: 1, count: max(0, 2 - tensor.rank)) + tensor.shape
            return tensor.reshaped(to: [1] + padded).broadcast(to: [count] + padded)
        }
    }
}
