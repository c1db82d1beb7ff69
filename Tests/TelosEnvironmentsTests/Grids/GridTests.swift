import TelosTensor
import Testing

@testable import TelosEnvironments

struct GridTests {
    private func goalReward(_ model: FiniteModel) -> [Double] {
        let goal = model.signal("goal")!
        return model.mdp.fullReward { _, _, next in goal[next] }
    }

    private func entry(_ name: String, _ changes: [String: OptionValue] = [:]) throws -> any BatchEnvironment {
        let entry = try #require(Environments.grids.first { $0.name == name })
        var options = entry.defaultOptions
        for (key, value) in changes { options.values[key] = value }
        return try entry.make(options, 2, entry.horizon, RandomKey(seed: 1))
    }

    private func run<E: Environment>(_ environment: E, _ state: inout E.State, _ actions: [Int]) -> Bool {
        var random = RandomKey(seed: 0).stream
        var ended = false
        for action in actions {
            let row = Buffer<Float>([Float(action)])
            ended = environment.step(&state, action: Action(row.pointer), using: &random)
        }
        return ended
    }

    private func signal<E: Environment>(_ name: String, _ state: E.State, of environment: E) -> Double {
        let values = Buffer<Double>(count: environment.specification.signals.count, repeating: -99)
        environment.readSignals(state, into: SignalWriter(values.pointer, stride: 1))
        return values[environment.specification.signalIndex(name)!]
    }

    @Test func scatteredMarksStandBesideStartAndGoal() throws {
        var random = RandomKey(seed: 1).stream
        for count in [0, 3, 7] {
            let map = try GridMap.square(3, scattering: "H", count: count, using: &random)
            #expect(map.cells.count { $0 == "H" } == count)
            #expect(map.cells.first == "S" && map.cells.last == "G")
        }
        #expect(throws: GridMapError.self) { try GridMap.square(3, scattering: "H", count: 8, using: &random) }
        #expect(throws: GridMapError.self) { try GridMap.square(1, scattering: "H", count: 0, using: &random) }
    }

    @Test func `optimal values of the open grid`() throws {
        for (size, expected) in [(4, 0.752), (5, 0.672)] {
            let batch = try entry("Grid", ["size": .integer(size)])
            let model = try #require(batch.finiteModel)
            let solution = try model.mdp.policyIteration(reward: goalReward(model), discount: 0.95)
            #expect(abs(model.mdp.expectation(of: solution.values) - expected) < 0.001)
        }
    }

    @Test func `the corner of the open grid is bottom left`() throws {
        let model = try #require(try entry("Grid").finiteModel)
        #expect(model.signal("corner") == (0..<16).map { $0 == 12 ? 1 : 0 })
        #expect(model.signal("goal") == (0..<16).map { $0 == 15 ? 1 : 0 })
        #expect(model.mdp.start[0] == 1 && model.mdp.terminal == (0..<16).map { $0 == 15 })
        // Slip 0.1: intended 0.925, each other 0.025; up and left bounce in the corner.
        #expect(abs(model.mdp.probability(of: 1, after: 0, action: 1) - 0.925) < 1e-12)
        #expect(abs(model.mdp.probability(of: 0, after: 0, action: 1) - 0.05) < 1e-12)
    }

    @Test func `in RiverSwim it is best always to swim right`() throws {
        let model = try FiniteModel(RiverSwim())
        let reward = model.mdp.fullReward { state, action, _ in
            state == 5 && action == 1 ? 1 : state == 0 && action == 0 ? 0.005 : 0
        }
        #expect(try model.mdp.policyIteration(reward: reward, discount: 0.95).actions == [1, 1, 1, 1, 1, 1])
        // A short-sighted swimmer takes what is there.
        #expect(try model.mdp.policyIteration(reward: reward, discount: 0.3).actions[0] == 0)
    }

    @Test func `CliffWalking matches Gymnasium`() throws {
        let batch = try entry("CliffWalking")
        let model = try #require(batch.finiteModel)
        #expect(model.specification.observation == .discrete(48))
        let cliff = try #require(model.signal("cliff"))
        let reward = model.mdp.fullReward { _, _, next in cliff[next] == 1 ? -100 : -1 }
        // Thirteen steps along the edge; from the start with certainty down the first row is -13.
        let solution = try model.mdp.valueIteration(reward: reward, discount: 1)
        #expect(solution.values[36] == -13)
        // Right from the start falls: back to 36, not terminal, -100.
        let fallen = model.mdp.successors(of: 36, action: 1)
        #expect(fallen.count == 1 && cliff[fallen[0].state] == 1 && !model.mdp.terminal[fallen[0].state])
        #expect(model.observations[fallen[0].state] == 36)
        #expect(model.mdp.successors(of: 36, action: 2).map(\.state) == [36])
        #expect(model.mdp.terminal[47] && !model.mdp.terminal[40])
        // Slippery: each of action - 1, action, action + 1 with probability 1/3.
        let slippery = try #require(try entry("CliffWalking", ["slippery": .flag(true)]).finiteModel)
        let outcomes = slippery.mdp.successors(of: 24, action: 1)
        #expect(outcomes.map(\.state) == [12, 25, 36])
        for outcome in outcomes { #expect(abs(outcome.probability - 1 / 3.0) < 1e-12) }
    }

    @Test func `four rooms of size 11 are the paper's, and every size is connected`() throws {
        let paper = """
            .....#.....
            .....#.....
            ...........
            .....#.....
            .....#.....
            #.####.....
            .....###.##
            .....#.....
            .....#.....
            ...........
            .....#.....
            """
        var cells = paper.split(separator: "\n").map { Array(String($0)) }
        cells[0][0] = "S"
        cells[10][10] = "G"
        #expect(try GridMap.fourRooms(size: 11).description == cells.map { String($0) }.joined(separator: "\n"))
        for size in 5...25 {
            let world = try GridWorld(map: .fourRooms(size: size))
            let distances = try #require(try FiniteModel(world).signal("pathDistance"))
            #expect(distances.allSatisfy { $0 < Double(world.stateCount) }, "size \(size)")
            let anywhere = try GridWorld(map: .fourRooms(size: size, startAnywhere: true))
            #expect(anywhere.startDistribution.count == anywhere.stateCount - 1)
        }
    }

    @Test func `distances are those that the best policy walks`() throws {
        for name in ["FourRooms", "KeyAndDoor", "GridWorld"] {
            let model = try #require(try entry(name, ["slip": .real(0)]).finiteModel)
            let discount = 0.9
            let values = try model.mdp.valueIteration(reward: goalReward(model), discount: discount).values
            let distances = model.signal("pathDistance")!
            for state in values.indices where !model.mdp.terminal[state] {
                var expected = 0.0
                if distances[state] < Double(model.mdp.stateCount) {
                    expected = 1
                    for _ in 1..<Int(distances[state]) { expected *= discount }
                }
                #expect(abs(values[state] - expected) < 1e-9, "\(name), state \(state)")
            }
        }
    }

    @Test func `the door opens only with the key`() throws {
        let world = try GridWorld(map: GridMap("SD.G/K#.."))
        var state = 0
        #expect(!run(world, &state, [1]))
        #expect(state == world.state(row: 0, column: 0))
        _ = run(world, &state, [2])
        #expect(state == world.state(row: 1, column: 0, key: true))
        #expect(signal("key", state, of: world) == 1)
        _ = run(world, &state, [0, 1])
        #expect(world.position(of: state) == (0, 1))
        #expect(run(world, &state, [1, 1]))
        #expect(signal("goal", state, of: world) == 1)
        #expect(signal("pathDistance", 0, of: world) == 5)
        #expect(signal("manhattanDistance", 0, of: world) == 3)
    }

    @Test func `holes end, or lead back without the key`() throws {
        let deadly = try GridWorld(map: GridMap("SH/GB"))
        var state = 0
        #expect(run(deadly, &state, [1]))
        #expect(signal("hole", state, of: deadly) == 1)
        #expect(signal("markerB", 3, of: deadly) == 1)
        let cliff = try GridWorld(map: GridMap("SKH/.D."), holes: .backToStart)
        state = 0
        #expect(!run(cliff, &state, [1, 1]))
        #expect(signal("cliff", state, of: cliff) == 1)
        #expect(signal("key", state, of: cliff) == 0)
        #expect(cliff.position(of: state) == (0, 0))
        _ = run(cliff, &state, [0])
        #expect(signal("cliff", state, of: cliff) == 0)
    }

    @Test func `DeepSea pays 0.99 for right every time, and left is free`() throws {
        for (size, mapping) in [(5, 0), (8, 42)] {
            let sea = try DeepSea(size: size, mappingSeed: mapping)
            let model = try FiniteModel(sea)
            let (goal, cost) = (model.signal("goal")!, model.signal("moveCost")!)
            let reward = model.mdp.fullReward { _, _, next in goal[next] - cost[next] }
            let solution = try model.mdp.backwardInduction(reward: reward, horizon: size)
            #expect(abs(solution.values[0][0] - 0.99) < 1e-12)
            // Exploring by chance: 2^-size for the treasure.
            let uniform = TabularPolicy.uniform(stateCount: model.mdp.stateCount, actionCount: 2)
            let chance = try model.mdp.expectedReturn(
                policy: uniform, reward: model.mdp.fullReward { _, _, next in goal[next] }, discount: 1)
            #expect(abs(chance - 1 / Double(1 << size)) < 1e-12)
        }
        let sea = try DeepSea(size: 4)
        var state = 0
        #expect(!run(sea, &state, [0, 1, 1]))
        #expect(run(sea, &state, [1]))
        #expect(signal("goal", state, of: sea) == 0)  // column 3 of 4, one short
        #expect(signal("column", state, of: sea) == 3)
    }

    @Test func `steps follow the exact model`() throws {
        try expectSampledFrequencies(
            of: GridWorld(map: GridMap("S.H/.#G/SKD"), slip: .uniform(0.4)),
            model: FiniteModel(GridWorld(map: GridMap("S.H/.#G/SKD"), slip: .uniform(0.4))))
        let cliff = try GridWorld(map: GridMap("S.S/SHG"), slip: .sideways(0.5), holes: .backToStart)
        try expectSampledFrequencies(of: cliff, model: FiniteModel(cliff))
        let sea = try DeepSea(size: 4, stochastic: true, mappingSeed: 3)
        try expectSampledFrequencies(of: sea, model: FiniteModel(sea))
        let river = try RiverSwim()
        try expectSampledFrequencies(of: river, model: FiniteModel(river))
    }

    @Test(arguments: [
        ("S.\n.x", "map, line 2, column 2: unknown cell \"x\""),
        ("S..\n..", "map, line 2, column 3: it has 2 cells where line 1 has 3"),
        ("..\n.G", "map: it has no start"),
        ("S.\nD.", "map, line 2, column 1: a door, but no key"),
        ("\n\n", "map: it is empty"),
        ("S.\n\n.G", "map, line 2, column 1: it has 0 cells"),
    ]) func `map errors say where`(text: String, expected: String) {
        do {
            _ = try GridMap(text)
            Issue.record("no error")
        } catch {
            #expect("\(error)".hasPrefix(expected), "\(error)")
        }
    }

    @Test func `every entry keeps an environment's promises`() {
        for entry in Environments.grids { #expect(EnvironmentConformance.check(entry) == []) }
    }

    @Test func `every entry is built with its defaults, steps, and draws`() throws {
        for entry in Environments.grids {
            let batch = try entry.make(entry.defaultOptions, 3, entry.horizon, RandomKey(seed: 2))
            #expect(batch.specification.name == entry.name)
            let model = try #require(batch.finiteModel)
            guard case .discrete(let choices) = batch.specification.action else { continue }
            var random = RandomKey(seed: 4).stream
            for _ in 0..<300 {
                let actions = (0..<3).map { _ in Float(random.index(below: choices)) }
                actions.withUnsafeBufferPointer { batch.step(actions: $0) }
                for index in 0..<3 {
                    let state = try #require(batch.stateIndex(of: index))
                    #expect(model.observations[state] == batch.observations[index])
                }
                let transitions = batch.transitions
                for (k, signal) in batch.specification.signals.enumerated() {
                    for value in transitions.signalsAfter[(k * 3)..<(k * 3 + 3)] {
                        #expect((signal.lowerBound...signal.upperBound).contains(value), "\(entry.name) \(signal.name)")
                    }
                }
            }
            #expect(!batch.draw(0).elements.isEmpty)
        }
    }
}
