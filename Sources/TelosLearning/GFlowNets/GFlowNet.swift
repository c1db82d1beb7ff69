import TelosNN
import TelosTensor

/// What a flow network minimises (see `FlowLoss`).
public enum GFlowNetObjective: Sendable, Hashable {
    case trajectoryBalance
    case detailedBalance
    case subTrajectoryBalance(decay: Float)
}

/// Choices of a flow network's training.
public struct GFlowNetSettings: Sendable, Hashable {
    public var objective = GFlowNetObjective.subTrajectoryBalance(decay: 0.9)
    /// Whether the model's last column is log F~, of the flow left when the energy is taken out. Not for trajectory
    /// balance, which has no flows inside.
    public var isForwardLooking = false
    /// Trajectories of an update; more are steadier and slower.
    public var batchSize = 16
    /// Share of uniform actions; more find more of what is far away, and learn less of what is near.
    public var exploration: Double = 0.5
    public var learningRate = 1e-3
    /// Steps left out at the end of every trajectory, so that nothing is learned from finished objects; 0 for none.
    public var droppedSteps = 0

    public init() {}
}

/// A generative flow network on a graph: learns to make finished objects in proportion to their rewards, from
/// trajectories that its own policy draws.
///
/// The model gives logits of P_F for every action and log F in one more column; P_B is uniform. Trajectories are drawn
/// with P_F mixed with uniform actions, which changes what is learned from and not what is learned. Adam.
public final class GFlowNet<Model: TensorContainer> {
    public let graph: FlowGraph
    public let settings: GFlowNetSettings
    public let parameters: Parameters<Model>
    private let training: Descent<Model>
    private let acting: Program
    private let listing: Program
    private let finished: [Bool]

    /// - outputs: of states [n] (whole floats), [n, actions + 1].
    /// - Throws: the mistake in the graph of tensors, where there is one.
    public init(
        _ graph: FlowGraph, model: Model, settings: GFlowNetSettings = GFlowNetSettings(),
        outputs: (Model, Tensor) -> Tensor
    ) throws {
        self.graph = graph
        self.settings = settings
        finished = (0..<graph.stateCount).map(graph.isFinished)
        parameters = try Parameters(model)
        let model = parameters.traced
        let (count, actions, batch, steps) = (graph.stateCount, graph.actionCount, settings.batchSize, graph.depth)
        let forbidden = Tensor(graph.successors.map { $0 == -1 ? -1e9 : 0 }, shape: [count, actions])
        func column(_ values: [Double]) -> Tensor { Tensor(values.map(Float.init), shape: [count, 1]) }
        let (ends, energy) = (column(finished.map { $0 ? 1 : 0 }), column(graph.energies))
        let backward = column(graph.logUniformBackward)
        /// log P_F of all actions, and log F or log F~, 0 or log R(x) at finished states.
        func heads(_ states: Tensor) -> (policy: Tensor, flow: Tensor) {
            let output = outputs(model, states)
            let rows = states.count
            let logits = output.sliced(axis: 1, 0, actions) + forbidden.gatheringRows(states)
            let known = settings.isForwardLooking ? Tensor(0) : -energy.gatheringRows(states).reshaped(rows)
            let flow = select(
                ends.gatheringRows(states).reshaped(rows), known.broadcast(to: [rows]),
                output.sliced(axis: 1, actions, actions + 1).reshaped(rows))
            return (logits.logSoftmax(), flow)
        }
        let states = Tensor(placeholder: batch * (steps + 1))
        let chosen = Tensor(placeholder: batch * steps)
        let mask = Tensor(placeholder: batch, steps)
        func steps0(_ x: Tensor) -> Tensor { x.reshaped(batch, steps + 1).sliced(axis: 1, 0, steps) }
        func steps1(_ x: Tensor) -> Tensor { x.reshaped(batch, steps + 1).sliced(axis: 1, 1, steps + 1) }
        let (policy, flow) = heads(states)
        let departures = policy.reshaped(batch, steps + 1, actions).sliced(axis: 1, 0, steps)
        var logForward = departures.reshaped(batch * steps, actions).gatheringLast(chosen).reshaped(batch, steps)
        let energies = energy.gatheringRows(states)
        if settings.isForwardLooking { logForward = logForward + steps1(energies) - steps0(energies) }
        let logBackward = steps1(backward.gatheringRows(states))
        let logFlow = flow.reshaped(batch, steps + 1)
        training = try Descent(moving: parameters, inputs: [states, chosen, mask]) { _ in
            switch settings.objective {
            case .trajectoryBalance:
                return FlowLoss.trajectoryBalance(
                    logPartition: heads(Tensor([0], shape: [1])).flow.reshaped(),
                    logReward: -energies.reshaped(batch, steps + 1).sliced(axis: 1, steps, steps + 1).reshaped(batch),
                    logForward: logForward, logBackward: logBackward, mask: mask)
            case .detailedBalance:
                return FlowLoss.detailedBalance(
                    logFlow: logFlow, logForward: logForward, logBackward: logBackward, mask: mask)
            case .subTrajectoryBalance(let decay):
                return FlowLoss.subTrajectoryBalance(
                    logFlow: logFlow, logForward: logForward, logBackward: logBackward, mask: mask, decay: decay)
            }
        }
        let current = Tensor(placeholder: batch)
        acting = try Program(inputs: [current], outputs: [exp(heads(current).policy)])
        let every = Tensor((0..<count).map(Float.init), shape: [count])
        listing = try Program(inputs: [], outputs: [exp(heads(every).policy), heads(every).flow])
    }

    /// Draws trajectories and takes one step down their loss, which it returns.
    @discardableResult public func update(using random: inout RandomStream) -> Float {
        let (batch, steps, actions) = (settings.batchSize, graph.depth, graph.actionCount)
        let (states, chosen, mask) = (training.input(0), training.input(1), training.input(2))
        chosen.update(repeating: 0)
        mask.update(repeating: 0)
        var here = Array(repeating: 0, count: batch)
        var lengths = here
        for row in 0..<batch { states[row * (steps + 1)] = 0 }
        for step in 0..<steps {
            for row in 0..<batch { acting.input(0)[row] = Float(here[row]) }
            acting.run()
            for row in 0..<batch {
                if !finished[here[row]] {
                    let action = draw(from: here[row], acting.output(0), row * actions, &random)
                    chosen[row * steps + step] = Float(action)
                    mask[row * steps + step] = 1
                    here[row] = graph.successors[here[row] * actions + action]
                    lengths[row] += 1
                }
                states[row * (steps + 1) + step + 1] = Float(here[row])
            }
        }
        for row in 0..<batch {
            for step in max(0, lengths[row] - settings.droppedSteps)..<lengths[row] { mask[row * steps + step] = 0 }
        }
        return Float(training.step(learningRate: settings.learningRate))
    }

    private func draw(
        from state: Int, _ probabilities: UnsafeBufferPointer<Float>, _ row: Int, _ random: inout RandomStream
    ) -> Int {
        let allowed = (0..<graph.actionCount).filter { graph.successors[state * graph.actionCount + $0] != -1 }
        if random.uniform() < settings.exploration { return allowed[random.index(below: allowed.count)] }
        return allowed[random.index(weights: allowed.map { Double(probabilities[row + $0]) })]
    }

    /// P_F of every state, as `FlowGraph` takes it.
    public var policy: [Double] {
        listing.run()
        return withExtendedLifetime(listing) { listing.output(0).map(Double.init) }
    }

    /// log F of every state (log F~ where it looks forward).
    public var logFlows: [Double] {
        listing.run()
        return withExtendedLifetime(listing) { listing.output(1).map(Double.init) }
    }
}
