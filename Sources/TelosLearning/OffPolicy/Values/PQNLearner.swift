import TelosEnvironments
import TelosNN
import TelosRewards
import TelosTensor

/// Parallelised Q-learning: G_t = r_t + g ((1 - l) max Q(s_{t+1}, .) + l G_{t+1}) over a rollout, then a few passes of
/// gradient steps on (G_t - Q(s_t, a_t))^2 / 2.
final class PQNLearner: Learner {
    private(set) var steps = 0
    private let options: PQNConfiguration
    private let plannedSteps: Int
    private let environments: any BatchEnvironment
    private let rewards: TaskRewards
    private let mask: ActionMask?
    private let model: Parameters<QNetwork>
    private let memory: Parameters<Adam.State>
    /// Observations to greedy actions and their values, and one gradient step.
    private let acting: Program
    private let valuing: Program
    private let update: Program
    private let rollout: Rollout
    private var tracker: EpisodeTracker
    private var exploration: RandomStream
    private var shuffle: RandomStream
    private let clock = ContinuousClock()

    init(_ context: LearnerContext, _ options: PQNConfiguration) throws {
        try context.task.requireFixedBlend()
        self.options = options
        plannedSteps = max(1, context.plannedSteps)
        let count = options.environments
        environments = try context.task.makeEnvironments(
            count: count, key: context.key.derived("environments"), threads: context.threads)
        let specification = environments.specification
        guard let encoding = ObservationEncoding(specification.observation),
            case .discrete(let choices) = specification.action
        else {
            throw LearnerError("\(specification.name)'s observations or actions are not of a kind this learner reads")
        }
        mask = ActionMask(specification)
        rewards = try TaskRewards(context.task, specification: specification, count: count, discount: options.discount)
        model = try Parameters(
            QNetwork(
                QNetwork.Shape(
                    encoding: encoding, actions: choices, model: .mean, width: 1, hiddenSizes: options.hiddenSizes,
                    activation: options.activation, layerNorm: options.layerNorm, duelling: false, noisy: false),
                key: context.key.derived("parameters")))
        let theta = model.traced.tensors
        memory = try Parameters(Adam().initialState(for: theta))
        let network = model.traced
        func values(_ observations: Tensor) -> Tensor {
            network(observations, noise: nil, levels: nil).reshaped(observations.shape[0], choices)
        }
        let seen = Tensor(placeholder: count, encoding.width)
        let possible = mask == nil ? nil : Tensor(placeholder: count, choices)
        let best = values(seen).restricted(to: possible)
        let inputs = [seen] + [possible].compactMap(\.self)
        acting = try Program(
            inputs: inputs, outputs: [best.argmax(), best.maximum(axis: 1)], threads: context.threads)
        valuing = try Program(inputs: inputs, outputs: [best.maximum(axis: 1)], threads: context.threads)

        let observations = Tensor(placeholder: options.minibatchSize, encoding.width)
        let actions = Tensor(placeholder: options.minibatchSize)
        let returns = Tensor(placeholder: options.minibatchSize)
        let learningRate = Tensor(placeholder: [])
        let taken = (values(observations) * actions.oneHot(choices)).sum(axis: 1)
        let loss = 0.5 * (taken - returns).squared.mean()
        let (gradients, norm) = clippingGlobalNorm(
            gradient(of: loss, withRespectTo: theta), to: Float(options.maximumGradientNorm))
        let step = Adam().step(theta, gradients: gradients, state: memory.traced, learningRate: learningRate)
        update = try Program(
            inputs: [observations, actions, returns, learningRate], outputs: [loss, taken.mean(), norm],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state),
            threads: context.threads)
        rollout = Rollout(
            steps: options.rolloutSteps, environments: count, heads: 1, observationWidth: encoding.width,
            actionWidth: 1)
        tracker = EpisodeTracker(environments: count, terms: rewards.termNames.count)
        exploration = context.key.derived("exploration").stream
        shuffle = context.key.derived("minibatches").stream
    }

    var programs: [(name: String, program: Program)] {
        [("acting", acting), ("valuing", valuing), ("update", update)]
    }

    private var progress: Double { min(1, Double(steps) / Double(plannedSteps)) }

    func iterate() throws -> IterationReport {
        var report = IterationReport()
        let rate = Float(options.learningRate * options.learningRateSchedule.factor(progress))
        collect(&report)
        let start = clock.now
        // Lambda returns are generalised advantages over max Q, plus max Q.
        rollout.estimateAdvantages(head: 0, discount: options.discount, lambda: options.returnLambda)
        report.metrics = learn(rate: rate) + [Metric("epsilon", options.epsilon(at: progress))]
        report.time.learning += (clock.now - start).inSeconds
        if let broken = report.metrics.first(where: { !$0.value.isFinite }) {
            throw LearnerError("training diverged: \(broken.name) is \(broken.value). Try a smaller learningRate")
        }
        return report
    }

    private func collect(_ report: inout IterationReport) {
        let count = options.environments
        let width = environments.specification.observation.width
        guard case .discrete(let choices) = environments.specification.action else { return }
        for step in 0..<rollout.steps {
            let start = clock.now
            let row = step * count
            _ = acting.input(0).update(fromContentsOf: environments.observations)
            _ = rollout.observations.rows(from: row * width, count: count * width)
                .update(fromContentsOf: environments.observations)
            mask?.write(environments.signals, count: count, into: acting.input(1))
            acting.run()
            _ = rollout.values.rows(from: row, count: count).update(fromContentsOf: acting.output(1))
            let actions = rollout.actions.rows(from: row, count: count)
            _ = actions.update(fromContentsOf: acting.output(0))
            let possible = PossibleChoices(
                count: choices, mask: mask.map { _ in UnsafeBufferPointer(acting.input(1)) })
            options.explore(actions, among: possible, progress: progress, using: &exploration)
            let acted = clock.now
            environments.step(actions: UnsafeBufferPointer(actions))
            steps += count
            let transitions = environments.transitions
            let paid = rewards.evaluate(transitions)
            for environment in 0..<count {
                rollout.rewards[row + environment] = Float(rewards.blended(paid.channels, environment))
                rollout.ends[row + environment] = transitions.ends[environment]
            }
            report.episodes += tracker.record(
                channels: paid.channels, terms: paid.terms, ends: transitions.ends, step: steps)
            let stepped = clock.now
            // What time cut off is worth what it led to, not what the next episode begins with.
            _ = valuing.input(0).update(fromContentsOf: transitions.nextObservations)
            mask?.write(transitions.signalsAfter, count: count, into: valuing.input(1))
            valuing.run()
            _ = rollout.nextValues.rows(from: row, count: count).update(fromContentsOf: valuing.output(0))
            report.time += TimeSplit(
                environment: (stepped - acted).inSeconds,
                policy: ((acted - start) + (clock.now - stepped)).inSeconds, learning: 0)
        }
    }

    private func learn(rate: Float) -> [Metric] {
        let (rows, size) = (rollout.rows, options.minibatchSize)
        let width = environments.specification.observation.width
        var order = Array(0..<rows)
        var sums = [0.0, 0.0, 0.0]
        var updates = 0
        update.input(3)[0] = rate
        for _ in 0..<options.epochs {
            order.shuffle(using: &shuffle)
            for start in stride(from: 0, to: rows, by: size) {
                for (row, index) in order[start..<(start + size)].enumerated() {
                    (update.input(0).baseAddress! + row * width).update(
                        from: rollout.observations.pointer + index * width, count: width)
                    update.input(1)[row] = rollout.actions[index]
                    update.input(2)[row] = rollout.returns[index]
                }
                update.run()
                for index in sums.indices { sums[index] += Double(update.output(index)[0]) }
                updates += 1
            }
        }
        let means = sums.map { $0 / Double(updates) }
        return [Metric("loss", means[0]), Metric("meanValue", means[1]), Metric("gradientNorm", means[2])]
    }

    // MARK: State

    var weightHash: UInt64 { model.hash }

    func policy() -> any Policy {
        GreedyPolicy(copying: model.value, support: 0...1, epsilon: options.finalEpsilon, isMasked: mask != nil)
    }

    private struct State: Codable {
        var steps: Int
        var tracker: EpisodeTracker
        var exploration: RandomStream
        var shuffle: RandomStream
        var rewardMemory: [[Double]]
    }

    func checkpoint() throws -> Checkpoint {
        var checkpoint = Checkpoint()
        checkpoint.store(model, as: "online")
        checkpoint.store(memory, as: "optimizer")
        try checkpoint.store(environments.snapshot, as: "environments")
        try checkpoint.store(
            State(
                steps: steps, tracker: tracker, exploration: exploration, shuffle: shuffle,
                rewardMemory: rewards.snapshot), as: "learner")
        return checkpoint
    }

    func restore(_ checkpoint: Checkpoint) throws {
        let state: State = try checkpoint.load(from: "learner")
        try environments.restore(checkpoint.load(from: "environments"))
        try checkpoint.load(model, from: "online")
        try checkpoint.load(memory, from: "optimizer")
        steps = state.steps
        tracker = state.tracker
        exploration = state.exploration
        shuffle = state.shuffle
        rewards.snapshot = state.rewardMemory
    }
}
