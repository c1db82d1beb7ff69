import TelosNN
import TelosTensor

/// What a mirror-descent policy step maximises: J = mean(pi(a|s) / pi_old(a|s) A) - penalty mean KL(pi || pi_old), the
/// new policy first.
///
/// At pi_old the divergence has no gradient, so that a single step is the plain policy gradient; where all actions are
/// weighed exactly the maximum is pi proportional to pi_old exp(A / penalty). (Tomar, Shani, Efroni and Ghavamzadeh,
/// *Mirror descent policy optimization*, 2022.)
/// - Parameters:
///   - policy: what is to be improved, one row a sample.
///   - old: the policy that acted; no gradient reaches it.
///   - advantages: [batch], constants.
///   - penalty: 1 / t, t the step size of mirror descent. Raising it keeps the policy nearer to the old one; 0 is the
///     importance-weighted surrogate alone.
public func mirrorDescentObjective<Distribution: ActionDistribution>(
    of policy: Distribution, from old: Distribution, actions: Tensor, advantages: Tensor, penalty: Tensor
) -> Tensor {
    let old = old.mapTensors { $0.stoppingGradient }
    let ratio = exp(policy.logProbability(actions) - old.logProbability(actions))
    return (ratio * advantages).mean() - penalty * policy.divergence(from: old).mean()
}
