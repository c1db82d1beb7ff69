import TelosEnvironments
import TelosRewards
import TelosTensor

/// The loop every off-policy learner shares: act, step, remember, and every so often learn from samples of the memory.
final class OffPolicyLearner: Learner {
    private(set) var steps = 0
    private let options: any OffPolicyOptions
    private let plannedSteps: Int
    private let environments: any BatchEnvironment
    private let rewards: TaskRewards
    private let agent: any OffPolicyAgent
    private let experience: Experience
    private var multiStep: MultiStep
    private var hindsight: Hindsight?
    private var normalizer: ObservationNormalizer?
    /// What the agent acts on: observations, normalised on request.
    private let seen: Buffer<Float>
    private let mask: ActionMask?
    /// Which choices are possible before and after a step; empty without a mask.
    private let possible: (before: Buffer<Float>, after: Buffer<Float>)
    /// What the agent remembers of each environment's episode, and what it did before it acted.
    private let memory: Buffer<Float>
    private let memoryBefore: Buffer<Float>
    private var tracker: EpisodeTracker
    private var exploration: RandomStream
    private var sampling: RandomStream
    private var stepsSinceUpdate = 0
    private var updates = 0
    private let actions: Buffer<Float>
    private let clock = ContinuousClock()

    /// Where what happened is kept, in the form that the agent learns from.
    private enum Experience {
        case transitions(ReplayBuffer)
        case sequences(SequenceReplay)

        var isEmpty: Bool {
            switch self {
            case .transitions(let replay): replay.count == 0
            case .sequences(let replay): replay.count == 0
            }
        }
    }

    /// - makeAgent: from the environments' specification.
    init(
        _ context: LearnerContext, _ options: any OffPolicyOptions,
        makeAgent: (EnvironmentSpecification) throws -> any OffPolicyAgent
    ) throws {
        try context.task.requireFixedBlend()
        self.options = options
        plannedSteps = max(1, context.plannedSteps)
        let count = options.environments
        environments = try context.task.makeEnvironments(
            count: count, key: context.key.derived("environments"), threads: context.threads)
        let specification = environments.specification
        rewards = try TaskRewards(context.task, specification: specification, count: count, discount: options.discount)
        agent = try makeAgent(specification)
        mask = ActionMask(specification)
        let choices = count * (mask?.width ?? 0)
        possible = (Buffer(count: choices, repeating: 0), Buffer(count: choices, repeating: 0))
        // A run never needs more than its own steps.
        let capacity = min(options.bufferCapacity, (plannedSteps + count) * (1 + options.hindsightGoals))
        let (observationWidth, actionWidth) = (specification.observation.width, specification.action.width)
        switch agent.batch {
        case .transitions(let batch):
            experience = .transitions(
                ReplayBuffer(
                    capacity: max(batch.count, capacity), observationWidth: observationWidth, actionWidth: actionWidth,
                    maskWidth: mask?.width ?? 0, priorityExponent: options.replayPriority?.exponent))
        case .sequences(let batch):
            experience = .sequences(
                SequenceReplay(
                    batch.layout, capacity: max(1, capacity / batch.layout.learned), environments: count,
                    discount: options.discount, observationWidth: observationWidth, actionWidth: actionWidth,
                    maskWidth: mask?.width ?? 0, memoryWidth: agent.memoryWidth,
                    priorityExponent: options.replayPriority?.exponent))
        }
        memory = Buffer(count: count * agent.memoryWidth, repeating: 0)
        memoryBefore = Buffer(count: count * agent.memoryWidth, repeating: 0)
        multiStep = MultiStep(length: options.multiStep, discount: options.discount, environments: count)
        if options.normalizeObservations, case .real(let width)? = ObservationEncoding(specification.observation) {
            normalizer = ObservationNormalizer(width: width)
        }
        seen = Buffer(count: count * specification.observation.width, repeating: 0)
        if options.hindsightGoals > 0 {
            hindsight = try Hindsight(
                context.task, environments, goals: options.hindsightGoals, discount: options.discount)
        }
        tracker = EpisodeTracker(environments: count, terms: rewards.termNames.count)
        exploration = context.key.derived("exploration").stream
        sampling = context.key.derived("replay").stream
        actions = Buffer(count: count * specification.action.width, repeating: 0)
    }

    private var progress: Double { min(1, Double(steps) / Double(plannedSteps)) }

    func iterate() throws -> IterationReport {
        var report = IterationReport()
        let count = options.environments
        let target = steps + options.stepsPerIteration
        while steps < target {
            let start = clock.now
            normalizer?.moments.merge(rows: environments.observations)
            mask?.write(environments.signals, count: count, into: possible.before.all)
            _ = memoryBefore.all.update(fromContentsOf: memory.readOnly)
            // An agent that remembers looks on from the start.
            if steps >= options.learningStarts || memory.count > 0 {
                normalize(environments.observations, into: seen.all)
                let input = PolicyInput(
                    observations: seen.readOnly, count: count, mask: mask.map { _ in possible.before.readOnly },
                    memory: memory.count > 0 ? memory.all : nil)
                agent.act(on: input, into: actions.all, progress: progress, using: &exploration)
            }
            if steps < options.learningStarts { fillRandom() }
            let acted = clock.now
            environments.step(actions: actions.readOnly)
            steps += count
            let transitions = environments.transitions
            let paid = rewards.evaluate(transitions)
            mask?.write(transitions.signalsAfter, count: count, into: possible.after.all)
            remember(transitions) { rewards.blended(paid.channels, $0) }
            report.episodes += tracker.record(
                channels: paid.channels, terms: paid.terms, ends: transitions.ends, step: steps)
            let stepped = clock.now
            agent.advance(from: steps - count, to: steps)
            stepsSinceUpdate += count
            if steps > options.learningStarts, !experience.isEmpty, stepsSinceUpdate >= options.trainInterval {
                stepsSinceUpdate = 0
                for _ in 0..<options.gradientSteps { learn() }
            }
            report.time += TimeSplit(
                environment: (stepped - acted).inSeconds, policy: (acted - start).inSeconds,
                learning: (clock.now - stepped).inSeconds)
        }
        report.metrics = agent.metrics(progress: progress) + [Metric("updates", Double(updates))]
        if let broken = report.metrics.first(where: { !$0.value.isFinite }) {
            throw LearnerError("training diverged: \(broken.name) is \(broken.value). Try a smaller learningRate")
        }
        return report
    }

    /// Keeps one step of every environment.
    private func remember(_ transitions: TransitionBatch, reward: (Int) -> Double) {
        let masks = mask.map { _ in possible }
        switch experience {
        case .transitions(let replay):
            multiStep.append(transitions, masks: masks, to: replay, reward: reward)
            hindsight?.append(environments, to: replay, using: &sampling)
        case .sequences(let replay):
            replay.append(
                transitions, masks: masks, memory: memoryBefore, begins: { tracker.length(of: $0) == 0 }, reward: reward
            )
            for environment in 0..<transitions.count where transitions.ends[environment] != .ongoing {
                memory.rows(from: environment * agent.memoryWidth, count: agent.memoryWidth).update(repeating: 0)
            }
        }
    }

    private func learn() {
        let start = options.replayPriority?.importance ?? 1
        let importance = start + (1 - start) * progress
        switch (experience, agent.batch) {
        case (.transitions(let replay), .transitions(let batch)):
            replay.sample(into: batch, importance: importance, using: &sampling)
            normalize(batch.observations)
            normalize(batch.nextObservations)
        case (.sequences(let replay), .sequences(let batch)):
            replay.sample(into: batch, importance: importance, using: &sampling)
            normalize(batch.observations)
        default: break
        }
        agent.update(progress: progress, using: &sampling)
        if options.replayPriority != nil {
            switch experience {
            case .transitions(let replay): replay.prioritize(agent.errors)
            case .sequences(let replay): replay.prioritize(agent.errors)
            }
        }
        updates += 1
    }

    private func normalize(
        _ rows: UnsafeBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>
    ) {
        if let normalizer { normalizer.apply(rows, into: result) } else { _ = result.update(fromContentsOf: rows) }
    }

    private func normalize(_ rows: UnsafeMutableBufferPointer<Float>) {
        normalizer?.apply(UnsafeBufferPointer(rows), into: rows)
    }

    private func fillRandom() {
        switch environments.specification.action {
        case .discrete(let count):
            let choices = PossibleChoices(count: count, mask: mask.map { _ in possible.before.readOnly })
            for row in 0..<actions.count { actions[row] = choices.random(row, using: &exploration) }
        case .box(let low, let high, _):
            for index in 0..<actions.count {
                let (low, high) = (Double(low[index % low.count]), Double(high[index % high.count]))
                actions[index] = Float(exploration.uniform(low, high))
            }
        default: break
        }
    }

    // MARK: State

    var weightHash: UInt64 { agent.weightHash }

    var programs: [(name: String, program: Program)] { agent.programs }

    func policy() -> any Policy { agent.policy(normalizer: normalizer?.frozen) }

    private struct State: Codable {
        var steps: Int
        var updates: Int
        var stepsSinceUpdate: Int
        var multiStep: MultiStep
        var normalizer: ObservationNormalizer?
        var tracker: EpisodeTracker
        var exploration: RandomStream
        var sampling: RandomStream
        var rewardMemory: [[Double]]
    }

    func checkpoint() throws -> Checkpoint {
        var checkpoint = Checkpoint()
        try agent.save(to: &checkpoint)
        switch experience {
        case .transitions(let replay): try replay.save(to: &checkpoint)
        case .sequences(let replay):
            try replay.save(to: &checkpoint)
            checkpoint.arrays["memory"] = .init(shape: [memory.count], values: memory.array)
        }
        try hindsight?.save(to: &checkpoint)
        try checkpoint.store(environments.snapshot, as: "environments")
        try checkpoint.store(
            State(
                steps: steps, updates: updates, stepsSinceUpdate: stepsSinceUpdate, multiStep: multiStep,
                normalizer: normalizer, tracker: tracker, exploration: exploration, sampling: sampling,
                rewardMemory: rewards.snapshot),
            as: "learner")
        return checkpoint
    }

    func restore(_ checkpoint: Checkpoint) throws {
        let state: State = try checkpoint.load(from: "learner")
        try environments.restore(checkpoint.load(from: "environments"))
        try agent.load(from: checkpoint)
        switch experience {
        case .transitions(let replay): try replay.load(from: checkpoint)
        case .sequences(let replay):
            try replay.load(from: checkpoint)
            _ = memory.all.update(fromContentsOf: try checkpoint.array("memory", count: memory.count))
        }
        try hindsight?.load(from: checkpoint)
        steps = state.steps
        updates = state.updates
        stepsSinceUpdate = state.stepsSinceUpdate
        multiStep = state.multiStep
        normalizer = state.normalizer
        tracker = state.tracker
        exploration = state.exploration
        sampling = state.sampling
        rewards.snapshot = state.rewardMemory
    }
}
