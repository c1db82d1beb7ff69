import TelosFeedback
import TelosLearning
import TelosNN
import TelosTensor

/// Deep Q-learning on transitions that nothing is added to: Huber loss of Q(s, a) to r + g max_a' Q'(s', a'), Adam,
/// batches of 32 drawn evenly, the target network copied every 100 steps.
final class FixedDataDQN<Network: TensorContainer> {
    let online: Parameters<Network>
    private let target: Parameters<Network>
    private let memory: Parameters<Adam.State>
    private let program: Program
    private var updates = 0
    private let batch = 32

    /// - Parameters:
    ///   - shape: of an observation, as `values` takes it after the batch.
    ///   - masks: factors of the weights, applied after every step; the optimiser's moments are not touched.
    ///   - values: Q of every action, [batch, actions].
    init(
        _ network: Network, shape: [Int], discount: Double, learningRate: Double, masks: Parameters<Network>? = nil,
        values: (Network, Tensor) -> Tensor
    ) throws {
        online = try Parameters(network)
        target = try Parameters(network)
        let theta = online.traced.tensors
        memory = try Parameters(Adam().initialState(for: theta))
        let (x, next) = (Tensor(placeholder: [batch] + shape), Tensor(placeholder: [batch] + shape))
        let columns = [batch, batch, batch].map { Tensor(placeholder: [$0]) }
        let (action, reward, continues) = (columns[0], columns[1], columns[2])
        let goal = reward + Float(discount) * continues * values(target.traced, next).maximum(axis: -1)
        let loss = ReturnLoss.huber(values(online.traced, x).gatheringLast(action) - goal.stoppingGradient).mean()
        let step = Adam().step(
            theta, gradients: gradient(of: loss, withRespectTo: theta), state: memory.traced,
            learningRate: Tensor(Float(learningRate)))
        let masked = masks.map { zip(step.parameters, $0.traced.tensors).map { $0 * $1 } } ?? step.parameters
        program = try Program(
            inputs: [x, next] + columns, outputs: [],
            updates: zip(theta, masked).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state))
    }

    func update(_ data: TransitionDataset, using random: inout RandomStream) {
        data.withRows { rows in
            for slot in 0..<batch {
                let row = random.index(below: rows.rewards.count)
                rows.copy(
                    row, toRow: slot, observations: program.input(0), actions: program.input(2),
                    nextObservations: program.input(1))
                program.input(3)[slot] = rows.rewards[row]
                program.input(4)[slot] = rows.bootstraps(row) ? 1 : 0
            }
        }
        program.run()
        updates += 1
        if updates % 100 == 0 { target.copy(from: online) }
    }
}
