import TelosTensor

/// How far a flow network is from balance on trajectories s_0 ... s_T, as squared differences of logarithms.
///
/// Rows are trajectories: log P_F, log P_B and the mask are [batch, T], log F is [batch, T + 1] with log R(x) at
/// finished states. The mask is 1 for steps that were taken, which come first, and 0 for what fills the row; there
/// every value must be finite.
///
/// Forward-looking losses need no forms of their own: with F(s) = exp(-E(s)) F~(s) they are these losses of log F~ (0
/// at finished states) with E(s') - E(s) added to log P_F. (Pan, Malkin, Zhang and Bengio, *Better training of
/// GFlowNets with local credit and incomplete trajectories*, 2023.)
public enum FlowLoss {
    /// Mean over trajectories of (log Z + sum log P_F - log R(x) - sum log P_B)^2. (Malkin, Jain, Bengio, Sun and
    /// Bengio, *Trajectory balance*, 2022.)
    /// - logPartition: a number; logReward: [batch].
    public static func trajectoryBalance(
        logPartition: Tensor, logReward: Tensor, logForward: Tensor, logBackward: Tensor, mask: Tensor
    ) -> Tensor {
        let steps = ((logForward - logBackward) * mask).sum(axis: 1)
        return (logPartition + steps - logReward).squared.mean()
    }

    /// Mean over steps of (log F(s) + log P_F - log F(s') - log P_B)^2. (Bengio and others, *GFlowNet foundations*,
    /// 2023.)
    public static func detailedBalance(
        logFlow: Tensor, logForward: Tensor, logBackward: Tensor, mask: Tensor
    ) -> Tensor {
        let steps = logForward.shape[1]
        let fall = logFlow.sliced(axis: 1, 0, steps) - logFlow.sliced(axis: 1, 1, steps + 1)
        return ((fall + logForward - logBackward).squared * mask).sum() / maximum(mask.sum(), Tensor(1))
    }

    /// The same of every part s_i ... s_j of a trajectory, weighted by decay^(j - i), these weights summing to 1:
    /// between detailed balance (decay 0) and trajectory balance (very large). (Madan and others, *Learning GFlowNets
    /// from partial episodes*, 2023.)
    public static func subTrajectoryBalance(
        logFlow: Tensor, logForward: Tensor, logBackward: Tensor, mask: Tensor, decay: Float
    ) -> Tensor {
        let (batch, steps) = (logForward.shape[0], logForward.shape[1])
        // g_i = log F_i - sum of the steps before i; a part's imbalance is g_i - g_j.
        let gains = (logForward - logBackward) * mask
        var before: [Float] = []
        var weights: [Float] = []
        for row in 0..<(steps + 1) {
            var power: Float = 1
            for column in 0..<(steps + 1) {
                if row < steps { before.append(row < column ? 1 : 0) }
                weights.append(column > row ? power : 0)
                if column > row { power *= decay }
            }
        }
        let g = logFlow - matmul(gains, Tensor(before, shape: [steps, steps + 1]))
        let difference = g.reshaped(batch, steps + 1, 1) - g.reshaped(batch, 1, steps + 1)
        let reached = mask.padded(axis: 1, before: 1, after: 0).reshaped(batch, 1, steps + 1)
        let weight = Tensor(weights, shape: [1, steps + 1, steps + 1]) * reached
        let total = maximum(weight.reshaped(batch, -1).sum(axis: 1), Tensor(1e-12))
        return ((difference.squared * weight).reshaped(batch, -1).sum(axis: 1) / total).mean()
    }

    /// Mean over states of (log of the flow in - log of the flow out)^2. (Bengio and others, *Flow network based
    /// generative models*, 2021.)
    /// - logInflow, logOutflow: [states, edges], very negative (-1e9) where there is no edge; at finished states the
    ///   flow out is R(x).
    public static func flowMatching(logInflow: Tensor, logOutflow: Tensor) -> Tensor {
        (logInflow.logSumExp() - logOutflow.logSumExp()).squared.mean()
    }
}
