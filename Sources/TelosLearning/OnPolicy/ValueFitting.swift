import TelosNN
import TelosTensor

/// Fits a critic to a rollout's returns by minibatches of squared error, apart from whatever moves the policy.
final class ValueFitting {
    let program: Program
    private let settings: OnPolicySettings
    private let batch: RolloutBatch
    private let memory: Parameters<Adam.State>

    init(_ parameters: Parameters<ActorCritic>, settings: OnPolicySettings, isMasked: Bool, threads: Int) throws {
        self.settings = settings
        let model = parameters.traced
        batch = RolloutBatch(
            model, rows: settings.minibatchSize, sequenceLength: settings.stretch, isMasked: isMasked)
        let returns = Tensor(placeholder: settings.minibatchSize)
        let learningRate = Tensor(placeholder: [])
        let valueLoss = (model.values(batch.input).reshaped(settings.minibatchSize) - returns).squared.mean()
        let phi = model.value.tensors + (model.valueTrunk?.tensors ?? [])
        memory = try Parameters(Adam().initialState(for: phi))
        let (gradients, _) = clippingGlobalNorm(
            gradient(of: valueLoss, withRespectTo: phi), to: Float(settings.maximumGradientNorm))
        let fit = Adam(epsilon: 1e-5).step(
            phi, gradients: gradients, state: memory.traced, learningRate: learningRate)
        program = try Program(
            inputs: batch.placeholders + [returns, learningRate], outputs: [valueLoss],
            updates: zip(phi, fit.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: fit.state), threads: threads)
    }

    /// All epochs over a rollout; gives the mean loss.
    func run(_ rollout: Rollout, learningRate: Double, shuffle: inout RandomStream) -> Double {
        let first = batch.placeholders.count
        program.input(first + 1)[0] = Float(learningRate)
        var order = Array(0..<rollout.sequences)
        let share = settings.minibatchSize / rollout.sequenceLength
        var sum = 0.0
        var updates = 0
        for _ in 0..<settings.epochs {
            order.shuffle(using: &shuffle)
            for start in stride(from: 0, to: rollout.sequences, by: share) {
                let rows = rollout.rows(of: order[start..<(start + share)])
                batch.fill(program, from: rollout, rows: rows)
                for (slot, row) in rows.enumerated() { program.input(first)[slot] = rollout.returns[row] }
                program.run()
                sum += Double(program.output(0)[0])
                updates += 1
            }
        }
        return sum / Double(max(1, updates))
    }

    func save(to checkpoint: inout Checkpoint) { checkpoint.store(memory, as: "optimizer") }

    func load(from checkpoint: Checkpoint) throws { try checkpoint.load(memory, from: "optimizer") }
}
