import TelosNN
import TelosTensor

/// How an on-policy iteration changes actor and critic, given a rollout with its advantages and returns.
protocol RolloutUpdate: AnyObject {
    /// The critic's raw outputs are multiplied by these, so that heads of very different size learn alike.
    var valueScales: [Float] { get }
    var programs: [(name: String, program: Program)] { get }
    func run(
        _ rollout: Rollout, advantages: Buffer<Float>, learningRate: Double, shuffle: inout RandomStream
    ) throws -> [Metric]
    func save(to checkpoint: inout Checkpoint)
    func load(from checkpoint: Checkpoint) throws
}

/// The gradient steps of an on-policy iteration: surrogate, critic and entropy in one compiled program.
final class PolicyUpdate: RolloutUpdate {
    let valueScales: [Float]
    private let settings: OnPolicySettings
    private let optimizerState: Parameters<OptimizerState>
    private let program: Program
    private let metricNames = [
        "policyLoss", "valueLoss", "entropy", "approximateDivergence", "clipFraction", "gradientNorm",
    ]

    /// The state of whichever optimiser is in use.
    private struct OptimizerState: TensorContainer {
        var tensors: [Tensor]
        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            tensors.visitTensors(path, visit)
        }
    }

    init(
        _ parameters: Parameters<ActorCritic>, settings: OnPolicySettings, heads: Int, threads: Int
    ) throws {
        self.settings = settings
        valueScales = heads == 1 ? [1] : RolloutAlignment.valueScales(heads: heads, discount: settings.discount)
        let model = parameters.traced
        let batch = settings.minibatchSize
        let observations = Tensor(placeholder: batch, model.encoding.width)
        let actions = Tensor(placeholder: batch, model.head.width)
        let oldLogProbability = Tensor(placeholder: batch)
        let rawAdvantages = Tensor(placeholder: batch)
        let returns = Tensor(placeholder: batch, heads)
        let learningRate = Tensor(placeholder: [])

        var advantages = rawAdvantages
        if settings.normalizeAdvantages, batch > 1 {
            let centred = rawAdvantages - rawAdvantages.mean()
            advantages = centred / (sqrt(centred.squared.sum() / Float(batch - 1)) + 1e-8)
        }
        let distribution = model.distribution(observations)
        let logProbability = distribution.logProbability(actions)
        let policyLoss = settings.objective.loss(
            logProbability: logProbability, oldLogProbability: oldLogProbability, advantages: advantages)
        let scaledReturns = returns / Tensor(valueScales, shape: [heads])
        let valueLoss = (model.values(observations) - scaledReturns).squared.mean()
        let entropy = distribution.entropy().mean()
        let loss =
            policyLoss + Float(settings.valueCoefficient) * valueLoss - Float(settings.entropyCoefficient) * entropy
        let logRatio = logProbability - oldLogProbability
        // E[(r - 1) - log r] estimates KL(old || new) with little variance (Schulman, 2020).
        let divergence = (expm1(logRatio) - logRatio).mean()
        let clipRange = (settings.objective as? ClippedObjective)?.clipRange ?? .infinity
        let clipFraction = (Tensor(clipRange) .< abs(expm1(logRatio))).mean()

        let theta = model.tensors
        let (gradients, norm) = clippingGlobalNorm(
            gradient(of: loss, withRespectTo: theta), to: Float(settings.maximumGradientNorm))
        func compile<Solver: Optimizer>(_ solver: Solver) throws -> (Program, Parameters<OptimizerState>) {
            let initial = solver.initialState(for: theta)
            let memory = try Parameters(OptimizerState(tensors: initial.tensors))
            let step = solver.step(
                theta, gradients: gradients, state: initial.replacingTensors(memory.traced.tensors),
                learningRate: learningRate)
            let program = try Program(
                inputs: [observations, actions, oldLogProbability, rawAdvantages, returns, learningRate],
                outputs: [policyLoss, valueLoss, entropy, divergence, clipFraction, norm],
                updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                    + Program.Update.all(memory.traced, to: OptimizerState(tensors: step.state.tensors)),
                threads: threads)
            return (program, memory)
        }
        switch settings.solver {
        case .adam(let epsilon): (program, optimizerState) = try compile(Adam(epsilon: epsilon))
        case .rmsProp(let decay, let epsilon):
            (program, optimizerState) = try compile(RMSProp(decay: decay, epsilon: epsilon))
        }
    }

    /// All epochs over a rollout; gives the mean of each metric.
    func run(
        _ rollout: Rollout, advantages: Buffer<Float>, learningRate: Double, shuffle: inout RandomStream
    ) throws -> [Metric] {
        var sums = [Double](repeating: 0, count: metricNames.count)
        var updates = 0
        program.input(5)[0] = Float(learningRate)
        var order = Array(0..<rollout.rows)
        epochs: for _ in 0..<settings.epochs {
            if settings.minibatchSize < rollout.rows { order.shuffle(using: &shuffle) }
            for start in stride(from: 0, to: rollout.rows, by: settings.minibatchSize) {
                fill(rollout, advantages, order[start..<(start + settings.minibatchSize)])
                program.run()
                for index in sums.indices { sums[index] += Double(program.output(index)[0]) }
                updates += 1
                if let target = settings.targetDivergence, Double(program.output(3)[0]) > 1.5 * target { break epochs }
            }
        }
        let metrics = zip(metricNames, sums).map { Metric($0, $1 / Double(updates)) }
        if let broken = metrics.first(where: { !$0.value.isFinite }) {
            throw LearnerError(
                "training diverged: \(broken.name) is \(broken.value). Try a smaller learningRate or maximumGradientNorm"
            )
        }
        return metrics + [Metric("explainedVariance", rollout.explainedVariance)]
    }

    private func fill(_ rollout: Rollout, _ advantages: Buffer<Float>, _ rows: ArraySlice<Int>) {
        let observationWidth = rollout.observations.count / rollout.rows
        let actionWidth = rollout.actions.count / rollout.rows
        let (observations, actions) = (program.input(0).baseAddress!, program.input(1).baseAddress!)
        let (logs, chosen, returns) = (program.input(2), program.input(3), program.input(4))
        for (slot, row) in rows.enumerated() {
            (observations + slot * observationWidth).update(
                from: rollout.observations.pointer + row * observationWidth, count: observationWidth)
            (actions + slot * actionWidth).update(from: rollout.actions.pointer + row * actionWidth, count: actionWidth)
            logs[slot] = rollout.logProbabilities[row]
            chosen[slot] = advantages[row]
            for head in 0..<rollout.heads {
                returns[slot * rollout.heads + head] = rollout.returns[head * rollout.rows + row]
            }
        }
    }

    var programs: [(name: String, program: Program)] { [("update", program)] }

    func save(to checkpoint: inout Checkpoint) { checkpoint.store(optimizerState, as: "optimizer") }

    func load(from checkpoint: Checkpoint) throws { try checkpoint.load(optimizerState, from: "optimizer") }
}
