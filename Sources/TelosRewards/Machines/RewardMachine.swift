import TelosEnvironments
import TelosTensor

/// A reward that remembers: a finite automaton whose transitions are guarded by conditions on the step and pay.
///
/// At each step the first transition out of the machine's state, in the order written, whose guard holds is taken, and
/// pays its reward; where none holds the machine stays and pays 0. Every episode begins in the initial state. A terminal
/// machine state is left no more (it does not end the episode: environments do). An agent that does not see the
/// machine's state may find the reward not Markov.
///
/// As text, a line a transition, `#` starts a comment:
///
///     start -> hasKey when key and not previous.key : 0.1
///     hasKey -> done when goal : 1
///     hasKey -> hasKey : -0.01        # no guard: always
///     terminal done
///
/// The first line's state is the initial one unless a line `initial NAME` says otherwise; a transition without `: REWARD`
/// pays 0.
///
/// Toro Icarte, Klassen, Valenzano and McIlraith, *Using reward machines for high-level task specification and
/// decomposition in reinforcement learning*, 2018; *Reward machines: exploiting reward function structure in
/// reinforcement learning*, 2022.
public struct RewardMachine: Reward {
    public struct Transition: Hashable, Sendable {
        public var source: String
        public var target: String
        /// What must hold of the step; nil for always.
        public var condition: Expression?
        public var reward: Expression

        public init(from source: String, to target: String, when condition: Expression? = nil, reward: Expression) {
            self.source = source
            self.target = target
            self.condition = condition
            self.reward = reward
        }
    }

    /// Where a transition stands in the text it was read from.
    struct Place: Sendable {
        var line: Int
        var sourceColumn = 1
        var conditionColumn = 1
        var rewardColumn = 1
    }

    public let initial: String
    public let transitions: [Transition]
    public let terminal: [String]
    private let places: [Place]

    /// The machine's states: the initial one, then in the order they are mentioned. Its memory is a position in this list.
    public let states: [String]

    /// - Throws: `RewardError` when there are no transitions, when one leaves a terminal state, or when a state cannot be
    ///   reached from the initial one.
    public init(initial: String, transitions: [Transition], terminal: [String] = []) throws {
        try self.init(initial: initial, transitions: transitions, terminal: terminal, places: [])
    }

    init(initial: String, transitions: [Transition], terminal: [String], places: [Place]) throws {
        guard !transitions.isEmpty else {
            throw RewardError("a reward machine needs a transition, as in 'start -> done when goal : 1'")
        }
        var states = [initial]
        var known: Set<String> = [initial]
        for transition in transitions {
            for state in [transition.source, transition.target] where known.insert(state).inserted {
                states.append(state)
            }
        }
        for state in states where state.isEmpty || state.contains("`") || state.utf8.contains(10) {
            throw RewardError("'\(state)' cannot be written as the name of a state")
        }
        var reached: Set<String> = [initial]
        var frontier = [initial]
        var targets: [String: [String]] = [:]
        for transition in transitions { targets[transition.source, default: []].append(transition.target) }
        while let state = frontier.popLast() {
            for target in targets[state] ?? [] where reached.insert(target).inserted { frontier.append(target) }
        }
        for (index, transition) in transitions.enumerated() {
            let place = index < places.count ? places[index] : nil
            if terminal.contains(transition.source) {
                throw RewardError(
                    "the state '\(transition.source)' is terminal and cannot be left", column: place?.sourceColumn,
                    line: place?.line)
            }
            guard reached.contains(transition.source) else {
                let near = nearestName(to: transition.source, among: states.filter(reached.contains))
                throw RewardError(
                    "no transition leads to '\(transition.source)'" + (near.map { "; did you mean '\($0)'?" } ?? ""),
                    column: place?.sourceColumn, line: place?.line)
            }
        }
        for state in terminal where !known.contains(state) {
            let near = nearestName(to: state, among: states)
            throw RewardError(
                "the terminal state '\(state)' is in no transition" + (near.map { "; did you mean '\($0)'?" } ?? ""))
        }
        self.initial = initial
        self.transitions = transitions
        self.terminal = terminal
        self.places = places
        self.states = states
    }

    /// - Throws: `RewardError` with line and column where a name, condition or reward does not fit the environment.
    public func bind(to specification: EnvironmentSpecification) throws -> any BoundReward {
        let positions = Dictionary(uniqueKeysWithValues: states.enumerated().map { ($1, $0) })
        var bound: [BoundRewardMachine.Edge] = []
        for (index, transition) in transitions.enumerated() {
            let place = index < places.count ? places[index] : nil
            bound.append(
                .init(
                    source: Double(positions[transition.source] ?? 0),
                    target: Double(positions[transition.target] ?? 0),
                    condition: try transition.condition.map { condition in
                        try located(place, place?.conditionColumn) {
                            try condition.compiledCondition(for: specification)
                        }
                    },
                    reward: try located(place, place?.rewardColumn) {
                        try transition.reward.compiled(for: specification)
                    }))
        }
        return BoundRewardMachine(edges: bound)
    }

    /// Moves the place of an error from the expression's own text to the machine's.
    private func located<Result>(_ place: Place?, _ column: Int?, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch var error as RewardError {
            if let place, let column, let own = error.column {
                error.column = own + column - 1
                error.line = place.line
            }
            throw error
        }
    }

    /// Text that reads as the same machine.
    public var description: String {
        var lines = initial == transitions[0].source ? [] : ["initial \(Expression.spelling(ofWord: initial))"]
        for transition in transitions {
            var line =
                Expression.spelling(ofWord: transition.source) + " -> "
                + Expression.spelling(ofWord: transition.target)
            if let condition = transition.condition { line += " when \(condition)" }
            if transition.reward.root != .number(0) { line += " : \(transition.reward)" }
            lines.append(line)
        }
        lines += terminal.map { "terminal \(Expression.spelling(ofWord: $0))" }
        return lines.joined(separator: "\n")
    }
}

extension RewardMachine: Hashable {
    public static func == (left: RewardMachine, right: RewardMachine) -> Bool {
        left.initial == right.initial && left.transitions == right.transitions && left.terminal == right.terminal
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(initial)
        hasher.combine(transitions)
        hasher.combine(terminal)
    }
}

struct BoundRewardMachine: BoundReward {
    struct Edge: Sendable {
        var source: Double
        var target: Double
        var condition: ExpressionProgram?
        var reward: ExpressionProgram
    }

    let edges: [Edge]

    var termNames: [String] { ["machine"] }
    var memoryWidth: Int { 1 }
    func reset(memory: UnsafeMutableBufferPointer<Double>) { memory[0] = 0 }

    func evaluate(
        _ transitions: TransitionBatch, memory: UnsafeMutableBufferPointer<Double>,
        rewards: UnsafeMutableBufferPointer<Double>, terms: UnsafeMutableBufferPointer<Double>
    ) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 128) { targets in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: 128) { holds in
                withUnsafeTemporaryAllocation(of: Double.self, capacity: 128) { pays in
                    var start = 0
                    while start < transitions.count {
                        let lanes = min(ExpressionProgram.blockSize, transitions.count - start)
                        for i in 0..<lanes {
                            targets[i] = -1
                            rewards[start + i] = 0
                        }
                        for edge in edges {
                            follow(
                                edge, transitions, from: start, lanes: lanes, memory, rewards, targets: targets,
                                holds: holds, pays: pays)
                        }
                        for i in 0..<lanes {
                            if targets[i] >= 0 { memory[start + i] = targets[i] }
                            terms[start + i] = rewards[start + i]
                        }
                        start += lanes
                    }
                }
            }
        }
    }

    /// Takes one edge wherever its source is the state, no earlier edge was taken, and its guard holds.
    private func follow(
        _ edge: Edge, _ transitions: TransitionBatch, from start: Int, lanes: Int,
        _ memory: UnsafeMutableBufferPointer<Double>, _ rewards: UnsafeMutableBufferPointer<Double>,
        targets: UnsafeMutableBufferPointer<Double>, holds: UnsafeMutableBufferPointer<Double>,
        pays: UnsafeMutableBufferPointer<Double>
    ) {
        var isNeeded = false
        for i in 0..<lanes where targets[i] < 0 && memory[start + i] == edge.source { isNeeded = true }
        guard isNeeded else { return }
        if let condition = edge.condition {
            condition.withRegisters {
                condition.run(transitions, from: start, lanes: lanes, $0, into: holds.baseAddress!)
            }
        }
        edge.reward.withRegisters {
            edge.reward.run(transitions, from: start, lanes: lanes, $0, into: pays.baseAddress!)
        }
        for i in 0..<lanes where targets[i] < 0 && memory[start + i] == edge.source {
            guard edge.condition == nil || holds[i] != 0 else { continue }
            targets[i] = edge.target
            rewards[start + i] = pays[i]
        }
    }
}
