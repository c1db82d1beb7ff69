import CTelosKernels
import TelosEnvironments
import TelosTensor

/// The open grid as a table: cells in reading order, the goal last; moves right, left, down, up.
struct NoisyGrid: Sendable {
    let size: Int
    let noise: Double
    let discount = 0.95
    let mdp: TabularMDP
    var goal: Int { size * size - 1 }

    init(size: Int, noise: Double) throws {
        (self.size, self.noise) = (size, noise)
        let states = size * size
        var transitions = [Double](repeating: 0, count: states * 4 * states)
        for state in 0..<states {
            for action in 0..<4 {
                let next = state == states - 1 ? state : Self.move(state, action, size)
                transitions[(state * 4 + action) * states + next] = 1
            }
        }
        mdp = try TabularMDP(
            stateCount: states, actionCount: 4, transitions: transitions,
            terminal: (0..<states).map { $0 == states - 1 },
            start: (0..<states).map { $0 == states - 1 ? 0 : 1 / Double(states - 1) })
    }

    static func move(_ state: Int, _ action: Int, _ size: Int) -> Int {
        let (row, column) = (state / size, state % size)
        switch action {
        case 0: return row * size + min(column + 1, size - 1)
        case 1: return row * size + max(column - 1, 0)
        case 2: return min(row + 1, size - 1) * size + column
        default: return max(row - 1, 0) * size + column
        }
    }

    func step(_ state: Int, _ action: Int, using random: inout RandomStream) -> (next: Int, reward: Double) {
        let next = Self.move(state, action, size)
        return (next, (next == goal ? 0.95 : -0.05) + noise * Self.student(2.5, using: &random))
    }

    func start(using random: inout RandomStream) -> Int { random.index(below: goal) }

    /// r(s, a) without noise.
    var reward: [Double] { mdp.expectedReward(mdp.fullReward { _, _, next in next == goal ? 0.95 : -0.05 }) }

    /// Student's t by sqrt(n (u^(-2 / n) - 1)) cos(2 pi v) (Bailey, *Polar generation of random variates with the
    /// t-distribution*, 1994).
    static func student(_ degrees: Double, using random: inout RandomStream) -> Double {
        let u = 1 - random.uniform()
        let radius = (degrees * (telos_exp64(-2 / degrees * telos_log64(u)) - 1)).squareRoot()
        return radius * telos_cos64(2 * Double.pi * random.uniform())
    }
}

/// Transitions, time-major.
struct GridWalk {
    var states: [Int]
    var actions: [Int]
    var next: [Int]
    var rewards: [Float]
    var logs: [Float]

    init(rows: Int) {
        states = Array(repeating: 0, count: rows)
        (actions, next) = (states, states)
        rewards = Array(repeating: 0, count: rows)
        logs = rewards
    }
}
