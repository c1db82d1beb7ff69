import CTelosKernels
import TelosTensor

/// Families of tabular MDPs for experiments on many instances. They throw `TabularError` for impossible sizes.
extension TabularMDP {
    /// A Garnet: every action leads to `branching` different states drawn uniformly, with probabilities uniform on the
    /// simplex (Dirichlet(1), as normalised exponentials). No state is terminal.
    ///
    /// (Archibald, McKinnon and Thomas, *On the generation of Markov decision processes*, 1995.)
    /// - Parameter start: the first state's distribution; uniform when nil.
    public static func garnet(
        states: Int, actions: Int, branching: Int, start: [Double]? = nil, using random: inout RandomStream
    ) throws -> TabularMDP {
        guard states > 0, actions > 0 else {
            throw TabularError("a random MDP needs at least one state and one action, not \(states) and \(actions)")
        }
        guard (1...states).contains(branching) else {
            throw TabularError("the branching is \(branching); write a number from 1 to the \(states) states")
        }
        var transitions = [Double](repeating: 0, count: states * actions * states)
        var order = Array(0..<states)
        for row in 0..<(states * actions) {
            var weights: [Double] = []
            for position in 0..<branching {
                order.swapAt(position, position + random.index(below: states - position))
                weights.append(-telos_log64(1 - random.uniform()))
            }
            let total = weights.reduce(0, +)
            for position in 0..<branching { transitions[row * states + order[position]] = weights[position] / total }
        }
        return try TabularMDP(
            stateCount: states, actionCount: actions, transitions: transitions,
            terminal: Array(repeating: false, count: states),
            start: start ?? Array(repeating: 1 / Double(states), count: states))
    }

    /// Every row drawn uniformly from the simplex over all states: a Garnet with full branching.
    public static func dense(
        states: Int, actions: Int, start: [Double]? = nil, using random: inout RandomStream
    ) throws -> TabularMDP {
        try garnet(states: states, actions: actions, branching: states, start: start, using: &random)
    }

    /// Every row drawn from the symmetric Dirichlet distribution over all states. No state is terminal.
    /// - Parameter concentration: 1 is uniform on the simplex; lower makes rows sparser, few successors likely.
    public static func dirichlet(
        states: Int, actions: Int, concentration: Double, start: [Double]? = nil, using random: inout RandomStream
    ) throws -> TabularMDP {
        guard states > 0, actions > 0 else {
            throw TabularError("a random MDP needs at least one state and one action, not \(states) and \(actions)")
        }
        guard concentration >= 0.01, concentration.isFinite else {
            throw TabularError("the concentration is \(concentration); write a number of at least 0.01")
        }
        var transitions: [Double] = []
        transitions.reserveCapacity(states * actions * states)
        for _ in 0..<(states * actions) {
            let weights = (0..<states).map { _ in random.gamma(shape: concentration) }
            let total = weights.reduce(0, +)
            if total > 0 {
                transitions += weights.map { $0 / total }
            } else {
                // Every weight rounded to 0.
                let next = random.index(below: states)
                transitions += weights.indices.map { $0 == next ? 1 : 0 }
            }
        }
        return try TabularMDP(
            stateCount: states, actionCount: actions, transitions: transitions,
            terminal: Array(repeating: false, count: states),
            start: start ?? Array(repeating: 1 / Double(states), count: states))
    }

    /// States in a circle; action 0 steps down, action 1 up, modulo `states`. Starts in state 0, never ends.
    /// - Parameter slip: the probability that a uniformly random action is taken instead.
    public static func ring(states: Int, slip: Double = 0) throws -> TabularMDP {
        try line(states: states, slip: slip, terminalEnd: false) { ($0 + $1 + states) % states }
    }

    /// States in a row; action 0 steps down (staying at 0), action 1 up. Starts in state 0; the last state is terminal.
    /// - Parameters:
    ///   - slip: the probability that a uniformly random action is taken instead.
    ///   - terminalEnd: false makes the last state one like any other, where action 1 stays.
    public static func chain(states: Int, slip: Double = 0, terminalEnd: Bool = true) throws -> TabularMDP {
        try line(states: states, slip: slip, terminalEnd: terminalEnd) { min(max($0 + $1, 0), states - 1) }
    }

    private static func line(
        states: Int, slip: Double, terminalEnd: Bool, move: (_ state: Int, _ step: Int) -> Int
    ) throws -> TabularMDP {
        guard states > 1 else { throw TabularError("a chain or ring needs at least 2 states, not \(states)") }
        guard slip >= 0, slip <= 1 else { throw TabularError("the slip is \(slip); write a probability from 0 to 1") }
        var transitions = [Double](repeating: 0, count: states * 2 * states)
        var terminal = [Bool](repeating: false, count: states)
        terminal[states - 1] = terminalEnd
        for state in 0..<states {
            for action in 0..<2 {
                let row = (state * 2 + action) * states
                if terminal[state] {
                    transitions[row + state] = 1
                } else {
                    transitions[row + move(state, action * 2 - 1)] += 1 - slip / 2
                    transitions[row + move(state, 1 - action * 2)] += slip / 2
                }
            }
        }
        var start = [Double](repeating: 0, count: states)
        start[0] = 1
        return try TabularMDP(
            stateCount: states, actionCount: 2, transitions: transitions, terminal: terminal, start: start)
    }
}
