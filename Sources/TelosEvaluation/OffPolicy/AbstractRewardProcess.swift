import TelosTensor

/// A small Markov reward process over cells of states that is worth what a policy is worth, estimated from another
/// policy's episodes (STAR).
///
/// With z = phi(s) the cell of a state and w_t = product of rho_k for k = max(0, t - c + 1) ... t, which includes the present
/// step's ratio (c = nil: all of them):
///
///     N(z)    = sum of discount^t w_t over steps in z
///     P(z'|z) = sum of discount^t w_t over steps from z to z' that do not terminate, over N(z)
///     R(z)    = sum of discount^t w_t r_t over steps in z, over N(z)
///     eta(z)  = share of episodes that begin in z
///     value   = eta' (I - discount P)⁻¹ R, or H times v <- R + discount P v for a horizon H
///
/// Rows of P sum to less than 1 where episodes terminate. With all ratios the value is consistent for any cells, because
/// the process need not be Markov to get occupancies and mean rewards right; fewer ratios and more cells trade that for
/// less variance. Cells that are steps of time with all ratios give weighted per-decision importance sampling, single
/// states with c = 1 the model of the process. Every step counts whose next state is known, also the last one before time
/// ran out. discount^t in the weights makes the value exact where discount < 1.
///
/// (Chaudhari, Deshpande, Castro da Silva and Thomas, *Abstract reward processes: leveraging state abstraction for
/// consistent off-policy evaluation*, 2024.)
public struct AbstractRewardProcess: Sendable {
    public let cellCount: Int
    public let discount: Double
    /// P(z'|z) at `z * cellCount + z'`, R and eta.
    public let transitions, rewards, start: [Double]

    /// - cells: phi, the cell of each state, 0 ..< `cellCount`.
    /// - window: c, 1 or more; nil for all ratios. More: less bias, more variance.
    /// Throws `StatisticsError` for no episodes, episodes without states, or states that have no cell.
    public init(
        _ episodes: [LoggedEpisode], cells: [Int], cellCount: Int, window: Int?, discount: Double = 1
    ) throws {
        try checkEpisodes(episodes, needStates: true)
        guard window ?? 1 >= 1, cells.allSatisfy({ (0..<cellCount).contains($0) }),
            episodes.allSatisfy({ $0.states.allSatisfy { cells.indices.contains($0) } })
        else {
            throw StatisticsError(
                "every state needs a cell from 0 to \(cellCount - 1), and the window is at least 1, or nil for all ratios"
            )
        }
        var visits = [Double](repeating: 0, count: cellCount)
        var (rewards, start) = (visits, visits)
        var transitions = [Double](repeating: 0, count: cellCount * cellCount)
        for episode in episodes {
            start[cells[episode.states[0]]] += 1 / Double(episodes.count)
            var power = 1.0
            var running = 1.0
            for step in 0..<episode.length {
                running *= episode.ratios[step]
                var weight = running
                if let window, window <= step {
                    weight = episode.ratios[(step - window + 1)...step].reduce(1, *)
                }
                weight *= power
                power *= discount
                let cell = cells[episode.states[step]]
                visits[cell] += weight
                rewards[cell] += weight * episode.rewards[step]
                let isEnd = episode.isTerminated && step == episode.length - 1
                if !isEnd { transitions[cell * cellCount + cells[episode.states[step + 1]]] += weight }
            }
        }
        for cell in 0..<cellCount {
            let scale = visits[cell] > 0 ? 1 / visits[cell] : 0
            rewards[cell] *= scale
            for next in 0..<cellCount { transitions[cell * cellCount + next] *= scale }
        }
        self.cellCount = cellCount
        self.discount = discount
        self.transitions = transitions
        self.rewards = rewards
        self.start = start
    }

    /// The expected return of the first `horizon` steps. Use it where time runs out: a policy that outlives the episodes
    /// leaves P nearly without termination, and the endless value then explodes.
    public func value(horizon: Int) -> Double {
        var values = [Double](repeating: 0, count: cellCount)
        for _ in 0..<max(0, horizon) {
            values = (0..<cellCount).map { cell in
                var sum = 0.0
                for next in 0..<cellCount { sum += transitions[cell * cellCount + next] * values[next] }
                return rewards[cell] + discount * sum
            }
        }
        return zip(start, values).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// The expected return without end. Throws `LinearAlgebraError` where some cells are never left at discount 1.
    public func value() throws -> Double {
        var matrix = transitions.map { -discount * $0 }
        for cell in 0..<cellCount { matrix[cell * cellCount + cell] += 1 }
        let values = try solveLinearSystem(matrix: matrix, rhs: rewards)
        return zip(start, values).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
