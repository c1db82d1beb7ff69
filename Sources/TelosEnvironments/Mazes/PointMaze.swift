import TelosTensor

/// A point among walls that is to reach a goal: every element of an action moves it by up to `stride` cells.
///
///     p ← p + stride clip(a), one coordinate after the other, a move into a wall or beyond the border left out
///
/// The goal is part of the state and of the observation, so that what was reached by chance can be learned from as if it
/// had been wanted (see `GoalEnvironment`). Reaching it ends the episode.
///
/// After the mazes of Fu, Kumar, Nachum, Tucker and Levine, *D4RL: datasets for deep data-driven reinforcement
/// learning* (2020), without inertia.
public struct PointMaze: Environment {
    /// x, y, goal x, goal y, in cells from the lower left corner.
    public typealias State = SIMD4<Double>

    /// The cells; of their letters `#`, `S` (where episodes start) and `G` (where goals lie) mean something here.
    public let map: GridMap
    /// Furthest move of a step along each axis, cells; default 0.25. Higher: the goal is fewer steps away.
    public var stride: Double
    /// How near counts as reached, cells; default 0.3. Higher: easier.
    public var tolerance: Double
    private let starts: [Int]
    private let goals: [Int]

    /// - Throws: `GridMapError` where `map` is no map (see there) or has no goal.
    public init(map: GridMap, stride: Double = 0.25, tolerance: Double = 0.3) throws {
        self.map = map
        self.stride = stride
        self.tolerance = tolerance
        starts = map.cells.indices.filter { map.cells[$0] == "S" }
        goals = map.cells.indices.filter { map.cells[$0] == "G" }
        guard !goals.isEmpty else { throw GridMapError("it has no goal; write G in the cells where goals lie") }
    }

    /// A corridor that doubles back.
    static let umaze = "G.../###./S..."

    public var specification: EnvironmentSpecification {
        let (right, top) = (Double(map.columns), Double(map.rows))
        return EnvironmentSpecification(
            name: "PointMaze", summary: "Move a point around walls to a goal.",
            observation: .box(
                low: [0, 0, 0, 0], high: [Float(right), Float(top), Float(right), Float(top)], shape: [4]),
            action: .box(-1...1, count: 2), actionNames: ["right", "up"],
            signals: [
                Signal("x", unit: "cells", 0...right, "From the left border."),
                Signal("y", unit: "cells", 0...top, "From the lower border."),
                Signal("goalX", unit: "cells", 0...right, "Of the goal."),
                Signal("goalY", unit: "cells", 0...top, "Of the goal."),
                Signal(
                    "distance", unit: "cells", 0...(right * right + top * top).squareRoot(),
                    "To the goal, straight through walls."),
                Signal("goal", 0...1, "1 where the goal is reached."),
            ],
            stateNames: ["x", "y", "goalX", "goalY"],
            reference: "After Fu, Kumar, Nachum, Tucker and Levine (2020), D4RL's point mazes, without inertia")
    }

    public func reset(using random: inout RandomStream) -> State {
        func point(in cells: [Int], margin: Double) -> SIMD2<Double> {
            let cell = cells[random.index(below: cells.count)]
            let corner = corner(of: cell)
            return SIMD2(
                corner.x + random.uniform(margin, 1 - margin), corner.y + random.uniform(margin, 1 - margin))
        }
        let start = point(in: starts, margin: 0.1)
        let goal = point(in: goals, margin: 0.2)
        return State(start.x, start.y, goal.x, goal.y)
    }

    /// The lower left corner of a cell; the map's first row is the topmost.
    private func corner(of cell: Int) -> SIMD2<Double> {
        SIMD2(Double(cell % map.columns), Double(map.rows - 1 - cell / map.columns))
    }

    /// Whether a point is inside the map and in no wall.
    public func isFree(_ x: Double, _ y: Double) -> Bool {
        guard x >= 0, y >= 0, x < Double(map.columns), y < Double(map.rows) else { return false }
        return map.cells[(map.rows - 1 - Int(y)) * map.columns + Int(x)] != "#"
    }

    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        let x = state.x + stride * min(max(action[0], -1), 1)
        if isFree(x, state.y) { state.x = x }
        let y = state.y + stride * min(max(action[1], -1), 1)
        if isFree(state.x, y) { state.y = y }
        return isTerminal(state)
    }

    private func distance(_ state: State) -> Double {
        let (x, y) = (state.x - state.z, state.y - state.w)
        return (x * x + y * y).squareRoot()
    }

    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        for index in 0..<4 { observation[index] = Float(state[index]) }
    }

    public func readSignals(_ state: State, into signals: SignalWriter) {
        for index in 0..<4 { signals[index] = state[index] }
        signals[4] = distance(state)
        signals[5] = isTerminal(state) ? 1 : 0
    }

    public func draw(_ state: State) -> Drawing {
        let size = (Double(map.columns), Double(map.rows))
        var elements: [Drawing.Element] = [
            .rectangle(x: size.0 / 2, y: size.1 / 2, width: size.0, height: size.1, angle: 0, fill: "#f7f8fa")
        ]
        for cell in map.cells.indices where map.cells[cell] == "#" {
            let corner = corner(of: cell)
            elements.append(
                .rectangle(
                    x: corner.x + 0.5, y: corner.y + 0.5, width: 1, height: 1, angle: 0, fill: "#2b3a55"))
        }
        elements.append(.circle(x: state.z, y: state.w, radius: tolerance, fill: "#4f8f5b"))
        elements.append(.circle(x: state.x, y: state.y, radius: 0.1, fill: "#c75b4a"))
        return Drawing(width: size.0, height: size.1, elements: elements)
    }
}

extension PointMaze: GoalEnvironment {
    public func achievedGoal(_ state: State) -> [Double] { [state.x, state.y] }

    public func pursuing(_ goal: [Double], in state: State) -> State { State(state.x, state.y, goal[0], goal[1]) }

    /// Whether the goal is as near as `tolerance`.
    public func isTerminal(_ state: State) -> Bool { distance(state) <= tolerance }
}

extension PointMaze {
    static let entry = EnvironmentEntry(
        name: "PointMaze", family: "mazes", summary: "Move a point around walls to a goal.",
        options: [
            EnvironmentOption(
                "map", .text, .text(umaze),
                "The maze, a line (or a part between /) a row: # wall, . free, S where episodes start, G where goals lie."
            ),
            EnvironmentOption(
                "stride", .real(0.001...0.9), .real(0.25), "Furthest move of a step, cells. Higher: fewer steps."),
            EnvironmentOption(
                "tolerance", .real(0.001...10), .real(0.3), "How near the goal counts as reached. Higher: easier."),
        ],
        horizon: 100, reward: "goal ? 0 : -1"
    ) { options in
        try PointMaze(
            map: GridMap(options.text("map")), stride: options.real("stride"), tolerance: options.real("tolerance"))
    }
}

extension Environments {
    /// Mazes of continuous space.
    static let mazes: [EnvironmentEntry] = [PointMaze.entry]
}
