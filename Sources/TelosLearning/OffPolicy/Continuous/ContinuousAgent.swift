import TelosEnvironments
import TelosNN
import TelosTensor

/// Actor and critics for continuous actions: soft (SAC, REDQ) or deterministic (TD3, DDPG).
///
/// Critics: y = R + c (min over a drawn subset of Q'_i(s', a') - alpha log pi(a'|s')), a' from the present policy (soft),
/// or from the target policy with clipped noise (deterministic, alpha = 0). Actor: ascends mean over critics or their
/// least of Q(s, a) - alpha log pi(a|s), through the critics as they are after their step.
final class ContinuousAgent: OffPolicyAgent {
    private let settings: ContinuousSettings
    private let scale: ActionScale
    private let actor: Parameters<ContinuousActor>
    private let targetActor: Parameters<ContinuousActor>?
    private let critics: Parameters<CriticEnsemble>
    private let targets: Parameters<CriticEnsemble>
    private let logTemperature: Parameters<Tensor>
    private let actorMemory: Parameters<Adam.State>
    private let criticMemory: Parameters<Adam.State>
    private let temperatureMemory: Parameters<Adam.State>
    /// Updates critics alone, and everything.
    private let criticProgram: Program?
    private let program: Program
    private let acting: Program
    private var updates = 0
    private var sums = [0.0, 0.0, 0.0, 0.0]
    private var summed = 0
    private var policyUpdates = 0

    init(_ specification: EnvironmentSpecification, _ settings: ContinuousSettings, context: LearnerContext) throws {
        guard let encoding = ObservationEncoding(specification.observation),
            case .box(let low, let high, _) = specification.action
        else {
            throw LearnerError("\(specification.name)'s observations or actions are not of a kind this learner reads")
        }
        self.settings = settings
        scale = ActionScale(low: low, high: high)
        let key = context.key.derived("parameters")
        var isStochastic = false
        var temperature = 0.0
        var noise: Float = 0
        switch settings.kind {
        case .soft(let start, _): (isStochastic, temperature) = (true, start)
        case .deterministic(let exploration, _, _): noise = Float(exploration)
        }
        let initialActor = ContinuousActor(
            encoding: encoding, width: scale.width, isStochastic: isStochastic, hiddenSizes: settings.hiddenSizes,
            activation: settings.activation, key: key.derived("actor"))
        actor = try Parameters(initialActor)
        targetActor = isStochastic ? nil : try Parameters(initialActor)
        let initialCritics = CriticEnsemble(
            count: settings.critics, encoding: encoding, actionWidth: scale.width, hiddenSizes: settings.hiddenSizes,
            activation: settings.activation, key: key.derived("critics"))
        critics = try Parameters(initialCritics)
        targets = try Parameters(initialCritics)
        logTemperature = try Parameters(log(Tensor(Float(max(temperature, 1e-30)))))
        actorMemory = try Parameters(Adam().initialState(for: actor.traced.tensors))
        criticMemory = try Parameters(Adam().initialState(for: critics.traced.tensors))
        temperatureMemory = try Parameters(Adam().initialState(for: [logTemperature.traced]))

        let update = ContinuousUpdate(
            settings: settings, scale: scale, actor: actor.traced, targetActor: targetActor?.traced,
            critics: critics.traced, targets: targets.traced, logTemperature: logTemperature.traced,
            actorMemory: actorMemory.traced, criticMemory: criticMemory.traced,
            temperatureMemory: temperatureMemory.traced)
        program = try update.compiled(movesPolicy: true, threads: context.threads)
        criticProgram =
            settings.policyInterval > 1 ? try update.compiled(movesPolicy: false, threads: context.threads) : nil

        let seen = Tensor(placeholder: settings.loop.environments, encoding.width)
        let normal = Tensor(placeholder: settings.loop.environments, scale.width)
        acting = try Program(
            inputs: [seen, normal],
            outputs: [scale.toEnvironment(ContinuousPolicy.draw(actor.traced, seen, normal, noise))],
            threads: context.threads)
    }

    /// The program of the next update.
    private var next: Program {
        guard let criticProgram, (updates + 1) % settings.policyInterval != 0 else { return program }
        return criticProgram
    }

    var batch: ReplayBatch {
        let program = next
        return ReplayBatch(
            observations: program.input(0), actions: program.input(1), rewards: program.input(2),
            bootstraps: program.input(3), nextObservations: program.input(4), weights: program.input(5))
    }

    var errors: UnsafeBufferPointer<Float> { program.output(0) }

    func act(
        on observations: UnsafeBufferPointer<Float>, into actions: UnsafeMutableBufferPointer<Float>, progress: Double,
        using random: inout RandomStream
    ) {
        _ = acting.input(0).update(fromContentsOf: observations)
        random.fillNormal(acting.input(1))
        acting.run()
        _ = actions.update(fromContentsOf: acting.output(0))
    }

    func update(progress: Double, using random: inout RandomStream) {
        let program = next
        program.input(6)[0] = Float(settings.learningRate * settings.schedule.factor(progress))
        random.fillNormal(program.input(7))
        random.fillNormal(program.input(8))
        drawSubset(program.input(9), using: &random)
        program.run()
        updates += 1
        sums[0] += Double(program.output(0)[0])
        sums[1] += Double(program.output(1)[0])
        summed += 1
        if program === self.program {
            sums[2] += Double(program.output(2)[0])
            sums[3] += Double(program.output(3)[0])
            policyUpdates += 1
        }
    }

    /// Marks `targetCritics` of the critics with 0 and the others with a number that keeps them from being the least.
    private func drawSubset(_ offsets: UnsafeMutableBufferPointer<Float>, using random: inout RandomStream) {
        guard settings.targetCritics < settings.critics else { return }
        offsets.update(repeating: 1e9)
        var left = settings.targetCritics
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
            if case .soft = settings.kind {
                ["criticLoss", "meanValue", "entropy", "temperature"]
            } else {
                ["criticLoss", "meanValue", "policyValue", "actionSize"]
            }
        return zip(names, values).map { Metric($0, $1) }
    }

    // MARK: State

    var weightHash: UInt64 { actor.hash ^ (critics.hash &* 3) }

    var programs: [(name: String, program: Program)] {
        [("acting", acting), ("update", program)] + (criticProgram.map { [("criticUpdate", $0)] } ?? [])
    }

    func policy() -> any Policy {
        var noise = 0.0
        if case .deterministic(let exploration, _, _) = settings.kind { noise = exploration }
        return ContinuousPolicy(copying: actor.value, scale: scale, noise: noise)
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
        checkpoint.store(targets, as: "targets")
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
        try checkpoint.load(targets, from: "targets")
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
