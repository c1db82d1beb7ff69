import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosNN
import TelosTensor

/// PPO on the noisy grid, its critic with or without a gate on its features.
///
///     V(s) = f(v(s) * q(z(s))),  z(s) = (Z_t(s, a)) at even levels t, constant to the critic
///     PPO: -mean(min(w A, clip(w, 0.8, 1.2) A)) + mean((V - R)^2) / 2 - 0.01 H
///
/// z is computed once a rollout, after the quantile network's updates, so that advantages and regression see one V. The
/// gate begins near 1.
final class PGRainbowRun {
    enum Gate: String, CaseIterable, Sendable {
        case quantiles = "PG-Rainbow"
        /// The quantile network follows the policy in place of the greedy choice.
        case policyQuantiles = "PG-Rainbow, on-policy quantiles"
        case none = "PPO"
        /// As many parameters and inputs of the same size, but no information: fixed normal numbers for each cell.
        case noise = "gated by noise"

        var usesQuantiles: Bool { self == .quantiles || self == .policyQuantiles }
    }

    struct Measurement: Sendable {
        var valueError = 0.0
        var meanReturn = 0.0
        var lastReturn = 0.0
        /// Mean distance of learned quantiles from sampled ones over the returns' standard deviation.
        var quantileError = 0.0
    }

    private struct Network: TensorContainer {
        var policy: MLP
        var features: MLP
        var gate: MLP?
        var value: MLP

        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            policy.visitTensors(path.appending(part: "policy"), visit)
            features.visitTensors(path.appending(part: "features"), visit)
            gate.visitTensors(path.appending(part: "gate"), visit)
            value.visitTensors(path.appending(part: "value"), visit)
        }

        /// - z: [rows, inputs of the gate].
        func callAsFunction(_ x: Tensor, z: Tensor) -> (logits: Tensor, values: Tensor) {
            var hidden = tanh(features(x))
            if let gate { hidden = hidden * gate(z) }
            return (policy(x), value(hidden).reshaped(x.shape[0]))
        }
    }

    private let context: ClaimContext
    private let gate: Gate
    private let grid: NoisyGrid
    private let rows: Int
    private let minibatch = 128
    private let inputs: Int
    private let network: Parameters<Network>
    private let update: Program
    /// Probabilities and values of every cell.
    private let table: Program
    private let quantiles: QuantileLearner
    private var z: [Float]
    private var random: RandomStream

    init(_ context: ClaimContext, gate: Gate, noise: Double, key: RandomKey) throws {
        self.context = context
        self.gate = gate
        grid = try NoisyGrid(size: context.whole("size"), noise: noise)
        rows = context.whole("environments") * context.whole("rolloutSteps")
        let cells = grid.mdp.stateCount
        let levels = context.whole("quantiles")
        inputs = levels * 4
        random = key.derived("walks").stream
        let gains = (hidden: Initializer.orthogonal(gain: 1.414_213_6), small: Initializer.orthogonal(gain: 0.01))
        func mlp(_ sizes: [Int], _ output: Initializer, _ name: String) -> MLP {
            MLP(sizes, hidden: gains.hidden, output: output, key: key.derived(name))
        }
        var gateNetwork = mlp([inputs, 64, 32], .orthogonal(gain: 0.1), "gate")
        gateNetwork.layers[1].bias = Tensor(1).broadcast(to: [32])
        network = try Parameters(
            Network(
                policy: mlp([cells, 64, 4], gains.small, "policy"),
                features: mlp([cells, 64, 32], gains.hidden, "features"),
                gate: gate == .none ? nil : gateNetwork, value: mlp([32, 32, 1], .orthogonal(gain: 1), "value")))
        quantiles = try QuantileLearner(
            grid, levels: levels, capacity: 20 * rows, isGreedy: gate != .policyQuantiles,
            key: key.derived("quantiles"))
        var numbers = key.derived("noise").stream
        z = (0..<(cells * inputs)).map { _ in gate == .noise ? Float(numbers.normal()) : 0 }

        let here = Tensor(placeholder: minibatch)
        let action = Tensor(placeholder: minibatch)
        let old = Tensor(placeholder: minibatch)
        let advantages = Tensor(placeholder: minibatch)
        let returns = Tensor(placeholder: minibatch)
        let every = Tensor(placeholder: cells, inputs)
        let (logits, values) = network.traced(here.oneHot(cells), z: every.gatheringRows(here))
        let distribution = Categorical(logits: logits)
        let centred = advantages - advantages.mean()
        let standard = centred / (sqrt(centred.squared.mean()) + 1e-8)
        let loss =
            ClippedObjective(clipRange: 0.2).loss(
                logProbability: distribution.logProbability(action), oldLogProbability: old, advantages: standard)
            + 0.5 * (values - returns).squared.mean() - 0.01 * distribution.entropy().mean()
        let theta = network.traced.tensors
        let memory = try Parameters(Adam().initialState(for: theta))
        let step = Adam().step(
            theta, gradients: gradient(of: loss, withRespectTo: theta), state: memory.traced,
            learningRate: Tensor(1e-3))
        update = try Program(
            inputs: [here, action, old, advantages, returns, every], outputs: [loss],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state))
        let allRows = Tensor(placeholder: cells, inputs)
        let all = network.traced(Tensor((0..<cells).map(Float.init), shape: [cells]).oneHot(cells), z: allRows)
        table = try Program(inputs: [allRows], outputs: [all.logits.softmax(), all.values])
    }

    func measure() throws -> Measurement {
        let environments = context.whole("environments")
        let steps = context.whole("rolloutSteps")
        let updates = context.whole("updates")
        let reward = grid.reward
        var states = (0..<environments).map { _ in grid.start(using: &random) }
        var errors: [Double] = []
        var returns: [Double] = []
        tabulate()
        for round in 0..<updates {
            let policy = table.output(0).map(Double.init)
            var walk = GridWalk(rows: rows)
            for step in 0..<steps {
                for environment in 0..<environments {
                    let row = step * environments + environment
                    let state = states[environment]
                    let action = random.index(weights: policy[(4 * state)..<(4 * state + 4)])
                    let (next, paid) = grid.step(state, action, using: &random)
                    walk.states[row] = state
                    walk.actions[row] = action
                    walk.rewards[row] = Float(paid)
                    walk.next[row] = next
                    walk.logs[row] = Float(telos_log64(policy[4 * state + action]))
                    states[environment] = next == grid.goal ? grid.start(using: &random) : next
                }
            }
            if gate.usesQuantiles {
                quantiles.learn(from: walk, updates: context.whole("quantileUpdates"), policy: policy)
                z = quantiles.table()
                tabulate()
            }
            learn(walk, environments: environments, steps: steps)
            tabulate()
            let values = try grid.mdp.policyValue(
                policy: table.output(0).map(Double.init), reward: reward, discount: grid.discount)
            returns.append(values[0])
            guard round >= 5 else { continue }
            let square = (0..<grid.goal).reduce(0.0) { sum, state in
                let difference = Double(table.output(1)[state]) - values[state]
                return sum + difference * difference
            }
            errors.append((square / Double(grid.goal)).squareRoot())
        }
        var result = Measurement(
            valueError: mean(of: errors), meanReturn: mean(of: returns), lastReturn: returns.last ?? .nan)
        if gate == .quantiles { result.quantileError = quantiles.error(using: &random) }
        return result
    }

    private func tabulate() {
        _ = table.input(0).update(fromContentsOf: z)
        table.run()
    }

    private func learn(_ walk: GridWalk, environments: Int, steps: Int) {
        let values = Array(table.output(1))
        let before = walk.states.map { values[$0] }
        let after = walk.next.map { values[$0] }
        let ends = walk.next.map { $0 == grid.goal ? EpisodeEnd.terminated : .ongoing }
        var advantages = before
        generalizedAdvantages(
            rewards: walk.rewards, values: before, nextValues: after, ends: ends, steps: steps,
            environments: environments, discount: Float(grid.discount), lambda: 0.95, into: &advantages)
        _ = update.input(5).update(fromContentsOf: z)
        var order = Array(0..<rows)
        for _ in 0..<4 {
            order.shuffle(using: &random)
            for first in stride(from: 0, to: rows - minibatch + 1, by: minibatch) {
                for (slot, row) in order[first..<(first + minibatch)].enumerated() {
                    update.input(0)[slot] = Float(walk.states[row])
                    update.input(1)[slot] = Float(walk.actions[row])
                    update.input(2)[slot] = walk.logs[row]
                    update.input(3)[slot] = advantages[row]
                    update.input(4)[slot] = advantages[row] + before[row]
                }
                update.run()
            }
        }
    }
}
