import Foundation
import TelosEnvironments
import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct PolicyUpdateTests {
    private func random(_ count: Int, seed: Int) -> [Float] {
        var stream = RandomKey(seed: seed).stream
        return (0..<count).map { _ in Float(stream.normal()) }
    }

    private func value(_ tensor: Tensor) throws -> Double {
        let program = try Program(inputs: [], outputs: [tensor])
        program.run()
        return Double(program.output(0)[0])
    }

    /// The decoupled objective of Hilton, Cobbe and Schulman, row by row; the plain one where the proximal policy acted.
    @Test func proximalObjective() throws {
        let (now, before, near, advantages) = (
            random(50, seed: 1), random(50, seed: 2), random(50, seed: 3), random(50, seed: 4)
        )
        func tensor(_ values: [Float]) -> Tensor { Tensor(values.map { $0 * 0.3 }, shape: [50]) }
        func expected(_ near: [Float]) -> Double {
            var sum = 0.0
            for row in 0..<50 {
                let (n, b, p) = (0.3 * Double(now[row]), 0.3 * Double(before[row]), 0.3 * Double(near[row]))
                let advantage = 0.3 * Double(advantages[row])
                let clipped = min(1.2, max(0.8, exp(n - p)))
                sum += exp(p - b) * min(exp(n - p) * advantage, clipped * advantage)
            }
            return -sum / 50
        }
        let objective = ClippedObjective(clipRange: 0.2)
        func loss(_ near: [Float]?) throws -> Double {
            try value(
                objective.loss(
                    logProbability: tensor(now), oldLogProbability: tensor(before),
                    proximalLogProbability: near.map(tensor), advantages: tensor(advantages)))
        }
        #expect(abs(try loss(near) - expected(near)) < 1e-6)
        #expect(abs(try loss(nil) - expected(before)) < 1e-6)
        #expect(abs(try loss(before) - expected(before)) < 1e-6)
        #expect(abs(expected(near) - expected(before)) > 1e-3)
    }

    /// Stretches cover every row once, and each keeps to one environment and to successive steps.
    @Test func stretches() {
        let rollout = Rollout(
            steps: 12, environments: 5, heads: 1, observationWidth: 1, actionWidth: 1, memoryWidth: 2, sequenceLength: 4
        )
        #expect(rollout.sequences == 15 && rollout.memory.count == 30)
        #expect(rollout.rows(of: 0..<15).sorted() == Array(0..<60))
        let rows = rollout.rows(of: [7, 0, 14])
        #expect(rows.count == 12)
        for (slot, sequence) in [7, 0, 14].enumerated() {
            let mine = (0..<4).map { rows[$0 * 3 + slot] }
            #expect(rollout.sequence(beginningAt: mine[0]) == sequence)
            #expect(mine[0] / 5 % 4 == 0)
            for step in 1..<4 { #expect(mine[step] == mine[0] + 5 * step) }
        }
        let memoryless = Rollout(steps: 3, environments: 2, heads: 1, observationWidth: 1, actionWidth: 1)
        #expect(memoryless.rows(of: [4, 1]) == [4, 1])
    }

    /// One update of a tiny model on a made-up rollout.
    private func update(
        _ configure: (inout PPOConfiguration) -> Void, learningRate: Double = 0.01
    ) throws -> (metrics: [Metric], weights: [Float], before: [Float], saved: Checkpoint) {
        var options = PPOConfiguration()
        options.environments = 4
        options.rolloutSteps = 8
        options.minibatchSize = 32
        options.epochs = 1
        options.hiddenSizes = [6]
        options.policyGain = 1
        configure(&options)
        let settings = options.settings
        let model = ActorCritic(
            encoding: .real(3), head: .categorical(3), valueHeads: 1, design: settings.network, key: RandomKey(seed: 1))
        let parameters = try Parameters(model)
        let update = try PolicyUpdate(
            RolloutUpdateContext(
                parameters: parameters, settings: settings, valueScales: [1], rows: 32, isMasked: false, threads: 1))
        let rollout = Rollout(steps: 8, environments: 4, heads: 1, observationWidth: 3, actionWidth: 1)
        var stream = RandomKey(seed: 2).stream
        stream.fillNormal(rollout.observations.all)
        stream.fillNormal(rollout.advantages.all)
        stream.fillNormal(rollout.returns.all)
        stream.fillNormal(rollout.values.all)
        for row in 0..<32 {
            rollout.actions[row] = Float(stream.index(below: 3))
            rollout.logProbabilities[row] = -1
            rollout.advantages[row] += 3
        }
        func weights() -> [Float] { parameters.shapes.indices.flatMap { Array(parameters.values($0)) } }
        let before = weights()
        let metrics = try update.run(
            rollout, advantages: rollout.advantages, learningRate: learningRate, shuffle: &stream)
        var saved = Checkpoint()
        update.save(to: &saved)
        return (metrics, weights(), before, saved)
    }

    private func metric(_ name: String, _ metrics: [Metric]) throws -> Double {
        try #require(metrics.first { $0.name == name }).value
    }

    /// With one minibatch the rollout's advantages are the minibatch's, to the bias of the deviation; with none they
    /// keep their mean.
    @Test func advantageScopes() throws {
        let whole = try update { $0.advantageScope = .rollout }
        let part = try update { $0.advantageScope = .minibatch }
        let plain = try update { $0.normalizeAdvantages = false }
        let (a, b) = (try metric("policyLoss", whole.metrics), try metric("policyLoss", part.metrics))
        #expect(abs(a / b - (32.0 / 31).squareRoot()) < 1e-4)
        #expect(try metric("policyLoss", plain.metrics) < a - 1)
    }

    /// With decay b the average of theta_0 ... theta_n weighs theta_i by b^(n - i).
    @Test func proximalPolicyIsTheWeighedMean() throws {
        let decay = 0.6
        func run(_ epochs: Int) throws -> (weights: [Float], before: [Float], saved: Checkpoint) {
            let result = try update({ ($0.epochs, $0.proximalDecay) = (epochs, decay) }, learningRate: 0.05)
            return (result.weights, result.before, result.saved)
        }
        // Every epoch is one minibatch, so a shorter run is the beginning of a longer one.
        let runs = try (1...3).map(run)
        let path = [runs[0].before] + runs.map(\.weights)
        let weights = [decay * decay * decay, decay * decay, decay, 1]
        let expected = path[0].indices.map { index in
            zip(path, weights).reduce(0) { $0 + Double($1.0[index]) * $1.1 } / weights.reduce(0, +)
        }
        let arrays = runs[2].saved.arrays.filter { $0.key.hasPrefix("proximal/") }.mapValues(\.values)
        let average = arrays.flatMap(\.value).sorted()
        #expect(average.count == expected.count)
        for (one, other) in zip(average, expected.sorted()) { #expect(abs(Double(one) - other) < 1e-5) }
        #expect(zip(average, path[3].sorted()).contains { abs($0 - $1) > 1e-3 })
    }

    /// What is left of the samples varies less than all of them, and all of them are what is used by default.
    @Test func leavingSamplesOut() throws {
        let all = try update { _ in }
        let some = try update { $0.keptShare = 0.7 }
        #expect(try metric("surrogateVariance", some.metrics) < 0.9 * metric("surrogateVariance", all.metrics))
        #expect(all.weights == (try update { $0.keptShare = 1 }).weights && all.weights != some.weights)
    }

    /// A clipped critic's loss is the larger of two errors: never smaller, and equal in a range that holds everything.
    @Test func valueClipping() throws {
        let plain = try metric("valueLoss", try update { _ in }.metrics)
        #expect(abs(try metric("valueLoss", try update { $0.valueClipRange = 100 }.metrics) - plain) < 1e-6)
        #expect(try metric("valueLoss", try update { $0.valueClipRange = 0.05 }.metrics) > plain + 0.1)
    }

    /// The rate falls after too large a divergence and rises after too small a one.
    @Test func divergenceAdaptsTheRate() throws {
        let large = try update({ $0.adaptiveDivergence = 1e-5 })
        #expect(abs(try metric("learningRateFactor", large.metrics) - 1 / 1.5) < 1e-6)
        let small = try update({ $0.adaptiveDivergence = 100 })
        #expect(abs(try metric("learningRateFactor", small.metrics) - 1.5) < 1e-6)
    }

    @Test func contradictionsAreRefused() {
        func refuse(_ json: String, _ option: String) {
            do {
                _ = try PPOConfiguration(json: json)
                Issue.record("\(json) was accepted")
            } catch {
                #expect((error as? ConfigurationError)?.option == option, "\(error)")
            }
        }
        refuse(#"{"network": "gru", "hiddenSizes": []}"#, "hiddenSizes")
        refuse(#"{"network": "gru", "sequenceLength": 7}"#, "sequenceLength")
        refuse(#"{"network": "gru"}"#, "minibatchSize")
        refuse(#"{"sharedLayers": true, "hiddenSizes": []}"#, "sharedLayers")
        #expect(throws: Never.self) { try PPOConfiguration(json: #"{"network": "gru", "sequenceLength": 32}"#) }
    }

    /// A memory cannot be aligned, an unbounded action not stretched; both are said before anything is learned.
    @Test func whatDoesNotFitTheTaskIsRefused() throws {
        var task = try TaskDefinition(Environments.named("CartPole")!)
        task.combination = .behaviorAlignment
        let context = LearnerContext(task: task, key: RandomKey(seed: 0), plannedSteps: 100)
        #expect(throws: ConfigurationError.self) {
            try Learners.named("ppo")!.make(context, #"{"network": "gru", "sequenceLength": 32}"#)
        }
    }
}
