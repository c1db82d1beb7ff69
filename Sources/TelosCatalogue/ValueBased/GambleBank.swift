import TelosEnvironments
import TelosLearning

/// Four gambles, again and again.
struct GambleBank: Sendable {
    /// What each action wins.
    let laws: [FiniteDistribution]
    private static let outcomes = [0.0, 1, -1, 3, -2]

    init(odds: Double, risky: Double) {
        func law(_ high: Double, _ low: Double, _ probability: Double) -> FiniteDistribution {
            FiniteDistribution(
                mixing: [
                    .init(probability, FiniteDistribution(certain: high)),
                    .init(1 - probability, FiniteDistribution(certain: low)),
                ])
        }
        laws = [FiniteDistribution(certain: 0), law(1, -1, odds), law(1, -1, 1 - odds), law(3, -2, risky)]
    }

    /// The state is the last outcome; the reward is the next one.
    var problem: StockDDPExperiment.Problem {
        get throws {
            let count = Self.outcomes.count
            var transitions = [Double](repeating: 0, count: count * 4 * count)
            for row in 0..<(count * 4) {
                for (value, probability) in zip(laws[row % 4].values, laws[row % 4].probabilities) {
                    transitions[row * count + Self.outcomes.firstIndex(of: value)!] = probability
                }
            }
            let mdp = try TabularMDP(
                stateCount: count, actionCount: 4, transitions: transitions,
                terminal: Array(repeating: false, count: count), start: [1, 0, 0, 0, 0])
            return .init(mdp: mdp, reward: mdp.fullReward { _, _, next in Self.outcomes[next] })
        }
    }

    /// What a plan that nothing changes wins, for every number of times that each gamble is chosen.
    func plans(_ horizon: Int) -> [FiniteDistribution] {
        func extended(_ won: FiniteDistribution, _ first: Int, _ left: Int) -> [FiniteDistribution] {
            left == 0
                ? [won]
                : (first..<4).flatMap { action in
                    let law = laws[action]
                    let next = FiniteDistribution(
                        mixing: law.values.indices.map { .init(law.probabilities[$0], won, shift: law.values[$0]) })
                    return extended(next, action, left - 1)
                }
        }
        return extended(FiniteDistribution(certain: 0), 0, horizon)
    }

    /// The best conditional value at risk of three gambles over all policies of the history: one action at first, one
    /// for each of two outcomes, one for each of four.
    func bestOfAllPolicies(share: Double) -> Double {
        var best = -Double.infinity
        for code in 0..<16384 {
            let action = (0..<7).map { code >> (2 * $0) & 3 }
            var atoms: [(Double, Double)] = []
            func follow(_ node: Int, _ won: Double, _ probability: Double) {
                guard node < 7 else { return atoms.append((won, probability)) }
                let law = laws[action[node]]
                for index in law.values.indices {
                    follow(2 * node + 1 + index, won + law.values[index], probability * law.probabilities[index])
                }
            }
            follow(0, 0, 1)
            var (left, sum) = (share, 0.0)
            for (won, probability) in atoms.sorted(by: { $0.0 < $1.0 }) where left > 0 {
                sum += won * min(left, probability)
                left -= min(left, probability)
            }
            best = max(best, sum / share)
        }
        return best
    }
}

/// Four rows of six cells, from (2, 0) to (2, 5); in columns 1 to 4 row 3 is a pit, which costs 8 more and leads back
/// to the start, and after a move there the wind pushes one row down with probability `wind`. A step costs 1.
struct WindyGrid: Sendable {
    let wind: Double

    /// Cells row by row, then the start once more, where one comes from the pit.
    var problem: StockDDPExperiment.Problem {
        get throws {
            let (columns, states, goal, pitted) = (6, 25, 17, 24)
            var transitions = [Double](repeating: 0, count: states * 4 * states)
            func landing(_ row: Int, _ column: Int) -> Int {
                row == 3 && (1...4).contains(column) ? pitted : row * columns + column
            }
            for state in 0..<states {
                let cell = state == pitted ? 12 : state
                for action in 0..<4 {
                    let entry = (state * 4 + action) * states
                    if state == goal {
                        transitions[entry + state] = 1
                        continue
                    }
                    let row = min(3, max(0, cell / columns + [-1, 1, 0, 0][action]))
                    let column = min(columns - 1, max(0, cell % columns + [0, 0, -1, 1][action]))
                    let gust = (1...4).contains(column) ? wind : 0
                    transitions[entry + landing(row, column)] += 1 - gust
                    transitions[entry + landing(min(3, row + 1), column)] += gust
                }
            }
            var start = [Double](repeating: 0, count: states)
            start[12] = 1
            let mdp = try TabularMDP(
                stateCount: states, actionCount: 4, transitions: transitions,
                terminal: (0..<states).map { $0 == goal }, start: start)
            return .init(mdp: mdp, reward: mdp.fullReward { _, _, next in next == pitted ? -9 : -1 })
        }
    }
}
