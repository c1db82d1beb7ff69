import TelosEnvironments

/// IWOCS: a robust policy from a sequence of ordinary MDPs, where the transition model is fixed for an episode but
/// unknown (static uncertainty).
///
///     T_i = argmin over models of J(pi_{i-1}, T)
///     Q_i(s,a) = min over j <= i of Q*_{T_j}(s,a),  pi_i greedy for Q_i
///
/// v_i = max_a Q_i(s_0,a) never rises and is never below the best robust return: for each first action and model,
/// Q*_T(s_0,a) bounds every policy that begins with it. So where the worst model of pi_i does no more harm than v_i
/// says, pi_i is optimal, provided the search for that model is exact. With sa-rectangular sets it ends there.
/// (Zouitine, Geist and Rachelson, *Solving robust MDPs as a sequence of static RL problems*, 2024.)
public struct IncrementalWorstCaseSearch: Sendable {
    /// Which of equally harmful models is the worst.
    public enum Ties: Sendable, Hashable { case first, last }

    public struct Result: Sendable, Hashable {
        /// The policy with the best worst case.
        public var policy: [Double]
        /// Its worst return over the models.
        public var worstReturn: Double
        /// Whether the search stopped because no model does more harm than predicted.
        public var isCertified: Bool
        /// The worst return of each candidate policy, the nominal model's first, and what was predicted for it, v_i.
        public var worstReturns: [Double]
        public var predictions: [Double]
        /// The models that were solved, as positions in the set.
        public var solved: [Int]
    }

    /// The uncertainty set, the nominal model first; in the order of the harm they do where ties are to be broken so.
    public var models: [TabularMDP]
    /// r(s,a).
    public var reward: [Double]
    public var discount: Double
    public var ties: Ties
    /// Whether policies are greedy for the minimum over all models found, rather than for the last of them alone.
    public var keepsModels: Bool

    /// - Throws: `TabularError` for no models or models of different sizes.
    public init(
        models: [TabularMDP], reward: [Double], discount: Double, ties: Ties = .last, keepsModels: Bool = true
    ) throws {
        guard let first = models.first,
            models.allSatisfy({ $0.stateCount == first.stateCount && $0.actionCount == first.actionCount })
        else { throw TabularError("a search for the worst case needs at least one model, all of one size") }
        self.models = models
        self.reward = reward
        self.discount = discount
        self.ties = ties
        self.keepsModels = keepsModels
    }

    /// The worst of all models for a policy, and its return there.
    public func worstCase(of policy: [Double]) throws -> (model: Int, worstReturn: Double) {
        let returns = try models.map { try $0.expectedReturn(policy: policy, reward: reward, discount: discount) }
        let lowest = returns.min() ?? .nan
        let tied = returns.indices.filter { returns[$0] <= lowest + 1e-9 * max(1, abs(lowest)) }
        return ((ties == .first ? tied.first : tied.last) ?? 0, lowest)
    }

    /// Searches until certified, until a model comes up again, or for `maximumIterations`.
    public func run(tolerance: Double = 1e-6, maximumIterations: Int = 20) throws -> Result {
        let nominal = models[0]
        var q = try nominal.valueIteration(reward: reward, discount: discount).q
        var result = Result(
            policy: [], worstReturn: -.infinity, isCertified: false, worstReturns: [], predictions: [], solved: [0])
        for _ in 0..<max(1, maximumIterations) {
            let policy = TabularPolicy.greedy(q, actionCount: nominal.actionCount)
            let (model, worst) = try worstCase(of: policy)
            let best = (0..<nominal.stateCount).map { state in
                nominal.terminal[state]
                    ? 0 : q[(state * nominal.actionCount)..<((state + 1) * nominal.actionCount)].max()!
            }
            let prediction = nominal.expectation(of: best)
            result.worstReturns.append(worst)
            result.predictions.append(prediction)
            if worst > result.worstReturn { (result.policy, result.worstReturn) = (policy, worst) }
            if worst >= prediction - tolerance {
                result.isCertified = true
                break
            }
            if result.solved.contains(model) { break }
            result.solved.append(model)
            let found = try models[model].valueIteration(reward: reward, discount: discount).q
            q = keepsModels ? zip(q, found).map { min($0, $1) } : found
        }
        return result
    }
}
