import TelosTensor

/// A row of states along a river: `left` always moves with the current, `right` against it and mostly fails.
///
/// Right in the middle: one state up with probability 0.35, stays with 0.6, is swept back with 0.05. In the first
/// state it moves up with 0.6 and else stays; in the last it stays with 0.6 and else is swept back. Starts in state 0
/// and never ends. The usual reward is 0.005 for left in the first state and 1 for right in the last.
///
/// Signals: `state`, `leftBank` and `rightBank` (1 in the first and in the last state).
///
/// Strehl and Littman, *An analysis of model-based interval estimation for Markov decision processes*, 2008, with the
/// probabilities and rewards of Osband, Russo and Van Roy, *(More) efficient reinforcement learning via posterior
/// sampling*, 2013.
public struct RiverSwim: FiniteEnvironment {
    public let size: Int
    public let specification: EnvironmentSpecification

    /// - Parameter size: states, 3 or more; 6 in the literature.
    public init(size: Int = 6) throws {
        guard size >= 3 else { throw TabularError("RiverSwim needs a size of at least 3, not \(size)") }
        self.size = size
        specification = EnvironmentSpecification(
            name: "RiverSwim", summary: "Swim against the current to a large reward, or drift to a small one.",
            observation: .discrete(size), action: .discrete(2), actionNames: ["left", "right"],
            signals: [
                Signal("state", 0...Double(size - 1), "The index of the state."),
                Signal("leftBank", 0...1, "1 in the first state."),
                Signal("rightBank", 0...1, "1 in the last state."),
            ],
            stateNames: ["state"],
            reference: "Strehl and Littman, 2008; Osband, Russo and Van Roy, 2013")
    }

    public var states: [Int] { Array(0..<size) }
    public func index(of state: Int) -> Int? { (0..<size).contains(state) ? state : nil }
    public func isTerminal(_ state: Int) -> Bool { false }
    public var startDistribution: [(probability: Double, state: Int)] { [(1, 0)] }
    public func reset(using random: inout RandomStream) -> Int { 0 }

    public func outcomes(of state: Int, action: Int) -> [(probability: Double, next: Int)] {
        if action == 0 { return [(1, max(state - 1, 0))] }
        if state == 0 { return [(0.4, 0), (0.6, 1)] }
        if state == size - 1 { return [(0.4, state - 1), (0.6, state)] }
        return [(0.05, state - 1), (0.6, state), (0.35, state + 1)]
    }

    public func step(_ state: inout Int, action: Action, using random: inout RandomStream) -> Bool {
        guard action.index == 1 else {
            state = max(state - 1, 0)
            return false
        }
        let chance = random.uniform()
        if state == 0 {
            state = chance < 0.4 ? 0 : 1
        } else if state == size - 1 {
            state = chance < 0.4 ? state - 1 : state
        } else {
            state = chance < 0.05 ? state - 1 : chance < 0.65 ? state : state + 1
        }
        return false
    }

    public func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(state)
    }

    public func readSignals(_ state: Int, into signals: SignalWriter) {
        signals[0] = Double(state)
        signals[1] = state == 0 ? 1 : 0
        signals[2] = state == size - 1 ? 1 : 0
    }

    public func draw(_ state: Int) -> Drawing {
        var drawing = GridDrawing.board(rows: 1, columns: size) { _, column in
            column == size - 1 ? "#69db7c" : column == 0 ? "#ffe066" : "#d0ebff"
        }
        GridDrawing.mark((0, state), rows: 1, in: &drawing)
        return drawing
    }
}
