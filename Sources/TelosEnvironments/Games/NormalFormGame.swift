import TelosTensor

/// A game in which every player chooses one action, unseen by the others, and all are paid by what was chosen.
///
/// A joint action is numbered with the last player's changing fastest. A profile has a distribution over actions for
/// each player. (Osborne and Rubinstein, *A course in game theory*, 1994, chapter 2.)
public struct NormalFormGame: Sendable, Hashable {
    public let actionCounts: [Int]
    /// What player i is paid for joint action j at `payoffs[i][j]`.
    public let payoffs: [[Double]]

    public var playerCount: Int { actionCounts.count }

    /// - Throws: `TabularError` for no players or actions, or payoffs that are not one finite number a player and joint
    ///   action.
    public init(actionCounts: [Int], payoffs: [[Double]]) throws {
        let count = actionCounts.reduce(1, *)
        guard !actionCounts.isEmpty, actionCounts.allSatisfy({ $0 > 0 }) else {
            throw TabularError("a game needs a player, and each of them an action; the numbers are \(actionCounts)")
        }
        guard payoffs.count == actionCounts.count,
            payoffs.allSatisfy({ $0.count == count && $0.allSatisfy(\.isFinite) })
        else {
            throw TabularError(
                "a game of \(actionCounts) actions needs \(count) finite payoffs for each of its players, not "
                    + "\(payoffs.map(\.count))")
        }
        self.actionCounts = actionCounts
        self.payoffs = payoffs
    }

    /// Two players, one paid by `rows`, the other by `columns`, each with a row for every action of the first.
    public init(rows: [[Double]], columns: [[Double]]) throws {
        guard Set((rows + columns).map(\.count)).count == 1, rows.count == columns.count else {
            throw TabularError("both players' payoffs must be matrices of one shape")
        }
        try self.init(
            actionCounts: [rows.count, rows[0].count], payoffs: [rows.flatMap { $0 }, columns.flatMap { $0 }])
    }

    /// Two players, of whom one wins what the other loses.
    public init(zeroSum rows: [[Double]]) throws {
        try self.init(rows: rows, columns: rows.map { $0.map { -$0 } })
    }

    /// What each action of `player` is worth against the others' distributions.
    public func actionPayoffs(of player: Int, against profile: [[Double]]) throws -> [Double] {
        try check(profile)
        var values = [Double](repeating: 0, count: actionCounts[player])
        for joint in payoffs[player].indices {
            var (rest, probability, own) = (joint, 1.0, 0)
            for other in actionCounts.indices.reversed() {
                let action = rest % actionCounts[other]
                rest /= actionCounts[other]
                if other == player { own = action } else { probability *= profile[other][action] }
            }
            values[own] += probability * payoffs[player][joint]
        }
        return values
    }

    /// What each player is paid on average.
    public func expectedPayoffs(_ profile: [[Double]]) throws -> [Double] {
        try actionCounts.indices.map { player in
            zip(profile[player], try actionPayoffs(of: player, against: profile)).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }

    /// The first player's distribution with the best worst case, and that payoff: what it is sure of against anyone,
    /// and in a zero-sum game its part of an equilibrium. A linear program: maximise v with sum_a x_a u(a, b) >= v for
    /// all b. (Von Neumann, *Zur Theorie der Gesellschaftsspiele*, 1928.)
    /// - Throws: `TabularError` unless there are two players.
    public func maximin() throws -> (strategy: [Double], value: Double) {
        guard playerCount == 2 else { throw TabularError("a best worst case is for two players, not \(playerCount)") }
        let (rows, columns) = (actionCounts[0], actionCounts[1])
        var program = try LinearProgram(
            minimizing: Array(repeating: 0, count: rows) + [-1],
            variables: Array(repeating: .nonNegative, count: rows) + [.free])
        try program.add(Array(repeating: 1, count: rows) + [0], .exactly(1))
        for column in 0..<columns {
            try program.add((0..<rows).map { payoffs[0][$0 * columns + column] } + [-1], .atLeast(0))
        }
        let solution = program.solved()
        return (Array(solution.x.prefix(rows)), -solution.objective)
    }

    private func check(_ profile: [[Double]]) throws {
        guard profile.map(\.count) == actionCounts else {
            throw TabularError("the profile has \(profile.map(\.count)) probabilities for \(actionCounts) actions")
        }
    }
}
