import TelosEnvironments
import TelosLearning
import TelosRewards
import TelosTensor

/// A walk along a cliff in gusts: the short way is best on average, the long way is safe.
///
/// Cell (column c, row r) is state r * columns + c, row 0 at the edge; start at the left end of row 0, goal at its
/// right end; the last state is the bottom of the cliff. Moves right, left, up and down (walls stop them); after a
/// move, but not at the goal, the wind pushes one row down with probability `wind`. A step pays -1, a fall `penalty`
/// less.
struct WindyCliff: Sendable {
    static let actionNames = ["right", "left", "up", "down"]

    let columns: Int
    let penalty: Double
    let mdp: TabularMDP
    let environment: TabularEnvironment
    var fallen: Int { mdp.stateCount - 1 }
    var goal: Int { columns - 1 }

    init(columns: Int, rows: Int, wind: Double, penalty: Double) throws {
        self.columns = columns
        self.penalty = penalty
        let cells = columns * rows
        let (states, fallen, goal) = (cells + 1, cells, columns - 1)
        let terminal = (0..<states).map { $0 == goal || $0 == fallen }
        var transitions = [Double](repeating: 0, count: states * 4 * states)
        for state in 0..<states {
            for action in 0..<4 {
                let row = (state * 4 + action) * states
                guard !terminal[state] else {
                    transitions[row + state] = 1
                    continue
                }
                var (x, y) = (state % columns, state / columns)
                switch action {
                case 0: x = min(x + 1, columns - 1)
                case 1: x = max(x - 1, 0)
                case 2: y = min(y + 1, rows - 1)
                default: y -= 1
                }
                func place(_ y: Int) -> Int { y < 0 ? fallen : y * columns + x }
                let next = place(y)
                transitions[row + next] += terminal[next] ? 1 : 1 - wind
                if !terminal[next] { transitions[row + place(y - 1)] += wind }
            }
        }
        // Half of the episodes begin anywhere, so that every cell's values are learned.
        var start = (0..<states).map { terminal[$0] ? 0 : 0.5 / Double(cells - 1) }
        start[0] += 0.5
        mdp = try TabularMDP(
            stateCount: states, actionCount: 4, transitions: transitions, terminal: terminal, start: start)
        environment = try TabularEnvironment(
            mdp, name: "WindyCliff", summary: "Walk along a cliff in gusts.",
            columns: [.init("fell", values: (0..<states).map { $0 == fallen ? 1 : 0 })],
            actionNames: Self.actionNames)
    }

    func task(horizon: Int) throws -> TaskDefinition {
        let environment = environment
        return try TaskDefinition(
            EnvironmentEntry(
                name: "WindyCliff", family: "catalogue", summary: "", horizon: horizon, reward: "-1 - \(penalty) * fell"
            ) { _ in environment })
    }

    /// r(s, a).
    var reward: [Double] {
        mdp.expectedReward(mdp.fullReward { _, _, next in -1 - (next == fallen ? penalty : 0) })
    }

    /// The exact law of the discounted return of the walk that takes `actions[state]` from the start.
    func law(of actions: [Int], horizon: Int, discount: Double) throws -> FiniteDistribution {
        var here = [Double](repeating: 0, count: mdp.stateCount)
        here[0] = 1
        var atoms: [(value: Double, probability: Double)] = []
        var (paid, weight) = (0.0, 1.0)
        for step in 1...horizon {
            var next = [Double](repeating: 0, count: mdp.stateCount)
            for state in 0..<mdp.stateCount where here[state] > 0 {
                mdp.forEachSuccessor(of: state, action: actions[state]) { next[$0] += here[state] * $1 }
            }
            paid -= weight
            atoms.append((paid, next[goal]))
            atoms.append((paid - weight * penalty, next[fallen]))
            next[goal] = 0
            next[fallen] = 0
            if step == horizon { atoms.append((paid, next.reduce(0, +))) }
            here = next
            weight *= discount
        }
        return try FiniteDistribution(atoms)
    }
}
