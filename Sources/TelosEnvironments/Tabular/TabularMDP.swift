import TelosTensor

/// A finite Markov decision process without a reward: a table of transition probabilities.
///
/// T(s'|s,a) is stored densely for callers and, by successor lists, sparsely for the solvers. Rewards for it are plain
/// arrays, either the expected r(s,a) at `s * actionCount + a` or R(s,a,s') at the index of `transitions`. Nothing is
/// collected from terminal states: the solvers treat their value as 0.
public struct TabularMDP: Sendable, Hashable {
    public let stateCount: Int
    public let actionCount: Int
    /// T(s'|s,a) at `(s * actionCount + a) * stateCount + s'`; rows sum to 1; a terminal state loops to itself.
    public private(set) var transitions: [Double]
    /// Whether nothing follows state s.
    public private(set) var terminal: [Bool]
    /// The distribution of the first state.
    public private(set) var start: [Double]

    /// Row r = `s * actionCount + a` holds the entries `rowStarts[r] ..< rowStarts[r + 1]` of the two arrays below.
    let rowStarts: [Int]
    let successorStates: [Int]
    let successorProbabilities: [Double]

    /// How far a distribution's sum may be from 1.
    static let sumTolerance = 1e-9

    /// - Throws: `TabularError` when a count is not positive, an array has the wrong length, a row is no probability
    ///   distribution (to within 1e-9), or a terminal state does not loop to itself.
    public init(
        stateCount: Int, actionCount: Int, transitions: [Double], terminal: [Bool], start: [Double]
    ) throws {
        guard stateCount > 0, actionCount > 0 else {
            throw TabularError(
                "a tabular MDP needs at least one state and one action, not \(stateCount) and \(actionCount)")
        }
        let expected = stateCount * actionCount * stateCount
        guard transitions.count == expected else {
            throw TabularError(
                "transitions has \(transitions.count) values, \(stateCount) states and \(actionCount) actions need "
                    + "\(expected) (states * actions * states)")
        }
        guard terminal.count == stateCount else {
            throw TabularError("terminal has \(terminal.count) values for \(stateCount) states")
        }
        guard start.count == stateCount else {
            throw TabularError("start has \(start.count) values for \(stateCount) states")
        }
        var rowStarts = [0]
        rowStarts.reserveCapacity(stateCount * actionCount + 1)
        var successorStates: [Int] = []
        var successorProbabilities: [Double] = []
        for row in 0..<(stateCount * actionCount) {
            let (state, action) = (row / actionCount, row % actionCount)
            var sum = 0.0
            for next in 0..<stateCount {
                let probability = transitions[row * stateCount + next]
                guard probability >= 0, probability.isFinite else {
                    throw TabularError(
                        "the probability of state \(next) after state \(state), action \(action) is \(probability); "
                            + "write a number between 0 and 1")
                }
                guard probability > 0 else { continue }
                sum += probability
                successorStates.append(next)
                successorProbabilities.append(probability)
            }
            guard abs(sum - 1) <= Self.sumTolerance else {
                throw TabularError("the probabilities after state \(state), action \(action) sum to \(sum), not 1")
            }
            if terminal[state], successorStates.count != rowStarts[row] + 1 || successorStates.last != state {
                throw TabularError("state \(state) is terminal: action \(action) must lead to \(state) with certainty")
            }
            rowStarts.append(successorStates.count)
        }
        for (state, probability) in start.enumerated() where !(probability >= 0 && probability.isFinite) {
            throw TabularError("the probability of starting in state \(state) is \(probability)")
        }
        guard abs(start.reduce(0, +) - 1) <= Self.sumTolerance else {
            throw TabularError("the start distribution sums to \(start.reduce(0, +)), not 1")
        }
        self.stateCount = stateCount
        self.actionCount = actionCount
        self.transitions = transitions
        self.terminal = terminal
        self.start = start
        self.rowStarts = rowStarts
        self.successorStates = successorStates
        self.successorProbabilities = successorProbabilities
    }

    /// T(next|state, action).
    public func probability(of next: Int, after state: Int, action: Int) -> Double {
        transitions[(state * actionCount + action) * stateCount + next]
    }

    /// Calls `body` with every state that `action` can lead to from `state`, in ascending order, and its probability.
    @inline(__always)
    public func forEachSuccessor(of state: Int, action: Int, _ body: (_ next: Int, _ probability: Double) -> Void) {
        let row = state * actionCount + action
        for entry in rowStarts[row]..<rowStarts[row + 1] {
            body(successorStates[entry], successorProbabilities[entry])
        }
    }

    /// A state drawn from T(.|state, action).
    public func successor(of state: Int, action: Int, using random: inout RandomStream) -> Int {
        var target = random.uniform()
        var drawn = state
        forEachSuccessor(of: state, action: action) { next, probability in
            guard target >= 0 else { return }
            drawn = next
            target -= probability
        }
        return drawn
    }

    /// The states that `action` can lead to from `state`, ascending.
    public func successors(of state: Int, action: Int) -> [(state: Int, probability: Double)] {
        let row = state * actionCount + action
        return (rowStarts[row]..<rowStarts[row + 1]).map { (successorStates[$0], successorProbabilities[$0]) }
    }

    /// r(s,a) = sum over s' of T(s'|s,a) R(s,a,s'), 0 in terminal states.
    /// - Parameter full: R(s,a,s') at the index of `transitions`.
    public func expectedReward(_ full: [Double]) -> [Double] {
        precondition(full.count == transitions.count, "R(s,a,s') needs \(transitions.count) values, not \(full.count)")
        var expected = [Double](repeating: 0, count: stateCount * actionCount)
        for row in 0..<expected.count where !terminal[row / actionCount] {
            var sum = 0.0
            for entry in rowStarts[row]..<rowStarts[row + 1] {
                sum += successorProbabilities[entry] * full[row * stateCount + successorStates[entry]]
            }
            expected[row] = sum
        }
        return expected
    }

    /// R(s,a,s') as an array from a function of it, evaluated only where T(s'|s,a) > 0 and s is not terminal.
    public func fullReward(_ reward: (_ state: Int, _ action: Int, _ next: Int) -> Double) -> [Double] {
        var full = [Double](repeating: 0, count: transitions.count)
        for row in 0..<(stateCount * actionCount) where !terminal[row / actionCount] {
            for entry in rowStarts[row]..<rowStarts[row + 1] {
                let next = successorStates[entry]
                full[row * stateCount + next] = reward(row / actionCount, row % actionCount, next)
            }
        }
        return full
    }
}

extension TabularMDP: Codable {
    private enum CodingKeys: String, CodingKey {
        case stateCount, actionCount, transitions, terminal, start
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            stateCount: container.decode(Int.self, forKey: .stateCount),
            actionCount: container.decode(Int.self, forKey: .actionCount),
            transitions: container.decode([Double].self, forKey: .transitions),
            terminal: container.decode([Bool].self, forKey: .terminal),
            start: container.decode([Double].self, forKey: .start))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(stateCount, forKey: .stateCount)
        try container.encode(actionCount, forKey: .actionCount)
        try container.encode(transitions, forKey: .transitions)
        try container.encode(terminal, forKey: .terminal)
        try container.encode(start, forKey: .start)
    }
}

/// What is wrong with a finite model or what it is asked: a message that says where.
public struct TabularError: Error, CustomStringConvertible, Equatable {
    public var description: String
    public init(_ description: String) { self.description = description }
}
