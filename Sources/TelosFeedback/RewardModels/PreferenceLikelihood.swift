import CTelosKernels
import TelosTensor

/// -(y log sigmoid(d) + (1 - y) log sigmoid(-d)) = softplus(d) - y d, element by element: the loss of a model in which the
/// first option is better with probability sigmoid(d), d the difference of two scores and y the target of the answer
/// (`Choice.target`). (Bradley and Terry, *Rank analysis of incomplete block designs*, 1952.)
public func preferenceLoss(difference: Tensor, target: Tensor) -> Tensor { softplus(difference) - target * difference }

/// The same on plain numbers.
public func preferenceLoss(difference: Double, target: Double) -> Double {
    max(difference, 0) + telos_log1p64(telos_exp64(-abs(difference))) - target * difference
}

/// 1 / (1 + exp(-x)), without overflow.
public func logistic(_ x: Double) -> Double {
    let small = telos_exp64(-abs(x))
    return (x >= 0 ? 1 : small) / (1 + small)
}

/// The contrastive preference loss, element by element: y softplus(bias S_2 - S_1) + (1 - y) softplus(bias S_1 - S_2).
///
/// S is a policy's score of a segment, the sum over its steps of discount^t temperature log pi(a|s). With bias 1 this is
/// `preferenceLoss` of S_1 - S_2; below 1 the worse segment's score is shrunk towards 0, which makes policies lose that
/// give both segments a low likelihood. (Hejna, Rafailov, Sikchi, Finn, Niekum, Knox and Sadigh, *Contrastive preference
/// learning: learning from human feedback without RL*, 2024.)
/// - Parameters:
///   - first, second: S of either option, any one shape.
///   - target: y, 1 where the first is better.
///   - bias: above 0, at most 1. Lowering it keeps the policy nearer to what the data do; 1 has no such pull.
public func contrastivePreferenceLoss(first: Tensor, second: Tensor, target: Tensor, bias: Float = 1) -> Tensor {
    target * softplus(bias * second - first) + (1 - target) * softplus(bias * first - second)
}
