import TelosEnvironments
import TelosNN
import TelosRewards
import TelosTensor
import Testing

@testable import TelosLearning

/// Memory for a batch of sequences, by itself.
private final class OwnedSequences {
    let batch: SequenceBatch
    private let buffers: [Buffer<Float>]

    init(_ layout: SequenceLayout, _ sequences: Int, width: Int = 1, memoryWidth: Int = 2) {
        let (seen, learned) = (layout.length * sequences, layout.learned * sequences)
        let counts = [seen * width, seen, sequences * memoryWidth] + Array(repeating: learned, count: 5)
        buffers = counts.map { Buffer(count: $0, repeating: -1) }
        batch = SequenceBatch(
            layout: layout, sequences: sequences, observations: buffers[0].all, resets: buffers[1].all,
            memory: buffers[2].all, actions: buffers[3].all, rewards: buffers[4].all, bootstraps: buffers[5].all,
            following: buffers[6].all, weights: buffers[7].all)
    }
}

@Suite struct SequenceTests {
    /// Every row that is learned from has the n-step return of the experience, bootstraps from the state that it led
    /// to, and is learned from in one sequence.
    @Test(arguments: [(1, 0), (1, 3), (3, 2), (5, 4)]) func sequencesAreWhatHappened(lookahead: Int, burnIn: Int) throws
    {
        let (count, discount, steps) = (3, 0.9, 150)
        let layout = SequenceLayout(burnIn: burnIn, learned: 4, lookahead: lookahead)
        let definition = try task(
            "Grid", options: ["size": .integer(3)], horizon: 6, reward: "1 + row / 10 + column / 100")
        let environments = try definition.makeEnvironments(count: count, key: RandomKey(seed: 4))
        let rewards = try TaskRewards(
            definition, specification: environments.specification, count: count, discount: discount)
        let replay = SequenceReplay(
            layout, capacity: 500, environments: count, discount: discount, observationWidth: 1, actionWidth: 1,
            maskWidth: 0, memoryWidth: 2, priorityExponent: nil)
        // Actions are numbers of their own, so that a row can be found again.
        struct Step { var observation: Float, next: Float, reward: Double, end: EpisodeEnd, begins: Bool }
        var history: [[Step]] = Array(repeating: [], count: count)
        var random = RandomKey(seed: 5).stream
        let (actions, memory) = (
            Buffer<Float>(count: count, repeating: 0), Buffer<Float>(count: count * 2, repeating: 0)
        )
        let names = Buffer<Float>(count: count, repeating: 0)
        for step in 0..<steps {
            for index in 0..<count {
                actions[index] = Float(random.index(below: 4))
                names[index] = Float(index * 1000 + step)
                (memory[2 * index], memory[2 * index + 1]) = (names[index], 0.5)
            }
            environments.step(actions: actions.readOnly)
            let transitions = environments.transitions
            let paid = rewards.evaluate(transitions)
            let renamed = TransitionBatch(
                count: count, specification: transitions.specification, signalsBefore: transitions.signalsBefore,
                signalsAfter: transitions.signalsAfter, actions: names.readOnly, observations: transitions.observations,
                nextObservations: transitions.nextObservations, ends: transitions.ends)
            func begins(_ index: Int) -> Bool { history[index].last.map { $0.end != .ongoing } ?? true }
            replay.append(renamed, masks: nil, memory: memory, begins: begins) { rewards.blended(paid.channels, $0) }
            for index in 0..<count {
                history[index].append(
                    Step(
                        observation: transitions.observations[index], next: transitions.nextObservations[index],
                        reward: paid.channels[index], end: transitions.ends[index], begins: begins(index)))
            }
        }
        let ends = history.flatMap { $0.map(\.end) }
        #expect(ends.contains(.terminated) && ends.contains(.truncated))

        let owned = OwnedSequences(layout, 400)
        defer { withExtendedLifetime(owned) {} }
        let batch = owned.batch
        replay.sample(into: batch, importance: 1, using: &random)
        let start = layout.burnIn * batch.sequences
        var seen: [Float: Set<Float>] = [:]
        for row in 0..<(layout.learned * batch.sequences) where batch.weights[row] != 0 {
            let name = Int(batch.actions[row])
            let (steps, at) = (history[name / 1000], name % 1000)
            #expect(batch.observations[start + row] == steps[at].observation)
            #expect(batch.resets[start + row] == (steps[at].begins ? 1 : 0))
            var (sum, factor, later) = (0.0, 1.0, at)
            while true {
                sum += factor * steps[later].reward
                factor *= discount
                if steps[later].end != .ongoing || later - at == lookahead - 1 { break }
                later += 1
            }
            #expect(abs(Double(batch.rewards[row]) - sum) < 1e-5)
            let expected = steps[later].end == .terminated ? 0 : factor
            #expect(abs(Double(batch.bootstraps[row]) - expected) < 1e-6)
            let following = Int(batch.following[row])
            #expect((0..<(layout.valued * batch.sequences)).contains(following))
            #expect(following % batch.sequences == row % batch.sequences)
            if expected > 0 { #expect(batch.observations[start + following] == steps[later].next) }
            // Which sequence it is, by the memory it begins with.
            seen[batch.actions[row], default: []].insert(batch.memory[row % batch.sequences * 2])
        }
        #expect(seen.values.allSatisfy { $0.count == 1 }, "a row is learned from in one sequence")
        #expect(seen.count > count * (steps - 25))
    }

    /// One pass over sequences gives the errors that stepping both networks row by row gives: memories rebuilt over the
    /// burn-in and begun anew with episodes, targets from the later rows, the online network's choice among what is
    /// possible.
    @Test(arguments: NetworkKind.allCases.filter(\.isRecurrent), [0, 3])
    func errorsAreThoseOfSingleSteps(kind: NetworkKind, burnIn: Int) throws {
        var options = DQNConfiguration()
        options.network = kind
        options.hiddenSizes = [5, 4]
        options.batchSize = 3
        (options.sequenceLength, options.burnIn, options.multiStep) = (4, burnIn, 2)
        let layout = try #require(options.sequences)
        func network(_ seed: Int) throws -> Parameters<QNetwork> {
            try Parameters(
                QNetwork(
                    QNetwork.Shape(
                        encoding: .real(2), actions: 3, model: .mean, width: 1, hiddenSizes: [5, 4], activation: .tanh,
                        layerNorm: false, duelling: true, noisy: false, network: kind), key: RandomKey(seed: seed)))
        }
        let (online, target) = (try network(1), try network(2))
        let memory = try Parameters(Adam().initialState(for: online.traced.tensors))
        let step = try DQNUpdate(
            options, model: online.traced, targetModel: target.traced, memory: memory.traced, support: -1...1,
            isMasked: true, threads: 1)
        defer { withExtendedLifetime(step.program) {} }
        let batch = try #require(step.batch.sequences)
        let masks = try #require(batch.masks)
        var random = RandomKey(seed: 3).stream
        random.fillNormal(batch.observations)
        random.fillNormal(batch.memory)
        random.fillNormal(batch.rewards)
        for row in 0..<(layout.length * 3) { batch.resets[row] = random.uniform() < 0.2 ? 1 : 0 }
        for row in 0..<(layout.length * 3) {
            for choice in 0..<3 { masks[row * 3 + choice] = choice == row % 3 || random.uniform() < 0.5 ? 1 : 0 }
        }
        for row in 0..<12 {
            batch.actions[row] = Float(random.index(below: 3))
            batch.bootstraps[row] = 0.8
            batch.following[row] = Float(row + 3 * (1 + random.index(below: 2)))
            batch.weights[row] = 1
        }
        func stepwise(_ parameters: Parameters<QNetwork>) throws -> [[Float]] {
            let model = parameters.traced
            let (rows, before) = (Tensor(placeholder: 3, 2), Tensor(placeholder: 3, model.memoryWidth))
            let (features, after) = model.features(ActorInput(rows, memory: before))
            let program = try Program(
                inputs: [rows, before],
                outputs: [model.returns(of: features, noise: nil, levels: nil), try #require(after)])
            defer { withExtendedLifetime(program) {} }
            var held = Array(batch.memory)
            var values: [[Float]] = []
            for time in 0..<layout.length {
                for sequence in 0..<3 where batch.resets[time * 3 + sequence] == 1 {
                    for index in 0..<model.memoryWidth { held[sequence * model.memoryWidth + index] = 0 }
                }
                _ = program.input(0).update(fromContentsOf: batch.observations[(time * 6)..<(time * 6 + 6)])
                _ = program.input(1).update(fromContentsOf: held)
                program.run()
                held = Array(program.output(1))
                let rows = Array(program.output(0))
                for sequence in 0..<3 { values.append(Array(rows[(sequence * 3)..<(sequence * 3 + 3)])) }
            }
            return Array(values.dropFirst(layout.burnIn * 3))
        }
        let (values, offered) = (try stepwise(online), try stepwise(target))
        var expected: [Float] = []
        for row in 0..<12 {
            let following = Int(batch.following[row])
            let possible = (0..<3).filter { masks[(layout.burnIn * 3 + following) * 3 + $0] == 1 }
            let best = possible.max { values[following][$0] < values[following][$1] }!
            let goal = batch.rewards[row] + 0.8 * offered[following][best]
            expected.append(abs(values[row][Int(batch.actions[row])] - goal))
        }
        step.run(learningRate: 0.01, using: &random)
        for row in 0..<12 { #expect(abs(step.program.output(1)[row] - expected[row]) < 1e-4, "row \(row)") }
    }

    /// Nine tenths of a sequence's largest error and one of its mean decide how often it is drawn.
    @Test func prioritiesMixLargestAndMean() throws {
        let layout = SequenceLayout(burnIn: 0, learned: 2, lookahead: 1)
        let replay = SequenceReplay(
            layout, capacity: 4, environments: 1, discount: 1, observationWidth: 1, actionWidth: 1, maskWidth: 0,
            memoryWidth: 2, priorityExponent: 1)
        let task = try Payday.task(terminates: false, horizon: nil)
        let environments = try task.makeEnvironments(count: 1, key: RandomKey(seed: 0))
        let (memory, action) = (Buffer<Float>(count: 2, repeating: 0), Buffer<Float>(count: 1, repeating: 0))
        for step in 0..<9 {
            memory[0] = Float(step)
            environments.step(actions: action.readOnly)
            replay.append(environments.transitions, masks: nil, memory: memory, begins: { _ in step == 0 }) { _ in 1 }
        }
        #expect(replay.count == 4)
        let owned = OwnedSequences(layout, 4000)
        defer { withExtendedLifetime(owned) {} }
        var random = RandomKey(seed: 1).stream
        replay.sample(into: owned.batch, importance: 0, using: &random)
        // The sequence that begins with step k has the errors k and k + 1, apart from one with 0 and 1.
        let errors = (0..<8000).map { row in owned.batch.memory[row % 4000 * 2] + Float(row / 4000) }
        errors.withUnsafeBufferPointer { replay.prioritize($0) }
        replay.sample(into: owned.batch, importance: 0, using: &random)
        let priorities = [0.0, 2, 4, 6].map { 0.9 * ($0 + 1) + 0.1 * ($0 + 0.5) }
        for (index, priority) in priorities.enumerated() {
            let share = Double((0..<4000).filter { owned.batch.memory[$0 * 2] == Float(2 * index) }.count) / 4000
            #expect(abs(share - priority / priorities.reduce(0, +)) < 0.01)
        }
    }

    @Test func contradictionsAreRefused() {
        func refuse(_ json: String, _ option: String) {
            #expect("\(json)") { try DQNConfiguration(json: json) } throws: {
                ($0 as? ConfigurationError)?.option == option
            }
        }
        refuse(#"{"network": "gru", "hiddenSizes": []}"#, "hiddenSizes")
        refuse(#"{"network": "gru", "hindsightGoals": 4}"#, "hindsightGoals")
        refuse(#"{"network": "gru", "sequenceLength": 200, "bufferCapacity": 100}"#, "sequenceLength")
        #expect(throws: Never.self) { try DQNConfiguration(json: #"{"network": "lstm", "sequenceLength": 3}"#) }
    }
}
