import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

/// Memory for a batch, by itself.
private struct OwnedBatch {
    let observations, actions, rewards, bootstraps, nextObservations, weights: Buffer<Float>

    init(_ count: Int, observationWidth: Int = 1) {
        observations = Buffer(count: count * observationWidth, repeating: 0)
        nextObservations = Buffer(count: count * observationWidth, repeating: 0)
        actions = Buffer(count: count, repeating: 0)
        rewards = Buffer(count: count, repeating: 0)
        bootstraps = Buffer(count: count, repeating: 0)
        weights = Buffer(count: count, repeating: 0)
    }

    var view: ReplayBatch {
        ReplayBatch(
            observations: observations.all, actions: actions.all, rewards: rewards.all, bootstraps: bootstraps.all,
            nextObservations: nextObservations.all, weights: weights.all)
    }
}

private func append(_ value: Float, to replay: ReplayBuffer) {
    replay.append(
        observation: [value], action: [value + 0.25], reward: value + 0.5, bootstrap: 0.9, nextObservation: [value + 1])
}

@Suite struct ReplayTests {
    @Test func rowsStayTogetherAndTheOldestGo() {
        let replay = ReplayBuffer(capacity: 8, observationWidth: 1, actionWidth: 1, priorityExponent: nil)
        for value in 0..<20 { append(Float(value), to: replay) }
        #expect(replay.count == 8)
        let batch = OwnedBatch(4000)
        var random = RandomKey(seed: 1).stream
        replay.sample(into: batch.view, importance: 1, using: &random)
        var seen: [Float: Int] = [:]
        for row in 0..<4000 {
            let value = batch.observations[row]
            seen[value, default: 0] += 1
            #expect(batch.actions[row] == value + 0.25 && batch.rewards[row] == value + 0.5)
            #expect(batch.nextObservations[row] == value + 1 && batch.bootstraps[row] == 0.9 && batch.weights[row] == 1)
        }
        #expect(seen.keys.sorted() == (12..<20).map(Float.init))
        // 500 of each are expected, with a standard deviation of 21.
        #expect(seen.values.allSatisfy { abs($0 - 500) < 110 })
    }

    @Test func prioritiesDecideHowOften() {
        let replay = ReplayBuffer(capacity: 5, observationWidth: 1, actionWidth: 1, priorityExponent: 0.5)
        for value in 0..<5 { append(Float(value), to: replay) }
        let batch = OwnedBatch(10_000)
        var random = RandomKey(seed: 2).stream
        replay.sample(into: batch.view, importance: 0.5, using: &random)
        let errors: [Float] = [1, 4, 9, 16, 25]
        let all = batch.observations.array.map { errors[Int($0)] }
        all.withUnsafeBufferPointer { replay.prioritize($0) }
        replay.sample(into: batch.view, importance: 0.5, using: &random)
        // With a = 1/2 the priorities are 1 ... 5 of 15, the weights (5 p)^-1/2 over their largest, that of the first.
        for value in 0..<5 {
            let share = Double(batch.observations.array.filter { $0 == Float(value) }.count) / 10_000
            #expect(abs(share - Double(value + 1) / 15) < 0.001)
        }
        for row in stride(from: 0, to: 10_000, by: 7) {
            let expected = 1 / Double(batch.observations[row] + 1).squareRoot()
            #expect(abs(Double(batch.weights[row]) - expected) < 1e-4)
        }
    }

    @Test func treeFindsWhereTheRunningSumPasses() {
        var random = RandomKey(seed: 3).stream
        for size in [1, 2, 5, 64, 100] {
            var tree = PriorityTree(capacity: size, exponent: 1)
            var priorities = [Double](repeating: 0, count: size)
            for _ in 0..<300 {
                let index = random.index(below: size)
                let error = random.uniform() < 0.2 ? 0 : random.uniform()
                tree.set(index, error: error)
                priorities[index] = error + 1e-6
                let mass = random.uniform() * tree.total
                var sum = 0.0
                let expected =
                    priorities.firstIndex {
                        sum += $0; return sum > mass
                    } ?? size - 1
                let found = tree.index(at: mass)
                let before = priorities[..<found].reduce(0, +)
                #expect(found == expected || abs(before - mass) < 1e-9 || abs(before + priorities[found] - mass) < 1e-9)
                #expect(abs(tree.total - priorities.reduce(0, +)) < 1e-9)
            }
        }
    }

    /// n-step returns against sums over the recorded rewards.
    @Test(arguments: [1, 3, 5]) func multiStepReturnsAreSums(length: Int) throws {
        let discount = 0.9
        let count = 4
        let definition = try task(
            "Grid", options: ["size": .integer(3)], horizon: 6, reward: "1 + row / 10 + column / 100")
        let environments = try definition.makeEnvironments(count: count, key: RandomKey(seed: 4))
        let rewards = try TaskRewards(
            definition, specification: environments.specification, count: count, discount: discount)
        let replay = ReplayBuffer(capacity: 4000, observationWidth: 1, actionWidth: 1, priorityExponent: nil)
        var multiStep = MultiStep(length: length, discount: discount, environments: count)
        var random = RandomKey(seed: 5).stream
        struct Step { var observation: Float, reward: Double, next: Float, end: EpisodeEnd }
        var history: [[Step]] = Array(repeating: [], count: count)
        let actions = Buffer<Float>(count: count, repeating: 0)
        for _ in 0..<200 {
            for index in 0..<count { actions[index] = Float(random.index(below: 4)) }
            environments.step(actions: actions.readOnly)
            let transitions = environments.transitions
            let paid = rewards.evaluate(transitions)
            multiStep.append(transitions, to: replay) { rewards.blended(paid.channels, $0) }
            for index in 0..<count {
                history[index].append(
                    Step(
                        observation: transitions.observations[index], reward: paid.channels[index],
                        next: transitions.nextObservations[index], end: transitions.ends[index]))
            }
        }
        var expected: [[Float]] = []
        for steps in history {
            for start in steps.indices {
                var (sum, factor) = (0.0, 1.0)
                for later in start..<steps.count {
                    sum += factor * steps[later].reward
                    factor *= discount
                    let last = steps[later].end != .ongoing || later - start == length - 1
                    guard last else { continue }
                    expected.append([
                        steps[start].observation, Float(sum), steps[later].end == .terminated ? 0 : Float(factor),
                        steps[later].next,
                    ])
                    break
                }
            }
        }
        #expect(replay.count == expected.count)
        let batch = OwnedBatch(6000)
        replay.sample(into: batch.view, importance: 1, using: &random)
        func key(_ row: [Float]) -> String { row.map { "\(Int(($0 * 1000).rounded()))" }.joined(separator: " ") }
        let known = Set(expected.map(key))
        var found: Set<String> = []
        for row in 0..<6000 {
            found.insert(
                key([
                    batch.observations[row], batch.rewards[row], batch.bootstraps[row], batch.nextObservations[row],
                ]))
        }
        #expect(found.isSubset(of: known))
        #expect(Double(found.count) > 0.9 * Double(known.count))
    }
}
