import CTelosKernels
import TelosLearning
import TelosTensor

/// A walled square with five moves (up, right, down, left, stay), paid exp(-d^2 / 8) - 1 for the cell arrived in, d its
/// distance from a goal; data begin in the 3 x 3 cells in the middle. Its dynamics are the model: without any error.
struct EdgeOfReachGrid: Sendable {
    static let discount = 0.95
    static let actions = 5
    let size: Int
    /// Where action a leads from s, and what it pays, at 5 s + a.
    let next: [Int]
    let rewards: [Double]
    let starts: [Int]
    /// V*
    let optimum: [Double]

    /// - goal: rows and columns from the middle.
    init(size: Int, goal: (Int, Int)) {
        self.size = size
        let middle = size / 2
        var next: [Int] = []
        var rewards: [Double] = []
        for cell in 0..<(size * size) {
            for (down, right) in [(-1, 0), (0, 1), (1, 0), (0, -1), (0, 0)] {
                let row = min(size - 1, max(0, cell / size + down))
                let column = min(size - 1, max(0, cell % size + right))
                let (rows, columns) = (Double(row - middle - goal.0), Double(column - middle - goal.1))
                next.append(row * size + column)
                rewards.append(telos_exp64(-(rows * rows + columns * columns) / 8) - 1)
            }
        }
        starts = (-1...1).flatMap { row in (-1...1).map { (middle + row) * size + middle + $0 } }
        var values = [Double](repeating: 0, count: size * size)
        for _ in 0..<600 {
            for cell in values.indices {
                values[cell] = (0..<Self.actions).map {
                    rewards[cell * Self.actions + $0] + Self.discount * values[next[cell * Self.actions + $0]]
                }.max()!
            }
        }
        (self.next, self.rewards, optimum) = (next, rewards, values)
    }

    /// The mean discounted return of 60 steps from the cells in which data begin.
    func value(of action: (Int) -> Int) -> Double {
        var sum = 0.0
        for start in starts {
            var (cell, weight) = (start, 1.0)
            for _ in 0..<60 {
                let pair = cell * Self.actions + action(cell)
                sum += weight * rewards[pair]
                weight *= Self.discount
                cell = next[pair]
            }
        }
        return sum / Double(starts.count)
    }

    /// Of the best policy.
    var bestValue: Double {
        value { cell in
            (0..<Self.actions).max { left, right in
                let (left, right) = (cell * Self.actions + left, cell * Self.actions + right)
                return rewards[left] + Self.discount * optimum[next[left]]
                    < rewards[right] + Self.discount * optimum[next[right]]
            }!
        }
    }
}

/// Offline learning by short rollouts of a model from the cells in which data begin, the last step of each bootstrapped
/// like any other (MBPO's scheme; Janner, Fu, Zhang and Levine, *When to trust your model*, 2019).
struct BranchedLearner: Sendable {
    struct Options: Sendable {
        /// k, steps of a rollout.
        var length: Int
        var members: Int
        /// Of the first values.
        var deviation: Double
        var epochs = 150
        /// Epochs for which rollouts are kept.
        var kept = 5
        var rollouts = 200
        /// In targets, q* stands for every value that nothing is learned about: those of edge states, and those of actions
        /// that were never tried in other states.
        var knowsEdges = false
    }

    let grid: EdgeOfReachGrid
    let options: Options
    private(set) var ensemble: TabularValueEnsemble
    /// Of what is kept, at the end: share of the distinct states bootstrapped from that are never acted in.
    private(set) var edgeShare = 0.0
    /// The members' mean standard deviation there, and at what was learned about.
    private(set) var edgeSpread = 0.0
    private(set) var innerSpread = 0.0

    init(_ grid: EdgeOfReachGrid, _ options: Options, using random: inout RandomStream) {
        (self.grid, self.options) = (grid, options)
        let actions = EdgeOfReachGrid.actions
        ensemble = TabularValueEnsemble(
            members: options.members, stateCount: grid.optimum.count, actionCount: actions,
            deviation: options.deviation, using: &random)
        var lastVisit = [Int](repeating: -options.kept, count: grid.next.count)
        for epoch in 0..<options.epochs {
            for _ in 0..<options.rollouts {
                var cell = grid.starts[random.index(below: grid.starts.count)]
                for _ in 0..<options.length {
                    let action =
                        random.uniform() < 0.2 ? random.index(below: actions) : ensemble.greedyAction(cell)
                    lastVisit[cell * actions + action] = epoch
                    cell = grid.next[cell * actions + action]
                }
            }
            let pairs = lastVisit.indices.filter { epoch - lastVisit[$0] < options.kept }
            let steps = pairs.map {
                TabularValueEnsemble.Step(pair: $0, reward: grid.rewards[$0], next: grid.next[$0])
            }
            var isInner = [Bool](repeating: false, count: grid.optimum.count)
            for pair in pairs { isInner[pair / actions] = true }
            let oracle: (Int) -> Double? = { pair in
                epoch - lastVisit[pair] < options.kept
                    ? nil : grid.rewards[pair] + EdgeOfReachGrid.discount * grid.optimum[grid.next[pair]]
            }
            for _ in 0..<10 {
                ensemble.sweep(
                    steps, discount: EdgeOfReachGrid.discount, stepSize: 0.5, known: options.knowsEdges ? oracle : nil)
            }
            guard epoch == options.epochs - 1 else { continue }
            let reached = Set(steps.map { $0.next! }).sorted()
            let edges = reached.filter { !isInner[$0] }
            edgeShare = Double(edges.count) / Double(reached.count)
            let outer = edges.flatMap { cell in (0..<actions).map { cell * actions + $0 } }
            edgeSpread = outer.reduce(0) { $0 + ensemble.spread($1) } / Double(max(1, outer.count))
            innerSpread = pairs.reduce(0) { $0 + ensemble.spread($1) } / Double(max(1, pairs.count))
        }
    }

    /// Of the greedy policy.
    var value: Double { grid.value { ensemble.greedyAction($0) } }

    /// By how much the cells in which data begin are thought better than they could be.
    var overestimation: Double {
        grid.starts.reduce(0) { $0 + ensemble.value(of: $1) - grid.optimum[$1] } / Double(grid.starts.count)
    }
}
