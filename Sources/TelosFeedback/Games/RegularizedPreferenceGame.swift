import CTelosKernels

/// A preference game whose players pay for moving away from a reference policy mu:
/// P_tau(pi, pi') = P(pi > pi') - tau KL(pi || mu) + tau KL(pi' || mu).
///
/// It has one Nash equilibrium, in which both play the pi* proportional to mu exp(P(. > pi*) / tau). (Munos and others,
/// *Nash learning from human feedback*, 2024.)
public struct RegularizedPreferenceGame: Sendable, Hashable {
    public let game: PreferenceGame
    /// mu.
    public let reference: SimplexPolicy
    /// tau, above 0. Raising it keeps the equilibrium nearer to mu.
    public let temperature: Double

    /// - Throws: `FeedbackError` for a reference over another number of options or one of them impossible, or a temperature
    ///   that is not positive.
    public init(_ game: PreferenceGame, reference: [Double], temperature: Double) throws {
        guard reference.count == game.count, reference.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw FeedbackError(
                "the reference policy has \(reference.count) probabilities for \(game.count) options; write one above 0 for "
                    + "each")
        }
        guard temperature > 0, temperature.isFinite else {
            throw FeedbackError("the temperature is \(temperature); write a number above 0")
        }
        self.game = game
        self.reference = SimplexPolicy(reference)
        self.temperature = temperature
    }

    /// P_tau(policy, other).
    public func payoff(of policy: SimplexPolicy, against other: SimplexPolicy) -> Double {
        game.probability(of: policy.probabilities, over: other.probabilities)
            - temperature * (policy.divergence(from: reference) - other.divergence(from: reference))
    }

    /// argmax over pi of P_tau(pi, policy), proportional to mu exp(P(. > policy) / tau).
    public func bestResponse(to policy: SimplexPolicy) -> SimplexPolicy {
        reference.mirrorStep(game.winRates(against: policy.probabilities), stepSize: 1 / temperature)
    }

    /// max over pi of P_tau(pi, policy) - 1/2 = tau KL(policy || best response), at least 0 and 0 at the equilibrium alone:
    /// half the duality gap. The plain exploitability does not vanish there.
    public func exploitability(of policy: SimplexPolicy) -> Double {
        temperature * policy.divergence(from: bestResponse(to: policy))
    }

    /// The equilibrium, to within an exploitability of `tolerance`.
    ///
    /// By regularised self-play in steps small enough to shrink the distance every time.
    /// - Throws: `FeedbackError` when `maximumSteps` are not enough.
    public func equilibrium(tolerance: Double = 1e-13, maximumSteps: Int = 10_000_000) throws -> SimplexPolicy {
        let size = min(0.2, 0.05 * temperature / (0.25 + temperature * temperature))
        var policy = reference
        for step in 0..<maximumSteps {
            if step % 64 == 0, exploitability(of: policy) <= tolerance { return policy }
            policy = selfPlayStep(policy, stepSize: size)
        }
        throw FeedbackError("no equilibrium to within \(tolerance) in \(maximumSteps) steps")
    }

    // MARK: Mirror descent

    /// One step of Nash-MD: with m = pi^(1 - eta tau) mu^(eta tau), the next policy is proportional to
    /// m exp(eta P(. > m)); both the centre and the opponent are the mixture.
    ///
    /// With eta_t = 2 / (tau (t + 2)), t from 0, KL(pi* || pi_T) <= 8 / (tau^2 (T + 1)) (theorem 1 of Munos and others).
    /// - Parameter stepSize: eta, at most 1 / tau.
    public func nashMirrorDescentStep(_ policy: SimplexPolicy, stepSize: Double) -> SimplexPolicy {
        let mixture = policy.mixed(with: reference, weight: stepSize * temperature)
        return mixture.mirrorStep(game.winRates(against: mixture.probabilities), stepSize: stepSize)
    }

    /// The same step against the policy itself: proportional to m exp(eta P(. > pi)), gradient ascent of the regularised
    /// payoff in self-play.
    public func selfPlayStep(_ policy: SimplexPolicy, stepSize: Double) -> SimplexPolicy {
        policy.mixed(with: reference, weight: stepSize * temperature)
            .mirrorStep(game.winRates(against: policy.probabilities), stepSize: stepSize)
    }

    /// eta_t = min(2 / (tau (t + 2)), 1 / tau), the decreasing step size of the theorem.
    public func stepSize(at step: Int) -> Double {
        min(2 / (temperature * Double(step + 2)), 1 / temperature)
    }
}
