import TelosNN
import TelosTensor

/// What V-MPO adds to the settings of the on-policy loop.
struct VMPOSettings {
    /// Adam's step on temperature and multipliers.
    var dualLearningRate: Double
    var temperatureBound: Double
    /// Bounds of KL(old || new), of the mean and of the deviation for normals.
    var divergence: Double
    var deviationDivergence: Double
    var initialTemperature: Double
    var initialMultiplier: Double
}

/// V-MPO: the policy follows the better half of its samples, weighed by exponentiated advantage, held near the policy
/// that acted by a learned multiplier; then the critic is fitted to the returns.
final class VMPOUpdate: RolloutUpdate {
    let valueScales: [Float] = [1]
    private let settings: OnPolicySettings
    private let model: Parameters<ActorCritic>
    /// The policy that acted.
    private let old: Parameters<ActorCritic>
    /// Temperature, then a multiplier for each divergence.
    private let duals: Parameters<[Tensor]>
    private let batch: RolloutBatch
    private let policyMemory: Parameters<Adam.State>
    private let dualMemory: Parameters<Adam.State>
    private let program: Program
    private let critic: ValueFitting

    init(_ context: RolloutUpdateContext, options: VMPOSettings) throws {
        let (parameters, settings) = (context.parameters, context.settings)
        let (isMasked, threads) = (context.isMasked, context.threads)
        self.settings = settings
        model = parameters
        old = try Parameters(parameters.value)
        let traced = parameters.traced
        let rows = settings.minibatchSize
        let batch = RolloutBatch(traced, rows: rows, sequenceLength: settings.stretch, isMasked: isMasked)
        self.batch = batch
        let advantages = Tensor(placeholder: rows)
        let isSelected = Tensor(placeholder: rows)
        let learningRate = Tensor(placeholder: [])
        let distribution = traced.distribution(batch.input)
        var bounds = [Float(options.divergence)]
        if distribution is DiagonalGaussian { bounds.append(Float(options.deviationDivergence)) }
        duals = try Parameters(
            [Tensor(Float(options.initialTemperature))]
                + bounds.map { _ in Tensor(Float(options.initialMultiplier)) })
        let objective = try VMPOObjective(
            distribution: distribution, old: old.traced.distribution(batch.input), actions: batch.actions,
            advantages: advantages, isSelected: isSelected, eta: duals.traced[0],
            temperatureBound: Float(options.temperatureBound), alphas: Array(duals.traced[1...]), bounds: bounds)
        let theta = traced.policyPart.tensors
        policyMemory = try Parameters(Adam().initialState(for: theta))
        dualMemory = try Parameters(Adam().initialState(for: duals.traced))
        let loss = objective.policy + objective.temperature + objective.multipliers
        let (gradients, norm) = clippingGlobalNorm(
            gradient(of: loss, withRespectTo: theta), to: Float(settings.maximumGradientNorm))
        let step = Adam(epsilon: 1e-5).step(
            theta, gradients: gradients, state: policyMemory.traced, learningRate: learningRate)
        let dualStep = Adam(epsilon: 1e-5).step(
            duals.traced, gradients: gradient(of: loss, withRespectTo: duals.traced), state: dualMemory.traced,
            learningRate: Tensor(Float(options.dualLearningRate)))
        program = try Program(
            inputs: batch.placeholders + [advantages, isSelected, learningRate],
            outputs: [
                objective.policy, objective.divergences.reduce(Tensor(0), +), duals.traced[0], duals.traced[1],
                distribution.entropy().mean(), norm,
            ],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(policyMemory.traced, to: step.state)
                + zip(duals.traced, dualStep.parameters).map { Program.Update($0, to: maximum($1, Tensor(1e-8))) }
                + Program.Update.all(dualMemory.traced, to: dualStep.state), threads: threads)
        critic = try ValueFitting(parameters, settings: settings, isMasked: isMasked, threads: threads)
    }

    func run(
        _ rollout: Rollout, advantages: Buffer<Float>, learningRate: Double, shuffle: inout RandomStream
    ) throws -> [Metric] {
        old.copy(from: model)
        let chosen = settings.normalizeAdvantages ? Rollout.standardized(advantages.array) : advantages.array
        let isSelected = Self.betterHalf(chosen)
        let names = ["policyLoss", "divergence", "temperature", "multiplier", "entropy", "gradientNorm"]
        var sums = [Double](repeating: 0, count: names.count)
        var updates = 0
        let first = batch.placeholders.count
        program.input(first + 2)[0] = Float(learningRate)
        var order = Array(0..<rollout.sequences)
        let share = settings.minibatchSize / rollout.sequenceLength
        for _ in 0..<settings.epochs {
            order.shuffle(using: &shuffle)
            for start in stride(from: 0, to: rollout.sequences, by: share) {
                let rows = rollout.rows(of: order[start..<(start + share)])
                batch.fill(program, from: rollout, rows: rows)
                for (slot, row) in rows.enumerated() {
                    program.input(first)[slot] = chosen[row]
                    program.input(first + 1)[slot] = isSelected[row]
                }
                program.run()
                for index in sums.indices { sums[index] += Double(program.output(index)[0]) }
                updates += 1
            }
        }
        let metrics = zip(names, sums).map { Metric($0, $1 / Double(updates)) }
        if let broken = metrics.first(where: { !$0.value.isFinite }) {
            throw LearnerError(
                "training diverged: \(broken.name) is \(broken.value). Try a smaller learningRate or maximumGradientNorm"
            )
        }
        let valueLoss = critic.run(rollout, learningRate: learningRate, shuffle: &shuffle)
        return metrics + [
            Metric("valueLoss", valueLoss), Metric("explainedVariance", rollout.explainedVariance),
        ]
    }

    /// 1 for the half (rounded up) with the largest values, the first of equals before later ones.
    static func betterHalf(_ values: [Float]) -> [Float] {
        let order = values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }
        var result = [Float](repeating: 0, count: values.count)
        for index in order.prefix((values.count + 1) / 2) { result[index] = 1 }
        return result
    }

    var programs: [(name: String, program: Program)] { [("update", program), ("fitting", critic.program)] }

    func save(to checkpoint: inout Checkpoint) {
        critic.save(to: &checkpoint)
        checkpoint.store(duals, as: "duals")
        checkpoint.store(policyMemory, as: "policyOptimizer")
        checkpoint.store(dualMemory, as: "dualOptimizer")
    }

    func load(from checkpoint: Checkpoint) throws {
        try critic.load(from: checkpoint)
        try checkpoint.load(duals, from: "duals")
        try checkpoint.load(policyMemory, from: "policyOptimizer")
        try checkpoint.load(dualMemory, from: "dualOptimizer")
    }
}
