import TelosEnvironments
import TelosFeedback
import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

/// Pushes Pendulum's pivot by a linear rule.
private final class Rule: Policy {
    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
        using random: inout RandomStream
    ) {
        for row in 0..<input.count {
            actions[row] = max(-2, min(2, 2 * input.observations[3 * row + 1] - input.observations[3 * row + 2]))
        }
    }
}

@Suite struct AdversarialImitationTests {
    private func pendulum() throws -> TaskDefinition {
        var task = try TaskDefinition(Environments.named("Pendulum")!)
        task.horizon = 30
        return task
    }

    private func demonstrations(_ episodes: Int = 4, labels: (any Policy)? = nil) throws -> TransitionDataset {
        try .collecting(Rule(), on: pendulum(), episodes: episodes, labels: labels, key: RandomKey(seed: 1))
    }

    /// |grad| of a function known in closed form, and its penalty one- and two-sided.
    @Test func penaltiesAreThoseOfKnownSlopes() throws {
        let points = Tensor([0, 0, 1, 2, -3, 0.5, 2, -1] as [Float], shape: [4, 2])
        // f(x, y) = x^2 / 2 + 3 y: the gradient is (x, 3).
        func function(_ x: Tensor) -> Tensor {
            (0.5 * x.sliced(axis: 1, 0, 1).squared + 3 * x.sliced(axis: 1, 1, 2)).reshaped(4)
        }
        let input = Tensor(placeholder: 4, 2)
        let program = try Program(
            inputs: [input],
            outputs: [
                GradientPenalty.norms(at: input, function),
                GradientPenalty(weight: 2, norm: 3.1)(at: input, function),
                GradientPenalty(weight: 2, norm: 3.1, isOneSided: false)(at: input, function),
            ])
        let values: [Float] = [0, 0, 1, 2, -3, 0.5, 2, -1]
        _ = program.input(0).update(fromContentsOf: values)
        program.run()
        let norms = stride(from: 0, to: 8, by: 2).map { (Double(values[$0] * values[$0]) + 9).squareRoot() }
        for (one, other) in zip(program.output(0), norms) { #expect(abs(Double(one) - other) < 1e-5) }
        let two = norms.reduce(0) { $0 + ($1 - 3.1) * ($1 - 3.1) } / 2
        let one = norms.reduce(0) { $0 + max(0, $1 - 3.1) * max(0, $1 - 3.1) } / 2
        #expect(abs(Double(program.output(1)[0]) - one) < 1e-5 && abs(Double(program.output(2)[0]) - two) < 1e-5)
        #expect(points.shape == [4, 2])
    }

    /// The penalty's gradient goes through the inner gradient: finite differences of every weight agree with it.
    @Test func doubleBackwardIsFiniteDifferences() throws {
        let network = DiscriminatorNetwork([3, 5, 4, 1], isNormalized: false, key: RandomKey(seed: 2))
        let parameters = try Parameters(network)
        let input = Tensor(placeholder: 6, 3)
        let model = parameters.traced
        let penalty = GradientPenalty(weight: 1, norm: 0.1, isOneSided: false)(at: input) {
            model($0, vectors: []).logits
        }
        let program = try Program(
            inputs: [input], outputs: [penalty] + gradient(of: penalty, withRespectTo: model.tensors))
        var random = RandomKey(seed: 3).stream
        random.fillNormal(program.input(0))
        program.run()
        let slopes = model.tensors.indices.map { Array(program.output(1 + $0)) }
        var seen = 0
        for index in slopes.indices {
            for position in slopes[index].indices {
                let value = parameters.values(index)[position]
                func penalty(_ change: Float) -> Double {
                    parameters.values(index)[position] = value + change
                    program.run()
                    return Double(program.output(0)[0])
                }
                let slope = (penalty(1e-2) - penalty(-1e-2)) / 2e-2
                parameters.values(index)[position] = value
                // Where a unit switches between the two, a difference says nothing.
                let fine = (penalty(2e-3) - penalty(-2e-3)) / 4e-3
                parameters.values(index)[position] = value
                guard abs(slope - fine) < 2e-3 else { continue }
                seen += 1
                #expect(abs(slope - Double(slopes[index][position])) < 5e-3)
            }
        }
        #expect(seen > 30)
    }

    @Test func rewardsAreThoseOfTheirFormulas() throws {
        let logits: [Float] = [-3, -0.5, 0, 1, 4]
        let input = Tensor(placeholder: 5)
        let program = try Program(inputs: [input], outputs: ImitationReward.allCases.map { $0(input) })
        _ = program.input(0).update(fromContentsOf: logits)
        program.run()
        for (index, logit) in logits.enumerated() {
            let expert = 1 / (1 + exp64(-Double(logit)))
            let expected = [-log64(1 - expert), log64(expert), log64(expert) - log64(1 - expert)]
            for form in 0..<3 { #expect(abs(Double(program.output(form)[index]) - expected[form]) < 1e-5) }
        }
    }

    private func exp64(_ x: Double) -> Double {
        // Enough terms for |x| <= 4.
        var (sum, term) = (1.0, 1.0)
        for k in 1..<60 {
            term *= x / Double(k)
            sum += term
        }
        return sum
    }

    /// The root of exp64(y) = x.
    private func log64(_ x: Double) -> Double {
        var y = 0.0
        for _ in 0..<100 { y += 2 * (x - exp64(y)) / (x + exp64(y)) }
        return y
    }

    @Test func demonstrationsAreWhatWasDone() throws {
        let dataset = try demonstrations(3)
        #expect(dataset.count == 90 && dataset.episodes == [0..<30, 30..<60, 60..<90])
        for row in 0..<90 {
            let seen = dataset[row].observation
            #expect(dataset[row].action[0] == max(-2, min(2, 2 * seen[1] - seen[2])))
            #expect(dataset[row].end == (row % 30 == 29 ? .truncated : .ongoing))
            if row % 30 != 29 { #expect(dataset[row].nextObservation == dataset[row + 1].observation) }
        }
        #expect(try demonstrations(3, labels: Rule()) == dataset)
        let labelled = try demonstrations(3, labels: UniformPolicy(.box(low: [5], high: [5], shape: [1])))
        #expect(labelled[40].observation == dataset[40].observation && labelled[40].action == [5])
    }

    /// The clone of a rule that it can express does the same in states that were never shown, and DAgger does not spoil
    /// it.
    @Test func clonesDoTheSame() throws {
        let task = try pendulum()
        let clone = try cloning(try demonstrations(8), task)
        var random = RandomKey(seed: 5).stream
        try clone.learn(1600)
        func difference() throws -> Double {
            let shown = try TransitionDataset.collecting(Rule(), on: task, episodes: 5, key: RandomKey(seed: 6))
            let actions = Buffer<Float>(count: shown.count, repeating: 0)
            return shown.withRows { rows in
                clone.policy().act(
                    on: rows.observations, count: shown.count, into: actions.all, deterministic: true, using: &random)
                let errors = zip(actions.array, rows.actions).map { abs(Double($0 - $1)) }
                return errors.reduce(0, +) / Double(errors.count)
            }
        }
        let before = try difference()
        #expect(before < 0.15)
        try clone.aggregate(
            expert: Rule(), on: task, rounds: 2, episodes: 4, updates: 400, key: RandomKey(seed: 7))
        #expect(clone.dataset.count == (8 + 2 * 4) * 30)
        #expect(try difference() < before + 0.02)
    }

    @Test func clonesOfChoicesChooseTheSame() throws {
        var task = try TaskDefinition(Environments.named("CartPole")!)
        task.horizon = 50
        final class Lean: Policy {
            func act(
                on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
                using random: inout RandomStream
            ) {
                for row in 0..<input.count {
                    let sum = input.observations[4 * row + 2] + input.observations[4 * row + 3]
                    actions[row] = sum > 0 ? 1 : 0
                }
            }
        }
        let shown = try TransitionDataset.collecting(Lean(), on: task, episodes: 10, key: RandomKey(seed: 1))
        let clone = try cloning(shown, task)
        try clone.learn(1500)
        let expert = try evaluate(Lean(), on: task, episodes: 20, key: RandomKey(seed: 4)).meanReturn
        let own = try evaluate(clone.policy(), on: task, episodes: 20, key: RandomKey(seed: 4)).meanReturn
        #expect(own > 0.9 * expert)
    }

    private func cloning(_ dataset: TransitionDataset, _ task: TaskDefinition) throws -> OfflineLearner {
        var options = RegressionOptions()
        (options.batchSize, options.learningRate, options.hiddenSizes) = (128, 1e-3, [64, 64])
        return try .behaviorCloning(
            dataset, LearnerContext(task: task, key: RandomKey(seed: 4), plannedSteps: 2000), options)
    }

    /// A batch is paid by the discriminator after its step; the expert's share of a batch is the expert's.
    @Test func batchesAreRewritten() throws {
        let dataset = try demonstrations()
        let context = LearnerContext(task: try pendulum(), key: RandomKey(seed: 0), plannedSteps: 100)
        let specification = try context.task.makeEnvironments(count: 1, key: context.key).specification
        var options = SACConfiguration()
        (options.batchSize, options.hiddenSizes) = (8, [8])
        let base = try ActorCriticAgent(specification, options, context: context)
        let batch = try #require(base.batch.transitions)
        var random = RandomKey(seed: 1).stream
        random.fillNormal(batch.observations)
        batch.rewards.update(repeating: 7)
        batch.bootstraps.update(repeating: 0.5)
        let untouched = Array(batch.observations)
        ExpertShare(dataset, share: 0.5, discount: 0.9).rewrite(batch, using: &random)
        #expect(Array(batch.rewards) == [1, 1, 1, 1, 0, 0, 0, 0])
        #expect(Array(batch.observations[12...]) == Array(untouched[12...]))
        let shown = (0..<dataset.count).map { dataset[$0].observation }
        for row in 0..<4 {
            #expect(shown.contains(Array(batch.observations[(3 * row)..<(3 * row + 3)])))
            #expect(batch.bootstraps[row] == 0.9 && batch.bootstraps[row + 4] == 0.5)
        }
        let discriminator = try RewardDiscriminator(
            AdversarialOptions(), dataset, specification: specification, rows: 8, key: RandomKey(seed: 2), threads: 1)
        random.fillNormal(batch.observations)
        discriminator.rewrite(batch, using: &random)
        let first = Array(batch.rewards)
        #expect(first.allSatisfy { $0 > 0 } && Set(first).count == 8)
        // Told apart again and again, noise earns less and less.
        for _ in 0..<300 { discriminator.rewrite(batch, using: &random) }
        #expect(batch.rewards.reduce(0, +) < 0.7 * first.reduce(0, +))
        let metrics = discriminator.metrics()
        #expect(metrics.first { $0.name == "discriminatorAccuracy" }!.value > 0.6)
    }

    @Test func demonstrationsComeFromFilesOrFail() throws {
        let entry = try #require(Learners.named("gail"))
        let context = LearnerContext(task: try pendulum(), key: RandomKey(seed: 0), plannedSteps: 100)
        func message(_ options: String) -> String {
            do { _ = try entry.make(context, options) } catch { return "\(error)" }
            return ""
        }
        #expect(message("{}").contains("demonstrations: there are none"))
        #expect(message(#"{"demonstrations": "/nowhere/at/all.safetensors"}"#).contains("cannot be read"))
        #expect(message(#"{"multiStep": 3}"#).contains("write 1"))
        #expect(message(#"{"normalizeObservations": true}"#).contains("write false"))
        #expect(message(#"{"network": "gru"}"#).contains("write mlp"))
        var other = context
        other.dataset = TransitionDataset(observationWidth: 3)
        #expect(throws: ConfigurationError.self) { try entry.make(other, "{}") }
    }
}
