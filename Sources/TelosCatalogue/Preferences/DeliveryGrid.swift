import TelosEnvironments
import TelosTensor

/// A random grid for deliveries: four moves without chance, a goal and sheep that end the way, coins and roadblocks that do
/// not.
///
/// Features of a move: 1 for gas, or, where the goal or a sheep is entered, 1 for that alone; with gas also 1 for a coin or
/// a roadblock in the cell entered. A move against the edge stays and costs gas.
struct DeliveryGrid: Sendable {
    static let features = ["gas", "goal", "sheep", "coin", "roadblock"]
    static let discount = 0.999
    let mdp: TabularMDP
    /// phi_j(s,a) at `(s * 4 + a) * 5 + j`.
    let features: [Double]
    /// The true w.
    let weights: [Double]
    /// r(s,a) of the true w.
    let reward: [Double]
    let openStates: [Int]

    private enum Cell { case blank, goal, sheep, coin, roadblock }

    init(using random: inout RandomStream) throws {
        func one<T>(of choices: [T]) -> T { choices[random.index(below: choices.count)] }
        let (rows, columns) = (one(of: [3, 5, 6, 8]), one(of: [5, 6, 8]))
        let count = rows * columns
        var cells = [Cell](repeating: .blank, count: count)
        var order = Array(0..<count)
        for position in 0..<count { order.swapAt(position, position + random.index(below: count - position)) }
        var placed = 0
        for (cell, share) in [
            (Cell.goal, 1 / Double(count)), (.sheep, one(of: [0, 0.1, 0.3])), (.roadblock, one(of: [0, 0.1, 0.4])),
            (.coin, one(of: [0, 0.1, 0.2])),
        ] {
            let number = cell == .goal ? 1 : Int(share * Double(count))
            for position in placed..<(placed + number) { cells[order[position]] = cell }
            placed += number
        }
        weights = [-1, one(of: [0, 1, 5, 10, 50]), one(of: [-5, -10, -50, -100]), 1, one(of: [-2, -5, -10])]

        let width = Self.features.count
        let terminal = cells.map { $0 == .goal || $0 == .sheep }
        var transitions = [Double](repeating: 0, count: count * 4 * count)
        var features = [Double](repeating: 0, count: count * 4 * width)
        for state in 0..<count {
            for (action, move) in [(-1, 0), (0, 1), (1, 0), (0, -1)].enumerated() {
                let pair = state * 4 + action
                guard !terminal[state] else {
                    transitions[pair * count + state] = 1
                    continue
                }
                let (row, column) = (state / columns + move.0, state % columns + move.1)
                let isInside = (0..<rows).contains(row) && (0..<columns).contains(column)
                let next = isInside ? row * columns + column : state
                transitions[pair * count + next] = 1
                switch isInside ? cells[next] : .blank {
                case .goal: features[pair * width + 1] = 1
                case .sheep: features[pair * width + 2] = 1
                case .blank: features[pair * width] = 1
                case .coin:
                    features[pair * width] = 1
                    features[pair * width + 3] = 1
                case .roadblock:
                    features[pair * width] = 1
                    features[pair * width + 4] = 1
                }
            }
        }
        let open = (0..<count).filter { !terminal[$0] }
        openStates = open
        mdp = try TabularMDP(
            stateCount: count, actionCount: 4, transitions: transitions, terminal: terminal,
            start: (0..<count).map { terminal[$0] ? 0 : 1 / Double(open.count) })
        self.features = features
        let weights = weights
        reward = stride(from: 0, to: features.count, by: width).map { row in
            (0..<width).reduce(0) { $0 + features[row + $1] * weights[$1] }
        }
    }

    /// (V_pi - V_u) / (V* - V_u) under the true reward, means over the states to start from, for the policy that takes the
    /// best actions for `estimate` equally often; u the uniform policy.
    func score(of estimate: [Double]) throws -> Double {
        let q = try mdp.policyIteration(reward: estimate, discount: Self.discount).q
        func value(_ policy: [Double]) throws -> Double {
            try mdp.expectedReturn(policy: policy, reward: reward, discount: Self.discount)
        }
        let own = try value(TabularPolicy.greedyUniform(q, actionCount: 4, tolerance: 1e-7))
        let blind = try value(TabularPolicy.uniform(stateCount: mdp.stateCount, actionCount: 4))
        let best = try value(mdp.policyIteration(reward: reward, discount: Self.discount).policy)
        return (own - blind) / (best - blind)
    }
}
