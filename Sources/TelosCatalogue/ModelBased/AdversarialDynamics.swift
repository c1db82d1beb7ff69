import CTelosKernels
import TelosLearning
import TelosNN
import TelosTensor

/// Recovers the reward that an environment's transitions maximise: a generator of next states and a discriminator of real
/// ones and the generator's learn against each other, and discriminators are kept on the way.
///
///     L_D = -E_data log D(s,a,s') - E_generator log(1 - D(s,a,s')),  the generator maximises log D over rollouts of 3 steps
///     r_D(s,a,s') = -log(1 - mean over kept D of min(D, 0.999) + 1e-9)
///
/// The generator begins anew every so often, so that the kept discriminators have met many kinds of wrong dynamics: at
/// equilibrium the last of them alone says 1/2 everywhere, and r_D is log 2.
final class AdversarialDynamics {
    struct Options: Sendable {
        var iterations = 900
        var restart = 300
        var keepEvery = 30
        var batch = 128
        var learningRate: Float = 3e-4
    }

    private static let rolloutSteps = 3
    private static let chunk = 512
    private let stateCount: Int
    private let actionCount: Int
    private let options: Options
    private let inputScale: Standardization
    private let changeScale: Standardization
    private var kept: [MLP] = []
    private var scoring: Program?

    /// - episodes: the first row and the number of steps of each episode of the data.
    init(
        _ data: DynamicsData, episodes: [(start: Int, count: Int)], options: Options, key: RandomKey
    ) throws {
        (stateCount, actionCount, self.options) = (data.stateCount, data.actionCount, options)
        inputScale = Standardization(rows: data.inputs, width: data.stateCount + data.actionCount)
        changeScale = Standardization(rows: zip(data.next, data.states).map { $0 - $1 }, width: data.stateCount)
        try train(data, episodes, key: key)
    }

    /// Of a normalised state and action, and the normalised change.
    private static func logits(_ network: MLP, _ input: Tensor, _ change: Tensor) -> Tensor {
        network(Tensor.concatenate([input, change], axis: -1)).reshaped(-1)
    }

    private func train(_ data: DynamicsData, _ episodes: [(start: Int, count: Int)], key: RandomKey) throws {
        let (batch, steps, s, a) = (options.batch, Self.rolloutSteps, stateCount, actionCount)
        func generator(_ index: Int) -> GaussianMLP {
            GaussianMLP([s + a, 64, 64, s], logVariance: -8...0, key: key.derived("generator", index))
        }
        let judge = try Parameters(
            MLP(
                [2 * s + a, 128, 128, 1], activation: .relu, hidden: .uniformFanIn, output: .uniformFanIn,
                key: key.derived("discriminator")))
        let actor = try Parameters(generator(0))
        let judgeMemory = try Parameters(Adam().initialState(for: judge.traced.tensors))
        let actorMemory = try Parameters(Adam().initialState(for: actor.traced.tensors))
        let fresh = try Parameters(Adam().initialState(for: actor.traced.tensors))
        let start = Tensor(placeholder: batch, s)
        let actions = (0..<steps).map { _ in Tensor(placeholder: batch, a) }
        let noises = (0..<steps).map { _ in Tensor(placeholder: batch, s) }
        let realInput = Tensor(placeholder: batch, s + a)
        let realChange = Tensor(placeholder: batch, s)
        // A normalised change in units of the normalised state.
        let ratio = Tensor(
            (0..<s).map { Float(changeScale.deviations[$0] / inputScale.deviations[$0]) }, shape: [1, s])
        let shift = Tensor((0..<s).map { Float(changeScale.means[$0] / inputScale.deviations[$0]) }, shape: [1, s])
        var state = start
        var made: [(input: Tensor, change: Tensor)] = []
        for step in 0..<steps {
            let input = Tensor.concatenate([state, actions[step]], axis: -1)
            let change = actor.traced(input).sample(noise: noises[step])
            made.append((input, change))
            state = state + change * ratio + shift
        }
        let unreal = made.map {
            softplus(Self.logits(judge.traced, $0.input.stoppingGradient, $0.change.stoppingGradient)).mean()
        }
        let real = softplus(-Self.logits(judge.traced, realInput, realChange)).mean()
        let judgeLoss = real + unreal.reduce(Tensor(0), +) / Float(steps)
        let actorLoss =
            made.map { softplus(-Self.logits(judge.traced, $0.input, $0.change)).mean() }
            .reduce(Tensor(0), +) / Float(steps)
        let judged = Adam().step(
            judge.traced.tensors, gradients: gradient(of: judgeLoss, withRespectTo: judge.traced.tensors),
            state: judgeMemory.traced, learningRate: Tensor(options.learningRate))
        let acted = Adam().step(
            actor.traced.tensors, gradients: gradient(of: actorLoss, withRespectTo: actor.traced.tensors),
            state: actorMemory.traced, learningRate: Tensor(options.learningRate))
        let program = try Program(
            inputs: [start] + actions + noises + [realInput, realChange], outputs: [judgeLoss],
            updates: zip(judge.traced.tensors, judged.parameters).map { Program.Update($0, to: $1) }
                + zip(actor.traced.tensors, acted.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(judgeMemory.traced, to: judged.state)
                + Program.Update.all(actorMemory.traced, to: acted.state))
        let inputs = inputScale.apply(data.inputs)
        let changes = changeScale.apply(zip(data.next, data.states).map { $0 - $1 })
        let long = episodes.filter { $0.count >= steps }
        var random = key.derived("batches").stream
        for iteration in 0..<options.iterations {
            if iteration > 0, iteration % options.restart == 0 {
                actor.copy(from: try Parameters(generator(iteration / options.restart)))
                actorMemory.copy(from: fresh)
            }
            for slot in 0..<batch {
                let episode = long[random.index(below: long.count)]
                let row = episode.start + random.index(below: episode.count - steps + 1)
                for index in 0..<s { program.input(0)[slot * s + index] = inputs[row * (s + a) + index] }
                for step in 0..<steps {
                    for index in 0..<a {
                        program.input(1 + step)[slot * a + index] = inputs[(row + step) * (s + a) + s + index]
                    }
                }
                let other = random.index(below: data.count)
                for index in 0..<(s + a) {
                    program.input(1 + 2 * steps)[slot * (s + a) + index] = inputs[other * (s + a) + index]
                }
                for index in 0..<s { program.input(2 + 2 * steps)[slot * s + index] = changes[other * s + index] }
            }
            for step in 0..<steps { random.fillNormal(program.input(1 + steps + step)) }
            program.run()
            if (iteration + 1) % options.keepEvery == 0 { kept.append(judge.value) }
        }
    }

    /// r_D of each row, by every kept discriminator or by the last alone.
    func reward(_ states: [Double], _ actions: [Double], _ next: [Double], lastAlone: Bool = false) throws -> [Double] {
        let program = try scoring ?? compiled()
        scoring = program
        let width = stateCount + actionCount
        let rows = states.count / stateCount
        var joined: [Double] = []
        for row in 0..<rows {
            joined += states[(row * stateCount)..<((row + 1) * stateCount)]
            joined += actions[(row * actionCount)..<((row + 1) * actionCount)]
        }
        let inputs = inputScale.apply(joined)
        let changes = changeScale.apply(zip(next, states).map { $0 - $1 })
        var result: [Double] = []
        for start in stride(from: 0, to: rows, by: Self.chunk) {
            let count = min(Self.chunk, rows - start)
            _ = program.input(0).update(fromContentsOf: inputs[(start * width)..<((start + count) * width)])
            _ = program.input(1).update(
                fromContentsOf: changes[(start * stateCount)..<((start + count) * stateCount)])
            program.run()
            result += program.output(lastAlone ? 1 : 0).prefix(count).map { -telos_log64(1 - Double($0) + 1e-9) }
        }
        return result
    }

    private func compiled() throws -> Program {
        let networks = EnsembleMLP(kept)
        let input = Tensor(placeholder: Self.chunk, stateCount + actionCount)
        let change = Tensor(placeholder: Self.chunk, stateCount)
        let logits = networks(Tensor.concatenate([input, change], axis: -1)).reshaped(kept.count, Self.chunk)
        let chances = minimum(sigmoid(logits), Tensor(0.999))
        return try Program(
            inputs: [input, change],
            outputs: [chances.mean(axis: 0), chances.sliced(axis: 0, kept.count - 1, kept.count).reshaped(Self.chunk)])
    }
}
