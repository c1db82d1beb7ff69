import TelosNN
import TelosTensor

/// How an on-policy iteration changes actor and critic, given a rollout with its advantages and returns.
protocol RolloutUpdate: AnyObject {
    /// The critic's raw outputs are multiplied by these, so that heads of very different size learn alike.
    var valueScales: [Float] { get }
    var programs: [(name: String, program: Program)] { get }
    /// Whose actions fill rollouts, where it is not the actor that learns; nil by default.
    var actor: Parameters<ActorCritic>? { get }
    func run(
        _ rollout: Rollout, advantages: Buffer<Float>, learningRate: Double, shuffle: inout RandomStream
    ) throws -> [Metric]
    func save(to checkpoint: inout Checkpoint)
    func load(from checkpoint: Checkpoint) throws
}

extension RolloutUpdate {
    var actor: Parameters<ActorCritic>? { nil }
}

/// What an update is made from.
struct RolloutUpdateContext {
    let parameters: Parameters<ActorCritic>
    let settings: OnPolicySettings
    /// One for each return that the critic predicts: what its raw outputs are multiplied by.
    let valueScales: [Float]
    /// Rows of a rollout.
    let rows: Int
    let isMasked: Bool
    let threads: Int
}

/// The gradient steps of an on-policy iteration: surrogate, critic and entropy in one compiled program.
final class PolicyUpdate: RolloutUpdate {
    let valueScales: [Float]
    private let settings: OnPolicySettings
    private let optimizerState: Parameters<OptimizerState>
    /// A moving average of the policy's parameters that steps are held near; nil where it is the policy that acted.
    private let proximal: Parameters<ActorCritic>?
    /// How many parameters the average counts, W <- b W + 1 from 1 on, so that the first do not count for more.
    private let proximalWeight: Parameters<Tensor>?
    private let batch: RolloutBatch
    private let program: Program
    /// By how much a divergence-adaptive learning rate differs from the configured one.
    private var rateFactor: Float = 1
    private let metricNames = [
        "policyLoss", "valueLoss", "entropy", "approximateDivergence", "clipFraction", "gradientNorm",
        "surrogateVariance",
    ]

    /// The state of whichever optimiser is in use.
    private struct OptimizerState: TensorContainer {
        var tensors: [Tensor]
        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            tensors.visitTensors(path, visit)
        }
    }

    init(_ context: RolloutUpdateContext) throws {
        let (parameters, settings) = (context.parameters, context.settings)
        self.settings = settings
        valueScales = context.valueScales
        let heads = valueScales.count
        let model = parameters.traced
        let rows = settings.minibatchSize
        let batch = RolloutBatch(model, rows: rows, sequenceLength: settings.stretch, isMasked: context.isMasked)
        self.batch = batch
        let oldLogProbability = Tensor(placeholder: rows)
        let rawAdvantages = Tensor(placeholder: rows)
        let returns = Tensor(placeholder: rows, heads)
        let oldValues = Tensor(placeholder: rows, heads)
        let learningRate = Tensor(placeholder: [])

        var advantages = rawAdvantages
        if settings.normalizeAdvantages, settings.advantageScope == .minibatch, rows > 1 {
            let centred = rawAdvantages - rawAdvantages.mean()
            advantages = centred / (sqrt(centred.squared.sum() / Float(rows - 1)) + 1e-8)
        }
        let (distribution, values, _) = model(batch.input)
        let logProbability = distribution.logProbability(batch.actions)
        let logRatio = logProbability - oldLogProbability
        // r A, of the samples that the loss counts.
        let surrogates = exp(logRatio) * advantages
        let kept = settings.keptShare.map { SampleDropout.kept(surrogates, share: Float($0)) }
        let counted = kept.map { maximum($0.sum(), Tensor(1)) } ?? Tensor(Float(rows))
        func mean(_ x: Tensor) -> Tensor { (kept.map { $0 * x } ?? x).sum() / counted }
        let surrogateVariance = mean((surrogates - mean(surrogates)).squared)
        proximal = try settings.proximalDecay.map { _ in try Parameters(parameters.value) }
        proximalWeight = try settings.proximalDecay.map { _ in try Parameters(Tensor(1)) }
        let policyLoss = settings.objective.loss(
            logProbability: logProbability, oldLogProbability: oldLogProbability,
            proximalLogProbability: proximal?.traced.distribution(batch.input).logProbability(batch.actions),
            advantages: advantages, kept: kept)
        let scale = Tensor(valueScales, shape: [heads])
        let errors = (values - returns / scale).squared
        let valueLoss: Tensor
        if let range = settings.valueClipRange {
            let before = oldValues / scale
            let clipped = before + (values - before).clipped(-Float(range), Float(range))
            valueLoss = maximum(errors, (clipped - returns / scale).squared).mean()
        } else {
            valueLoss = errors.mean()
        }
        let entropy = distribution.entropy().mean()
        let loss =
            policyLoss + Float(settings.valueCoefficient) * valueLoss - Float(settings.entropyCoefficient) * entropy
        // E[(r - 1) - log r] estimates KL(old || new) with little variance (Schulman, 2020).
        let divergence = (expm1(logRatio) - logRatio).mean()
        let clipRange = (settings.objective as? ClippedObjective)?.clipRange ?? .infinity
        let clipFraction = (Tensor(clipRange) .< abs(expm1(logRatio))).mean()

        let theta = model.tensors
        let (gradients, norm) = clippingGlobalNorm(
            gradient(of: loss, withRespectTo: theta), to: Float(settings.maximumGradientNorm))
        let inputs =
            batch.placeholders + [oldLogProbability, rawAdvantages, returns, learningRate]
            + (settings.valueClipRange == nil ? [] : [oldValues])
        let (proximal, proximalWeight) = (proximal, proximalWeight)
        func compile<Solver: Optimizer>(_ solver: Solver) throws -> (Program, Parameters<OptimizerState>) {
            let initial = solver.initialState(for: theta)
            let memory = try Parameters(OptimizerState(tensors: initial.tensors))
            let step = solver.step(
                theta, gradients: gradients, state: initial.replacingTensors(memory.traced.tensors),
                learningRate: learningRate)
            var updates =
                zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: OptimizerState(tensors: step.state.tensors))
            if let proximal, let proximalWeight, let decay = settings.proximalDecay {
                let weight = Float(decay) * proximalWeight.traced + 1
                updates.append(Program.Update(proximalWeight.traced, to: weight))
                updates += Program.Update.movingAverage(
                    proximal.traced, of: proximal.traced.replacingTensors(step.parameters), rate: 1 / weight)
            }
            let program = try Program(
                inputs: inputs,
                outputs: [policyLoss, valueLoss, entropy, divergence, clipFraction, norm, surrogateVariance],
                updates: updates, threads: context.threads)
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
        let standardizes = settings.normalizeAdvantages && settings.advantageScope == .rollout
        let chosen = standardizes ? Buffer(Rollout.standardized(advantages.array)) : advantages
        var order = Array(0..<rollout.sequences)
        let share = settings.minibatchSize / rollout.sequenceLength
        epochs: for _ in 0..<settings.epochs {
            if settings.minibatchSize < rollout.rows { order.shuffle(using: &shuffle) }
            for start in stride(from: 0, to: rollout.sequences, by: share) {
                fill(rollout, chosen, rollout.rows(of: order[start..<(start + share)]))
                program.input(batch.placeholders.count + 3)[0] = Float(learningRate) * rateFactor
                program.run()
                for index in sums.indices { sums[index] += Double(program.output(index)[0]) }
                updates += 1
                let divergence = Double(program.output(3)[0])
                if let target = settings.adaptiveDivergence { adaptRate(divergence, target: target) }
                if let target = settings.targetDivergence, divergence > 1.5 * target { break epochs }
            }
        }
        var metrics = zip(metricNames, sums).map { Metric($0, $1 / Double(updates)) }
        if let broken = metrics.first(where: { !$0.value.isFinite }) {
            throw LearnerError(
                "training diverged: \(broken.name) is \(broken.value). Try a smaller learningRate or maximumGradientNorm"
            )
        }
        if settings.adaptiveDivergence != nil { metrics.append(Metric("learningRateFactor", Double(rateFactor))) }
        return metrics + [Metric("explainedVariance", rollout.explainedVariance)]
    }

    /// A rate that keeps the divergence from the old policy near `target`, within a hundredth and a hundredfold of the
    /// configured one (Schulman and others, 2017, section 4, with the factors of Rudin, Hoeller, Reist and Hutter,
    /// *Learning to walk in minutes using massively parallel deep reinforcement learning*, 2021).
    private func adaptRate(_ divergence: Double, target: Double) {
        if divergence > 2 * target {
            rateFactor = max(0.01, rateFactor / 1.5)
        } else if divergence > 0, divergence < target / 2 {
            rateFactor = min(100, rateFactor * 1.5)
        }
    }

    private func fill(_ rollout: Rollout, _ advantages: Buffer<Float>, _ rows: [Int]) {
        batch.fill(program, from: rollout, rows: rows)
        let first = batch.placeholders.count
        let (logs, chosen, returns) = (program.input(first), program.input(first + 1), program.input(first + 2))
        for (slot, row) in rows.enumerated() {
            logs[slot] = rollout.logProbabilities[row]
            chosen[slot] = advantages[row]
            for head in 0..<rollout.heads {
                returns[slot * rollout.heads + head] = rollout.returns[head * rollout.rows + row]
            }
        }
        guard settings.valueClipRange != nil else { return }
        let values = program.input(first + 4)
        for (slot, row) in rows.enumerated() {
            for head in 0..<rollout.heads {
                values[slot * rollout.heads + head] = rollout.values[head * rollout.rows + row]
            }
        }
    }

    var programs: [(name: String, program: Program)] { [("update", program)] }

    func save(to checkpoint: inout Checkpoint) {
        checkpoint.store(optimizerState, as: "optimizer")
        if let proximal { checkpoint.store(proximal, as: "proximal") }
        if let proximalWeight { checkpoint.store(proximalWeight, as: "proximalWeight") }
        if settings.adaptiveDivergence != nil {
            checkpoint.arrays["rateFactor"] = .init(shape: [1], values: [rateFactor])
        }
    }

    func load(from checkpoint: Checkpoint) throws {
        try checkpoint.load(optimizerState, from: "optimizer")
        if let proximal { try checkpoint.load(proximal, from: "proximal") }
        if let proximalWeight { try checkpoint.load(proximalWeight, from: "proximalWeight") }
        if settings.adaptiveDivergence != nil { rateFactor = try checkpoint.array("rateFactor", count: 1)[0] }
    }
}
