import TelosTensor

/// A grid of cells to walk on in four directions, from a map.
///
/// Actions: `up`, `right`, `down`, `left`, one cell each; a wall, the edge or a locked door stops the move.
///
/// The state is one index: the open cells in reading order; where the map has a key, all of them again for who holds
/// it; where holes send back to the start, at last a copy of each start for who just fell. The observation is that
/// index, the copies' being that of their start.
///
/// Signals: `row`, `column` (from 0, top left), `goal`, `manhattanDistance` and `pathDistance` to the nearest goal (in
/// steps, 0 without a goal; `pathDistance` counts the way by the key and round the holes, and is the number of states
/// where no way leads there), `key`, `hole` (or `cliff`: the step ended in one, and led back to a start), and one for
/// each marker letter of the map: `markerA`.
public struct GridWorld: FiniteEnvironment {
    /// How a move goes wrong.
    public enum Slip: Sendable, Hashable {
        /// With this probability an action drawn uniformly from all four is taken instead (it may be the same).
        case uniform(Double)
        /// With this probability the move turns left or right, one as often as the other. Gymnasium's slippery grids
        /// are `sideways(2 / 3)`.
        case sideways(Double)
    }

    /// What a hole does.
    public enum HoleEffect: Sendable, Hashable {
        /// It ends the episode.
        case terminal
        /// It sends back to a start, without the key.
        case backToStart
    }

    public static let actionNames = ["up", "right", "down", "left"]

    public let map: GridMap
    public let slip: Slip
    public let holeEffect: HoleEffect
    public let specification: EnvironmentSpecification
    public let stateCount: Int

    /// Open cells in reading order, as positions in the map.
    private let openCells: [Int]
    private let startStates: [Int]
    /// What a start's copy for who fell is: `firstFallen` + its place in `startStates`.
    private let firstFallen: Int
    /// Where direction d leads from state s, at `s * 4 + d`; `fall` stands for a fall back to a start.
    private let moves: [Int32]
    private let terminal: [Bool]
    /// Signal k of state s at `s * signalCount + k`.
    private let signalRows: [Double]
    private let signalCount: Int
    /// The probability of the direction turned by 0...3 quarters clockwise from the action.
    private let turns: [Double]

    private static let fall: Int32 = -1

    /// - Parameter markerNames: signal names for marker letters, in place of `marker` and the letter.
    /// - Throws: `TabularError` when the slip is not a probability.
    public init(
        map: GridMap, slip: Slip = .uniform(0), holes holeEffect: HoleEffect = .terminal,
        markerNames: [Character: String] = [:], name: String = "GridWorld",
        summary: String = "Walk from the start to the goal of a map.", reference: String = ""
    ) throws {
        switch slip {
        case .uniform(let probability), .sideways(let probability):
            guard probability >= 0, probability <= 1 else {
                throw TabularError("the slip is \(probability); write a probability from 0 to 1")
            }
        }
        turns =
            switch slip {
            case .uniform(let p): [1 - p + p / 4, p / 4, p / 4, p / 4]
            case .sideways(let p): [1 - p, p / 2, 0, p / 2]
            }
        let layout = GridLayout(map: map, backToStart: holeEffect == .backToStart)
        let markers = map.markers
        let far = Double(layout.stateCount)
        let signals =
            [
                Signal("row", 0...Double(map.rows - 1), "Row, from 0 at the top."),
                Signal("column", 0...Double(map.columns - 1), "Column, from 0 at the left."),
                Signal("goal", 0...1, "1 in a goal cell."),
                Signal(
                    "manhattanDistance", unit: "steps", 0...Double(map.rows + map.columns),
                    "Rows plus columns to the nearest goal."),
                Signal("pathDistance", unit: "steps", 0...far, "Steps of the shortest way to a goal."),
                Signal("key", 0...1, "1 when the key is held."),
                holeEffect == .terminal
                    ? Signal("hole", 0...1, "1 in a hole.")
                    : Signal("cliff", 0...1, "1 when the step fell off the cliff and led back to a start."),
            ]
            + markers.map { Signal(markerNames[$0] ?? "marker\($0)", 0...1, "1 in a cell marked \($0).") }
        let distances = layout.pathDistances()
        let goals = layout.openCells.filter { map.cells[$0] == "G" }
        var signalRows: [Double] = []
        signalRows.reserveCapacity(layout.stateCount * signals.count)
        for state in 0..<layout.stateCount {
            let cell = layout.cell(of: state)
            let (row, column) = (cell / map.columns, cell % map.columns)
            let manhattan = goals.map { abs($0 / map.columns - row) + abs($0 % map.columns - column) }.min() ?? 0
            signalRows += [Double(row), Double(column), map.cells[cell] == "G" ? 1 : 0, Double(manhattan)]
            signalRows += [Double(distances[state]), layout.holdsKey(state) ? 1 : 0]
            let inHole = holeEffect == .terminal ? map.cells[cell] == "H" : state >= layout.firstFallen
            signalRows.append(inHole ? 1 : 0)
            signalRows += markers.map { map.cells[cell] == $0 ? 1 : 0 }
        }
        self.map = map
        self.slip = slip
        self.holeEffect = holeEffect
        self.signalRows = signalRows
        signalCount = signals.count
        stateCount = layout.stateCount
        openCells = layout.openCells
        startStates = layout.startStates
        firstFallen = layout.firstFallen
        moves = layout.moves.map { $0.map(Int32.init) ?? Self.fall }
        terminal = (0..<layout.stateCount).map { layout.isTerminal($0) }
        specification = EnvironmentSpecification(
            name: name, summary: summary, observation: .discrete(layout.firstFallen), action: .discrete(4),
            actionNames: Self.actionNames, signals: signals, stateNames: ["state"], reference: reference)
    }

    /// The state of who stands in (row, column), with or without the key; nil for walls, places outside the map, and
    /// keys that it does not have.
    public func state(row: Int, column: Int, key: Bool = false) -> Int? {
        guard (0..<map.rows).contains(row), (0..<map.columns).contains(column),
            let position = openCells.firstIndex(of: row * map.columns + column)
        else { return nil }
        if !key { return position }
        return firstFallen > openCells.count ? openCells.count + position : nil
    }

    /// Row and column of `state`.
    public func position(of state: Int) -> (row: Int, column: Int) {
        let cell = cell(of: state)
        return (cell / map.columns, cell % map.columns)
    }

    private func cell(of state: Int) -> Int {
        let base = state < firstFallen ? state : startStates[state - firstFallen]
        return openCells[base % openCells.count]
    }

    // MARK: Finite environment

    public var states: [Int] { Array(0..<stateCount) }
    public func index(of state: Int) -> Int? { (0..<stateCount).contains(state) ? state : nil }
    public func isTerminal(_ state: Int) -> Bool { terminal[state] }

    public func outcomes(of state: Int, action: Int) -> [(probability: Double, next: Int)] {
        var result: [(probability: Double, next: Int)] = []
        for (turn, probability) in turns.enumerated() where probability > 0 {
            let next = moves[state * 4 + (action + turn) % 4]
            if next != Self.fall {
                result.append((probability, Int(next)))
            } else {
                let share = probability / Double(startStates.count)
                for place in startStates.indices { result.append((share, firstFallen + place)) }
            }
        }
        return result
    }

    public var startDistribution: [(probability: Double, state: Int)] {
        startStates.map { (1 / Double(startStates.count), $0) }
    }

    public func reset(using random: inout RandomStream) -> Int {
        startStates.count == 1 ? startStates[0] : startStates[random.index(below: startStates.count)]
    }

    public func step(_ state: inout Int, action: Action, using random: inout RandomStream) -> Bool {
        var direction = action.index
        precondition((0..<4).contains(direction), "a grid has the actions 0 to 3")
        if turns[0] < 1 {
            var target = random.uniform() - turns[0]
            var turn = 0
            while target >= 0, turn < 3 {
                turn += 1
                target -= turns[turn]
            }
            direction = (direction + turn) % 4
        }
        let next = moves[state * 4 + direction]
        if next != Self.fall {
            state = Int(next)
        } else {
            state = firstFallen + (startStates.count == 1 ? 0 : random.index(below: startStates.count))
        }
        return terminal[state]
    }

    public func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(state < firstFallen ? state : startStates[state - firstFallen])
    }

    public func readSignals(_ state: Int, into signals: SignalWriter) {
        let row = state * signalCount
        for position in 0..<signalCount { signals[position] = signalRows[row + position] }
    }

    public func draw(_ state: Int) -> Drawing {
        let holdsKey = state < firstFallen && state >= openCells.count
        return GridDrawing.draw(map: map, agent: position(of: state), holdsKey: holdsKey)
    }
}
