import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct PointMazeTests {
    private func maze(_ map: String) throws -> PointMaze { try PointMaze(map: GridMap(map)) }

    private func step(_ maze: PointMaze, _ state: inout PointMaze.State, _ x: Float, _ y: Float) -> Bool {
        var random = RandomKey(seed: 0).stream
        return [x, y].withUnsafeBufferPointer { maze.step(&state, action: Action($0.baseAddress!), using: &random) }
    }

    @Test func wallsAndBordersStopEachCoordinateByItself() throws {
        let maze = try maze("G.../###./S...")
        var state = PointMaze.State(0.1, 0.9, 0.5, 2.5)
        #expect(!step(maze, &state, 1, 1))
        #expect(state == PointMaze.State(0.35, 0.9, 0.5, 2.5), "the wall above stops y alone")
        #expect(!step(maze, &state, -9, -2))
        #expect(abs(state.x - 0.1) < 1e-12 && abs(state.y - 0.65) < 1e-12, "actions are clipped")
        #expect(!step(maze, &state, -1, 0))
        #expect(abs(state.x - 0.1) < 1e-12, "the border stops x")
    }

    @Test func theWayRoundReachesTheGoal() throws {
        let maze = try maze("G.../###./S...")
        var random = RandomKey(seed: 3).stream
        for _ in 0..<20 {
            var state = maze.reset(using: &random)
            #expect((0..<1).contains(state.x) && (0..<1).contains(state.y) && state.z < 1 && state.w > 2)
            var moves = 0
            func go(_ x: Double, _ y: Double) -> Bool {
                while max(abs(state.x - x), abs(state.y - y)) > 1e-6, moves < 200 {
                    moves += 1
                    if step(maze, &state, Float((x - state.x) / 0.25), Float((y - state.y) / 0.25)) { return true }
                }
                return false
            }
            #expect(go(3.5, 0.5) || go(3.5, 2.5) || go(state.z, state.w))
            #expect(maze.isTerminal(state) && moves < 50)
        }
    }

    @Test func goalsCanBeOthers() throws {
        let maze = try maze("S.G")
        let relabeling = GoalRelabeling(maze)
        #expect(relabeling.achievedGoal([0.25, 0.5, 2.5, 0.5]) == [0.25, 0.5])
        let observation = Buffer<Float>(count: 4, repeating: 0)
        let signals = Buffer<Double>(count: 6, repeating: 0)
        func describe(_ goal: [Double]) -> Bool {
            relabeling.describe(
                [0.25, 0.5, 2.5, 0.5], goal, observation.all, SignalWriter(signals.pointer, stride: 1))
        }
        #expect(describe([0.5, 0.5]))
        #expect(observation.array == [0.25, 0.5, 0.5, 0.5] && signals.array == [0.25, 0.5, 0.5, 0.5, 0.25, 1])
        #expect(!describe([1.25, 0.5]))
        #expect(signals.array[4...] == [1, 0])
    }

    @Test func mapsWithoutGoalsAreRefused() {
        #expect(throws: GridMapError.self) { try maze("S..") }
        #expect(throws: GridMapError.self) { try maze("..G") }
    }
}
