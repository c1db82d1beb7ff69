import TelosEnvironments
import TelosNN
import TelosTensor

/// Actor and critics: soft (SAC and what builds on it) or deterministic (TD3, DDPG).
///
/// Critics: y = R + c (min over a drawn subset of Q'_i(s', a') - alpha log pi(a'|s')), a' from the present policy
/// (soft), or from the target policy with clipped noise (deterministic, alpha = 0). Actor: ascends mean over critics or
/// their least of Q(s, a) - alpha log pi(a|s), through the critics as they are after their step.
final class ActorCriticAgent: OffPolicyAgent {
    private let options: any ActorCriticOptions
    private let isMasked: Bool
    private let actor: Parameters<Actor>
    private let targetActor: Parameters<Actor>?
    private let critics: Parameters<CriticEnsemble>
    /// Absent with batch renormalisation, which does without.
    private let targets: Parameters<CriticEnsemble>?
    private let moments: Parameters<[BatchRenorm.Moments]>
    private let logTemperature: Parameters<Tensor>
    private let actorMemory: Parameters<Adam.State>
    private let criticMemory: Parameters<Adam.State>
    private let temperatureMemory: Parameters<Adam.State>
    /// Updates critics alone, and everything.
    private let criticUpdate: ActorCriticUpdate.Compiled?
    private let wholeUpdate: ActorCriticUpdate.Compiled
    private let acting: Program
    private var updates = 0
    private var sums = [0.0, 0.0, 0.0, 0.0]
    private var summed = 0
    private var policyUpdates = 0

    /// - regularizer: what keeps it near the actions of a dataset, where it learns from one.
    init(
        _ specification: EnvironmentSpecification, _ options: any ActorCriticOptions, context: LearnerContext,
        regularizer: OfflineRegularizer = .none
    ) throws {
        guard let encoding = ObservationEncoding(specification.observation),
            let head = ActorHead(specification.action, options.actorKind)
        else {
            throw LearnerError("\(specification.name)'s observations or actions are not of a kind this learner reads")
        }
        var outputs = options.quantiles
        if case .categorical(let count) = head {
            guard options.quantiles == 1 else {
                throw ConfigurationError(
                    option: "quantiles", "\(options.quantiles) needs box actions; write 1 for discrete ones")
            }
            outputs = count
        }
        self.options = options
        isMasked = ActionMask(specification) != nil
        let key = context.key.derived("parameters")
        let initialActor = Actor(encoding: encoding, head: head, options.actorShape, key: key.derived("actor"))
        actor = try Parameters(initialActor)
        var temperature = 0.0
        switch options.actorKind {
        case .soft(let start, _): (temperature, targetActor) = (start, nil)
        case .deterministic: targetActor = options.batchRenormalization ? nil : try Parameters(initialActor)
        }
        let initialCritics = CriticEnsemble(
            count: options.critics, outputs: outputs, encoding: encoding, head: head, options.criticShape,
            key: key.derived("critics"))
        critics = try Parameters(initialCritics)
        targets = options.batchRenormalization ? nil : try Parameters(initialCritics)
        moments = try Parameters(
            CriticEnsemble.moments(count: options.critics, encoding: encoding, head: head, options.criticShape))
        logTemperature = try Parameters(log(Tensor(Float(max(temperature, 1e-30)))))
        actorMemory = try Parameters(Adam().initialState(for: actor.traced.tensors))
        criticMemory = try Parameters(Adam().initialState(for: critics.traced.tensors))
        temperatureMemory = try Parameters(Adam().initialState(for: [logTemperature.traced]))

        let update = ActorCriticUpdate(
            options: options, actor: actor.traced, targetActor: targetActor?.traced, critics: critics.traced,
            targets: targets?.traced, moments: moments.traced, logTemperature: logTemperature.traced,
            actorMemory: actorMemory.traced, criticMemory: criticMemory.traced,
            temperatureMemory: temperatureMemory.traced, isMasked: isMasked, regularizer: regularizer)
        wholeUpdate = try update.compiled(movesPolicy: true, threads: context.threads)
        criticUpdate =
            options.policyInterval > 1 ? try update.compiled(movesPolicy: false, threads: context.threads) : nil

        let count = options.environments
        let (width, memoryWidth) = (actor.traced.memoryWidth, actor.traced.memoryWidth + critics.traced.memoryWidth)
        let seen = Tensor(placeholder: count, encoding.width)
        let noise = Tensor(placeholder: count, head.noiseWidth)
        let mask = isMasked ? Tensor(placeholder: count, head.outputs) : nil
        let memory = memoryWidth > 0 ? Tensor(placeholder: count, memoryWidth) : nil
        let (features, actorAfter) = actor.traced.features(
            ActorInput(seen, memory: memory?.sliced(axis: 1, 0, width)))
        let criticsAfter = critics.traced.features(
            ActorInput(seen, memory: memory?.sliced(axis: 1, width, memoryWidth))
        ).memory
        let after = [actorAfter, criticsAfter].compactMap(\.self)
        acting = try Program(
            inputs: [seen, noise] + [mask, memory].compactMap(\.self),
            outputs: [actor.traced.actions(features, noise: noise, mask: mask, deterministic: false)]
                + (after.isEmpty ? [] : [.concatenate(after, axis: 1)]),
            threads: context.threads)
    }

    /// The actor's part comes first.
    var memoryWidth: Int { actor.traced.memoryWidth + critics.traced.memoryWidth }

    /// What runs at the next update.
    private var next: ActorCriticUpdate.Compiled {
        guard let criticUpdate, (updates + 1) % options.policyInterval != 0 else { return wholeUpdate }
        return criticUpdate
    }

    var batch: AgentBatch { next.batch }

    var errors: UnsafeBufferPointer<Float> { wholeUpdate.program.output(0) }

    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, progress: Double,
        using random: inout RandomStream
    ) {
        _ = acting.input(0).update(fromContentsOf: input.observations)
        if let mask = input.mask { _ = acting.input(2).update(fromContentsOf: mask) }
        if let memory = input.memory { _ = acting.input(isMasked ? 3 : 2).update(fromContentsOf: memory) }
        actor.traced.head.fillNoise(acting.input(1), using: &random)
        acting.run()
        _ = actions.update(fromContentsOf: acting.output(0))
        if let memory = input.memory { _ = memory.update(fromContentsOf: acting.output(1)) }
    }

    func update(progress: Double, using random: inout RandomStream) {
        let update = next
        let program = update.program
        program.input(update.learningRate)[0] = options.learningRate(at: progress)
        for index in update.noises { actor.traced.head.fillNoise(program.input(index), using: &random) }
        drawSubset(program.input(update.offsets), using: &random)
        for index in update.dropout { random.fillUniform(program.input(index)) }
        for index in update.penaltyUniforms { random.fillUniform(program.input(index)) }
        for index in update.penaltyNoises { random.fillNormal(program.input(index)) }
        program.run()
        updates += 1
        sums[0] += Double(program.output(0)[0])
        sums[1] += Double(program.output(1)[0])
        summed += 1
        if program === wholeUpdate.program {
            sums[2] += Double(program.output(2)[0])
            sums[3] += Double(program.output(3)[0])
            policyUpdates += 1
        }
    }

    /// Marks `targetCritics` of the critics with 0 and the others with a number that keeps them from being the least.
    private func drawSubset(_ offsets: UnsafeMutableBufferPointer<Float>, using random: inout RandomStream) {
        guard options.targetCritics < options.critics else { return }
        offsets.update(repeating: 1e9)
        var left = options.targetCritics
        for index in offsets.indices where random.index(below: offsets.count - index) < left {
            offsets[index] = 0
            left -= 1
        }
    }

    func metrics(progress: Double) -> [Metric] {
        let (all, policy) = (Double(max(1, summed)), Double(max(1, policyUpdates)))
        let values = [sums[0] / all, sums[1] / all, sums[2] / policy, sums[3] / policy]
        sums = [0, 0, 0, 0]
        (summed, policyUpdates) = (0, 0)
        let names =
            if case .soft = options.actorKind {
                ["criticLoss", "meanValue", "entropy", "temperature"]
            } else {
                ["criticLoss", "meanValue", "policyValue", "actionSize"]
            }
        return zip(names, values).map { Metric($0, $1) }
    }

    // MARK: State

    var weightHash: UInt64 { actor.hash ^ (critics.hash &* 3) }

    var programs: [(name: String, program: Program)] {
        // Updates first: what goes wrong in one is the cause of what goes wrong in acting.
        [("update", wholeUpdate.program)] + (criticUpdate.map { [("criticUpdate", $0.program)] } ?? [])
            + [("acting", acting)]
    }

    func policy(normalizer: FrozenNormalizer?) -> any Policy {
        OffPolicyActor(copying: actor.value, normalizer: normalizer, isMasked: isMasked)
    }

    private struct State: Codable {
        var updates: Int
        var sums: [Double]
        var summed: Int
        var policyUpdates: Int
    }

    func save(to checkpoint: inout Checkpoint) throws {
        checkpoint.store(actor, as: "actor")
        if let targetActor { checkpoint.store(targetActor, as: "targetActor") }
        checkpoint.store(critics, as: "critics")
        if let targets { checkpoint.store(targets, as: "targets") }
        checkpoint.store(moments, as: "moments")
        checkpoint.store(logTemperature, as: "logTemperature")
        checkpoint.store(actorMemory, as: "actorOptimizer")
        checkpoint.store(criticMemory, as: "criticOptimizer")
        checkpoint.store(temperatureMemory, as: "temperatureOptimizer")
        try checkpoint.store(
            State(updates: updates, sums: sums, summed: summed, policyUpdates: policyUpdates), as: "agent")
    }

    func load(from checkpoint: Checkpoint) throws {
        let state: State = try checkpoint.load(from: "agent")
        try checkpoint.load(actor, from: "actor")
        if let targetActor { try checkpoint.load(targetActor, from: "targetActor") }
        try checkpoint.load(critics, from: "critics")
        if let targets { try checkpoint.load(targets, from: "targets") }
        try checkpoint.load(moments, from: "moments")
        try checkpoint.load(logTemperature, from: "logTemperature")
        try checkpoint.load(actorMemory, from: "actorOptimizer")
        try checkpoint.load(criticMemory, from: "criticOptimizer")
        try checkpoint.load(temperatureMemory, from: "temperatureOptimizer")
        updates = state.updates
        sums = state.sums
        summed = state.summed
        policyUpdates = state.policyUpdates
    }
}
