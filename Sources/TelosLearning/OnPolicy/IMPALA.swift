import TelosNN
import TelosTensor

/// Options of the importance-weighted actor-learner: rollouts come from the policy of some updates ago, and V-trace
/// corrects for it; one gradient step each, Adam.
///
/// Espeholt and others, *IMPALA: scalable distributed deep-RL with importance weighted actor-learner architectures*,
/// 2018. There the lag is what it takes to send parameters to other machines; here it is an option.
public struct IMPALAConfiguration: LearnerConfiguration {
    public var environments = 16
    public var rolloutSteps = 20
    public var actorLag = 1
    public var rhoClip = 1.0
    public var traceClip = 1.0
    public var traceLambda = 1.0
    public var learningRate = 1e-3
    public var learningRateSchedule = Schedule.constant
    public var discount = 0.99
    public var entropyCoefficient = 0.01
    public var valueCoefficient = 0.5
    public var maximumGradientNorm = 0.5
    public var normalizeAdvantages = false
    public var normalizeObservations = false
    public var normalizeRewards = false
    public var hiddenSizes = [64, 64]
    public var activation = Activation.tanh
    public var initialLogDeviation = 0.0
    public var network = NetworkKind.mlp
    public var sequenceLength = 0
    public var rescaleActions = false

    public init() {}

    public static let options: [OptionDescription] = [
        OnPolicyOption.environments, OnPolicyOption.rolloutSteps,
        OptionDescription(
            "actorLag", "updates by which the policy that acts is older than the one that learns",
            raising: "as with more, or slower, actors on other machines", lowering: "nearer to on-policy (0)",
            range: 0...1000),
        OptionDescription(
            "rhoClip", "rho-bar: largest importance weight of a step's error",
            raising: "values nearer to the learning policy's, noisier",
            lowering: "values of a policy between the one that acted and it", range: 1e-6...1e6),
        OptionDescription(
            "traceClip", "c-bar: largest importance weight of what later steps add; at most rhoClip",
            raising: "later errors reach back further, noisier", lowering: "steadier, slower", range: 0...1e6),
        OptionDescription(
            "traceLambda", "lambda: factor of what later steps add", raising: "less bias from the critic, noisier",
            lowering: "less variance, more bias (0: one-step)", range: 0...1),
        OnPolicyOption.learningRate, OnPolicyOption.learningRateSchedule, OnPolicyOption.discount,
        OnPolicyOption.entropyCoefficient, OnPolicyOption.valueCoefficient, OnPolicyOption.maximumGradientNorm,
        OnPolicyOption.normalizeAdvantages, OnPolicyOption.normalizeObservations, OnPolicyOption.normalizeRewards,
        OnPolicyOption.hiddenSizes, OnPolicyOption.activation, OnPolicyOption.initialLogDeviation,
        OnPolicyOption.network, OnPolicyOption.sequenceLength, OnPolicyOption.rescaleActions,
    ]

    public func validate() throws {
        try OnPolicyOption.checkRollout(environments: environments, steps: rolloutSteps)
        try OnPolicyOption.checkSequences(
            network, length: sequenceLength, steps: rolloutSteps, minibatchSize: environments * rolloutSteps,
            hiddenSizes: hiddenSizes)
        guard traceClip <= rhoClip else {
            throw ConfigurationError(
                option: "traceClip", "\(traceClip) is more than rhoClip: \(rhoClip); write at most \(rhoClip)")
        }
    }

    var settings: OnPolicySettings {
        var design = NetworkDesign()
        design.kind = network
        design.hiddenSizes = hiddenSizes
        design.activation = activation
        design.initialLogDeviation = initialLogDeviation
        return OnPolicySettings(
            environments: environments, rolloutSteps: rolloutSteps, epochs: 1,
            minibatchSize: environments * rolloutSteps, solver: .adam(epsilon: 1e-5), learningRate: learningRate,
            schedule: learningRateSchedule, discount: discount, gaeLambda: traceLambda,
            entropyCoefficient: entropyCoefficient, valueCoefficient: valueCoefficient,
            maximumGradientNorm: maximumGradientNorm, network: design, sequenceLength: sequenceLength,
            rescalesActions: rescaleActions, normalizeObservations: normalizeObservations,
            normalizeRewards: normalizeRewards, normalizeAdvantages: normalizeAdvantages, targetDivergence: nil,
            objective: PolicyGradientObjective(), alignmentInterval: 1, alignment: AlignmentSettings(),
            makeUpdate: { try IMPALAUpdate($0, self) })
    }
}

/// Judges a rollout by the policy that learns, and hands V-trace's targets and advantages to a policy-gradient step.
final class IMPALAUpdate: RolloutUpdate {
    private let options: IMPALAConfiguration
    private let learner: Parameters<ActorCritic>
    /// The learner as it was `actorLag`, ..., 1 updates ago.
    private let actors: [Parameters<ActorCritic>]
    private let batch: RolloutBatch
    /// Importance weights and values of a whole rollout.
    private let judging: Program
    private let step: PolicyUpdate

    init(_ context: RolloutUpdateContext, _ options: IMPALAConfiguration) throws {
        self.options = options
        learner = context.parameters
        actors = try (0..<options.actorLag).map { _ in try Parameters(context.parameters.value) }
        let model = learner.traced
        batch = RolloutBatch(
            model, rows: context.rows, sequenceLength: context.settings.stretch, isMasked: context.isMasked)
        let oldLogProbability = Tensor(placeholder: context.rows)
        let (distribution, values, _) = model(batch.input)
        judging = try Program(
            inputs: batch.placeholders + [oldLogProbability],
            outputs: [exp(distribution.logProbability(batch.actions) - oldLogProbability), values],
            threads: context.threads)
        step = try PolicyUpdate(context)
    }

    var actor: Parameters<ActorCritic>? { actors.first }
    var valueScales: [Float] { step.valueScales }
    var programs: [(name: String, program: Program)] { [("judging", judging)] + step.programs }

    func run(
        _ rollout: Rollout, advantages: Buffer<Float>, learningRate: Double, shuffle: inout RandomStream
    ) throws -> [Metric] {
        for (older, newer) in zip(actors, actors.dropFirst() + [learner]) { older.copy(from: newer) }
        let weights = judge(rollout)
        vTrace(
            rewards: rollout.rewards.pointer, values: rollout.values.pointer, nextValues: rollout.nextValues.pointer,
            ends: rollout.ends.pointer, ratios: weights, steps: rollout.steps, environments: rollout.environments,
            discount: Float(options.discount), lambda: Float(options.traceLambda), rhoClip: Float(options.rhoClip),
            traceClip: Float(options.traceClip), targets: rollout.returns.pointer,
            advantages: rollout.advantages.pointer)
        let metrics = try step.run(
            rollout, advantages: rollout.advantages, learningRate: learningRate, shuffle: &shuffle)
        let clipped = weights.filter { Double($0) > options.rhoClip }
        return metrics + [
            Metric("importanceWeight", weights.reduce(0.0) { $0 + Double($1) } / Double(weights.count)),
            Metric("truncatedWeights", Double(clipped.count) / Double(weights.count)),
        ]
    }

    /// Gives the importance weights, and replaces the rollout's values by those of the critic that learns.
    private func judge(_ rollout: Rollout) -> [Float] {
        let rows = rollout.rows(of: 0..<rollout.sequences)
        batch.fill(judging, from: rollout, rows: rows)
        let old = judging.input(batch.placeholders.count)
        for (slot, row) in rows.enumerated() { old[slot] = rollout.logProbabilities[row] }
        judging.run()
        var weights = [Float](repeating: 0, count: rows.count)
        for (slot, row) in rows.enumerated() {
            weights[row] = judging.output(0)[slot]
            rollout.values[row] = judging.output(1)[slot]
        }
        for row in 0..<(rollout.rows - rollout.environments) where rollout.ends[row] == .ongoing {
            rollout.nextValues[row] = rollout.values[row + rollout.environments]
        }
        return weights
    }

    func save(to checkpoint: inout Checkpoint) {
        step.save(to: &checkpoint)
        for (index, actor) in actors.enumerated() { checkpoint.store(actor, as: "actor/\(index)") }
    }

    func load(from checkpoint: Checkpoint) throws {
        try step.load(from: checkpoint)
        for (index, actor) in actors.enumerated() { try checkpoint.load(actor, from: "actor/\(index)") }
    }
}

extension Learners {
    static let impala = LearnerEntry(
        name: "impala", family: "on-policy",
        summary: "a policy gradient from rollouts of an older policy, corrected by V-trace",
        reference: "Espeholt and others, IMPALA: scalable distributed deep-RL with importance weighted actor-learner "
            + "architectures, 2018",
        notes: LearnerNotes(
            equations: """
                w_t = pi(a_t|s_t) / mu(a_t|s_t)    mu the policy of actorLag updates ago, which acted
                delta_t = min(rho-bar, w_t) (r_t + gamma V(s_{t+1}) [not terminated] - V(s_t))
                v_t = V(s_t) + delta_t + gamma lambda min(c-bar, w_t) (v_{t+1} - V(s_{t+1}))    within an episode
                A_t = min(rho-bar, w_t) (r_t + gamma v_{t+1} - V(s_t))
                L = -mean(log pi(a|s) A) + c_v mean((V - v)^2) - c_e mean(H(pi)),  one step a rollout
                """,
            metrics: LearnerNotes.gradientMetrics + [
                MetricDescription(
                    "importanceWeight", "mean of w; near 1, far from it the policy that acts is too old"),
                MetricDescription("truncatedWeights", "share of steps whose w is more than rho-bar"),
            ]),
        configuration: IMPALAConfiguration.self, capabilities: onPolicyCapabilities, refusal: onPolicyRefusal,
        make: { try OnPolicyLearner($0, $1.settings) })
}
