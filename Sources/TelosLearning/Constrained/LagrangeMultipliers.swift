/// Prices of constraints J_i <= d_i that rise while a constraint is broken and fall while it is kept, for any learner
/// that ascends J_0 - sum_i lambda_i J_i: a Lagrangian method's slow half.
///
/// From violations v_i = J_i - d_i (for J_i >= d_i write d_i - J_i; divide by |d_i| to make steps independent of
/// scale):
///
///     I_i <- clip(I_i + K_I v_i, 0, ceiling),   D_i = max(0, v_i - v_i of the update before),
///     lambda_i = clip(K_P v_i + I_i + K_D D_i, 0, ceiling).
///
/// K_P = K_D = 0 is dual ascent with step K_I, the multiplier update of reward-constrained policy optimisation
/// (Tessler, Mankowitz and Mannor, *Reward constrained policy optimization*, 2019). The other two damp its oscillation
/// (Stooke, Achiam and Abbeel, *Responsive safety in reinforcement learning by PID Lagrangian methods*, 2020).
public struct LagrangeMultipliers: Sendable, Hashable, Codable {
    /// How a multiplier answers to a violation.
    public struct Gains: Sendable, Hashable, Codable {
        /// K_P: raising it answers at once, and forgets at once.
        public var proportional: Double
        /// K_I, the step of dual ascent: raising it is faster and overshoots more.
        public var integral: Double
        /// K_D: raising it answers to a violation that grows, before it has lasted.
        public var derivative: Double

        public init(proportional: Double = 0, integral: Double, derivative: Double = 0) {
            self.proportional = proportional
            self.integral = integral
            self.derivative = derivative
        }
    }

    public let gains: Gains
    /// What no multiplier exceeds; one that rests there belongs to a constraint that cannot be met.
    public let ceiling: Double
    /// lambda, one a constraint.
    public private(set) var values: [Double]
    private var integrals: [Double]
    private var previous: [Double]?

    /// - start: lambda of every constraint before the first update, from 0 to the ceiling.
    /// - Precondition: gains are not negative, and the ceiling is positive.
    public init(count: Int, gains: Gains, start: Double = 0, ceiling: Double = .greatestFiniteMagnitude) {
        precondition(
            gains.proportional >= 0 && gains.integral >= 0 && gains.derivative >= 0 && ceiling > 0
                && (0...ceiling).contains(start), "gains are at least 0, and so is a start below the ceiling")
        self.gains = gains
        self.ceiling = ceiling
        values = Array(repeating: start, count: count)
        integrals = values
    }

    /// - violations: J_i - d_i, positive where a constraint is broken.
    /// - Precondition: one a constraint, each a finite number.
    public mutating func update(violations: [Double]) {
        precondition(violations.count == values.count, "\(violations.count) violations of \(values.count) constraints")
        precondition(violations.allSatisfy(\.isFinite), "a violation is not finite")
        for (index, violation) in violations.enumerated() {
            integrals[index] = min(max(integrals[index] + gains.integral * violation, 0), ceiling)
            let rise = max(0, violation - (previous?[index] ?? violation))
            let price = gains.proportional * violation + integrals[index] + gains.derivative * rise
            values[index] = min(max(price, 0), ceiling)
        }
        previous = violations
    }

    /// r - sum_i lambda_i c_i; divided by 1 + sum_i lambda_i where `normalized`, which keeps the scale of what is
    /// learned while prices rise.
    public func penalized(_ reward: Double, costs: [Double], normalized: Bool = false) -> Double {
        precondition(costs.count == values.count, "\(costs.count) costs of \(values.count) constraints")
        let penalized = zip(values, costs).reduce(reward) { $0 - $1.0 * $1.1 }
        return normalized ? penalized / (1 + values.reduce(0, +)) : penalized
    }
}
