import CTelosKernels
import TelosEnvironments
import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct SequencePolicyTests {
    private let world = try! TokenWorld(vocabulary: 3, length: 3)

    /// log pi of all responses to one prompt of two tokens, and its distributions at each place.
    private func evaluate(_ policy: some SequencePolicy, prompt: [Float] = [2, 0]) throws -> (
        responses: [Double], tokens: [Double]
    ) {
        let count = world.responseCount
        let prompts = Tensor((0..<count).flatMap { _ in prompt }, shape: [count, prompt.count])
        let responses = Tensor(world.allTokens, shape: [count, world.length])
        return (
            try policy.logProbability(prompts: prompts, responses: responses).evaluated().map(Double.init),
            try policy.tokenDistributions(prompts: prompts, responses: responses).evaluated().map(Double.init)
        )
    }

    private let recurrent = RecurrentLanguageModel(vocabulary: 3, width: 8, key: RandomKey(seed: 1))
    private let transformer = CausalTransformer(
        vocabulary: 3, context: 5, width: 8, heads: 2, layers: 1, key: RandomKey(seed: 2))

    /// Probabilities of all responses sum to 1, and are the products of their tokens' given what precedes them.
    @Test func sequencesFollowTheChainRule() throws {
        for (name, evaluated) in [
            ("recurrent", try evaluate(recurrent)), ("transformer", try evaluate(transformer)),
        ] {
            let (responses, tokens) = evaluated
            let probabilities = responses.map { telos_exp64($0) }
            #expect(abs(probabilities.reduce(0, +) - 1) < 1e-5, "\(name)")
            #expect(Set(probabilities).count > 20, "\(name)")
            // Rows of one prefix agree, and products of conditionals give the responses back.
            func conditional(_ place: Int, _ prefix: Int) -> [Double] {
                var first = prefix
                for _ in place..<3 { first *= 3 }
                return Array(tokens[((first * 3 + place) * 3)..<((first * 3 + place) * 3 + 3)])
            }
            let rebuilt = world.logProbabilities(conditional)
            #expect(zip(rebuilt, responses).allSatisfy { abs($0 - $1) < 1e-5 }, "\(name)")
            for place in 0..<3 {
                let exact = world.conditional(probabilities, place: place, prefix: place == 2 ? 4 : 0)
                let given = conditional(place, place == 2 ? 4 : 0)
                #expect(zip(exact, given).allSatisfy { abs($0 - telos_exp64($1)) < 1e-5 }, "\(name)")
            }
            #expect(try evaluate(recurrent, prompt: [0, 0]).responses != evaluate(recurrent).responses)
        }
    }

    /// Expectations of the estimates over all responses; the per-token divergences of a sequence add up to that of its
    /// distribution.
    @Test func divergencesAreWhatTheyEstimate() throws {
        let (p, q) = (try evaluate(recurrent), try evaluate(transformer))
        let weights = p.responses.map { telos_exp64($0) }
        let exact = zip(weights, zip(p.responses, q.responses)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) }
        let ratios = Tensor(zip(p.responses, q.responses).map { Float($0 - $1) }, shape: [27])
        for estimate in DivergenceEstimate.allCases {
            let values = try estimate(ratios).evaluated().map(Double.init)
            let expected = zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(estimate == .k2 ? expected > 0 : abs(expected - exact) < 1e-5)
            #expect(estimate == .k1 || values.allSatisfy { $0 >= -1e-7 })
        }
        func distributions(_ values: [Double]) -> Tensor { Tensor(values.map { Float($0) }, shape: [27, 3, 3]) }
        let tokens = try tokenDivergence(distributions(p.tokens), from: distributions(q.tokens)).evaluated()
        let sum = (0..<27).reduce(0.0) { sum, row in
            sum + weights[row] * (0..<3).reduce(0.0) { $0 + Double(tokens[row * 3 + $1]) }
        }
        #expect(abs(sum - exact) < 1e-5)
    }

    /// Direct preference optimisation of a recurrent policy on all pairs of a token world comes near the closed form.
    @Test(arguments: [FDivergence.reverseKL, .jensenShannon]) func policiesOfTokensAreAligned(
        divergence: FDivergence
    ) throws {
        let count = world.responseCount
        var random = RandomKey(seed: 4).stream
        let reward = (0..<count).map { _ in random.normal() }
        let reference = try evaluate(recurrent, prompt: [0]).responses
        let parameters = try Parameters(recurrent)
        let memory = try Parameters(Adam().initialState(for: parameters.traced.tensors))
        let zeros = Tensor([Float](repeating: 0, count: count), shape: [count, 1])
        let responses = Tensor(world.allTokens, shape: [count, 3])
        let log = parameters.traced.logProbability(prompts: zeros, responses: responses)
        let ratio = log - Tensor(reference.map { Float($0) }, shape: [count])
        let pairs = (0..<(count * count)).map { ($0 / count, $0 % count) }
        let labels = pairs.map { Float(1 / (1 + telos_exp64(reward[$1] - reward[$0]))) }
        let weights = pairs.map { Float(telos_exp64(reference[$0] + reference[$1])) }
        let losses = DirectPreference(beta: 1, divergence: divergence).losses(
            ratio.reshaped(count, 1).broadcast(to: [count, count]),
            ratio.reshaped(1, count).broadcast(to: [count, count]), target: Tensor(labels, shape: [count, count]))
        let loss = (Tensor(weights, shape: [count, count]) * losses).sum()
        let step = Adam().step(
            parameters.traced.tensors, gradients: gradient(of: loss, withRespectTo: parameters.traced.tensors),
            state: memory.traced, learningRate: Tensor(0.01))
        let program = try Program(
            inputs: [], outputs: [log],
            updates: zip(parameters.traced.tensors, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state))
        for _ in 0..<800 { program.run() }
        let optimum = divergence.optimum(reward: reward, reference: reference.map { telos_exp64($0) }, beta: 1)
        let distance = zip(program.output(0), optimum).reduce(0.0) { $0 + abs(telos_exp64(Double($1.0)) - $1.1) / 2 }
        let before = zip(reference, optimum).reduce(0.0) { $0 + abs(telos_exp64($1.0) - $1.1) / 2 }
        #expect(distance < 0.03 && before > 0.2, "\(distance) from \(before)")
    }

    @Test func worldsAreCounted() throws {
        #expect(world.responseCount == 27)
        #expect(world.tokens(of: 14) == [1, 1, 2])
        #expect((0..<27).allSatisfy { world.response(of: world.tokens(of: $0)) == $0 })
        #expect(world.allTokens.count == 81)
        #expect(Array(world.allTokens[42...44]) == [1, 1, 2])
        let never = world.conditional([Double](repeating: 0, count: 27), place: 1, prefix: 2)
        #expect(never.allSatisfy { abs($0 - 1 / 3.0) < 1e-12 })
        for (vocabulary, length) in [(0, 2), (3, 0), (-1, 1), (10, 7), (Int.max, 3)] {
            #expect(throws: TokenWorld.SizeError.self) { try TokenWorld(vocabulary: vocabulary, length: length) }
        }
    }
}
