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
    private let program: Program
    private let tracking: Program?
    private let acting: Program
    private var sums = [0.0, 0.0, 0.0]
    private var summed = 0
    private let support: ClosedRange<Float>
    private let isMasked: Bool

    private enum Input: Int {
        case observations, actions, rewards, bootstraps, nextObservations, weights, learningRate
        case onlineNoise, targetNoise, levels, targetLevels, nextMasks
    }

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
            noisy: options.noisy,
            actionLevels: options.riskDistortion == .neutral
                ? nil
                : options.riskDistortion.midpoints(QNetwork.Shape.evenLevels.count, parameter: options.riskParameter))
        let network = QNetwork(shape, key: context.key.derived("parameters"))
        online = try Parameters(network)
        target = try Parameters(network)
        memory = try Parameters(Adam().initialState(for: online.traced.tensors))

        let batch = options.batchSize
        let observations = Tensor(placeholder: batch, encoding.width)
        let actions = Tensor(placeholder: batch, 1)
        let rewards = Tensor(placeholder: batch)
        let bootstraps = Tensor(placeholder: batch)
        let nextObservations = Tensor(placeholder: batch, encoding.width)
        let weights = Tensor(placeholder: batch)
        let learningRate = Tensor(placeholder: [])
        let noises = [Tensor(placeholder: max(1, shape.noiseCount)), Tensor(placeholder: max(1, shape.noiseCount))]
        let levels = [Tensor(placeholder: batch, shape.width), Tensor(placeholder: batch, shape.width)]
        let nextMasks = isMasked ? Tensor(placeholder: batch, actionCount) : nil
        let isImplicit = options.returns == .implicitQuantile
        func noise(_ index: Int) -> Tensor? { options.noisy ? noises[index] : nil }

        // Target: the return of the best next action.
        let (model, targetModel, support) = (online.traced, target.traced, support)
        let following = targetModel(nextObservations, noise: noise(1), levels: isImplicit ? levels[1] : nil)
        // An attitude to risk is one in choosing; the levels of the target are drawn evenly all the same.
        let distorted = shape.actionLevels.map { Tensor($0, shape: [1, $0.count]) }
        let choosing =
            options.double
            ? model(nextObservations, noise: noise(0), levels: distorted ?? (isImplicit ? levels[1] : nil))
            : distorted.map { targetModel(nextObservations, noise: noise(1), levels: $0) } ?? following
        let best = model.means(choosing, support: support).restricted(to: nextMasks).argmax().oneHot(actionCount)
            .reshaped(batch, actionCount, 1)
        let chosen = (following * best).sum(axis: 1).stoppingGradient
        let outputs = model(observations, noise: noise(0), levels: isImplicit ? levels[0] : nil)
        let taken = (outputs * actions.reshaped(batch).oneHot(actionCount).reshaped(batch, actionCount, 1)).sum(axis: 1)

        let losses: Tensor
        let errors: Tensor
        let rewardColumn = rewards.reshaped(batch, 1)
        let bootstrapColumn = bootstraps.reshaped(batch, 1)
        switch options.returns {
        case .mean:
            let error = (taken - (rewardColumn + bootstrapColumn * chosen)).reshaped(batch)
            losses = ReturnLoss.huber(error)
            errors = abs(error)
        case .categorical:
            losses = ReturnLoss.categorical(
                logits: taken, targetProbabilities: chosen.softmax(), rewards: rewards, bootstraps: bootstraps,
                support: support)
            errors = losses
        case .quantile, .implicitQuantile:
            let midpoints = Tensor(ReturnLoss.midpoints(shape.width), shape: [1, shape.width])
            losses = ReturnLoss.quantile(
                predicted: taken, levels: isImplicit ? levels[0] : midpoints,
                targets: rewardColumn + bootstrapColumn * chosen)
            errors = losses
        }
        let loss = (weights * losses).mean()
        let theta = model.tensors
        let (gradients, norm) = clippingGlobalNorm(
            gradient(of: loss, withRespectTo: theta), to: Float(options.maximumGradientNorm))
        let step = Adam(epsilon: Float(options.adamEpsilon)).step(
            theta, gradients: gradients, state: memory.traced, learningRate: learningRate)
        program = try Program(
            inputs: [observations, actions, rewards, bootstraps, nextObservations, weights, learningRate]
                + noises + levels + [nextMasks].compactMap(\.self),
            outputs: [loss, errors, model.means(outputs, support: support).mean(), norm],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state),
            threads: context.threads)
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
        acting = try Program(
            inputs: [seen, actingNoise] + [mask].compactMap(\.self),
            outputs: [Self.greedy(model, seen, noise: options.noisy ? actingNoise : nil, mask: mask, support)],
            threads: context.threads)
    }

    /// The possible action of the largest mean return, distorted where an attitude to risk is asked for, [rows].
    static func greedy(
        _ model: QNetwork, _ observations: Tensor, noise: Tensor?, mask: Tensor?, _ support: ClosedRange<Float>
    ) -> Tensor {
        let actionLevels = model.shape.actionLevels ?? QNetwork.Shape.evenLevels
        let levels =
            model.shape.model == .implicitQuantile ? Tensor(actionLevels, shape: [1, actionLevels.count]) : nil
        return model.means(model(observations, noise: noise, levels: levels), support: support).restricted(to: mask)
            .argmax()
    }

    var batch: ReplayBatch {
        ReplayBatch(
            observations: program.input(0), actions: program.input(1), rewards: program.input(2),
            bootstraps: program.input(3), nextObservations: program.input(4), weights: program.input(5),
            nextMasks: isMasked ? program.input(Input.nextMasks.rawValue) : nil)
    }

    var errors: UnsafeBufferPointer<Float> { program.output(1) }

    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, progress: Double,
        using random: inout RandomStream
    ) {
        _ = acting.input(0).update(fromContentsOf: input.observations)
        if options.noisy { random.fillNormal(acting.input(1)) }
        if let mask = input.mask { _ = acting.input(2).update(fromContentsOf: mask) }
        acting.run()
        _ = actions.update(fromContentsOf: acting.output(0))
        guard !options.noisy else { return }
        options.explore(
            actions, among: PossibleChoices(count: shape.actions, mask: input.mask), progress: progress, using: &random)
    }

    func update(progress: Double, using random: inout RandomStream) {
        program.input(Input.learningRate.rawValue)[0] = options.learningRate(at: progress)
        if options.noisy {
            random.fillNormal(program.input(Input.onlineNoise.rawValue))
            random.fillNormal(program.input(Input.targetNoise.rawValue))
        }
        if options.returns == .implicitQuantile {
            random.fillUniform(program.input(Input.levels.rawValue))
            random.fillUniform(program.input(Input.targetLevels.rawValue))
        }
        program.run()
        sums[0] += Double(program.output(0)[0])
        sums[1] += Double(program.output(2)[0])
        sums[2] += Double(program.output(3)[0])
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

    var programs: [(name: String, program: Program)] { [("acting", acting), ("update", program)] }

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
