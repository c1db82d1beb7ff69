import Foundation
import TelosEnvironments
import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct ActorCriticTests {
    private func values(_ tensors: [Tensor]) throws -> [[Float]] {
        let program = try Program(inputs: [], outputs: tensors)
        program.run()
        return tensors.indices.map { Array(program.output($0)) }
    }

    private func random(_ shape: Int..., seed: Int) -> Tensor {
        var stream = RandomKey(seed: seed).stream
        return Tensor((0..<shape.reduce(1, *)).map { _ in Float(stream.normal()) }, shape: shape)
    }

    private func close(_ a: [Float], _ b: [Float], _ tolerance: Float = 1e-5) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * (1 + abs($1)) }
    }

    private static let recurrent = NetworkKind.allCases.filter(\.isRecurrent)

    /// A sequence at once gives what step after step gives, with episodes that begin in between and a memory before.
    @Test(arguments: recurrent, [false, true]) func sequencesAreSteps(kind: NetworkKind, shared: Bool) throws {
        var design = NetworkDesign()
        design.kind = kind
        design.hiddenSizes = [6, 5]
        design.sharesLayers = shared
        design.policyGain = 1
        let model = ActorCritic(
            encoding: .real(3), head: .categorical(4), valueHeads: 2, design: design, key: RandomKey(seed: 3))
        let (time, sequences) = (7, 3)
        let observations = random(time * sequences, 3, seed: 1)
        let first = random(sequences, model.memoryWidth, seed: 2)
        var resets = [Float](repeating: 0, count: time * sequences)
        for index in [0, 4, 10, 18, 20] { resets[index] = 1 }
        let whole = model(
            ActorInput(
                observations, memory: first, resets: Tensor(resets, shape: [time, sequences]), time: time))
        let (logits, valuesAtOnce, last) = (
            try #require(whole.0 as? Categorical), whole.values, try #require(whole.memory)
        )
        let expected = try self.values([logits.logProbabilities, valuesAtOnce, last])
        var memory = first
        var (probabilities, returns): ([Float], [Float]) = ([], [])
        for step in 0..<time {
            let keep = Tensor(
                (0..<sequences).map { 1 - resets[step * sequences + $0] }, shape: [sequences, 1])
            let rows = observations.sliced(axis: 0, step * sequences, (step + 1) * sequences)
            let result = model(ActorInput(rows, memory: memory * keep))
            let parts = try self.values([
                try #require(result.0 as? Categorical).logProbabilities, result.values, try #require(result.memory),
            ])
            probabilities += parts[0]
            returns += parts[1]
            memory = Tensor(parts[2], shape: [sequences, model.memoryWidth])
            // The parts on their own agree with the whole.
            let input = ActorInput(rows, memory: memory)
            let acting = model.acting(input)
            #expect(acting.memory?.shape == [sequences, model.policyMemoryWidth])
        }
        #expect(close(probabilities, expected[0]))
        #expect(close(returns, expected[1]))
        #expect(close(try self.values([memory])[0], expected[2]))
        #expect(model.policyMemoryWidth * (shared ? 1 : 2) == model.memoryWidth)
    }

    /// The policy's and the critic's parts give what both together give.
    @Test(arguments: NetworkKind.allCases, [false, true]) func partsAgree(kind: NetworkKind, shared: Bool) throws {
        var design = NetworkDesign()
        design.kind = kind
        design.hiddenSizes = [5]
        design.sharesLayers = shared
        design.hasStateDependentDeviation = true
        design.policyGain = 1
        let model = ActorCritic(
            encoding: .real(3), head: .gaussian(low: [-1, -1], high: [1, 1]), valueHeads: 1, design: design,
            key: RandomKey(seed: 3))
        let input = ActorInput(
            random(4, 3, seed: 1), memory: model.memoryWidth > 0 ? random(4, model.memoryWidth, seed: 2) : nil)
        let (whole, together, memory) = model(input)
        let (part, after) = model.acting(input)
        let a = try values(whole.tensors + [together] + [memory].compactMap(\.self))
        let b = try values(part.tensors + [model.values(input)] + [after].compactMap(\.self))
        for index in 0..<3 { #expect(a[index] == b[index]) }
        if let after {
            let width = after.shape[1]
            for row in 0..<4 {
                let whole = a[3][(row * model.memoryWidth)..<(row * model.memoryWidth + width)]
                #expect(whole == b[3][(row * width)..<((row + 1) * width)])
            }
        }
    }

    /// Deviations: as configured at first, bounded where asked for.
    @Test func deviations() throws {
        for (bounded, initial, expected) in [(false, -0.7, -0.7), (true, -0.7, -0.7), (true, 4, 2), (true, -9, -5)] {
            var design = NetworkDesign()
            design.initialLogDeviation = initial
            design.boundsDeviation = bounded
            let model = ActorCritic(
                encoding: .real(2), head: .gaussian(low: [0], high: [1]), valueHeads: 1, design: design,
                key: RandomKey(seed: 1))
            let distribution = try #require(model.distribution(random(2, 2, seed: 1)) as? DiagonalGaussian)
            let found = try values([distribution.logDeviation])[0]
            #expect(found.allSatisfy { abs(Double($0) - expected) < 0.01 }, "\(found)")
        }
    }

    /// Log-probabilities and entropies under a mask, against an enumeration of the choices.
    @Test(arguments: [ActionHead.categorical(5), .multiCategorical([3, 2])])
    func masksAgainstEnumeration(head: ActionHead) throws {
        let logits: [Float] = [0.3, -1.2, 2.0, 0.1, 0.7]
        let mask: [Float] = [1, 0, 1, 1, 1]
        let sizes: [Int] = if case .multiCategorical(let sizes) = head { sizes } else { [5] }
        let distribution = head.distribution(
            Tensor(logits, shape: [1, 5]), logDeviation: nil, mask: Tensor(mask, shape: [1, 5]))
        // Probabilities of every joint choice, by hand.
        var joint: [(action: [Int], probability: Double)] = [([], 1)]
        var start = 0
        for size in sizes {
            let weights = (0..<size).map { mask[start + $0] == 0 ? 0 : exp(Double(logits[start + $0])) }
            let sum = weights.reduce(0, +)
            joint = joint.flatMap { prefix in
                (0..<size).map { (prefix.action + [$0], prefix.probability * weights[$0] / sum) }
            }
            start += size
        }
        var entropy = 0.0
        for (action, probability) in joint {
            let row = Tensor(action.map { Float($0) }, shape: [1, sizes.count])
            let found = Double(try values([distribution.logProbability(row)])[0][0])
            if probability == 0 {
                #expect(found < -1e8)
            } else {
                #expect(abs(found - log(probability)) < 1e-5)
                entropy -= probability * log(probability)
            }
        }
        #expect(abs(Double(try values([distribution.entropy()])[0][0]) - entropy) < 1e-5)
    }

    /// A nested action: sums over its parts, in the order of the space's encoding, with draws that follow them.
    @Test func nestedActions() throws {
        let space = Space.dictionary([
            "b": .tuple([.discrete(3), .box(-2...2, count: 1)]), "a": .multiDiscrete([2, 2]), "c": .binary(1),
        ])
        let head = try #require(ActionHead(space))
        #expect(head.width == space.width && head.outputs == 4 + 3 + 1 + 1 && head.deviations == 1)
        let unbounded = -Float.infinity
        let low: [Float] = [unbounded, unbounded, unbounded, -2, unbounded]
        #expect(head.bounds.low == low)
        let outputs: [Float] = [0.2, -0.4, 1, 0, 0.5, 0.1, -0.3, 0.6, 0.9]
        let rows = 20_000
        let logits = Tensor(outputs, shape: [1, 9])
        let one = head.distribution(logits, logDeviation: Tensor([-0.5], shape: [1]))
        let action: [Float] = [1, 0, 2, 0.4, 1]
        func categorical(_ logits: [Double], _ index: Int) -> Double {
            let sum: Double = logits.map { exp($0) }.reduce(0, +)
            return logits[index] - log(sum)
        }
        let scaled: Double = -0.2 / exp(-0.5)
        let choices = categorical([0.2, -0.4], 1) + categorical([1, 0], 0) + categorical([0.5, 0.1, -0.3], 2)
        let normal: Double = -scaled * scaled / 2 + 0.5 - log(2 * Double.pi) / 2
        let expected: Double = choices + normal - log(1 + exp(-0.9))
        let found = try values([one.logProbability(Tensor(action, shape: [1, 5])), one.mode])
        #expect(abs(Double(found[0][0]) - expected) < 1e-5)
        #expect(found[1] == [0, 0, 0, 0.6, 1])
        // Draws have the frequencies of the probabilities.
        let many = head.distribution(logits.broadcast(to: [rows, 9]), logDeviation: Tensor([-0.5], shape: [1]))
        let noise = Tensor(placeholder: rows, 9)
        #expect(many.noise == SampleNoise(.normal, shape: [rows, 9]))
        let program = try Program(inputs: [noise], outputs: [many.sample(noise: noise)])
        var stream = RandomKey(seed: 7).stream
        head.fillNoise(program.input(0), using: &stream)
        program.run()
        func mean(_ value: (Int) -> Bool) -> Double {
            Double((0..<rows).filter { value($0) }.count) / Double(rows)
        }
        let draw = program.output(0)
        let frequencies: [Double] = [
            mean { draw[$0 * 5] == 1 }, mean { draw[$0 * 5 + 2] == 2 }, mean { draw[$0 * 5 + 4] == 1 },
            mean { draw[$0 * 5 + 3] < 0.6 },
        ]
        let shares: [Double] = [
            exp(categorical([0.2, -0.4], 1)), exp(categorical([0.5, 0.1, -0.3], 2)), 1 / (1 + exp(-0.9)), 0.5,
        ]
        for (frequency, share) in zip(frequencies, shares) { #expect(abs(frequency - share) < 0.015) }
        #expect(try values([divergence(of: one, from: one)])[0][0] == 0)
    }

    @Test func nestedObservations() throws {
        let space = Space.tuple([
            .discrete(3), .dictionary(["z": .box(-1...1, count: 2), "y": .multiDiscrete([2, 2])]),
        ])
        let encoding = try #require(ObservationEncoding(space))
        #expect(encoding.width == space.width && encoding.features == 3 + 2 + 2 + 2)
        #expect(encoding.realColumns == [false, false, false, true, true])
        let rows = Tensor([2, 1, 0, 0.5, -0.5, 0, 0, 1, 0.1, 0.2], shape: [2, 5])
        let expected: [Float] = [0, 0, 1, 0, 1, 1, 0, 0.5, -0.5, 1, 0, 0, 1, 0, 0, 1, 0.1, 0.2]
        #expect(try values([encoding(rows)])[0] == expected)
        #expect(ObservationEncoding(.tuple([.discrete(2), .tokens(vocabulary: 5, length: 3)])) == nil)
        #expect(ObservationEncoding(.tuple([])) == nil)
        // Choices are not normalised.
        var normalizer = try #require(ObservationNormalizer(encoding))
        let block: [Float] = [2, 1, 0, 3, -0.5, 0, 0, 1, 5, 0.5]
        let result = Buffer<Float>(count: 10, repeating: 0)
        block.withUnsafeBufferPointer {
            normalizer.moments.merge(rows: $0)
            normalizer.apply($0, into: result.all)
        }
        #expect(close(result.array, [2, 1, 0, -1, -1, 0, 0, 1, 1, 1]))
        #expect(ObservationNormalizer(.oneHot(3)) == nil)
    }

    @Test func actionsAreStretchedToTheirBounds() throws {
        let head = ActionHead.joint([.categorical(2), .gaussian(low: [100], high: [300])])
        let result = Buffer<Float>(count: 4, repeating: 0)
        [Float(1), 0.5, 0, -3].withUnsafeBufferPointer { actions in
            try? ActionBounds(head, rescales: true).apply(actions, into: result.all)
            #expect(result.array == [1, 250, 0, 100])
            try? ActionBounds(head, rescales: false).apply(actions, into: result.all)
            #expect(result.array == [1, 100, 0, 100])
        }
        #expect(throws: ConfigurationError.self) {
            try ActionBounds(.gaussian(low: [-.infinity], high: [1]), rescales: true)
        }
    }
}
