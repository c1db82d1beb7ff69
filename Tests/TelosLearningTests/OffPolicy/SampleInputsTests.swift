import TelosEnvironments
import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

/// One pass over sequences against stepping the same networks row by row.
@Suite struct SampleInputsTests {
    private let sequences = 3
    private let width = 2

    /// Steps a network through all rows of `batch`, [time * sequences] rows of features.
    private func stepwise(
        _ network: some SequenceReader, _ batch: SequenceBatch, from column: Int
    ) throws -> [[Float]] {
        let all = batch.memory.count / sequences
        let rows = Tensor(placeholder: sequences, width)
        let before = Tensor(placeholder: sequences, network.memoryWidth)
        let (features, after) = network.features(ActorInput(rows, memory: before))
        let program = try Program(inputs: [rows, before], outputs: [features, try #require(after)])
        defer { withExtendedLifetime(program) {} }
        var held = (0..<sequences).flatMap { sequence in
            (0..<network.memoryWidth).map { batch.memory[sequence * all + column + $0] }
        }
        var result: [[Float]] = []
        for time in 0..<batch.layout.length {
            for sequence in 0..<sequences where batch.resets[time * sequences + sequence] == 1 {
                for index in 0..<network.memoryWidth { held[sequence * network.memoryWidth + index] = 0 }
            }
            let start = time * sequences * width
            _ = program.input(0).update(fromContentsOf: batch.observations[start..<(start + sequences * width)])
            _ = program.input(1).update(fromContentsOf: held)
            program.run()
            held = Array(program.output(1))
            let output = Array(program.output(0))
            let count = output.count / sequences
            result += (0..<sequences).map { Array(output[($0 * count)..<(($0 + 1) * count)]) }
        }
        return result
    }

    /// Memories begin as stored, each network's in its columns, are rebuilt over the burn-in and begun anew with
    /// episodes; what follows is a later row; gradients stop at the burn-in and at what follows.
    @Test(arguments: [NetworkArchitecture.gru, .lstm, .s4d], [0, 3])
    func sequencesAreSteps(architecture: NetworkArchitecture, burnIn: Int) throws {
        var options = SACConfiguration()
        options.network = architecture
        (options.hiddenSizes, options.actorHiddenSizes) = ([5, 4], [3])
        options.batchSize = sequences
        (options.sequenceLength, options.burnIn, options.multiStep) = (4, burnIn, 2)
        let layout = try #require(options.sequences)
        let head = ActorHead.gaussian(ActionScale(low: [-1], high: [1]))
        let actor = try Parameters(
            Actor(encoding: .real(width), head: head, options.actorShape, key: RandomKey(seed: 1)))
        let critics = try Parameters(
            CriticEnsemble(
                count: 2, outputs: 1, encoding: .real(width), head: head, options.criticShape, key: RandomKey(seed: 2)))
        let column = actor.traced.memoryWidth
        let sample = SampleInputs(
            options, observationWidth: width, actionWidth: 1, memoryWidth: column + critics.traced.memoryWidth,
            choices: 3)
        let acting = sample.features(of: actor.traced)
        let valuing = sample.features(of: critics.traced, from: column)
        let observations = sample.tensors[4]
        let slopes = gradient(
            of: acting.present.sum() + acting.following.sum(), withRespectTo: [observations, sample.tensors[5]])
        let program = try Program(
            inputs: sample.tensors,
            outputs: [acting.present, acting.following, valuing.present, valuing.following]
                + [try #require(sample.mask), try #require(sample.nextMask)] + slopes)
        defer { withExtendedLifetime(program) {} }
        let batch = try #require(sample.batch(in: program).sequences)
        let masks = try #require(batch.masks)
        var random = RandomKey(seed: 3).stream
        random.fillNormal(batch.observations)
        random.fillNormal(batch.memory)
        random.fillNormal(masks)
        for row in 0..<(layout.length * sequences) { batch.resets[row] = random.uniform() < 0.2 ? 1 : 0 }
        for row in 0..<sample.rows { batch.following[row] = Float(row + 3 * (1 + random.index(below: 2))) }
        program.run()

        let start = layout.burnIn * sequences
        for (network, expected) in [
            (0, try stepwise(actor.traced, batch, from: 0)), (2, try stepwise(critics.traced, batch, from: column)),
        ] {
            let count = expected[0].count
            for row in 0..<sample.rows {
                let following = start + Int(batch.following[row])
                for index in 0..<count {
                    #expect(abs(program.output(network)[row * count + index] - expected[start + row][index]) < 1e-5)
                    #expect(abs(program.output(network + 1)[row * count + index] - expected[following][index]) < 1e-5)
                }
            }
        }
        for row in 0..<sample.rows {
            for choice in 0..<3 {
                #expect(program.output(4)[row * 3 + choice] == masks[(start + row) * 3 + choice])
                let following = start + Int(batch.following[row])
                #expect(program.output(5)[row * 3 + choice] == masks[following * 3 + choice])
            }
        }
        let slope = Array(program.output(6))
        #expect(slope.prefix(start * width).allSatisfy { $0 == 0 })
        #expect(slope[(start * width)..<((start + sample.rows) * width)].contains { $0 != 0 })
        #expect(slope.suffix(from: (start + sample.rows) * width).allSatisfy { $0 == 0 })
        #expect(program.output(7).contains { $0 != 0 } == (burnIn == 0))
    }

    /// What an agent remembers is what its actor and its critics made of all that was seen.
    @Test func agentsRememberForBoth() throws {
        var options = TD3Configuration()
        options.network = .gru
        options.hiddenSizes = [5]
        options.environments = 2
        options.batchSize = 4
        let task = try task("Pendulum")
        let context = LearnerContext(task: task, key: RandomKey(seed: 4), plannedSteps: 100)
        let specification = try task.makeEnvironments(count: 2, key: context.key).specification
        let agent = try ActorCriticAgent(specification, options, context: context)
        #expect(agent.memoryWidth == 10)
        let policy = agent.policy(normalizer: nil)
        #expect(policy.memoryWidth == 5)
        let (memory, own) = (Buffer<Float>(count: 20, repeating: 0), Buffer<Float>(count: 10, repeating: 0))
        let (rows, actions) = (Buffer<Float>(count: 6, repeating: 0), Buffer<Float>(count: 2, repeating: 0))
        var random = RandomKey(seed: 5).stream
        for _ in 0..<4 {
            let before = memory.array
            random.fillNormal(rows.all)
            agent.act(
                on: PolicyInput(observations: rows.readOnly, count: 2, memory: memory.all), into: actions.all,
                progress: 0, using: &random)
            policy.act(
                on: PolicyInput(observations: rows.readOnly, count: 2, memory: own.all), into: actions.all,
                deterministic: true, using: &random)
            for row in 0..<2 {
                #expect(Array(memory.array[(row * 10)..<(row * 10 + 5)]) == Array(own.array[(row * 5)..<(row * 5 + 5)]))
                let critics = (row * 10 + 5)..<(row * 10 + 10)
                #expect(memory.array[critics] != before[critics] && memory.array[critics].allSatisfy(\.isFinite))
            }
        }
    }
}
