import TelosEnvironments

/// Relaxed coverage for off-policy imitation learning (ReCOIL) in a finite MDP, exactly: a policy whose occupancy is that
/// of an expert, from few demonstrations and other data, with no discriminator and no need that the two overlap.
///
/// Mixtures of each occupancy with the other data's d_S are compared by a chi-square divergence,
///
///     max over pi of -D(beta d_pi + (1 - beta) d_S || beta d_E + (1 - beta) d_S),    M = beta d_E + (1 - beta) d_S,
///
/// whose dual is, with (T Q)(s,a) = g E[Q(s',a')], a' from pi,
///
///     max over pi min over Q of beta (1 - g) E_d0,pi[Q] + E_M[f*(T Q - Q)] - (1 - beta) E_dS[T Q - Q],
///     f*(y) = y + y^2 / 4.
///
/// The inner minimum has T Q - Q = -2 beta (d_E - d_pi) / M: Q is the value of pi under the reward
/// r = 2 beta (d_E - d_pi) / M, which pays for what the expert does more often. Each step solves for it and moves
///
///     logits += stepSize (Q - E_pi[Q]) / max |Q|
///
/// of supported actions. Without the term of d_S the policy would be drawn to the mixture, and so to the other data.
///
/// (Sikchi, Zheng, Zhang and Niekum, *Dual RL: unification and new methods for reinforcement and imitation learning*,
/// 2024.)
public struct TabularReCOIL: Sendable, Hashable {
    public struct Options: Sendable, Hashable {
        public var discount = 0.95
        /// beta, the expert's share in the mixtures, above 0 and up to 1; at 1 the other data do not count.
        public var expertShare = 0.5
        /// Added to M, so that nothing is divided by 0; raising it makes all that is not the expert's less costly.
        public var floor = 1e-4
        public var iterations = 400
        public var stepSize = 5.0
        /// Whether the term of d_S is there.
        public var subtractsOthers = true

        public init() {}
    }

    public let options: Options
    public let model: TabularMDP
    private let isSupported: [Bool]
    /// beta d_E, or M without the term of d_S; and M.
    private let target: [Double]
    private let mixture: [Double]
    /// Of pi(a|s) at `s * actionCount + a`; -1e9 where an action is not supported.
    public private(set) var logits: [Double]

    /// - Parameters:
    ///   - model: the process; its start is d0.
    ///   - expert: d_E(s,a), sums to 1.
    ///   - others: d_S(s,a), sums to 1.
    ///   - isSupported: which actions may be taken, at least one a state.
    /// - Throws: `TabularError` where an array does not fit.
    public init(
        _ model: TabularMDP, expert: [Double], others: [Double], isSupported: [Bool], options: Options = Options()
    ) throws {
        let pairs = model.stateCount * model.actionCount
        guard [expert.count, others.count, isSupported.count].allSatisfy({ $0 == pairs }) else {
            throw TabularError(
                "\(expert.count), \(others.count) and \(isSupported.count) values for \(pairs) pairs of states and actions"
            )
        }
        guard options.expertShare > 0, options.expertShare <= 1, options.floor > 0, options.discount < 1 else {
            throw TabularError(
                "write an expert's share above 0 and up to 1, a floor above 0 and a discount below 1, not "
                    + "\(options.expertShare), \(options.floor) and \(options.discount)")
        }
        (self.options, self.model, self.isSupported) = (options, model, isSupported)
        let beta = options.expertShare
        let mixture = zip(expert, others).map { beta * $0 + (1 - beta) * $1 + options.floor }
        self.mixture = mixture
        target = options.subtractsOthers ? expert.map { beta * $0 } : mixture
        logits = isSupported.map { $0 ? 0 : -1e9 }
    }

    /// pi(a|s).
    public var policy: [Double] { TabularPolicy.softmax(logits, actionCount: model.actionCount) }

    /// The most probable action of each state.
    public var greedyActions: [Int] { TabularPolicy.greedyActions(logits, actionCount: model.actionCount) }

    /// Q of the inner minimum for a policy, 0 in terminal states.
    public func actionValues(of policy: [Double]) throws -> [Double] {
        let visits = try model.visits(policy: policy, discount: options.discount)
        let reward = visits.indices.map { pair in
            let occupancy = (1 - options.discount) * visits[pair]
            return 2 * (target[pair] - options.expertShare * occupancy) / mixture[pair]
        }
        return try model.actionValues(policy: policy, reward: reward, discount: options.discount)
    }

    /// Improves the policy `iterations` times.
    public mutating func learn() throws {
        for _ in 0..<options.iterations {
            let policy = policy
            let q = try actionValues(of: policy)
            let largest = q.map(abs).max() ?? 0
            guard largest > 0 else { return }
            for row in stride(from: 0, to: q.count, by: model.actionCount) {
                let actions = row..<(row + model.actionCount)
                let value = actions.reduce(0) { $0 + policy[$1] * q[$1] }
                for pair in actions where isSupported[pair] {
                    logits[pair] += options.stepSize * (q[pair] - value) / largest
                }
            }
        }
    }
}
