#if MuJoCo
    import Foundation
    import TelosTensor

    /// A body with inertia among walls that is to reach a goal.
    ///
    /// The goal is a body of its own that nothing touches, so that it is part of the state, and what was reached by chance
    /// can be learned from as if it had been wanted (see `GoalEnvironment`). Reaching it ends the episode.
    ///
    /// After the mazes of Fu, Kumar, Nachum, Tucker and Levine, *D4RL: datasets for deep data-driven reinforcement
    /// learning* (2020).
    public struct PhysicsMaze: GoalEnvironment {
        private let base: PhysicsEnvironment
        private let goal: Int
        private let tolerance: Double

        public enum Body: Sendable {
            /// A ball that two motors push along x and y.
            case ball
            /// Gymnasium's ant.
            case ant
        }

        /// - cell: length of a cell of the map, m. Higher: longer ways.
        /// - tolerance: how near counts as reached, m.
        /// - Throws: `GridMapError` where the map has no goal, `PhysicsError` where the body's model cannot be read.
        public init(_ body: Body, map: GridMap, cell: Double, tolerance: Double, frameSkip: Int) throws {
            let starts = map.cells.indices.filter { map.cells[$0] == "S" }
            let goals = map.cells.indices.filter { map.cells[$0] == "G" }
            guard !goals.isEmpty else { throw GridMapError("it has no goal; write G in the cells where goals lie") }
            let text: String
            switch body {
            case .ball: text = PhysicsMaze.ballModel
            case .ant: text = try String(contentsOfFile: MuJoCoModel.path(of: "ant.xml"), encoding: .utf8)
            }
            let added = PhysicsMaze.walls(of: map, cell: cell) + PhysicsMaze.goalBody(radius: tolerance)
            let model = try MuJoCoModel(text: text.replacing("</worldbody>", with: "\(added)</worldbody>"))
            let (goal, velocities) = (model.positionCount - 2, model.velocityCount - 2)
            /// The lower left corner of a cell; the map's first row is the topmost.
            @Sendable func place(_ cells: [Int], margin: Double, _ random: inout RandomStream) -> SIMD2<Double> {
                let index = cells[random.index(below: cells.count)]
                let corner = SIMD2(Double(index % map.columns), Double(map.rows - 1 - index / map.columns))
                return cell
                    * (corner + SIMD2(random.uniform(margin, 1 - margin), random.uniform(margin, 1 - margin)))
            }
            @Sendable func apart(_ frame: PhysicsFrame) -> Double {
                let (x, y) = (
                    frame.positions[0] - frame.positions[goal], frame.positions[1] - frame.positions[goal + 1]
                )
                return (x * x + y * y).squareRoot()
            }
            var task = PhysicsTask(
                name: body == .ball ? "BallMaze" : "AntMaze", summary: PhysicsMaze.summary(of: body),
                reference: "After Fu, Kumar, Nachum, Tucker and Levine (2020), D4RL's mazes", frameSkip: frameSkip,
                observation: [
                    .positions(),
                    .numbers(velocities) { for index in 0..<velocities { $1[index] = $0.velocities[index] } },
                ],
                signals: [
                    .x, .y, .xVelocity, .yVelocity,
                    PhysicsSignal("goalX", unit: "m", "Where the goal is along x.") { $0.positions[goal] },
                    PhysicsSignal("goalY", unit: "m", "Where the goal is along y.") { $0.positions[goal + 1] },
                    PhysicsSignal("distance", unit: "m", in: 0...(.infinity), "To the goal, straight through walls.") {
                        apart($0)
                    },
                    PhysicsSignal("goal", in: 0...1, "1 where the goal is reached.") { apart($0) <= tolerance ? 1 : 0 },
                    .controlCost,
                ],
                begin: { position, velocity, random in
                    for index in 2..<goal { position[index] += random.uniform(-0.05, 0.05) }
                    for index in 0..<velocities { velocity[index] += random.uniform(-0.05, 0.05) }
                    let (start, end) = (place(starts, margin: 0.3, &random), place(goals, margin: 0.3, &random))
                    (position[0], position[1]) = (start.x, start.y)
                    (position[goal], position[goal + 1]) = (end.x, end.y)
                })
            task.referencePoint = { SIMD2($0.positions[0], $0.positions[1]) }
            task.isTerminal = { apart($0) <= tolerance }
            let size = (cell * Double(map.columns), cell * Double(map.rows))
            task.view = .above(size: max(size.0, size.1), x: size.0 / 2, y: size.1 / 2)
            base = try PhysicsEnvironment(task, model: model)
            self.goal = goal
            self.tolerance = tolerance
        }

        fileprivate static func summary(of body: Body) -> String {
            body == .ball ? "Push a ball around walls to a goal." : "Walk an ant around walls to a goal."
        }

        private static let ballModel = """
            <mujoco model="ball">
              <option timestep="0.01"/>
              <worldbody>
                <body name="ball" pos="0 0 0.1">
                  <joint name="ballX" type="slide" axis="1 0 0" damping="1"/>
                  <joint name="ballY" type="slide" axis="0 1 0" damping="1"/>
                  <geom type="sphere" size="0.1" mass="1" rgba="0.78 0.36 0.29 1"/>
                </body>
              </worldbody>
              <actuator>
                <motor name="pushX" joint="ballX" ctrlrange="-1 1" ctrllimited="true" gear="2"/>
                <motor name="pushY" joint="ballY" ctrlrange="-1 1" ctrllimited="true" gear="2"/>
              </actuator>
            </mujoco>
            """

        private static func goalBody(radius: Double) -> String {
            let slide = #"type="slide" limited="false" armature="0" damping="0""#
            return """
                <body name="goal" pos="0 0 0.02">
                  <joint name="goalX" axis="1 0 0" \(slide)/><joint name="goalY" axis="0 1 0" \(slide)/>
                  <geom type="cylinder" size="\(radius) 0.01" mass="1" contype="0" conaffinity="0" rgba="0.31 0.56 0.36 1"/>
                </body>
                """
        }

        /// A box a wall, and one along each border.
        private static func walls(of map: GridMap, cell: Double) -> String {
            func box(_ x: Double, _ y: Double, _ halfWidth: Double, _ halfHeight: Double) -> String {
                """
                <geom type="box" pos="\(x) \(y) 0.5" size="\(halfWidth) \(halfHeight) 0.5" contype="1" conaffinity="1" \
                rgba="0.17 0.23 0.33 1"/>

                """
            }
            let half = cell / 2
            let (width, height) = (cell * Double(map.columns), cell * Double(map.rows))
            var text = map.cells.indices.filter { map.cells[$0] == "#" }.map { index in
                box(
                    cell * Double(index % map.columns) + half,
                    cell * Double(map.rows - 1 - index / map.columns) + half, half, half)
            }.joined()
            for y in [-half, height + half] { text += box(width / 2, y, width / 2 + cell, half) }
            for x in [-half, width + half] { text += box(x, height / 2, half, height / 2) }
            return text
        }

        public var specification: EnvironmentSpecification { base.specification }
        public func reset(using random: inout RandomStream) -> PhysicsState { base.reset(using: &random) }
        public func step(_ state: inout PhysicsState, action: Action, using random: inout RandomStream) -> Bool {
            base.step(&state, action: action, using: &random)
        }
        public func state(values: [Double], memory: [Double]) -> PhysicsState? {
            base.state(values: values, memory: memory)
        }
        public func observe(_ state: PhysicsState, into observation: UnsafeMutableBufferPointer<Float>) {
            base.observe(state, into: observation)
        }
        public func readSignals(_ state: PhysicsState, into signals: SignalWriter) {
            base.readSignals(state, into: signals)
        }
        public func draw(_ state: PhysicsState) -> Drawing { base.draw(state) }
        public func advance(_ batch: EnvironmentBatch<PhysicsState>) { base.advance(batch) }

        public func achievedGoal(_ state: PhysicsState) -> [Double] { Array(state.values[..<2]) }

        public func pursuing(_ goal: [Double], in state: PhysicsState) -> PhysicsState {
            var values = state.values
            (values[self.goal], values[self.goal + 1]) = (goal[0], goal[1])
            guard let pursuing = base.state(values: values, memory: []) else {
                preconditionFailure("\(goal) is no goal of \(specification.name)")
            }
            return pursuing
        }

        public func isTerminal(_ state: PhysicsState) -> Bool {
            let values = state.values
            let (x, y) = (values[0] - values[goal], values[1] - values[goal + 1])
            return (x * x + y * y).squareRoot() <= tolerance
        }
    }

    extension Environments {
        static let physicsMazes: [EnvironmentEntry] = [
            maze("BallMaze", .ball, cell: 1, tolerance: 0.3, frameSkip: 10, horizon: 200),
            maze("AntMaze", .ant, cell: 4, tolerance: 1, frameSkip: 5, horizon: 700),
        ]

        private static func maze(
            _ name: String, _ body: PhysicsMaze.Body, cell: Double, tolerance: Double, frameSkip: Int, horizon: Int
        ) -> EnvironmentEntry {
            EnvironmentEntry(
                name: name, family: "physics", summary: PhysicsMaze.summary(of: body),
                options: [
                    EnvironmentOption(
                        "map", .text, .text(PointMaze.umaze),
                        "The maze, a line (or a part between /) a row: # wall, . free, S where episodes start, G where "
                            + "goals lie."),
                    EnvironmentOption(
                        "cell", .real(0.5...100), .real(cell), "Length of a cell, m. Higher: longer ways."),
                    EnvironmentOption(
                        "tolerance", .real(0.001...100), .real(tolerance),
                        "How near the goal counts as reached, m. Higher: easier."),
                    PhysicsOption.frameSkip(frameSkip),
                ],
                horizon: horizon, reward: "goal ? 0 : -1"
            ) { options in
                try PhysicsMaze(
                    body, map: GridMap(options.text("map")), cell: options.real("cell"),
                    tolerance: options.real("tolerance"), frameSkip: options.integer("frameSkip"))
            }
        }
    }
#endif
