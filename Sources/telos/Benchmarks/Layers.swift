import Telos

extension Benchmark {
    /// Tokens a second of training a causal Transformer: 4 layers, width 128, 4 heads, 64 tokens, batch 32, vocabulary
    /// 64, cross-entropy, Adam.
    static func transformer(threads: Int) -> Benchmark {
        Benchmark(name: "transformer step", unit: "tokens/s", threads: threads) {
            let (batch, time, vocabulary) = (32, 64, 64)
            let parameters = try Parameters(
                CausalTransformer(
                    vocabulary: vocabulary, context: time, width: 128, heads: 4, layers: 4, key: RandomKey(seed: 0)))
            let tokens = Tensor(placeholder: batch, time + 1)
            let adam = Adam()
            let theta = parameters.traced.tensors
            let optimizer = try Parameters(adam.initialState(for: theta))
            let loss = parameters.traced.loss(tokens)
            let step = adam.step(
                theta, gradients: gradient(of: loss, withRespectTo: theta), state: optimizer.traced,
                learningRate: Tensor(3e-4))
            let program = try Program(
                inputs: [tokens], outputs: [loss],
                updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                    + Program.Update.all(optimizer.traced, to: step.state), threads: threads)
            var random = RandomKey(seed: 0).derived("tokens").stream
            for index in program.input(0).indices { program.input(0)[index] = Float(random.index(below: vocabulary)) }
            return {
                program.run()
                return Double(batch * time)
            }
        }
    }

    /// Forward and backward passes a second of a gated recurrent unit, width 128, over 64 steps of a batch of 32.
    static func recurrent(threads: Int) -> Benchmark {
        Benchmark(name: "gru", unit: "passes/s", threads: threads) {
            let x = Tensor(placeholder: 64, 32, 128)
            return try passes(GRUCell(128, 128, key: RandomKey(seed: 0)), input: x, threads: threads) {
                $0(sequence: x).outputs
            }
        }
    }

    /// Forward and backward passes a second of the three convolutions of Atari agents on a batch of 32 pictures of
    /// 84 x 84 in 4 channels.
    static func convolution(threads: Int) -> Benchmark {
        Benchmark(name: "convolution", unit: "passes/s", threads: threads) {
            let key = RandomKey(seed: 0)
            let layers = [
                Convolution2D(4, 32, kernel: 8, stride: 4, key: key.derived("layer", 0)),
                Convolution2D(32, 64, kernel: 4, stride: 2, key: key.derived("layer", 1)),
                Convolution2D(64, 64, kernel: 3, key: key.derived("layer", 2)),
            ]
            let x = Tensor(placeholder: 32, 84, 84, 4)
            return try passes(layers, input: x, threads: threads) { $0.reduce(x) { relu($1($0)) } }
        }
    }

    /// A pass: the mean square of the outputs, and its gradient with respect to every parameter.
    private static func passes<Model: TensorContainer>(
        _ model: Model, input: Tensor, threads: Int, _ outputs: (Model) -> Tensor
    ) throws -> () throws -> Double {
        let parameters = try Parameters(model)
        let (loss, gradients) = valueAndGradient(parameters.traced) { outputs($0).squared.mean() }
        let program = try Program(inputs: [input], outputs: [loss] + gradients.tensors, threads: threads)
        var random = RandomKey(seed: 0).derived("input").stream
        random.fillNormal(program.input(0))
        return {
            withExtendedLifetime(parameters) { program.run() }
            return 1
        }
    }
}
