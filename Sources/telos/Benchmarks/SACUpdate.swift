import Telos

/// One update of soft actor-critic with a tuned temperature (Haarnoja et al., *Soft actor-critic algorithms and
/// applications*, 2018): observations of 17 numbers, actions of 6, hidden layers 256 and 256, batch 256, two critics
/// and their slow copies, three Adams. The actor learns against the critics just updated, as in Stable-Baselines3.
///
/// Drawing a batch from a replay memory and the policy's noise are part of the figure.
private final class SACUpdate {
    private struct Networks: TensorContainer {
        var actor: MLP
        var critics: [MLP]
        var targets: [MLP]
        var logTemperature: Tensor

        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            actor.visitTensors(path.appending(part: "actor"), visit)
            critics.visitTensors(path.appending(part: "critics"), visit)
            targets.visitTensors(path.appending(part: "targets"), visit)
            logTemperature.visitTensors(path.appending(part: "logTemperature"), visit)
        }

        /// A squashed normal's draw and its log-probability: a = tanh(u), u = m + s noise,
        /// log p(a) = log p(u) - sum(log(1 - tanh(u)^2)), the last term as 2 (log 2 - u - softplus(-2 u)).
        func act(_ observations: Tensor, noise: Tensor) -> (actions: Tensor, logProbability: Tensor) {
            let output = actor(observations)
            let mean = output.sliced(axis: 1, 0, SACUpdate.actionWidth)
            let logDeviation = output.sliced(axis: 1, SACUpdate.actionWidth, 2 * SACUpdate.actionWidth)
                .clipped(-20, 2)
            let u = mean + exp(logDeviation) * noise
            let logProbability =
                noise.squared * -0.5 - logDeviation - 0.918_938_5 - 2 * (0.693_147_2 - u - softplus(-2 * u))
            return (tanh(u), logProbability.sum(axis: 1))
        }

        static func values(_ critics: [MLP], _ observations: Tensor, _ actions: Tensor) -> [Tensor] {
            let inputs = Tensor.concatenate([observations, actions], axis: 1)
            return critics.map { $0(inputs).reshaped(SACUpdate.batch) }
        }
    }

    private static let batch = 256
    private static let observationWidth = 17
    private static let actionWidth = 6
    private static let capacity = 20_000
    private static let rates = (discount: Float(0.99), tau: Float(0.005), learning: Float(3e-4))

    private let networks: Parameters<Networks>
    private let optimizers: Parameters<[Adam.State]>
    private let threads: Int
    private lazy var replay = Self.randomReplay()
    private var random = RandomKey(seed: 0).derived("batches").stream

    init(threads: Int) throws {
        self.threads = threads
        let key = RandomKey(seed: 0)
        func network(_ purpose: String, _ inputs: Int, _ outputs: Int) -> MLP {
            MLP(
                [inputs, 256, 256, outputs], activation: .relu, hidden: .uniformFanIn, output: .uniformFanIn,
                key: key.derived(purpose))
        }
        let critics = ["first", "second"].map { network($0, Self.observationWidth + Self.actionWidth, 1) }
        networks = try Parameters(
            Networks(
                actor: network("actor", Self.observationWidth, 2 * Self.actionWidth), critics: critics,
                targets: critics, logTemperature: Tensor(0)))
        let model = networks.traced
        let trained = [model.critics.tensors, model.actor.tensors, [model.logTemperature]]
        optimizers = try Parameters(trained.map(Adam().initialState))
    }

    /// Writes the update down, differentiates it and compiles it.
    func compile() throws -> Program {
        let model = networks.traced
        let batch = Self.batch
        let observations = Tensor(placeholder: batch, Self.observationWidth)
        let actions = Tensor(placeholder: batch, Self.actionWidth)
        let rewards = Tensor(placeholder: batch)
        let continues = Tensor(placeholder: batch)
        let nextObservations = Tensor(placeholder: batch, Self.observationWidth)
        let noise = Tensor(placeholder: batch, Self.actionWidth)
        let nextNoise = Tensor(placeholder: batch, Self.actionWidth)
        let learningRate = Tensor(Self.rates.learning)
        let temperature = exp(model.logTemperature)

        let following = model.act(nextObservations, noise: nextNoise)
        let later = Networks.values(model.targets, nextObservations, following.actions)
        let target =
            (rewards + Self.rates.discount * continues
            * (minimum(later[0], later[1]) - temperature * following.logProbability)).stoppingGradient
        let criticLoss = Networks.values(model.critics, observations, actions).reduce(Tensor(0)) {
            $0 + 0.5 * ($1 - target).squared.mean()
        }
        let criticStep = step(0, model.critics.tensors, criticLoss, learningRate)
        let critics = model.critics.replacingTensors(criticStep.parameters)

        let present = model.act(observations, noise: noise)
        let values = Networks.values(critics, observations, present.actions)
        let actorLoss = (temperature * present.logProbability - minimum(values[0], values[1])).mean()
        let actorStep = step(1, model.actor.tensors, actorLoss, learningRate)

        let entropyGap = (present.logProbability - Float(Self.actionWidth)).mean().stoppingGradient
        let temperatureStep = step(2, [model.logTemperature], -(model.logTemperature * entropyGap), learningRate)

        let updated = Networks(
            actor: model.actor.replacingTensors(actorStep.parameters), critics: critics,
            targets: model.targets.replacingTensors(
                zip(model.targets.tensors, criticStep.parameters).map { $0 + Self.rates.tau * ($1 - $0) }),
            logTemperature: temperatureStep.parameters[0])
        return try Program(
            inputs: [observations, actions, rewards, continues, nextObservations, noise, nextNoise],
            outputs: [criticLoss, actorLoss],
            updates: Program.Update.all(model, to: updated)
                + Program.Update.all(
                    optimizers.traced, to: [criticStep.state, actorStep.state, temperatureStep.state]),
            threads: threads)
    }

    private func step(
        _ index: Int, _ parameters: [Tensor], _ loss: Tensor, _ learningRate: Tensor
    ) -> (parameters: [Tensor], state: Adam.State) {
        Adam().step(
            parameters, gradients: gradient(of: loss, withRespectTo: parameters), state: optimizers.traced[index],
            learningRate: learningRate)
    }

    /// Observations, actions, rewards, 1 where the episode goes on, next observations.
    private static func randomReplay() -> [Buffer<Float>] {
        var random = RandomKey(seed: 0).derived("replay").stream
        return [observationWidth, actionWidth, 1, 1, observationWidth].enumerated().map { part, width in
            Buffer(
                (0..<capacity * width).map { _ in
                    part == 3 ? 1 : Float(part == 1 ? random.uniform(-1, 1) : random.normal())
                })
        }
    }

    func run(_ program: Program) {
        for row in 0..<Self.batch {
            let source = random.index(below: Self.capacity)
            for (index, values) in replay.enumerated() {
                let width = values.count / Self.capacity
                (program.input(index).baseAddress! + row * width).update(
                    from: values.pointer + source * width, count: width)
            }
        }
        random.fillNormal(program.input(5))
        random.fillNormal(program.input(6))
        program.run()
    }
}

extension Benchmark {
    static func sacUpdate(threads: Int) -> Benchmark {
        Benchmark(name: "sac update", unit: "updates/s", threads: threads) {
            let update = try SACUpdate(threads: threads)
            let program = try update.compile()
            return {
                update.run(program)
                return 1
            }
        }
    }

    /// Tracing, differentiating and compiling that update.
    static func compilingSAC() -> Benchmark {
        Benchmark(name: "compile sac", unit: "programs/s", threads: 1) {
            let update = try SACUpdate(threads: 1)
            return {
                _ = try update.compile()
                return 1
            }
        }
    }
}
