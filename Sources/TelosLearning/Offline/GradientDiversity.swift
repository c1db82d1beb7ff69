import TelosTensor

/// How alike the slopes of an ensemble's values by the action are, to be made small so that members disagree where data
/// leave them free:
///
///     mean over the batch of 1 / (n - 1) sum over i != j of g_i · g_j,    g_i = dQ_i/da / |dQ_i/da|
///
/// It is n where all slopes point one way, 0 where they are orthogonal on average; its gradient is of second order.
///
/// (An, Moon, Kim and Song, *Uncertainty-based offline reinforcement learning with diversified Q-ensemble*, 2021.)
/// - Parameters:
///   - values: Q_i(s,a) of n >= 2 members, [n, batch, 1].
///   - actions: what they were computed from, a copy for each member: [n, batch, width].
public func gradientDiversity(of values: Tensor, withRespectTo actions: Tensor) -> Tensor {
    let (members, batch) = (actions.shape[0], actions.shape[1])
    let slopes = gradient(of: values.sum(), withRespectTo: [actions])[0]
    let units = slopes / sqrt(slopes.squared.sum(axis: 2, keepingAxis: true) + 1e-12)
    // The square of the sum, less the squares.
    let alike = units.sum(axis: 0).squared.sum() - units.squared.sum()
    return alike / Float(batch * (members - 1))
}
