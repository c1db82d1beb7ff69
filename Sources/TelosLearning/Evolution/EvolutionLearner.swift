import TelosEnvironments
import TelosRewards
import TelosTensor

/// The loop every evolutionary learner shares: judge a population of policies by whole episodes, all stepped together,
/// and let the search move. Candidates act deterministically: the differences between them are the exploration.
final class EvolutionLearner<Strategy: SearchStrategy>: Learner {
    private(set) var steps = 0
    private let settings: EvolutionSettings
    private let environments: any BatchEnvironment
    private let rewards: TaskRewards
    private let bounds: ActionBounds
    private let mask: ActionMask?
    /// The policy that the search stands for, and one for each candidate.
    private let center: Parameters<ActorCritic>
    private let population: [EvolvedPolicy]
    private var strategy: Strategy
    private var normalizer: ObservationNormalizer?
    private var random: RandomStream
    private let actions: Buffer<Float>
    private let maskRows: Buffer<Float>
    private let memory: Buffer<Float>
    private let clock = ContinuousClock()

    /// - Parameters:
    ///   - candidates: how many policies an iteration tries.
    ///   - makeStrategy: from the first parameters.
    init(
        _ context: LearnerContext, _ settings: EvolutionSettings, candidates: Int, makeStrategy: ([Float]) -> Strategy
    ) throws {
        try context.task.requireFixedBlend()
        self.settings = settings
        let count = candidates * settings.episodes
        environments = try context.task.makeEnvironments(
            count: count, key: context.key.derived("environments"), threads: context.threads)
        let specification = environments.specification
        guard let encoding = ObservationEncoding(specification.observation), let head = ActionHead(specification.action)
        else {
            throw LearnerError("\(specification.name)'s observations or actions are not of a kind this learner reads")
        }
        let bounds = try ActionBounds(head, rescales: settings.rescalesActions)
        self.bounds = bounds
        mask = ActionMask(specification)
        rewards = try TaskRewards(context.task, specification: specification, count: count, discount: 1)
        let model = ActorCritic(
            encoding: encoding, head: head, valueHeads: 1, design: settings.network,
            key: context.key.derived("parameters"))
        center = try Parameters(model)
        let isMasked = mask != nil
        population = try (0..<candidates).map { _ in
            try EvolvedPolicy(model, episodes: settings.episodes, bounds: bounds, isMasked: isMasked)
        }
        strategy = makeStrategy(center.policyValues)
        if settings.normalizeObservations { normalizer = ObservationNormalizer(encoding) }
        random = context.key.derived("search").stream
        actions = Buffer(count: count * head.width, repeating: 0)
        maskRows = Buffer(count: count * (mask?.width ?? 0), repeating: 0)
        memory = Buffer(count: count * model.policyMemoryWidth, repeating: 0)
    }

    func iterate() throws -> IterationReport {
        var report = IterationReport()
        let start = clock.now
        let candidates = strategy.candidates(using: &random)
        for (policy, values) in zip(population, candidates) { policy.parameters.policyValues = values }
        report.time.learning += (clock.now - start).inSeconds
        let returns = judge(&report)
        let judged = clock.now
        guard returns.allSatisfy(\.isFinite) else {
            throw LearnerError("training diverged: a return is not finite. Check the task's rewards")
        }
        report.metrics.append(Metric("meanReturn", meanAndDeviation(returns).mean))
        report.metrics.append(Metric("bestReturn", returns.max() ?? 0))
        report.metrics += strategy.learn(from: returns)
        center.policyValues = strategy.center
        report.time.learning += (clock.now - judged).inSeconds
        return report
    }

    /// The mean return of each candidate over its episodes, each environment's first one from a new start.
    private func judge(_ report: inout IterationReport) -> [Double] {
        let (count, episodes) = (environments.count, settings.episodes)
        environments.reset()
        for environment in 0..<count { rewards.reset(environment) }
        memory.all.update(repeating: 0)
        var (paid, returns) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        var terms = [[Double]](repeating: Array(repeating: 0, count: rewards.termNames.count), count: count)
        var running = [Bool](repeating: true, count: count)
        var length = 0
        let before = normalizer
        while running.contains(true) {
            let began = clock.now
            mask?.write(environments.signals, count: count, into: maskRows.all)
            for (index, policy) in population.enumerated() {
                let rows = (index * episodes)..<((index + 1) * episodes)
                // The environments of a finished candidate go on with whatever it did last.
                guard rows.contains(where: { running[$0] }) else { continue }
                act(policy, rows, normalizer: before)
                if normalizer != nil { observe(rows.filter { running[$0] }) }
            }
            let acted = clock.now
            report.time.policy += (acted - began).inSeconds
            environments.step(actions: actions.readOnly)
            length += 1
            let transitions = environments.transitions
            let values = rewards.evaluate(transitions)
            for environment in 0..<count where running[environment] {
                steps += 1
                returns[environment] += values.channels[environment]
                paid[environment] += rewards.blended(values.channels, environment)
                for term in rewards.termNames.indices {
                    terms[environment][term] += values.terms[term * count + environment]
                }
                var end = transitions.ends[environment]
                if end == .ongoing, length >= settings.episodeLimit { end = .truncated }
                guard end != .ongoing else { continue }
                running[environment] = false
                report.episodes.append(
                    EpisodeRecord(
                        step: steps, length: length, primaryReturn: returns[environment], terms: terms[environment],
                        end: end))
            }
            report.time.environment += (clock.now - acted).inSeconds
        }
        return population.indices.map { candidate in
            paid[(candidate * episodes)..<((candidate + 1) * episodes)].reduce(0, +) / Double(episodes)
        }
    }

    private func act(_ policy: EvolvedPolicy, _ rows: Range<Int>, normalizer: ObservationNormalizer?) {
        func part<Element>(_ values: UnsafeBufferPointer<Element>) -> UnsafeBufferPointer<Element> {
            let width = values.count / environments.count
            return UnsafeBufferPointer(rebasing: values[(rows.lowerBound * width)..<(rows.upperBound * width)])
        }
        func part(_ values: Buffer<Float>) -> UnsafeMutableBufferPointer<Float> {
            let width = values.count / environments.count
            return values.rows(from: rows.lowerBound * width, count: rows.count * width)
        }
        policy.act(
            on: PolicyInput(
                observations: part(environments.observations), count: rows.count,
                mask: mask == nil ? nil : part(maskRows.readOnly), memory: part(memory)),
            normalizer: normalizer, into: part(actions))
    }

    /// Takes what these environments show into the normaliser that the next iteration uses.
    private func observe(_ rows: [Int]) {
        let width = environments.observations.count / environments.count
        for row in rows {
            normalizer?.moments.merge(
                rows: UnsafeBufferPointer(rebasing: environments.observations[(row * width)..<((row + 1) * width)]))
        }
    }

    // MARK: State

    var weightHash: UInt64 { center.hash }

    var programs: [(name: String, program: Program)] { [("acting", population[0].program)] }

    func policy() -> any Policy {
        // A copy of parameters that are already compiled elsewhere; there is nothing left to get wrong.
        try! ActorPolicy(copying: center.value, normalizer: normalizer?.frozen, bounds: bounds, isMasked: mask != nil)
    }

    private struct State: Codable {
        var steps: Int
        var strategy: Strategy
        var random: RandomStream
        var normalizer: ObservationNormalizer?
    }

    func checkpoint() throws -> Checkpoint {
        var checkpoint = Checkpoint()
        checkpoint.store(center, as: "parameters")
        try checkpoint.store(environments.snapshot, as: "environments")
        try checkpoint.store(
            State(steps: steps, strategy: strategy, random: random, normalizer: normalizer), as: "learner")
        return checkpoint
    }

    func restore(_ checkpoint: Checkpoint) throws {
        let state: State = try checkpoint.load(from: "learner")
        guard state.strategy.center.count == strategy.center.count else {
            throw CheckpointError(
                "its policy has \(state.strategy.center.count) parameters, not \(strategy.center.count)")
        }
        try checkpoint.load(center, from: "parameters")
        try environments.restore(checkpoint.load(from: "environments"))
        steps = state.steps
        strategy = state.strategy
        random = state.random
        normalizer = state.normalizer
    }
}

/// One candidate: parameters that are written anew every iteration, and the program that acts with them.
private final class EvolvedPolicy {
    let parameters: Parameters<ActorCritic>
    let program: Program
    private let bounds: ActionBounds
    private let isMasked: Bool

    init(_ model: ActorCritic, episodes: Int, bounds: ActionBounds, isMasked: Bool) throws {
        parameters = try Parameters(model)
        self.bounds = bounds
        self.isMasked = isMasked
        let traced = parameters.traced
        var input = ActorInput(Tensor(placeholder: episodes, traced.encoding.width))
        if isMasked { input.mask = Tensor(placeholder: episodes, traced.head.outputs) }
        if traced.policyMemoryWidth > 0 { input.memory = Tensor(placeholder: episodes, traced.policyMemoryWidth) }
        let (distribution, memory) = traced.acting(input)
        program = try Program(
            inputs: [input.observations] + [input.mask, input.memory].compactMap(\.self),
            outputs: [distribution.mode] + [memory].compactMap(\.self))
    }

    func act(
        on input: PolicyInput, normalizer: ObservationNormalizer?, into actions: UnsafeMutableBufferPointer<Float>
    ) {
        if let normalizer {
            normalizer.apply(input.observations, into: program.input(0))
        } else {
            _ = program.input(0).update(fromContentsOf: input.observations)
        }
        if let mask = input.mask { _ = program.input(1).update(fromContentsOf: mask) }
        let remembers = parameters.traced.policyMemoryWidth > 0
        if remembers, let memory = input.memory { _ = program.input(isMasked ? 2 : 1).update(fromContentsOf: memory) }
        program.run()
        bounds.apply(program.output(0), into: actions)
        if remembers, let memory = input.memory { _ = memory.update(fromContentsOf: program.output(1)) }
    }
}

extension Parameters where Model == ActorCritic {
    /// Every number that the most probable action depends on, in the order of visiting.
    fileprivate var policyValues: [Float] {
        get { policyIndices.flatMap { Array(values($0)) } }
        set {
            var start = 0
            for index in policyIndices {
                let target = values(index)
                _ = target.update(fromContentsOf: newValue[start..<(start + target.count)])
                start += target.count
            }
        }
    }

    private var policyIndices: [Int] { names.indices.filter { names[$0].hasPrefix("policy") } }
}
