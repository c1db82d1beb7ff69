import TelosEnvironments
import TelosNN
import TelosTensor

/// Deep Q-learning: y = R + c Q'(s', a*), a* by the online network where learning is double, else by the target Q'.
///
/// Mnih and others, *Human-level control through deep reinforcement learning*, 2015; van Hasselt, Guez and Silver,
/// *Deep reinforcement learning with double Q-learning*, 2016.
final class DQNAgent: OffPolicyAgent {
    private let options: DQNConfiguration
    private let shape: QNetwork.Shape
    private let online: Parameters<QNetwork>
    private let target: Parameters<QNetwork>
    private let memory: Parameters<Adam.State>
    private let step: DQNUpdate
    private let tracking: Program?
    private let acting: Program
    private var sums = [0.0, 0.0, 0.0]
    private var summed = 0
    private let support: ClosedRange<Float>
    private let isMasked: Bool

    init(_ specification: EnvironmentSpecification, _ options: DQNConfiguration, context: LearnerContext) throws {
        guard let encoding = ObservationEncoding(specification.observation),
            case .discrete(let actionCount) = specification.action
        else {
            throw LearnerError("\(specification.name)'s observations or actions are not of a kind this learner reads")
        }
        self.options = options
        isMasked = ActionMask(specification) != nil
        support = Float(options.minimumReturn)...Float(options.maximumReturn)
        shape = QNetwork.Shape(
            encoding: encoding, actions: actionCount, model: options.returns,
            width: options.returns == .mean ? 1 : options.atoms, hiddenSizes: options.hiddenSizes,
            activation: options.activation, layerNorm: options.layerNorm, duelling: options.duelling,
            noisy: options.noisy, network: options.network,
            actionLevels: options.riskDistortion == .neutral
                ? nil
                : options.riskDistortion.midpoints(QNetwork.Shape.evenLevels.count, parameter: options.riskParameter))
        let network = QNetwork(shape, key: context.key.derived("parameters"))
        online = try Parameters(network)
        target = try Parameters(network)
        memory = try Parameters(Adam().initialState(for: online.traced.tensors))
        step = try DQNUpdate(
            options, model: online.traced, targetModel: target.traced, memory: memory.traced, support: support,
            isMasked: isMasked, threads: context.threads)
        let (model, targetModel, support) = (online.traced, target.traced, support)
        let rate = Float(options.targetRate)
        tracking =
            rate < 1
            ? try Program(
                inputs: [], outputs: [],
                updates: Program.Update.movingAverage(targetModel, of: model, rate: rate)) : nil

        let count = options.environments
        let seen = Tensor(placeholder: count, encoding.width)
        let actingNoise = Tensor(placeholder: max(1, shape.noiseCount))
        let mask = isMasked ? Tensor(placeholder: count, actionCount) : nil
        let before = model.memoryWidth > 0 ? Tensor(placeholder: count, model.memoryWidth) : nil
        let (greedy, after) = Self.greedy(
            model, seen, noise: options.noisy ? actingNoise : nil, mask: mask, memory: before, support)
        acting = try Program(
            inputs: [seen, actingNoise] + [mask, before].compactMap(\.self),
            outputs: [greedy] + [after].compactMap(\.self), threads: context.threads)
    }

    /// The possible action of the largest mean return, distorted where an attitude to risk is asked for, [rows], and
    /// the memory after it (nil without one).
    static func greedy(
        _ model: QNetwork, _ observations: Tensor, noise: Tensor?, mask: Tensor?, memory: Tensor?,
        _ support: ClosedRange<Float>
    ) -> (actions: Tensor, memory: Tensor?) {
        let (values, after) = Self.values(model, observations, noise: noise, memory: memory, support)
        return (values.restricted(to: mask).argmax(), after)
    }

    /// What each action is worth, [rows, actions]: its mean return, distorted where an attitude to risk is asked for.
    static func values(
        _ model: QNetwork, _ observations: Tensor, noise: Tensor?, memory: Tensor?, _ support: ClosedRange<Float>
    ) -> (values: Tensor, memory: Tensor?) {
        let actionLevels = model.shape.actionLevels ?? QNetwork.Shape.evenLevels
        let levels =
            model.shape.model == .implicitQuantile ? Tensor(actionLevels, shape: [1, actionLevels.count]) : nil
        let (features, after) = model.features(ActorInput(observations, memory: memory))
        let returns = model.returns(of: features, noise: noise, levels: levels)
        return (model.means(returns, support: support), after)
    }

    var memoryWidth: Int { online.traced.memoryWidth }

    var batch: AgentBatch { step.batch }

    var errors: UnsafeBufferPointer<Float> { step.program.output(1) }

    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, progress: Double,
        using random: inout RandomStream
    ) {
        _ = acting.input(0).update(fromContentsOf: input.observations)
        if options.noisy { random.fillNormal(acting.input(1)) }
        if let mask = input.mask { _ = acting.input(2).update(fromContentsOf: mask) }
        if let memory = input.memory { _ = acting.input(isMasked ? 3 : 2).update(fromContentsOf: memory) }
        acting.run()
        _ = actions.update(fromContentsOf: acting.output(0))
        if let memory = input.memory { _ = memory.update(fromContentsOf: acting.output(1)) }
        guard !options.noisy else { return }
        options.explore(
            actions, among: PossibleChoices(count: shape.actions, mask: input.mask), progress: progress, using: &random)
    }

    func update(progress: Double, using random: inout RandomStream) {
        step.run(learningRate: options.learningRate(at: progress), using: &random)
        for (index, output) in [0, 2, 3].enumerated() { sums[index] += Double(step.program.output(output)[0]) }
        summed += 1
    }

    func advance(from start: Int, to end: Int) {
        guard end / options.targetInterval > start / options.targetInterval else { return }
        if let tracking { tracking.run() } else { target.copy(from: online) }
    }

    func metrics(progress: Double) -> [Metric] {
        let means = sums.map { $0 / Double(max(1, summed)) }
        sums = [0, 0, 0]
        summed = 0
        return [
            Metric("loss", means[0]), Metric("meanValue", means[1]), Metric("gradientNorm", means[2]),
            Metric("epsilon", options.noisy ? 0 : options.epsilon(at: progress)),
        ]
    }

    // MARK: State

    var weightHash: UInt64 { online.hash }

    var programs: [(name: String, program: Program)] { [("acting", acting), ("update", step.program)] }

    func policy(normalizer: FrozenNormalizer?) -> any Policy {
        GreedyPolicy(
            copying: online.value, support: support, epsilon: options.noisy ? 0 : options.finalEpsilon,
            normalizer: normalizer, isMasked: isMasked)
    }

    private struct State: Codable {
        var sums: [Double]
        var summed: Int
    }

    func save(to checkpoint: inout Checkpoint) throws {
        checkpoint.store(online, as: "online")
        checkpoint.store(target, as: "target")
        checkpoint.store(memory, as: "optimizer")
        try checkpoint.store(State(sums: sums, summed: summed), as: "agent")
    }

    func load(from checkpoint: Checkpoint) throws {
        let state: State = try checkpoint.load(from: "agent")
        try checkpoint.load(online, from: "online")
        try checkpoint.load(target, from: "target")
        try checkpoint.load(memory, from: "optimizer")
        sums = state.sums
        summed = state.summed
    }
}
