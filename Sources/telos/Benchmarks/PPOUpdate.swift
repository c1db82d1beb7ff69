import Telos

/// One minibatch update of proximal policy optimisation: policy 4-64-64-2 and critic 4-64-64-1 of tanh layers, batch
/// 64, clipped objective, entropy bonus, squared value error, global gradient norm clipped at 0.5, Adam.
///
/// Minibatches are taken in turn from a prepared rollout; copying one into the program is part of the figure.
private final class PPOUpdate {
    private struct Networks: TensorContainer {
        var policy: MLP
        var value: MLP

        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            policy.visitTensors(path.appending(part: "policy"), visit)
            value.visitTensors(path.appending(part: "value"), visit)
        }
    }

    private static let batch = 64
    private static let minibatches = 256
    private let networks: Parameters<Networks>
    private let optimizer: Parameters<Adam.State>
    private let program: Program
    /// Observations, actions, old log-probabilities, advantages and returns of every minibatch.
    private let rollout: [Buffer<Float>]
    private var next = 0

    init(threads: Int) throws {
        let key = RandomKey(seed: 0)
        networks = try Parameters(
            Networks(
                policy: MLP([4, 64, 64, 2], output: .orthogonal(gain: 0.01), key: key.derived("policy")),
                value: MLP([4, 64, 64, 1], key: key.derived("value"))))
        let adam = Adam(epsilon: 1e-5)
        let model = networks.traced
        let theta = model.tensors
        optimizer = try Parameters(adam.initialState(for: theta))

        let batch = Self.batch
        let observations = Tensor(placeholder: batch, 4)
        let actions = Tensor(placeholder: batch, 1)
        let oldLogProbability = Tensor(placeholder: batch)
        let advantages = Tensor(placeholder: batch)
        let returns = Tensor(placeholder: batch)
        let distribution = Categorical(logits: model.policy(observations))
        let ratio = exp(distribution.logProbability(actions) - oldLogProbability)
        let surrogate = minimum(ratio * advantages, ratio.clipped(0.8, 1.2) * advantages).mean()
        let valueLoss = (model.value(observations).reshaped(batch) - returns).squared.mean()
        let loss = 0.5 * valueLoss - surrogate - 0.01 * distribution.entropy().mean()
        let (gradients, _) = clippingGlobalNorm(gradient(of: loss, withRespectTo: theta), to: 0.5)
        let step = adam.step(
            theta, gradients: gradients, state: optimizer.traced, learningRate: Tensor(3e-4))
        program = try Program(
            inputs: [observations, actions, oldLogProbability, advantages, returns], outputs: [loss],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(optimizer.traced, to: step.state), threads: threads)

        var random = key.derived("rollout").stream
        let rows = batch * Self.minibatches
        rollout = [
            Buffer((0..<4 * rows).map { _ in Float(random.normal()) }),
            Buffer((0..<rows).map { _ in Float(random.index(below: 2)) }),
            Buffer(count: rows, repeating: -0.693_147_2),
            Buffer((0..<rows).map { _ in Float(random.normal()) }),
            Buffer((0..<rows).map { _ in Float(random.normal()) }),
        ]
    }

    func run() {
        for (index, values) in rollout.enumerated() {
            let input = program.input(index)
            _ = input.update(fromContentsOf: values.rows(from: next * input.count, count: input.count))
        }
        program.run()
        next = (next + 1) % Self.minibatches
    }
}

extension Benchmark {
    static func ppoUpdate(threads: Int) -> Benchmark {
        Benchmark(name: "ppo update", unit: "updates/s", threads: threads) {
            let update = try PPOUpdate(threads: threads)
            return {
                update.run()
                return 1
            }
        }
    }
}
