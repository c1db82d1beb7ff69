import CTelosKernels

/// The best policy near several others: in each state the one that maximises
///
///     E_pi[A(s,a)] - sum_i lambda_i KL(pi || pi_i),
///
/// which is pi(a|s) ~ prod_i pi_i(a|s)^(lambda_i / L) exp(A(s,a) / L), L = sum_i lambda_i: a geometric mean of the
/// anchors, tilted by the advantage. With one anchor it is the step of maximum a posteriori policy optimisation and
/// mirror descent (Abdolmaleki and others, 2018); with several, the second stage of Cai and others, *Two-stage
/// constrained actor-critic for short video recommendation*, 2023.
///
/// The exponents sum to 1: scaling all lambda_i alike changes only how sharp the tilt is.
public struct AnchoredImprovement: Sendable, Hashable {
    /// lambda_i, at least one above 0.
    public let multipliers: [Double]
    /// What an anchor's probability is at least: an anchor at 0 would veto an action.
    public let floor: Double
    private var sum: Double { multipliers.reduce(0, +) }

    /// - Precondition: multipliers are at least 0, and not all 0.
    public init(multipliers: [Double], floor: Double = 1e-6) {
        precondition(
            multipliers.allSatisfy { $0 >= 0 } && multipliers.contains { $0 > 0 } && floor > 0,
            "multipliers are at least 0, and one is above")
        self.multipliers = multipliers
        self.floor = floor
    }

    /// The logits log pi + constant, of any number of states.
    /// - anchors: pi_i, each as long as `advantages`.
    public func logits(advantages: [Double], anchors: [[Double]]) -> [Double] {
        precondition(anchors.count == multipliers.count, "\(anchors.count) anchors, \(multipliers.count) multipliers")
        return advantages.indices.map { index in
            var logit = advantages[index] / sum
            for (anchor, multiplier) in zip(anchors, multipliers) {
                logit += multiplier / sum * telos_log64(max(anchor[index], floor))
            }
            return logit
        }
    }

    /// prod_i (pi_i / beta)^(lambda_i / L) exp(A / L): by how much to weigh log pi_theta(a|s) of what beta was logged
    /// to do, so that the weighted likelihood's best policy is this one; at most `clip`.
    public func weights(
        advantages: [Double], anchors: [[Double]], behavior: [Double], clip: Double = .greatestFiniteMagnitude
    ) -> [Double] {
        let logits = logits(advantages: advantages, anchors: anchors)
        return logits.indices.map { min(telos_exp64(logits[$0]) / max(behavior[$0], floor), clip) }
    }
}
