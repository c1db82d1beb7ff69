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
