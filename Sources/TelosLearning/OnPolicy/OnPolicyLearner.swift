import TelosEnvironments
import TelosNN
import TelosRewards
import TelosTensor

/// The loop every on-policy actor-critic shares: collect a rollout, estimate advantages, adapt the blend of rewards where
/// it is learned, and take gradient steps on a surrogate objective.
final class OnPolicyLearner: Learner {
    private(set) var steps = 0
    private let settings: OnPolicySettings
    private let context: LearnerContext
    private let environments: any BatchEnvironment
    private let rewards: TaskRewards
    private let head: ActionHead
    private let bounds: ActionBounds
    private let mask: ActionMask?
    /// What the networks remember of each environment's episode.
    private let memory: Buffer<Float>
    private let observationWidth: Int
    private let actionWidth: Int
    private let parameters: Parameters<ActorCritic>
    private let update: any RolloutUpdate
    private let acting: Program
    private let valuing: Program
    private let rollout: Rollout
    private var tracker: EpisodeTracker
    private var normalizer: ObservationNormalizer?
    private var rewardNormalizer: RewardNormalizer?
    private var noise: RandomStream
    private var shuffle: RandomStream
    private var iterations = 0
    /// Present where the task's combination is `.behaviorAlignment`.
    private let alignment: RolloutAlignment?
    /// Present where what is new is rewarded.
    private let distillation: RandomNetworkDistillation?
    private let rawObservations: Buffer<Float>
    private let boundedActions: Buffer<Float>
    private let clock = ContinuousClock()

    init(_ context: LearnerContext, _ settings: OnPolicySettings) throws {
        self.context = context
        self.settings = settings
        let count = settings.environments
        environments = try context.task.makeEnvironments(
            count: count, key: context.key.derived("environments"), threads: context.threads)
        let specification = environments.specification
        guard let encoding = ObservationEncoding(specification.observation), let head = ActionHead(specification.action)
        else {
            throw LearnerError("\(specification.name)'s observations or actions are not of a kind this learner reads")
        }
        self.head = head
        bounds = try ActionBounds(head, rescales: settings.rescalesActions)
        mask = ActionMask(specification)
        observationWidth = encoding.width
        actionWidth = head.width
        rewards = try TaskRewards(
            context.task, specification: specification, count: count, discount: settings.discount)
        if settings.makeUpdate != nil || settings.distillation != nil { try context.task.requireFixedBlend() }
        let aligns = context.task.combination == .behaviorAlignment
        let heads =
            aligns
            ? RolloutAlignment.heads(channels: rewards.channelNames.count) : settings.distillation == nil ? 1 : 2
        if aligns { try RolloutAlignment.check(settings.network, isMasked: mask != nil) }
        let model = ActorCritic(
            encoding: encoding, head: head, valueHeads: heads, design: settings.network,
            key: context.key.derived("parameters"))
        rollout = Rollout(
            steps: settings.rolloutSteps, environments: count, heads: heads, observationWidth: observationWidth,
            actionWidth: actionWidth, maskWidth: mask?.width ?? 0, memoryWidth: model.memoryWidth,
            sequenceLength: settings.stretch)
        memory = Buffer(count: count * model.memoryWidth, repeating: 0)
        parameters = try Parameters(model)
        let updateContext = RolloutUpdateContext(
            parameters: parameters, settings: settings,
            valueScales: aligns
                ? RolloutAlignment.valueScales(heads: heads, discount: settings.discount)
                : Array(repeating: 1, count: heads),
            rows: rollout.rows, isMasked: mask != nil, threads: context.threads)
        update = try settings.makeUpdate?(updateContext) ?? PolicyUpdate(updateContext)
        var input = ActorInput(Tensor(placeholder: count, observationWidth))
        if let mask { input.mask = Tensor(placeholder: count, mask.width) }
        if model.memoryWidth > 0 { input.memory = Tensor(placeholder: count, model.memoryWidth) }
        let noiseInput = Tensor(placeholder: count, head.outputs)
        let (distribution, values, remembered) = (update.actor ?? parameters).traced(input)
        let actions = distribution.sample(noise: noiseInput).stoppingGradient
        acting = try Program(
            inputs: [input.observations, noiseInput] + [input.memory, input.mask].compactMap(\.self),
            outputs: [actions, distribution.logProbability(actions), values] + [remembered].compactMap(\.self),
            threads: context.threads)
        valuing = try Program(
            inputs: [input.observations] + [input.memory].compactMap(\.self), outputs: [values],
            threads: context.threads)
        if settings.normalizeObservations { normalizer = ObservationNormalizer(encoding) }
        if settings.normalizeRewards {
            guard !aligns else {
                throw ConfigurationError(
                    option: "normalizeRewards",
                    "cannot be combined with behavior-alignment, which weighs the rewards itself")
            }
            rewardNormalizer = RewardNormalizer(environments: count, discount: settings.discount)
        }
        if let options = settings.distillation {
            distillation = try RandomNetworkDistillation(
                options, encoding: encoding, rollout: rollout, settings: settings,
                key: context.key.derived("distillation"), threads: context.threads)
        } else {
            distillation = nil
        }
        tracker = EpisodeTracker(environments: count, terms: rewards.termNames.count)
        noise = context.key.derived("policy noise").stream
        shuffle = context.key.derived("minibatches").stream
        rawObservations = Buffer(count: normalizer == nil ? 0 : rollout.rows * observationWidth, repeating: 0)
        boundedActions = Buffer(count: count * actionWidth, repeating: 0)
        alignment =
            aligns
            ? try RolloutAlignment(
                parameters, weights: rewards.weights, settings: settings, rows: rollout.rows,
                observationWidth: observationWidth, actionWidth: actionWidth, threads: context.threads) : nil
    }

    var programs: [(name: String, program: Program)] {
        [("acting", acting), ("valuing", valuing)] + update.programs + (distillation?.programs ?? [])
    }

    // MARK: One iteration

    func iterate() throws -> IterationReport {
        var report = IterationReport()
        collect(&report)
        let start = clock.now
        if let alignment {
            alignment.estimate(rollout, settings: settings)
            if iterations % settings.alignmentInterval == settings.alignmentInterval - 1 { alignment.adapt(rollout) }
            report.metrics += alignment.metrics(names: rewards.channelNames)
        } else {
            rollout.estimateAdvantages(head: 0, discount: settings.discount, lambda: settings.gaeLambda)
            if let distillation { report.metrics += try distillation.reward(rollout, lastValues: valuing.output(0)) }
        }
        let progress = Double(steps - rollout.rows) / Double(max(1, context.plannedSteps))
        let rate = settings.learningRate * settings.schedule.factor(progress)
        let advantages =
            alignment?.blendedAdvantages(rollout) ?? distillation?.blendedAdvantages ?? rollout.advantages
        report.metrics += try update.run(rollout, advantages: advantages, learningRate: rate, shuffle: &shuffle)
        report.metrics.append(Metric("learningRate", rate))
        if var normalizer {
            normalizer.moments.merge(rows: rawObservations.readOnly)
            self.normalizer = normalizer
        }
        iterations += 1
        report.time.learning += seconds(since: start)
        return report
    }

    private func collect(_ report: inout IterationReport) {
        let count = settings.environments
        for step in 0..<rollout.steps {
            let start = clock.now
            let row = step * count
            normalize(environments.observations, into: acting.input(0))
            if normalizer != nil {
                copy(environments.observations, to: rawObservations.pointer + row * observationWidth)
            }
            copy(acting.input(0), to: rollout.observations.pointer + row * observationWidth)
            head.fillNoise(acting.input(1), using: &noise)
            if remembers {
                if step % rollout.sequenceLength == 0 {
                    let first = step / rollout.sequenceLength * memory.count
                    copy(memory.readOnly, to: rollout.memory.pointer + first)
                }
                copy(memory.readOnly, to: acting.input(2).baseAddress!)
            }
            if let mask {
                let possible = acting.input(remembers ? 3 : 2)
                mask.write(environments.signals, count: count, into: possible)
                copy(possible, to: rollout.masks.pointer + row * mask.width)
            }
            acting.run()
            if remembers { copy(acting.output(3), to: memory.pointer) }
            copy(acting.output(0), to: rollout.actions.pointer + row * actionWidth)
            copy(acting.output(1), to: rollout.logProbabilities.pointer + row)
            scatter(acting.output(2), to: rollout.values, step: step)
            if step > 0 { carryValues(from: step) }
            bounds.apply(acting.output(0), into: boundedActions.all)
            let acted = clock.now
            report.time.policy += (acted - start).inSeconds
            environments.step(actions: boundedActions.readOnly)
            steps += count
            let transitions = environments.transitions
            copy(transitions.ends, to: rollout.ends.pointer + row)
            distillation?.observe(transitions.nextObservations, row: row)
            for environment in 0..<count {
                rollout.elapsed[row + environment] = Int32(truncatingIfNeeded: tracker.length(of: environment))
            }
            let evaluated = rewards.evaluate(transitions)
            pay(evaluated.channels, step: step)
            report.episodes += tracker.record(
                channels: evaluated.channels, terms: evaluated.terms, ends: transitions.ends, step: steps)
            if (0..<count).contains(where: { transitions.ends[$0] == .truncated }) {
                value(transitions.nextObservations, step: step) { transitions.ends[$0] == .truncated }
            }
            if remembers {
                let width = memory.count / count
                for environment in 0..<count where transitions.ends[environment] != .ongoing {
                    memory.rows(from: environment * width, count: width).update(repeating: 0)
                }
            }
            report.time.environment += seconds(since: acted)
        }
        let start = clock.now
        let last = rollout.steps - 1
        value(environments.observations, step: last) { self.rollout.ends[last * count + $0] == .ongoing }
        report.time.policy += seconds(since: start)
    }

    private var remembers: Bool { memory.count > 0 }

    /// Writes the learning rewards of one step, head by head.
    private func pay(_ channels: UnsafeBufferPointer<Double>, step: Int) {
        let count = settings.environments
        let row = step * count
        if let alignment {
            alignment.pay(channels, rollout: rollout, row: row, count: count)
            return
        }
        for environment in 0..<count {
            rollout.rewards[row + environment] = Float(rewards.blended(channels, environment))
        }
        if var normalizer = rewardNormalizer {
            let paid = UnsafeBufferPointer(rollout.rewards.rows(from: row, count: count))
            normalizer.observe(paid) { rollout.ends[row + $0] != .ongoing }
            for environment in 0..<count { rollout.rewards[row + environment] *= normalizer.scale }
            rewardNormalizer = normalizer
        }
    }

    /// The value of the state an ongoing step led to is the next step's value.
    private func carryValues(from step: Int) {
        let count = settings.environments
        for head in 0..<rollout.heads {
            let row = head * rollout.rows + (step - 1) * count
            for environment in 0..<count where rollout.ends[(step - 1) * count + environment] == .ongoing {
                rollout.nextValues[row + environment] = rollout.values[row + count + environment]
            }
        }
    }

    /// Values `observations` and keeps them as what `step` led to, for the environments chosen.
    private func value(_ observations: UnsafeBufferPointer<Float>, step: Int, where chosen: (Int) -> Bool) {
        let count = settings.environments
        normalize(observations, into: valuing.input(0))
        if remembers { copy(memory.readOnly, to: valuing.input(1).baseAddress!) }
        valuing.run()
        let values = valuing.output(0)
        for environment in 0..<count where chosen(environment) {
            for head in 0..<rollout.heads {
                rollout.nextValues[head * rollout.rows + step * count + environment] =
                    values[environment * rollout.heads + head] * update.valueScales[head]
            }
        }
    }

    private func scatter(_ values: UnsafeBufferPointer<Float>, to buffer: Buffer<Float>, step: Int) {
        let count = settings.environments
        for head in 0..<rollout.heads {
            let scale = update.valueScales[head]
            for environment in 0..<count {
                buffer[head * rollout.rows + step * count + environment] =
                    values[environment * rollout.heads + head] * scale
            }
        }
    }

    private func normalize(_ rows: UnsafeBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>) {
        if let normalizer { normalizer.apply(rows, into: result) } else { _ = result.update(fromContentsOf: rows) }
    }

    private func copy<Element>(_ source: UnsafeBufferPointer<Element>, to target: UnsafeMutablePointer<Element>) {
        target.update(from: source.baseAddress!, count: source.count)
    }

    private func copy<Element>(_ source: UnsafeMutableBufferPointer<Element>, to target: UnsafeMutablePointer<Element>)
    {
        target.update(from: source.baseAddress!, count: source.count)
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double { (clock.now - start).inSeconds }

    // MARK: State

    var weightHash: UInt64 { parameters.hash }

    func policy() -> any Policy {
        // A copy of parameters that are already compiled elsewhere; there is nothing left to get wrong.
        try! ActorPolicy(
            copying: parameters.value, normalizer: normalizer?.frozen, bounds: bounds, isMasked: mask != nil)
    }

    private struct Counters: Codable {
        var steps: Int
        var iterations: Int
        var noise: RandomStream
        var shuffle: RandomStream
        var tracker: EpisodeTracker
        var normalizer: ObservationNormalizer?
        var rewardNormalizer: RewardNormalizer?
        var rewardMemory: [[Double]]
        var blend: RewardBlend?
    }

    func checkpoint() throws -> Checkpoint {
        var checkpoint = Checkpoint()
        checkpoint.store(parameters, as: "parameters")
        if remembers {
            checkpoint.arrays["memory"] = .init(shape: [memory.count], values: memory.array)
        }
        update.save(to: &checkpoint)
        try distillation?.save(to: &checkpoint)
        try checkpoint.store(environments.snapshot, as: "environments")
        try checkpoint.store(
            Counters(
                steps: steps, iterations: iterations, noise: noise, shuffle: shuffle, tracker: tracker,
                normalizer: normalizer, rewardNormalizer: rewardNormalizer, rewardMemory: rewards.snapshot,
                blend: alignment?.blend), as: "learner")
        return checkpoint
    }

    func restore(_ checkpoint: Checkpoint) throws {
        let counters: Counters = try checkpoint.load(from: "learner")
        try checkpoint.load(parameters, from: "parameters")
        try update.load(from: checkpoint)
        try distillation?.load(from: checkpoint)
        if remembers {
            _ = memory.all.update(fromContentsOf: try checkpoint.array("memory", count: memory.count))
        }
        try environments.restore(checkpoint.load(from: "environments"))
        steps = counters.steps
        iterations = counters.iterations
        noise = counters.noise
        shuffle = counters.shuffle
        tracker = counters.tracker
        normalizer = counters.normalizer
        rewardNormalizer = counters.rewardNormalizer
        rewards.snapshot = counters.rewardMemory
        if let blend = counters.blend { alignment?.blend = blend }
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

extension Checkpoint {
    /// Every tensor of `parameters`, under `prefix/name`.
    mutating func store<Model: TensorContainer>(_ parameters: Parameters<Model>, as prefix: String) {
        for index in parameters.shapes.indices {
            arrays["\(prefix)/\(parameters.names[index])"] = .init(
                shape: parameters.shapes[index], values: Swift.Array(parameters.values(index)))
        }
    }

    func load<Model: TensorContainer>(_ parameters: Parameters<Model>, from prefix: String) throws {
        for index in parameters.shapes.indices {
            let target = parameters.values(index)
            let values = try array("\(prefix)/\(parameters.names[index])", count: target.count)
            _ = target.update(fromContentsOf: values)
        }
    }
}
