import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct HindsightTests {
    /// Every relabelled step is a step that was taken, under a goal that was reached later in its episode, and paid by
    /// the task's reward for that goal.
    @Test func stepsAreRememberedUnderGoalsReachedLater() throws {
        let definition = try task(
            "PointMaze", options: ["tolerance": .real(0.1)], horizon: 12, reward: "goal ? 5 : -distance")
        let (count, goals) = (3, 4)
        let environments = try definition.makeEnvironments(count: count, key: RandomKey(seed: 1))
        var hindsight = try Hindsight(definition, environments, goals: goals, discount: 0.9)
        let replay = ReplayBuffer(capacity: 10_000, observationWidth: 4, actionWidth: 2, priorityExponent: nil)
        var random = RandomKey(seed: 2).stream
        let actions = Buffer<Float>(count: 2 * count, repeating: 0)
        struct Step: Hashable { var from, action, to: [Float] }
        var running: [[Step]] = Array(repeating: [], count: count)
        var episodes: [[Step]] = []
        for _ in 0..<50 {
            for index in 0..<actions.count { actions[index] = Float(random.uniform(-1, 1)) }
            environments.step(actions: actions.readOnly)
            hindsight.append(environments, to: replay, using: &random)
            let transitions = environments.transitions
            for index in 0..<count {
                running[index].append(
                    Step(
                        from: Array(transitions.observations[(4 * index)..<(4 * index + 2)]),
                        action: Array(transitions.actions[(2 * index)..<(2 * index + 2)]),
                        to: Array(transitions.nextObservations[(4 * index)..<(4 * index + 2)])))
                if transitions.ends[index] != .ongoing {
                    episodes.append(running[index])
                    running[index] = []
                }
            }
        }
        #expect(episodes.count == 12)
        var checkpoint = Checkpoint()
        try replay.save(to: &checkpoint)
        func column(_ name: String) -> [Float] { checkpoint.arrays["replay/\(name)"]!.values }
        let (observations, nextObservations) = (column("observations"), column("nextObservations"))
        let (taken, rewards, bootstraps) = (column("actions"), column("rewards"), column("bootstraps"))
        #expect(replay.count > 12 * 12 && replay.count <= 12 * 12 * goals)
        var (reached, distances) = (0, Set<Int>())
        for row in 0..<replay.count {
            let (from, to) = (observations[(4 * row)..<(4 * row + 4)], nextObservations[(4 * row)..<(4 * row + 4)])
            let step = Step(
                from: Array(from.prefix(2)), action: Array(taken[(2 * row)..<(2 * row + 2)]), to: Array(to.prefix(2)))
            let goal = Array(from.suffix(2))
            #expect(goal == Array(to.suffix(2)))
            let later = episodes.compactMap { episode -> Int? in
                guard let first = episode.firstIndex(of: step) else { return nil }
                return episode[first...].firstIndex { $0.to == goal }.map { $0 - first }
            }
            #expect(!later.isEmpty, "the goal of row \(row) was not reached after its step")
            distances.formUnion(later)
            func distance(_ point: [Float]) -> Double {
                let (x, y) = (Double(point[0] - goal[0]), Double(point[1] - goal[1]))
                return (x * x + y * y).squareRoot()
            }
            #expect(distance(step.from) > 0.1 - 1e-6, "an episode would have ended before")
            let isReached = distance(step.to) <= 0.1
            reached += isReached ? 1 : 0
            #expect(abs(Double(rewards[row]) - (isReached ? 5 : -distance(step.to))) < 1e-5)
            #expect(bootstraps[row] == (isReached ? 0 : 0.9))
        }
        #expect(reached > 50 && reached < replay.count)
        #expect(distances.count > 6, "from all of the future")
    }

    @Test func whatHasNoGoalsIsRefused() throws {
        for (environment, json) in [
            ("Pendulum", #"{"hindsightGoals": 4}"#), ("PointMaze", #"{"hindsightGoals": 4, "multiStep": 3}"#),
        ] {
            let context = LearnerContext(task: try task(environment), key: RandomKey(seed: 0), plannedSteps: 100)
            #expect(throws: ConfigurationError.self) { try Learners.named("sac")!.make(context, json) }
        }
    }

    @Test func resumingContinuesToTheSameBytes() throws {
        let options =
            #"{"hindsightGoals": 2, "hiddenSizes": [8], "batchSize": 8, "learningStarts": 30, "stepsPerIteration": 25}"#
        func learner(_ seed: Int) throws -> any Learner {
            let context = LearnerContext(
                task: try task("PointMaze", horizon: 10), key: RandomKey(seed: seed), plannedSteps: 1000)
            return try Learners.named("sac")!.make(context, options)
        }
        let whole = try learner(1)
        try whole.train(steps: 300)
        let first = try learner(1)
        try first.train(steps: 125)
        let second = try learner(9)
        try second.restore(Checkpoint(decoding: first.checkpoint().encoded()))
        try second.train(steps: 300)
        #expect(try second.checkpoint().encoded() == whole.checkpoint().encoded())
    }
}
