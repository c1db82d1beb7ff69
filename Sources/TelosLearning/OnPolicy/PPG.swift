import TelosNN
import TelosTensor

/// Options of phasic policy gradients beside those of the policy phase.
///
/// Cobbe, Hilton, Klimov and Schulman, *Phasic policy gradient*, 2021.
public struct PPGOptions: LearnerConfiguration {
    public var policyIterations = 8
    public var auxiliaryEpochs = 6
    public var cloneCoefficient = 1.0
    public var auxiliaryLearningRate = 3e-4

    public init() {}

    public static let options = [
        OptionDescription(
            "policyIterations",
            "rollouts of a policy phase, all of which the auxiliary phase after it reads again",
            raising: "rarer auxiliary phases on more data, more memory", lowering: "more frequent ones",
            range: 1...10_000),
        OptionDescription(
            "auxiliaryEpochs", "passes of an auxiliary phase",
            raising: "more of the values in the policy's layers, slower",
            lowering: "nearer to plain PPO (0)", range: 0...1000),
        OptionDescription(
            "cloneCoefficient",
            "beta: weight of the divergence from the policy that the auxiliary phase began with",
            raising: "the policy changes less by it",
            lowering: "its layers follow the values more freely",
            range: 0...1e6),
        OptionDescription(
            "auxiliaryLearningRate", "step size of the auxiliary phase", raising: "faster, less stable",
            lowering: "slower, steadier", range: 0...10),
    ]
}

/// The policy phase: PPO with one pass over each rollout.
public struct PPGPolicyPhase: ConfigurationVariant {
    public var options = PPOConfiguration()
    public init() {
        options.epochs = 1
        options.entropyCoefficient = 0.01
    }

    public func validate() throws {
        try options.validate()
        guard !options.sharedLayers else {
            throw ConfigurationError(
                option: "sharedLayers",
                "policy and critic are kept apart so that auxiliary phases may join them; write false")
        }
    }
}

public typealias PPGConfiguration = JointConfiguration<PPGPolicyPhase, PPGOptions>

extension PPGConfiguration {
    var settings: OnPolicySettings {
        var settings = base.options.settings
        settings.makeUpdate = { [own] in try PPGUpdate($0, own) }
        return settings
    }
}

/// PPO's steps, and after every so many rollouts an auxiliary phase: the policy's own layers learn to predict returns
/// through a head of theirs, without the policy changing much.
///
/// L = mean((V_pi - G)^2) / 2 + beta mean(KL(pi_old || pi)) + mean((V - G)^2) / 2, over all rollouts of the phase.
final class PPGUpdate: RolloutUpdate {
    private let options: PPGOptions
    private let step: PolicyUpdate
    private let parameters: Parameters<ActorCritic>
    /// The policy that the auxiliary phase began with.
    private let old: Parameters<ActorCritic>
    /// V_pi, on what the policy's last layer reads.
    private let head: Parameters<Linear>
    private let memory: Parameters<Adam.State>
    private let batch: RolloutBatch
    private let program: Program
    /// Rollouts of the phase, of which the first `kept` are filled.
    private let phase: [Rollout]
    private var kept = 0
    private let rowsOfMinibatch: Int

    init(_ context: RolloutUpdateContext, _ options: PPGOptions) throws {
        let (settings, model) = (context.settings, context.parameters.traced)
        self.options = options
        parameters = context.parameters
        old = try Parameters(context.parameters.value)
        step = try PolicyUpdate(context)
        let rows = settings.minibatchSize
        rowsOfMinibatch = rows
        let batch = RolloutBatch(
            model, rows: rows, sequenceLength: settings.stretch, isMasked: context.isMasked)
        self.batch = batch
        let features = model.policyFeatures(batch.input)
        // A head of zeros: an auxiliary phase begins without disturbing the policy's layers.
        var empty = Linear(features.shape[1], 1, key: RandomKey(seed: 0))
        empty = empty.mapTensors { .zeros(like: $0) }
        head = try Parameters(empty)
        let returns = Tensor(placeholder: rows)
        let learningRate = Tensor(placeholder: [])
        let auxiliary = 0.5 * (head.traced(features).reshaped(rows) - returns).squared.mean()
        let clone = try divergence(
            of: old.traced.distribution(batch.input), from: model.distribution(batch.input)
        ).mean()
        let value = 0.5 * (model.values(batch.input).reshaped(rows) - returns).squared.mean()
        let theta = model.tensors + head.traced.tensors
        memory = try Parameters(Adam().initialState(for: theta))
        let (gradients, _) = clippingGlobalNorm(
            gradient(
                of: auxiliary + Float(options.cloneCoefficient) * clone + value, withRespectTo: theta),
            to: Float(settings.maximumGradientNorm))
        let stepped = Adam(epsilon: 1e-5).step(
            theta, gradients: gradients, state: memory.traced, learningRate: learningRate)
        program = try Program(
            inputs: batch.placeholders + [returns, learningRate], outputs: [auxiliary, clone],
            updates: zip(theta, stepped.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: stepped.state), threads: context.threads)
        phase = (0..<options.policyIterations).map { _ in
            Rollout(
                steps: settings.rolloutSteps, environments: settings.environments, heads: 1,
                observationWidth: model.encoding.width, actionWidth: model.head.width,
                maskWidth: context.isMasked ? model.head.outputs : 0, memoryWidth: model.memoryWidth,
                sequenceLength: settings.stretch)
        }
    }

    var valueScales: [Float] { step.valueScales }
    var programs: [(name: String, program: Program)] { step.programs + [("auxiliary", program)] }

    func run(
        _ rollout: Rollout, advantages: Buffer<Float>, learningRate: Double, shuffle: inout RandomStream
    ) throws -> [Metric] {
        var metrics = try step.run(
            rollout, advantages: advantages, learningRate: learningRate, shuffle: &shuffle)
        phase[kept].copy(from: rollout)
        kept += 1
        guard kept == phase.count else { return metrics }
        kept = 0
        metrics += runAuxiliaryPhase(shuffle: &shuffle)
        if let broken = metrics.first(where: { !$0.value.isFinite }) {
            throw LearnerError(
                "training diverged: \(broken.name) is \(broken.value). Try a smaller auxiliaryLearningRate")
        }
        return metrics
    }

    private func runAuxiliaryPhase(shuffle: inout RandomStream) -> [Metric] {
        old.copy(from: parameters)
        let first = batch.placeholders.count
        program.input(first + 1)[0] = Float(options.auxiliaryLearningRate)
        let share = rowsOfMinibatch / phase[0].sequenceLength
        var sums = [0.0, 0.0]
        var updates = 0
        for _ in 0..<options.auxiliaryEpochs {
            // Each minibatch is of one rollout, the rollouts in any order.
            var minibatches: [(rollout: Rollout, sequences: [Int])] = []
            for rollout in phase {
                var order = Array(0..<rollout.sequences)
                order.shuffle(using: &shuffle)
                minibatches += stride(from: 0, to: order.count, by: share).map {
                    (rollout, Array(order[$0..<($0 + share)]))
                }
            }
            minibatches.shuffle(using: &shuffle)
            for (rollout, sequences) in minibatches {
                let rows = rollout.rows(of: sequences)
                batch.fill(program, from: rollout, rows: rows)
                for (slot, row) in rows.enumerated() { program.input(first)[slot] = rollout.returns[row] }
                program.run()
                for index in sums.indices { sums[index] += Double(program.output(index)[0]) }
                updates += 1
            }
        }
        let count = Double(max(1, updates))
        return [Metric("auxiliaryLoss", sums[0] / count), Metric("cloneDivergence", sums[1] / count)]
    }

    func save(to checkpoint: inout Checkpoint) {
        step.save(to: &checkpoint)
        checkpoint.store(head, as: "auxiliaryHead")
        checkpoint.store(memory, as: "auxiliaryOptimizer")
        checkpoint.arrays["phase/kept"] = .init(shape: [1], values: [Float(kept)])
        for index in 0..<kept { phase[index].save(to: &checkpoint, as: "phase/\(index)") }
    }

    func load(from checkpoint: Checkpoint) throws {
        try step.load(from: checkpoint)
        try checkpoint.load(head, from: "auxiliaryHead")
        try checkpoint.load(memory, from: "auxiliaryOptimizer")
        let count = Int(try checkpoint.array("phase/kept", count: 1)[0])
        guard (0..<phase.count).contains(count) else {
            throw CheckpointError("its phase of \(count) rollouts does not fit one of \(phase.count)")
        }
        kept = count
        for index in 0..<kept { try phase[index].load(from: checkpoint, as: "phase/\(index)") }
    }
}

extension Learners {
    static let ppg = LearnerEntry(
        name: "ppg", family: "on-policy",
        summary:
            "PPO with phases in which the policy's layers learn to predict returns, the policy held in place",
        reference: "Cobbe, Hilton, Klimov and Schulman, Phasic policy gradient, 2021",
        notes: LearnerNotes(
            equations: LearnerNotes.ppo.equations + """

                after every policyIterations rollouts, over all of them:
                L = mean((V_pi - G)^2) / 2 + beta mean(KL(pi_old || pi)) + mean((V - G)^2) / 2,  G = A + V_old
                V_pi a head on the policy's own hidden layers
                """,
            metrics: LearnerNotes.gradientMetrics + [
                MetricDescription(
                    "auxiliaryLoss", "after an auxiliary phase: half the squared error of V_pi",
                    isOptional: true),
                MetricDescription(
                    "cloneDivergence",
                    "after an auxiliary phase: mean KL from the policy it began with; above about 0.05 raise beta",
                    isOptional: true),
            ]),
        configuration: PPGConfiguration.self, capabilities: onPolicyCapabilities,
        refusal: onPolicyRefusal,
        make: { try OnPolicyLearner($0, $1.settings) })
}
