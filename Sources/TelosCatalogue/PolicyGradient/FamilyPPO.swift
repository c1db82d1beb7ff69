import CTelosKernels
import TelosEnvironments
import TelosLearning
import TelosNN
import TelosTensor

/// Where the weights of the policies come from.
enum PolicyWeights: TensorContainer {
    /// Each policy has its own, in the order of the architectures.
    case separate(PaddedMLP)
    /// One network writes those of any architecture.
    case generated(GraphHyperNetwork)

    func callAsFunction(_ widths: Tensor) -> PaddedMLP {
        switch self {
        case .separate(let network): network
        case .generated(let hyper): hyper(widths)
        }
    }

    var isSeparate: Bool { if case .separate = self { true } else { false } }

    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        switch self {
        case .separate(var network):
            network.visitTensors(path, visit)
            self = .separate(network)
        case .generated(var hyper):
            hyper.visitTensors(path, visit)
            self = .generated(hyper)
        }
    }
}

/// PPO for several policies of different architectures at once, on a `SmallTask`.
///
///     L = -mean(min(r A, clip(r, 0.8, 1.2) A)) + 0.05 mean((V(s, g) - R)^2),  r = pi_g(u|s) / pi_g,old(u|s)
///
/// with pi_g = N(f_g(s), exp(2 l)), Adam 1e-3, lambda 0.95, 64 steps a rollout, 4 minibatches an
/// epoch cut in time, so that each holds every architecture. The weights of f_g are written anew in every minibatch and
/// gradients reach what wrote them. Policies with weights of their own have a critic, a deviation, a limit on the
/// gradient's norm and a scale of the advantages of their own too: they learn as if alone.
final class FamilyPPO {
    private struct Model: TensorContainer {
        var weights: PolicyWeights
        var logDeviation: Tensor
        var critic: MLP

        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            weights.visitTensors("weights", visit)
            logDeviation.visitTensors("logDeviation", visit)
            critic.visitTensors("critic", visit)
        }

        /// s and the widths of g, in units of the largest.
        func values(_ x: Tensor, _ widths: Tensor, largest: Int) -> Tensor {
            let context = (widths / Float(largest)).reshaped(x.shape[0], 1, widths.shape[1])
                .broadcast(to: [x.shape[0], x.shape[1], widths.shape[1]])
            return critic(.concatenate([x, context], axis: -1)).reshaped(x.shape[0], x.shape[1])
        }
    }

    private let family: PolicyFamily
    private let count: Int
    private let environments: Int
    private let parameters: Parameters<Model>
    private let memory: Parameters<Adam.State>
    /// What acts: the policies of this rollout.
    private let policies: Parameters<PaddedMLP>
    private let generating: Program
    private let acting: Program
    private let update: Program
    private var copies: SmallControl
    private var noise: RandomStream
    private(set) var steps = 0
    private static let (rollout, minibatches) = (64, 4)

    /// - Parameters:
    ///   - count: policies of a rollout.
    ///   - environments: copies of the task for each.
    ///   - isConnected: whether gradients reach what writes the weights.
    init(
        _ family: PolicyFamily, weights: PolicyWeights, count: Int, environments: Int, isConnected: Bool = true,
        key: RandomKey
    ) throws {
        self.family = family
        self.count = count
        self.environments = environments
        let isSeparate = weights.isSeparate
        let depth = family.depth
        let critics = (0..<(isSeparate ? count : 1)).map {
            MLP([family.task.width + depth, 64, 64, 1], key: key.derived("critic", $0))
        }
        let model = Model(
            weights: weights,
            logDeviation: Tensor(-0.5).broadcast(to: [isSeparate ? count : 1, 1]),
            critic: isSeparate ? .ensemble(critics) : critics[0])
        parameters = try Parameters(model)
        memory = try Parameters(Adam().initialState(for: parameters.traced.tensors))
        let widths = Tensor(placeholder: count, depth)
        let traced = parameters.traced
        policies = try Parameters(model.weights(.zeros(count, depth)))
        generating = try Program(
            inputs: [widths], outputs: [], updates: Program.Update.all(policies.traced, to: traced.weights(widths)))
        let seen = Tensor(placeholder: count, environments, family.task.width)
        acting = try Program(
            inputs: [seen, widths],
            outputs: [
                policies.traced(seen, widths: widths).reshaped(count, environments),
                traced.values(seen, widths, largest: family.largest),
                traced.logDeviation.broadcast(to: [count, environments]),
            ])
        let rows = Self.rollout / Self.minibatches * environments
        let x = Tensor(placeholder: count, rows, family.task.width)
        let columns = (0..<4).map { _ in Tensor(placeholder: count, rows) }
        let (actions, old, advantages, targets) = (columns[0], columns[1], columns[2], columns[3])
        var network = traced.weights(widths)
        if !isConnected { network = network.mapTensors { $0.stoppingGradient } }
        let distribution = DiagonalGaussian(
            mean: network(x, widths: widths),
            logDeviation: traced.logDeviation.reshaped(-1, 1, 1).broadcast(to: [count, rows, 1]))
        let ratio = exp(distribution.logProbability(actions.reshaped(count, rows, 1)) - old)
        let surrogate = minimum(ratio * advantages, ratio.clipped(0.8, 1.2) * advantages)
        let error = (traced.values(x, widths, largest: family.largest) - targets).squared
        // The policies' sum where each learns for itself, so that its gradient is the one it would have alone.
        let share = Float(isSeparate ? rows : rows * count)
        let loss = (0.05 * error - surrogate).sum() / share
        let theta = traced.tensors
        let gradients = gradient(of: loss, withRespectTo: theta)
        let limited =
            isSeparate ? clippingMemberNorms(gradients, to: 1) : clippingGlobalNorm(gradients, to: 1).gradients
        let step = Adam().step(theta, gradients: limited, state: memory.traced, learningRate: Tensor(1e-3))
        update = try Program(
            inputs: [x, widths] + columns, outputs: [],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state))
        copies = SmallControl(family.task, count: count * environments, key: key.derived("copies"))
        noise = key.derived("noise").stream
    }

    /// One rollout of the policies of `architectures`, and the steps on it.
    func iterate(_ architectures: [[Int]]) {
        let all = count * environments
        family.write(architectures, into: generating.input(0))
        family.write(architectures, into: acting.input(1))
        family.write(architectures, into: update.input(1))
        generating.run()
        var (observations, actions, old): ([Float], [Float], [Float]) = ([], [], [])
        var (rewards, values, nextValues): ([Float], [Float], [Float]) = ([], [], [])
        var ends: [EpisodeEnd] = []
        func look() {
            copies.write(into: acting.input(0))
            acting.run()
        }
        look()
        for _ in 0..<Self.rollout {
            observations += acting.input(0)
            values += acting.output(1)
            var chosen: [Float] = []
            for index in 0..<all {
                let (draw, logDeviation) = (noise.normal(), acting.output(2)[index])
                chosen.append(acting.output(0)[index] + Float(telos_exp64(Double(logDeviation)) * draw))
                old.append(Float(-0.5 * draw * draw) - logDeviation - 0.918_938_5)
            }
            actions += chosen
            let (paid, stepEnds) = copies.step(chosen)
            rewards += paid
            // What a step led to is valued before a new episode begins there.
            look()
            nextValues += acting.output(1)
            ends += stepEnds
            if stepEnds.contains(where: { $0 != .ongoing }) {
                copies.restart(where: stepEnds)
                look()
            }
        }
        steps += all * Self.rollout
        var advantages = [Float](repeating: 0, count: ends.count)
        generalizedAdvantages(
            rewards: rewards, values: values, nextValues: nextValues, ends: ends,
            steps: Self.rollout, environments: all, discount: Float(family.task.discount), lambda: 0.95,
            into: &advantages)
        let targets = zip(advantages, values).map(+)
        standardize(&advantages)
        for _ in 0..<family.task.epochs {
            for part in 0..<Self.minibatches {
                fill(0, part, observations, width: family.task.width)
                for (index, column) in [actions, old, advantages, targets].enumerated() {
                    fill(index + 2, part, column, width: 1)
                }
                update.run()
            }
        }
    }

    /// Together, or for each policy where they learn for themselves.
    private func standardize(_ values: inout [Float]) {
        let all = count * environments
        let groups = parameters.traced.weights.isSeparate ? count : 1
        for group in 0..<groups {
            let members = values.indices.filter { $0 % all * groups / all == group }
            let mean = members.reduce(0.0) { $0 + Double(values[$1]) } / Double(members.count)
            let variance =
                members.reduce(0.0) { $0 + (Double(values[$1]) - mean) * (Double(values[$1]) - mean) }
                / Double(members.count)
            for index in members {
                values[index] = Float((Double(values[index]) - mean) / (variance.squareRoot() + 1e-8))
            }
        }
    }

    /// Steps of a part of the rollout, from [step, policy, environment] to [policy, step, environment].
    private func fill(_ input: Int, _ part: Int, _ source: [Float], width: Int) {
        let steps = Self.rollout / Self.minibatches
        let target = update.input(input)
        var slot = 0
        for policy in 0..<count {
            for step in (part * steps)..<((part + 1) * steps) {
                let start = ((step * count) + policy) * environments * width
                for offset in 0..<(environments * width) {
                    target[slot] = source[start + offset]
                    slot += 1
                }
            }
        }
    }

    /// Mean return of 32 episodes of every architecture's mean action.
    func evaluate(_ architectures: [[Int]], key: RandomKey) throws -> [Double] {
        let episodes = 32
        let widths = Tensor(placeholder: architectures.count, family.depth)
        let seen = Tensor(placeholder: architectures.count, episodes, family.task.width)
        // Written once, not at every step.
        let written = try Parameters(parameters.value.weights(family.widths(architectures)))
        let program = try Program(inputs: [seen, widths], outputs: [written.traced(seen, widths: widths)])
        family.write(architectures, into: program.input(1))
        var copies = SmallControl(
            family.task, count: architectures.count * episodes, key: key)
        var running = [Bool](repeating: true, count: architectures.count * episodes)
        var returns = [Double](repeating: 0, count: architectures.count)
        for _ in 0..<SmallTask.horizon where running.contains(true) {
            copies.write(into: program.input(0))
            program.run()
            let (rewards, ends) = copies.step(Array(program.output(0)))
            for index in running.indices where running[index] {
                returns[index / episodes] += Double(rewards[index]) / Double(episodes)
                running[index] = ends[index] == .ongoing
            }
            copies.restart(where: ends)
        }
        return returns
    }
}

/// As `clippingGlobalNorm`, for each of k members whose tensors lie side by side, [k, ...].
private func clippingMemberNorms(_ gradients: [Tensor], to limit: Float) -> [Tensor] {
    let count = gradients[0].shape[0]
    let norm = sqrt(
        gradients.reduce(Tensor.zeros(count)) { $0 + $1.reshaped(count, -1).squared.sum(axis: 1) })
    let scale = minimum(Tensor(1), limit / (norm + 1e-6))
    return gradients.map { $0 * scale.reshaped(to: [count] + Array(repeating: 1, count: $0.rank - 1)) }
}
