import TelosNN
import TelosTensor

/// How far a trust-region update may go.
struct TrustRegionSettings {
    /// Largest mean divergence KL(old || new) of an update.
    var divergence: Double
    var conjugateGradientIterations: Int
    /// Added to the Fisher matrix's diagonal.
    var damping: Double
    /// Step lengths tried, each half the one before; with none the natural gradient is taken in full.
    var lineSearchSteps: Int
}

/// A policy step x = F^-1 g, scaled so that x^T F x / 2 is the allowed divergence, and halved until the surrogate
/// improves and the divergence really is within bounds; then the critic is fitted to the returns.
///
/// L(theta) = mean(pi(a|s) / pi_old(a|s) A), F the Fisher information of the rollout's states.
///
/// Schulman, Levine, Moritz, Jordan and Abbeel, *Trust region policy optimization*, 2015; without the line search
/// Kakade, *A natural policy gradient*, 2001.
final class TrustRegionUpdate: RolloutUpdate {
    let valueScales: [Float]
    private let settings: OnPolicySettings
    private let region: TrustRegionSettings
    private let batch: RolloutBatch
    private let step: Parameters<[Tensor]>
    /// Fills `step`; gives |g| and the length of the step.
    private let solving: Program
    /// Surrogate's gain and divergence at theta + size * step.
    private let judging: Program
    private let moving: Program
    private let critic: ValueFitting

    init(_ context: RolloutUpdateContext, region: TrustRegionSettings) throws {
        let (parameters, settings, rows) = (context.parameters, context.settings, context.rows)
        let (isMasked, threads) = (context.isMasked, context.threads)
        self.settings = settings
        self.region = region
        valueScales = [1]
        let model = parameters.traced
        let theta = model.policyPart.tensors
        step = try Parameters(theta.map { .zeros(like: $0) })
        let batch = RolloutBatch(model, rows: rows, sequenceLength: settings.stretch, isMasked: isMasked)
        self.batch = batch
        let states = batch.input
        let oldLogProbability = Tensor(placeholder: rows)
        let advantages = Tensor(placeholder: rows)
        let inputs = batch.placeholders + [oldLogProbability, advantages]

        func surrogate(_ model: ActorCritic) -> Tensor {
            let ratio = exp(model.distribution(states).logProbability(batch.actions) - oldLogProbability)
            return (ratio * advantages).mean()
        }
        let divergence = try model.divergence(from: model.stoppingGradient, on: states)
        func fisher(_ vector: [Tensor]) -> [Tensor] {
            hessianVectorProduct(of: divergence, withRespectTo: theta, vector: vector)
        }
        let g = gradient(of: surrogate(model), withRespectTo: theta)
        let (x, scale) = trustRegionStep(
            gradient: g, product: fisher, divergence: Float(region.divergence),
            iterations: region.conjugateGradientIterations, damping: Float(region.damping))
        solving = try Program(
            inputs: inputs, outputs: [sqrt(dot(g, g)), scale],
            updates: zip(step.traced, x).map { Program.Update($0, to: scale * $1) }, threads: threads)

        let size = Tensor(placeholder: [])
        let moved = zip(theta, step.traced).map { $0 + size * $1 }
        var candidate = model
        candidate.policyPart = model.policyPart.replacingTensors(moved)
        judging = try Program(
            inputs: inputs + [size],
            outputs: [
                surrogate(candidate) - surrogate(model),
                try candidate.divergence(from: model.stoppingGradient, on: states),
                model.distribution(states).entropy().mean(),
            ], threads: threads)
        moving = try Program(
            inputs: [size], outputs: [], updates: zip(theta, moved).map { Program.Update($0, to: $1) })

        critic = try ValueFitting(parameters, settings: settings, isMasked: isMasked, threads: threads)
    }

    func run(
        _ rollout: Rollout, advantages: Buffer<Float>, learningRate: Double, shuffle: inout RandomStream
    ) throws -> [Metric] {
        let standardized = settings.normalizeAdvantages ? Rollout.standardized(advantages.array) : advantages.array
        let rows = rollout.rows(of: 0..<rollout.sequences)
        let first = batch.placeholders.count
        for program in [solving, judging] {
            batch.fill(program, from: rollout, rows: rows)
            for (slot, row) in rows.enumerated() {
                program.input(first)[slot] = rollout.logProbabilities[row]
                program.input(first + 1)[slot] = standardized[row]
            }
        }
        solving.run()
        let gradientNorm = Double(solving.output(0)[0])
        guard gradientNorm.isFinite else {
            throw LearnerError("training diverged: the policy gradient is \(gradientNorm). Try a smaller learningRate")
        }
        var entropy = 0.0
        func judge(_ size: Double) -> (gain: Double, divergence: Double) {
            judging.input(first + 2)[0] = Float(size)
            judging.run()
            entropy = Double(judging.output(2)[0])
            return (Double(judging.output(0)[0]), Double(judging.output(1)[0]))
        }
        var accepted = (size: 0.0, gain: 0.0, divergence: 0.0)
        if gradientNorm > 0, region.lineSearchSteps == 0 {
            let (gain, divergence) = judge(1)
            accepted = (1, gain, divergence)
        } else if gradientNorm > 0 {
            accepted =
                trustRegionLineSearch(divergence: region.divergence, tries: region.lineSearchSteps, judge: judge)
                ?? accepted
        }
        if accepted.size > 0 {
            moving.input(0)[0] = Float(accepted.size)
            moving.run()
        }
        let valueLoss = critic.run(rollout, learningRate: learningRate, shuffle: &shuffle)
        return [
            Metric("surrogateGain", accepted.gain), Metric("valueLoss", valueLoss), Metric("entropy", entropy),
            Metric("divergence", accepted.divergence), Metric("stepSize", accepted.size),
            Metric("gradientNorm", gradientNorm), Metric("explainedVariance", rollout.explainedVariance),
        ]
    }

    var programs: [(name: String, program: Program)] {
        [("solving", solving), ("judging", judging), ("moving", moving), ("fitting", critic.program)]
    }

    func save(to checkpoint: inout Checkpoint) { critic.save(to: &checkpoint) }

    func load(from checkpoint: Checkpoint) throws { try critic.load(from: checkpoint) }
}

extension ActorCritic {
    fileprivate var stoppingGradient: ActorCritic { mapTensors { $0.stoppingGradient } }

    /// Mean KL(other || self) over the states; both have the same kind of distribution.
    fileprivate func divergence(from other: ActorCritic, on states: ActorInput) throws -> Tensor {
        try TelosNN.divergence(of: other.distribution(states), from: distribution(states)).mean()
    }
}
