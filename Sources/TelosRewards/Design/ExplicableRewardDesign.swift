import TelosEnvironments
import TelosTensor

/// ExpRD: the most informative reward that pays in a few states only and keeps the target policy optimal.
///
/// maximise I(R) subject to D_inf^R(s,a) >= d(s) for actions that are not optimal, D_inf^R(s,a) >= 0 for tied ones,
/// |R| <= bound, and R(s,.) = 0 outside the active states: a linear program. Of several optima it takes one with small
/// absolute values, penalties rather than bonuses on the way: large values of alternating sign make learning unstable.
///
/// (Devidze, Radanovic, Kamalaruban and Singla, *Explicable reward design for reinforcement learning agents*, 2021.)
public struct ExplicableRewardDesign: Sendable {
    public let gaps: OptimalityGaps
    /// The largest absolute value of the designed reward. Raising it allows a more informative reward.
    public var bound: Double
    /// The weight of the absolute values, small beside a shortfall of 1. Raising it gives smaller rewards and costs
    /// informativeness.
    public var smallness: Double

    /// - Throws: `TabularError` when the bound is below the original reward's largest absolute value, which would leave
    ///   no reward that surely qualifies.
    public init(_ gaps: OptimalityGaps, bound: Double, smallness: Double = 1e-3) throws {
        let largest = gaps.reward.reduce(0) { max($0, abs($1)) }
        guard smallness > 0, smallness.isFinite else {
            throw TabularError("the weight of absolute values is \(smallness); write a small positive number, as 0.001")
        }
        guard bound >= largest, bound.isFinite else {
            throw TabularError(
                "the bound of the designed reward is \(bound); write at least \(largest), the original's")
        }
        self.gaps = gaps
        self.bound = bound
        self.smallness = smallness
    }

    /// The states where the original reward pays: every design needs them.
    public var payingStates: [Int] {
        let actions = gaps.mdp.actionCount
        return (0..<gaps.mdp.stateCount).filter { state in
            (0..<actions).contains { gaps.reward[state * actions + $0] != 0 }
        }
    }

    /// The best reward r(s,a) that is 0 outside `activeStates`.
    /// - Throws: `TabularError` when no such reward keeps the target policy optimal by its gaps.
    public func reward(activeStates: [Int]) throws -> [Double] {
        let columns = activePairs(activeStates)
        // A state and horizon that no active state reaches has the same shortfall whatever the reward is.
        var shortfalls: [(horizon: Int, state: Int)] = []
        var shortfallIndex: [[Int]] = gaps.horizons.map { _ in Array(repeating: -1, count: gaps.mdp.stateCount) }
        let actions = gaps.mdp.actionCount
        for (horizon, matrix) in gaps.matrices.enumerated() {
            for pair in gaps.suboptimalPairs where shortfallIndex[horizon][pair / actions] < 0 {
                if columns.contains(where: { matrix[pair * gaps.pairCount + $0] != 0 }) {
                    shortfallIndex[horizon][pair / actions] = shortfalls.count
                    shortfalls.append((horizon, pair / actions))
                }
            }
        }
        let count = 2 * columns.count
        var program = try LinearProgram(
            minimizing: sizeCosts(columns) + Array(repeating: 1, count: shortfalls.count),
            variables: Array(repeating: .init(0, bound), count: count)
                + Array(repeating: .nonNegative, count: shortfalls.count))
        for (horizon, matrix) in gaps.matrices.enumerated() {
            for pair in gaps.suboptimalPairs {
                let index = shortfallIndex[horizon][pair / actions]
                guard index >= 0 else { continue }
                var row = gapRow(matrix, pair, columns, width: program.variableCount)
                row[count + index] = 1
                try program.add(row, .atLeast(gaps.gaps[pair / actions]))
            }
        }
        return try solve(&program, columns)
    }

    /// The reward r(s,a) that teaches the present learner most (ExpAdaRD), 0 outside `activeStates`:
    /// maximise sum over (s,a) of mu_T(s) mu_L(s) pi(a|s)^2 (A*(s,a) - A*(s,pi)) (R(s,a) - R(s,pi)), with mu_T and mu_L
    /// the shares of time that target and learner spend in s and f(s,pi) = sum over b of pi(b|s) f(s,b), under the same
    /// constraints.
    ///
    /// (Devidze, Kamalaruban and Singla, *Informativeness of reward functions in reinforcement learning*, 2024.)
    /// - Parameter policy: the learner's pi(a|s).
    public func adaptiveReward(policy: [Double], activeStates: [Int]) throws -> [Double] {
        let coefficients = try adaptiveCoefficients(policy: policy)
        let columns = activePairs(activeStates)
        let scale = columns.reduce(0) { max($0, abs(coefficients[$1])) }
        let scaled = columns.map { scale > 0 ? coefficients[$0] / scale : 0 }
        var program = try LinearProgram(
            minimizing: zip(sizeCosts(columns), scaled + scaled.map { -$0 }).map { $0 - $1 },
            variables: Array(repeating: .init(0, bound), count: 2 * columns.count))
        return try solve(&program, columns)
    }

    /// The paying states and the `budget` other states where the adaptive objective depends most on the reward (sum of
    /// absolute coefficients; the lowest of equals).
    public func adaptiveStates(policy: [Double], budget: Int) throws -> [Int] {
        let coefficients = try adaptiveCoefficients(policy: policy)
        let actions = gaps.mdp.actionCount
        let paying = payingStates
        let others = (0..<gaps.mdp.stateCount).filter { !gaps.mdp.terminal[$0] && !paying.contains($0) }
        func weight(_ state: Int) -> Double { (0..<actions).reduce(0) { $0 + abs(coefficients[state * actions + $1]) } }
        return paying + others.map { (-weight($0), $0) }.sorted(by: <).prefix(max(0, budget)).map(\.1)
    }

    /// The adaptive objective's coefficient of each R(s,a).
    func adaptiveCoefficients(policy: [Double]) throws -> [Double] {
        try gaps.check(policy)
        let (mdp, actions) = (gaps.mdp, gaps.mdp.actionCount)
        let target = try stateShares(gaps.solution.policy)
        let learner = try stateShares(policy)
        return (0..<mdp.stateCount).flatMap { state -> [Double] in
            let row = (state * actions)..<((state + 1) * actions)
            let weight = target[state] * learner[state]
            let mean = row.reduce(0) { $0 + policy[$1] * gaps.solution.q[$1] }
            let products = row.map { weight * policy[$0] * policy[$0] * (gaps.solution.q[$0] - mean) }
            let sum = products.reduce(0, +)
            return row.map { products[$0 - row.lowerBound] - policy[$0] * sum }
        }
    }

    /// The share of discounted time spent in each state that is not terminal.
    private func stateShares(_ policy: [Double]) throws -> [Double] {
        let visits = try gaps.mdp.visits(policy: policy, discount: gaps.discount)
        let total = visits.reduce(0, +)
        let actions = gaps.mdp.actionCount
        return (0..<gaps.mdp.stateCount).map { state in
            (0..<actions).reduce(0) { $0 + visits[state * actions + $1] } / max(total, .leastNormalMagnitude)
        }
    }

    private func activePairs(_ states: [Int]) -> [Int] {
        Set(states).sorted().flatMap { state in (0..<gaps.mdp.actionCount).map { state * gaps.mdp.actionCount + $0 } }
    }

    /// What positive and negative parts cost. A bonus on the way costs more than a penalty: a learner that has not yet
    /// found where the original reward pays would go round in circles to collect even a tiny one again.
    private func sizeCosts(_ columns: [Int]) -> [Double] {
        let paying = payingStates
        return columns.map { paying.contains($0 / gaps.mdp.actionCount) ? smallness : 10 * smallness }
            + columns.map { _ in smallness }
    }

    /// The coefficients of D(s,a): positive parts of the active rewards, then negative parts, then zeros.
    private func gapRow(_ matrix: [Double], _ pair: Int, _ columns: [Int], width: Int) -> [Double] {
        var row = [Double](repeating: 0, count: width)
        for (position, column) in columns.enumerated() {
            let value = matrix[pair * gaps.pairCount + column]
            row[position] = value
            row[columns.count + position] = -value
        }
        return row
    }

    /// Adds the constraints that keep the target policy optimal, and solves.
    private func solve(_ program: inout LinearProgram, _ columns: [Int]) throws -> [Double] {
        let width = program.variableCount
        for pair in gaps.suboptimalPairs {
            let row = gapRow(gaps.wholeMatrix, pair, columns, width: width)
            try program.add(row, .atLeast(gaps.gaps[pair / gaps.mdp.actionCount]))
        }
        for pair in gaps.tiedPairs {
            try program.add(gapRow(gaps.wholeMatrix, pair, columns, width: width), .atLeast(0))
        }
        let solution = program.solved()
        guard solution.status == .optimal else {
            throw TabularError(
                "no reward on these \(columns.count / gaps.mdp.actionCount) states keeps the target policy optimal "
                    + "(\(solution.status.rawValue)); add the states where the original reward pays")
        }
        var raw = [Double](repeating: 0, count: gaps.pairCount)
        for (position, column) in columns.enumerated() {
            raw[column] = solution.x[position] - solution.x[columns.count + position]
        }
        // What only lives on the slack of the gaps teaches nothing, and a tiny bonus misleads; where gaps are as tiny,
        // leaving it out could change what is optimal.
        let reward = raw.map { abs($0) > OptimalityGaps.slack * bound ? $0 : 0 }
        let isKept = gaps.suboptimalPairs.allSatisfy { pair in
            gaps.product(gaps.wholeMatrix, pair, reward) >= 0.5 * gaps.gaps[pair / gaps.mdp.actionCount]
        }
        guard isKept else { return raw.map { abs($0) > 1e-9 ? $0 : 0 } }
        return reward
    }
}

/// A reward on few states, and how they were found.
public struct SparseReward: Sendable, Hashable {
    /// r(s,a).
    public var reward: [Double]
    /// The active states: those where the original reward pays, then the others in the order they were chosen.
    public var states: [Int]
    public var informativeness: Double
}

extension ExplicableRewardDesign {
    /// Adds `budget` states to the paying ones, each time the one whose linear program is best (the lowest of equals).
    ///
    /// - Parameter shortlist: the first state is chosen among all, the following ones among so many of those that were
    ///   best then; nil tries all. Lowering it saves time and may miss a state that only helps beside another.
    /// - Returns: the designs for 0, 1, ..., `budget` added states.
    public func greedyDesigns(budget: Int, shortlist: Int? = nil) throws -> [SparseReward] {
        func design(_ states: [Int]) throws -> SparseReward {
            let reward = try reward(activeStates: states)
            return SparseReward(reward: reward, states: states, informativeness: try gaps.informativeness(of: reward))
        }
        var designs = [try design(payingStates)]
        var candidates = (0..<gaps.mdp.stateCount).filter { !gaps.mdp.terminal[$0] && !payingStates.contains($0) }
        for round in 0..<max(0, budget) where !candidates.isEmpty {
            let tried = try candidates.map { try design(designs[round].states + [$0]) }
            let order = tried.indices.sorted { (-tried[$0].informativeness, $0) < (-tried[$1].informativeness, $1) }
            designs.append(tried[order[0]])
            let kept = round == 0 ? order.prefix(max(budget, shortlist ?? order.count)) : order[...]
            candidates = kept.dropFirst().map { candidates[$0] }.sorted()
        }
        return designs
    }
}
