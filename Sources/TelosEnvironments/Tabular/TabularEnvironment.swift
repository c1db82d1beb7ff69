import CTelosKernels
import TelosTensor

/// A tabular MDP to act in: the state is its index, observed as such.
///
/// Signals: `state`, then whatever columns it is given, one value a state.
public struct TabularEnvironment: FiniteEnvironment {
    /// A signal and its value in every state.
    public struct Column: Sendable, Hashable {
        public var signal: Signal
        public var values: [Double]

        public init(_ signal: Signal, values: [Double]) {
            self.signal = signal
            self.values = values
        }

        /// A signal known by its name, with the bounds of its values.
        public init(_ name: String, values: [Double], summary: String = "") {
            let low = values.min() ?? 0
            self.init(Signal(name, low...(values.max() ?? low), summary), values: values)
        }
    }

    public let mdp: TabularMDP
    public let specification: EnvironmentSpecification
    private let columns: [[Double]]

    /// - Parameter actionNames: names of the actions; `action0`, `action1`... when empty.
    /// - Throws: `TabularError` when a column has not one finite value a state, two signals share a name, or the number
    ///   of names is not the number of actions.
    public init(
        _ mdp: TabularMDP, name: String = "Tabular", summary: String = "A tabular Markov decision process.",
        columns: [Column] = [], actionNames: [String] = [], reference: String = ""
    ) throws {
        guard actionNames.isEmpty || actionNames.count == mdp.actionCount else {
            throw TabularError("\(name): \(actionNames.count) action names for \(mdp.actionCount) actions")
        }
        var names: Set<String> = ["state"]
        for column in columns {
            guard names.insert(column.signal.name).inserted else {
                throw TabularError("\(name): two signals are called \"\(column.signal.name)\"")
            }
            guard column.values.count == mdp.stateCount, column.values.allSatisfy(\.isFinite) else {
                throw TabularError(
                    "\(name): signal \"\(column.signal.name)\" needs \(mdp.stateCount) finite values, one a state; it "
                        + "has \(column.values.count)")
            }
        }
        self.mdp = mdp
        self.columns = columns.map(\.values)
        specification = EnvironmentSpecification(
            name: name, summary: summary, observation: .discrete(mdp.stateCount), action: .discrete(mdp.actionCount),
            actionNames: actionNames.isEmpty ? (0..<mdp.actionCount).map { "action\($0)" } : actionNames,
            signals: [Signal("state", 0...Double(mdp.stateCount - 1), "The index of the state.")]
                + columns.map(\.signal),
            stateNames: ["state"], reference: reference)
    }

    public var states: [Int] { Array(0..<mdp.stateCount) }
    public func index(of state: Int) -> Int? { (0..<mdp.stateCount).contains(state) ? state : nil }
    public func isTerminal(_ state: Int) -> Bool { mdp.terminal[state] }

    public func outcomes(of state: Int, action: Int) -> [(probability: Double, next: Int)] {
        mdp.successors(of: state, action: action).map { ($0.probability, $0.state) }
    }

    public var startDistribution: [(probability: Double, state: Int)] {
        mdp.start.indices.filter { mdp.start[$0] > 0 }.map { (mdp.start[$0], $0) }
    }

    public func reset(using random: inout RandomStream) -> Int { random.index(weights: mdp.start) }

    public func step(_ state: inout Int, action: Action, using random: inout RandomStream) -> Bool {
        let row = state * mdp.actionCount + action.index
        var target = random.uniform()
        let end = mdp.rowStarts[row + 1] - 1
        var entry = mdp.rowStarts[row]
        while entry < end {
            target -= mdp.successorProbabilities[entry]
            if target < 0 { break }
            entry += 1
        }
        state = mdp.successorStates[entry]
        return mdp.terminal[state]
    }

    public func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(state)
    }

    public func readSignals(_ state: Int, into signals: SignalWriter) {
        signals[0] = Double(state)
        for (position, values) in columns.enumerated() { signals[position + 1] = values[state] }
    }

    /// The states in a circle, clockwise from the top, with the current one filled.
    public func draw(_ state: Int) -> Drawing {
        let radius = max(2, Double(mdp.stateCount) * 1.2 / (2 * Double.pi))
        let side = 2 * radius + 2
        var drawing = Drawing(width: side, height: side)
        for other in 0..<mdp.stateCount {
            let angle = 2 * Double.pi * Double(other) / Double(mdp.stateCount)
            let x = side / 2 + radius * telos_sin64(angle)
            let y = side / 2 + radius * telos_cos64(angle)
            let fill = other == state ? "#d9480f" : mdp.terminal[other] ? "#868e96" : "#dee2e6"
            drawing.elements.append(.circle(x: x, y: y, radius: 0.45, fill: fill))
            drawing.elements.append(.text(x: x, y: y, size: 0.35, text: "\(other)", fill: "#212529"))
        }
        return drawing
    }
}
