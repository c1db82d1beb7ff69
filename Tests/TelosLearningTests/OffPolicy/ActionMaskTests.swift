import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct ActionMaskTests {
    @Test func randomChoicesArePossibleAndEquallyLikely() {
        var random = RandomKey(seed: 1).stream
        let mask: [Float] = [0, 1, 0, 1, 1, 0, 0, 0, 0, 0]
        mask.withUnsafeBufferPointer { mask in
            let choices = PossibleChoices(count: 5, mask: mask)
            var counts = [[Int]](repeating: [0, 0, 0, 0, 0], count: 2)
            for _ in 0..<6000 {
                for row in 0..<2 { counts[row][Int(choices.random(row, using: &random))] += 1 }
            }
            // 2000 of each are expected with a standard deviation of 37; where nothing is possible, 1200 with one of 31.
            #expect(counts[0][0] == 0 && counts[0][2] == 0)
            #expect([1, 3, 4].allSatisfy { abs(counts[0][$0] - 2000) < 180 })
            #expect(counts[1].allSatisfy { abs($0 - 1200) < 150 })
        }
    }

    @Test func impossibleChoicesAreNeverTheLargest() throws {
        let (values, mask) = (Tensor(placeholder: 2, 3), Tensor(placeholder: 2, 3))
        let program = try Program(
            inputs: [values, mask],
            outputs: [values.restricted(to: mask).argmax(), values.restricted(to: nil).maximum(axis: 1)])
        withExtendedLifetime(program) {
            _ = program.input(0).update(fromContentsOf: [5, -2, -7, 1, 2, 3])
            _ = program.input(1).update(fromContentsOf: [0, 1, 1, 0, 0, 0])
            program.run()
            #expect(Array(program.output(0)) == [1, 2])
            #expect(Array(program.output(1)) == [5, 3])
        }
    }

    /// An impossible choice ends an episode of MaskedChoice: while a learner explores, learns and acts, none is taken.
    @Test(arguments: Learners.all.filter { $0.capabilities.contains(.actionMasks) }.map(\.name))
    func impossibleChoicesAreNeverTaken(name: String) throws {
        let example = LearnerCase(entry: Learners.named(name)!, environment: "MaskedChoice", horizon: 20)
        let learner = try example.make()
        var episodes: [EpisodeRecord] = []
        while learner.steps < 1500 { episodes += try learner.iterate().episodes }
        #expect(!episodes.isEmpty && episodes.allSatisfy { $0.end == .truncated })
        for deterministic in [true, false] {
            let judged = try evaluate(
                learner.policy(), on: example.context().task, episodes: 50, deterministic: deterministic,
                key: RandomKey(seed: 2)
            ).episodes
            #expect(judged.allSatisfy { $0.end == .truncated })
        }
    }

    /// What follows is worth the best possible choice, not the best: errors against a network evaluated by hand.
    @Test(arguments: [true, false]) func targetsLeaveOutImpossibleChoices(double: Bool) throws {
        let task = try TaskDefinition(Environments.named("MaskedChoice")!)
        var options = DQNConfiguration()
        options.hiddenSizes = []
        options.batchSize = 40
        options.double = double
        let specification = try task.makeEnvironments(count: 1, key: RandomKey(seed: 0)).specification
        let agent = try DQNAgent(
            specification, options, context: LearnerContext(task: task, key: RandomKey(seed: 3), plannedSteps: 100))
        var checkpoint = Checkpoint()
        try agent.save(to: &checkpoint)
        // The one observation is always 0, so that values are weight and bias of each choice.
        let weights = try #require(checkpoint.arrays["online/advantage.weight"]).values
        let biases = try #require(checkpoint.arrays["online/advantage.bias"]).values
        let values = zip(weights, biases).map { $0 + $1 }
        defer { withExtendedLifetime(agent) {} }
        let rows = try #require(agent.batch.transitions)
        let masks = try #require(rows.nextMasks)
        var random = RandomKey(seed: 5).stream
        var expected: [Float] = []
        for row in 0..<40 {
            let possible = (0..<8).map { _ in random.uniform() < 0.3 }
            for choice in 0..<8 { masks[row * 8 + choice] = possible[choice] ? 1 : 0 }
            rows.observations[row] = 0
            rows.nextObservations[row] = 0
            rows.actions[row] = Float(random.index(below: 8))
            rows.rewards[row] = Float(random.normal())
            rows.bootstraps[row] = 0.9
            rows.weights[row] = 1
            let offered = possible.contains(true) ? (0..<8).filter { possible[$0] } : Array(0..<8)
            let best = offered.map { values[$0] }.max()!
            expected.append(abs(values[Int(rows.actions[row])] - (rows.rewards[row] + 0.9 * best)))
        }
        agent.update(progress: 0, using: &random)
        for row in 0..<40 { #expect(abs(agent.errors[row] - expected[row]) < 1e-5) }
    }

    /// The entropy that the temperature aims at is a share of what the possible choices allow.
    @Test func entropyTargetsCountPossibleChoices() throws {
        let learner = try Learners.named("discrete-sac")!.make(
            LearnerContext(
                task: TaskDefinition(Environments.named("MaskedChoice")!), key: RandomKey(seed: 1), plannedSteps: 3000),
            #"{"hiddenSizes": [16], "batchSize": 64, "learningRate": 0.003, "targetEntropyScale": 0.6, "discount": 0}"#)
        var entropy = 0.0
        while learner.steps < 3000 { entropy = try learner.iterate().metrics.first { $0.name == "entropy" }!.value }
        // 0.6 log 2 of two choices; of all eight it would be 1.25, more than two allow.
        #expect(abs(entropy - 0.416) < 0.08, "\(entropy)")
    }
}
