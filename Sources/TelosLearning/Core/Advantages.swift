import CTelosKernels
import TelosEnvironments

/// Generalised advantage estimation over a time-major block: step t of environment e is element t * environments + e.
///
/// delta_t = r_t + g V(s_{t+1}) [not terminated] - V(s_t); A_t = delta_t + g l A_{t+1} [episode goes on].
/// A truncated episode bootstraps with the value of the state it led to, which is why `nextValues` are separate from
/// `values`; this one function is where every learner's episode boundaries are decided.
///
/// Schulman, Moritz, Levine, Jordan and Abbeel, *High-dimensional continuous control using generalized advantage
/// estimation*, 2016.
public func generalizedAdvantages(
    rewards: UnsafePointer<Float>, values: UnsafePointer<Float>, nextValues: UnsafePointer<Float>,
    ends: UnsafePointer<EpisodeEnd>, steps: Int, environments: Int, discount: Float, lambda: Float,
    into advantages: UnsafeMutablePointer<Float>
) {
    ends.withMemoryRebound(to: UInt8.self, capacity: steps * environments) {
        telos_gae(rewards, values, nextValues, $0, advantages, steps, environments, discount, lambda)
    }
}

/// V-trace: what states are worth to a policy that did not act, over a time-major block as `generalizedAdvantages` reads.
///
///     v_t = V(s_t) + delta_t + g l c_t (v_{t+1} - V(s_{t+1})) [episode goes on]
///     delta_t = rho_t (r_t + g V(s_{t+1}) [not terminated] - V(s_t))
///     A_t = rho_t (r_t + g v_{t+1} - V(s_t)),  rho_t = min(rhoClip, w_t),  c_t = min(traceClip, w_t)
///
/// w_t = pi(a_t|s_t) / mu(a_t|s_t): how much likelier the action is to the policy judged than it was to the one that
/// acted. Where they are the same and nothing is clipped, v_t is the lambda return. Where an episode or the block ends,
/// v_{t+1} is V(s_{t+1}), 0 in a terminal state.
///
/// Espeholt and others, *IMPALA: scalable distributed deep-RL with importance weighted actor-learner architectures*, 2018.
/// - Parameters:
///   - ratios: w of every row.
///   - targets: v, which a critic is fitted to.
///   - advantages: A, which weigh the policy's gradient.
public func vTrace(
    rewards: UnsafePointer<Float>, values: UnsafePointer<Float>, nextValues: UnsafePointer<Float>,
    ends: UnsafePointer<EpisodeEnd>, ratios: UnsafePointer<Float>, steps: Int, environments: Int, discount: Float,
    lambda: Float = 1, rhoClip: Float, traceClip: Float, targets: UnsafeMutablePointer<Float>,
    advantages: UnsafeMutablePointer<Float>
) {
    for environment in 0..<environments {
        // v - V of the step after.
        var correction: Float = 0
        for row in stride(from: (steps - 1) * environments + environment, through: environment, by: -environments) {
            if ends[row] != .ongoing { correction = 0 }
            let rho = min(rhoClip, ratios[row])
            let next = ends[row] == .terminated ? 0 : discount * nextValues[row]
            let error = rewards[row] + next - values[row]
            advantages[row] = rho * (error + discount * correction)
            correction = rho * error + discount * lambda * min(traceClip, ratios[row]) * correction
            targets[row] = values[row] + correction
        }
    }
}
