import TelosEnvironments

/// What a teacher knows who knows the optimal policy of a finite MDP: how much better its actions are, under the
/// original reward and, as linear functions, under any other.
///
/// Q_h^R(s,a) is what R pays in h + 1 steps, a first and then the target policy, and
/// D_h^R(s,a) = Q_h^R(s,pi*(s)) - Q_h^R(s,a), a linear function of R; h may be infinite.
///
/// (Devidze, Radanovic, Kamalaruban and Singla, *Explicable reward design for reinforcement learning agents*, 2021.)
public struct OptimalityGaps: Sendable {
    public let mdp: TabularMDP
    /// The original reward r(s,a), 0 in terminal states.
    public let reward: [Double]
    public let discount: Double
    /// The horizons h of the informativeness.
    public let horizons: [Int]
    /// The solution of the original reward.
    public let solution: TabularSolution
    /// Every optimal action of each state.
    public let optimalActions: [[Int]]
    /// d(s) = min over actions that are not optimal of q*(s,pi*(s)) - q*(s,a), a hair less so that the original reward
    /// itself has them in spite of rounding; 0 where every action is optimal.
    public let gaps: [Double]
    /// D_h as matrices: row (s,a), column (s',a') at `(s * actionCount + a) * pairCount + (s' * actionCount + a')`.
    let matrices: [[Double]]
    let wholeMatrix: [Double]
    /// (s,a) with a not optimal in s.
    let suboptimalPairs: [Int]
    /// (s,a) with a optimal in s but not the target policy's action.
    let tiedPairs: [Int]

    var pairCount: Int { mdp.stateCount * mdp.actionCount }

    /// By how much the gaps are reduced.
    static let slack = 1e-5

    /// - Parameters:
    ///   - reward: r(s,a) at `s * actionCount + a`, or R(s,a,s').
    ///   - horizons: the h of Q_h; short ones ask for an informative reward close by.
    /// - Throws: `TabularError` for arrays of the wrong size, no horizons, or a discount outside 0...1.
    public init(
        _ mdp: TabularMDP, reward: [Double], discount: Double, horizons: [Int] = [1, 4, 8, 16, 32]
    ) throws {
        guard !horizons.isEmpty, horizons.allSatisfy({ $0 >= 0 }) else {
            throw TabularError("the horizons are \(horizons); write one or more whole numbers from 0 up")
        }
        let zero = [Double](repeating: 0, count: mdp.stateCount)
        self.reward = try mdp.actionValues(values: zero, reward: reward, discount: discount)
        self.mdp = mdp
        self.discount = discount
        self.horizons = horizons
        let solution = try mdp.policyIteration(reward: reward, discount: discount)
        self.solution = solution
        let optimal = mdp.optimalActions(solution.q, tolerance: 1e-8)
        optimalActions = optimal
        let actions = mdp.actionCount
        var gaps = zero
        var suboptimal: [Int] = []
        var tied: [Int] = []
        for state in 0..<mdp.stateCount where !mdp.terminal[state] {
            var gap = Double.infinity
            for action in 0..<actions where action != solution.actions[state] {
                if optimal[state].contains(action) {
                    tied.append(state * actions + action)
                } else {
                    suboptimal.append(state * actions + action)
                    gap = min(gap, solution.values[state] - solution.q[state * actions + action])
                }
            }
            gaps[state] = gap.isFinite ? gap / (1 + Self.slack) : 0
        }
        self.gaps = gaps
        suboptimalPairs = suboptimal
        tiedPairs = tied

        // A column of D_h is D_h of the reward that pays 1 for one state and action.
        let pairs = mdp.stateCount * actions
        var matrices = horizons.map { _ in [Double](repeating: 0, count: pairs * pairs) }
        var whole = [Double](repeating: 0, count: pairs * pairs)
        for column in 0..<pairs where !mdp.terminal[column / actions] {
            var unit = [Double](repeating: 0, count: pairs)
            unit[column] = 1
            func fill(_ matrix: inout [Double], _ values: [Double]) throws {
                let q = try mdp.actionValues(values: values, reward: unit, discount: discount)
                for row in 0..<pairs {
                    let state = row / actions
                    matrix[row * pairs + column] = q[state * actions + solution.actions[state]] - q[row]
                }
            }
            for (index, horizon) in horizons.enumerated() {
                try fill(
                    &matrices[index],
                    mdp.policyValue(policy: solution.policy, reward: unit, discount: discount, horizon: horizon))
            }
            try fill(&whole, mdp.policyValue(policy: solution.policy, reward: unit, discount: discount))
        }
        self.matrices = matrices
        wholeMatrix = whole
    }

    /// I(R) = -(1 / (horizons * states)) sum over h, s of max(0, max over a not optimal of d(s) - D_h^R(s,a)), at most
    /// 0: how well the reward tells good from bad actions within few steps. Terminal states are not counted.
    /// - Parameter reward: r(s,a).
    /// - Throws: `TabularError` for a reward of the wrong size.
    public func informativeness(of reward: [Double]) throws -> Double {
        try check(reward)
        var sum = 0.0
        for matrix in matrices {
            var shortfall = [Double](repeating: 0, count: mdp.stateCount)
            for pair in suboptimalPairs {
                let state = pair / mdp.actionCount
                shortfall[state] = max(shortfall[state], gaps[state] - product(matrix, pair, reward))
            }
            sum += shortfall.reduce(0, +)
        }
        return -sum / Double(horizons.count * mdp.terminal.filter { !$0 }.count)
    }

    /// Whether every policy that is optimal for `reward` is optimal for the original one, found by solving it.
    /// - Parameter reward: r(s,a) or R(s,a,s').
    public func isInvariant(under reward: [Double], tolerance: Double = 1e-7) throws -> Bool {
        let other = try mdp.policyIteration(reward: reward, discount: discount)
        let best = mdp.optimalActions(other.q, tolerance: tolerance)
        return (0..<mdp.stateCount).allSatisfy { state in
            mdp.terminal[state] || best[state].allSatisfy(optimalActions[state].contains)
        }
    }

    func product(_ matrix: [Double], _ row: Int, _ reward: [Double]) -> Double {
        var sum = 0.0
        for column in 0..<pairCount { sum += matrix[row * pairCount + column] * reward[column] }
        return sum
    }

    func check(_ reward: [Double]) throws {
        guard reward.count == pairCount else {
            throw TabularError("the reward has \(reward.count) values; r(s,a) needs \(pairCount)")
        }
    }
}
