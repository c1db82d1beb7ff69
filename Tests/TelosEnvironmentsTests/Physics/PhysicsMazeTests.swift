#if MuJoCo
    import TelosTensor
    import Testing

    @testable import TelosEnvironments

    @Suite struct PhysicsMazeTests {
        /// Pushes a ball to the right for 60 steps of 0.1 s; the state it comes to, and whether the episode ended.
        private func pushed(through map: String) throws -> (maze: PhysicsMaze, state: PhysicsState, ended: Bool) {
            let maze = try PhysicsMaze(.ball, map: GridMap(map), cell: 1, tolerance: 0.3, frameSkip: 10)
            var random = RandomKey(seed: 2).stream
            var state = maze.reset(using: &random)
            let action: [Float] = [1, 0]
            for _ in 0..<60 {
                let ended = action.withUnsafeBufferPointer {
                    maze.step(&state, action: Action($0.baseAddress!), using: &random)
                }
                if ended { return (maze, state, true) }
            }
            return (maze, state, false)
        }

        @Test func aBallRollsToItsGoal() throws {
            let (maze, state, ended) = try pushed(through: "S.G")
            #expect(ended && maze.isTerminal(state))
        }

        @Test func wallsHold() throws {
            let (maze, state, ended) = try pushed(through: "S#G")
            #expect(!ended && !maze.isTerminal(state))
            #expect(abs(state.values[0] - 0.9) < 0.02, "a ball of radius 0.1 lies at the wall that begins at 1")
        }

        @Test func whatWasReachedMightHaveBeenTheGoal() throws {
            let (maze, state, _) = try pushed(through: "S#G")
            let pursuing = maze.pursuing(maze.achievedGoal(state), in: state)
            #expect(maze.isTerminal(pursuing))
            #expect(pursuing.values.count == state.values.count)
            #expect(Array(pursuing.values[..<2]) == Array(state.values[..<2]))
        }

        @Test func aMapNeedsAGoal() {
            #expect(throws: GridMapError.self) {
                _ = try PhysicsMaze(.ball, map: GridMap("S.."), cell: 1, tolerance: 0.3, frameSkip: 10)
            }
        }

        /// A picture of each needs no display, and shows something that moves.
        @Test func everyTaskIsDrawn() throws {
            for entry in Environments.physics {
                let batch = try entry.make(entry.defaultOptions, 1, entry.horizon, RandomKey(seed: 1))
                #expect(batch.draw(0).elements.count > 2, "\(entry.name)")
            }
        }
    }
#endif
