import CTelosKernels
import TelosEnvironments
import TelosFeedback
import TelosNN
import TelosTensor

/// Options of learners whose actor is fitted to the data's actions.
public struct RegressionOptions: Sendable, Hashable, Codable {
    public var batchSize = 256
    public var learningRate = 3e-4
    public var hiddenSizes = [256, 256]
    public var activation = Activation.relu
    /// Whether box actions have a density, a squashed Gaussian's, rather than one action with a fixed deviation, whose
    /// likelihood is a squared error. Discrete ones always have probabilities.
    public var isStochastic = false
    public var normalizesObservations = false

    public init() {}

    func validate() throws {
        try require(batchSize > 0, "batchSize", "\(batchSize); write 1 or more")
        try require(learningRate >= 0 && learningRate.isFinite, "learningRate", "\(learningRate); write 0 or more")
        try require(hiddenSizes.allSatisfy { $0 > 0 }, "hiddenSizes", "\(hiddenSizes); write widths of 1 or more")
    }
}

private func require(_ isValid: Bool, _ option: String, _ advice: String) throws {
    guard isValid else { throw ConfigurationError(option: option, advice) }
}

/// Options of implicit Q-learning.
public struct ImplicitValueOptions: Sendable, Hashable {
    public var discount = 0.99
    /// How V is fitted to Q; raising its level nears the best action of the data.
    public var loss = ImplicitValueLoss.expectile(0.7)
    /// Of advantages in the actor's weights; 0 is behaviour cloning.
    public var inverseTemperature = 3.0
    /// The largest weight of an action.
    public var weightLimit = 100.0
    public var critics = 2
    /// Of the critics' targets.
    public var targetRate = 0.005

    public init() {}

    func validate() throws {
        try loss.validate()
        try require((0...1).contains(discount), "discount", "\(discount); write a number from 0 to 1")
        try require(inverseTemperature >= 0, "inverseTemperature", "\(inverseTemperature); write 0 or more")
        try require(weightLimit > 0, "weightLimit", "\(weightLimit); write a number above 0")
        try require(critics > 0, "critics", "\(critics); write 1 or more")
        try require(targetRate > 0 && targetRate <= 1, "targetRate", "\(targetRate); write a number above 0, up to 1")
    }
}

/// An actor fitted to the actions of a dataset, all alike or by how much better than the rest they turned out:
///
///     V        loss(min over i of Q'_i(s,a) - V(s))
///     actor    -min(exp(beta (min over i of Q'_i(s,a) - V(s))), limit) log pi(a|s)
///     Q_i      1/2 (r + c V(s') - Q_i(s,a))^2
///
/// V moves first, and what follows reads it as it is then.
///
/// (Kostrikov, Nair and Levine, *Offline reinforcement learning with implicit Q-learning*, 2022; Peng, Kumar, Zhang and
/// Levine, *Advantage-weighted regression*, 2019.)
final class RegressionAgent: SampleAgent {
    private let options: RegressionOptions
    private let actor: Parameters<Actor>
    private let actorMemory: Parameters<Adam.State>
    private let values: Values?
    private let program: Program
    private var sums = [0.0, 0.0, 0.0, 0.0]
    private var summed = 0

    /// Everything that weighs actions.
    private struct Values {
        let options: ImplicitValueOptions
        let value: Parameters<FeedForward>
        let critics: Parameters<CriticEnsemble>
        let targets: Parameters<CriticEnsemble>
        let valueMemory: Parameters<Adam.State>
        let criticMemory: Parameters<Adam.State>
    }

    init(
        _ specification: EnvironmentSpecification, _ options: RegressionOptions, implicit: ImplicitValueOptions?,
        context: LearnerContext
    ) throws {
        try options.validate()
        try implicit?.validate()
        let isBox = if case .box = specification.action { true } else { false }
        let kind: ActorKind =
            isBox && !options.isStochastic
            ? .deterministic(explorationNoise: 0.1, targetNoise: 0, targetNoiseClip: 0)
            : .soft(temperature: 0, targetEntropyScale: nil)
        guard let encoding = ObservationEncoding(specification.observation),
            let head = ActorHead(specification.action, kind)
        else {
            throw LearnerError("\(specification.name)'s observations or actions are not of a kind this learner reads")
        }
        self.options = options
        let key = context.key.derived("parameters")
        let shape = FeedForward.Shape(
            architecture: .mlp, hiddenSizes: options.hiddenSizes, activation: options.activation)
        let adam = Adam()
        let actor = try Parameters(Actor(encoding: encoding, head: head, shape, key: key.derived("actor")))
        actorMemory = try Parameters(adam.initialState(for: actor.traced.tensors))
        self.actor = actor
        values = try implicit.map { implicit in
            var outputs = 1
            if case .categorical(let count) = head { outputs = count }
            let critics = CriticEnsemble(
                count: implicit.critics, outputs: outputs, encoding: encoding, head: head, shape,
                key: key.derived("critics"))
            let (value, first) = (
                try Parameters(FeedForward(encoding.features, 1, shape, key: key.derived("value"))),
                try Parameters(critics)
            )
            return Values(
                options: implicit, value: value, critics: first, targets: try Parameters(critics),
                valueMemory: try Parameters(adam.initialState(for: value.traced.tensors)),
                criticMemory: try Parameters(adam.initialState(for: first.traced.tensors)))
        }

        let rows = options.batchSize
        let observations = Tensor(placeholder: rows, encoding.width)
        let next = Tensor(placeholder: rows, encoding.width)
        let actions = Tensor(placeholder: rows, head.width)
        let (rewards, bootstraps) = (Tensor(placeholder: rows), Tensor(placeholder: rows))
        let (weights, learningRate) = (Tensor(placeholder: rows), Tensor(placeholder: []))
        var updates: [Program.Update] = []
        func moved<Model: TensorContainer>(
            _ model: Parameters<Model>, _ memory: Parameters<Adam.State>, down loss: Tensor
        ) -> Model {
            let theta = model.traced.tensors
            let step = adam.step(
                theta, gradients: gradient(of: loss, withRespectTo: theta), state: memory.traced,
                learningRate: learningRate)
            let stepped = model.traced.replacingTensors(step.parameters)
            updates += Program.Update.all(model.traced, to: stepped) + Program.Update.all(memory.traced, to: step.state)
            return stepped
        }
        let likelihood = actor.traced.logLikelihood(observations, of: actions)
        var outputs: [Tensor] = []
        var share = weights
        if let values {
            let implicit = values.options
            let (read, later) = (encoding(observations), encoding(next))
            func judged(_ critics: CriticEnsemble) -> Tensor {
                let all = critics(read, head.criticInput(actions), .plain()).outputs
                guard case .categorical(let count) = head else { return all }
                return (all * actions.reshaped(rows).oneHot(count)).sum(axis: 2, keepingAxis: true)
            }
            let best = judged(values.targets.traced).least.stoppingGradient
            let valueLoss = implicit.loss(best - values.value.traced(read).outputs).mean()
            let value = moved(values.value, values.valueMemory, down: valueLoss).mapTensors(\.stoppingGradient)
            let advantage = (best - value(read).outputs).reshaped(rows)
            share =
                weights
                * minimum(exp(Float(implicit.inverseTemperature) * advantage), Tensor(Float(implicit.weightLimit)))
            let target = rewards.reshaped(rows, 1) + bootstraps.reshaped(rows, 1) * value(later).outputs
            let judgement = judged(values.critics.traced)
            let criticLoss = 0.5 * (judgement - target).squared.sum() / Float(rows)
            let critics = moved(values.critics, values.criticMemory, down: criticLoss)
            updates += Program.Update.movingAverage(
                values.targets.traced, of: critics, rate: Float(implicit.targetRate))
            outputs = [criticLoss, valueLoss, judgement.mean()]
        }
        let loss = -(share.stoppingGradient * likelihood).mean()
        _ = moved(actor, actorMemory, down: loss)
        program = try Program(
            inputs: [actions, rewards, bootstraps, weights, observations, next, learningRate],
            outputs: [loss] + outputs,
            updates: updates, threads: context.threads)
    }

    var batch: AgentBatch {
        .transitions(
            ReplayBatch(
                observations: program.input(4), actions: program.input(0), rewards: program.input(1),
                bootstraps: program.input(2), nextObservations: program.input(5), weights: program.input(3)))
    }

    func update(progress: Double, using random: inout RandomStream) {
        program.input(6)[0] = Float(options.learningRate)
        program.run()
        for index in 0..<(values == nil ? 1 : 4) { sums[index] += Double(program.output(index)[0]) }
        summed += 1
    }

    func metrics(progress: Double) -> [Metric] {
        let names = ["actorLoss"] + (values == nil ? [] : ["criticLoss", "valueLoss", "meanValue"])
        let metrics = names.indices.map { Metric(names[$0], sums[$0] / Double(max(1, summed))) }
        (sums, summed) = ([0, 0, 0, 0], 0)
        return metrics
    }

    func policy(normalizer: FrozenNormalizer?) -> any Policy {
        OffPolicyActor(copying: actor.value, normalizer: normalizer, isMasked: false)
    }

    func logLikelihoods(of rows: TransitionDataset, normalizer: FrozenNormalizer?) throws -> [Double] {
        // Of one action element in the environment's units beside [-1, 1].
        var shift = 0.0
        switch actor.traced.head {
        case .deterministic: throw LearnerError("a deterministic policy has no density; set isStochastic")
        case .gaussian(let scale):
            for (low, high) in zip(scale.low, scale.high) { shift -= telos_log64(Double(high - low) / 2) }
        case .categorical: break
        }
        let (width, actionWidth) = (rows.observationWidth, rows.actionWidth)
        let seen = Tensor(placeholder: rows.count, width)
        let done = Tensor(placeholder: rows.count, actionWidth)
        let program = try Program(inputs: [seen, done], outputs: [actor.traced.logLikelihood(seen, of: done)])
        rows.withRows { rows in
            program.input(0).fill(rows.observations, through: normalizer)
            _ = program.input(1).update(fromContentsOf: rows.actions)
        }
        program.run()
        return program.output(0).map { Double($0) + shift }
    }

    // MARK: State

    var weightHash: UInt64 { actor.hash ^ ((values?.critics.hash ?? 0) &* 3) }
    var programs: [(name: String, program: Program)] { [("update", program)] }

    private struct State: Codable {
        var sums: [Double]
        var summed: Int
    }

    func save(to checkpoint: inout Checkpoint) throws {
        checkpoint.store(actor, as: "actor")
        checkpoint.store(actorMemory, as: "actorOptimizer")
        if let values {
            checkpoint.store(values.value, as: "value")
            checkpoint.store(values.critics, as: "critics")
            checkpoint.store(values.targets, as: "targets")
            checkpoint.store(values.valueMemory, as: "valueOptimizer")
            checkpoint.store(values.criticMemory, as: "criticOptimizer")
        }
        try checkpoint.store(State(sums: sums, summed: summed), as: "agent")
    }

    func load(from checkpoint: Checkpoint) throws {
        let state: State = try checkpoint.load(from: "agent")
        try checkpoint.load(actor, from: "actor")
        try checkpoint.load(actorMemory, from: "actorOptimizer")
        if let values {
            try checkpoint.load(values.value, from: "value")
            try checkpoint.load(values.critics, from: "critics")
            try checkpoint.load(values.targets, from: "targets")
            try checkpoint.load(values.valueMemory, from: "valueOptimizer")
            try checkpoint.load(values.criticMemory, from: "criticOptimizer")
        }
        (sums, summed) = (state.sums, state.summed)
    }
}

extension Actor {
    /// log pi(a|s) of the environment's actions, [batch]; for a deterministic head, up to a constant, that of a normal of
    /// variance 1/2 around its action: minus the squared distance in [-1, 1]^d. A squashed Gaussian has no density at the
    /// bounds: actions there count as a thousandth inside.
    func logLikelihood(_ observations: Tensor, of actions: Tensor) -> Tensor {
        let rows = features(ActorInput(observations)).rows
        switch head {
        case .gaussian(let scale):
            return gaussian(rows).logProbability(scale.fromEnvironment(actions).clipped(-0.999, 0.999))
        case .deterministic(let scale, _): return -(action(rows) - scale.fromEnvironment(actions)).squared.sum(axis: 1)
        case .categorical: return categorical(rows, mask: nil).logProbability(actions.reshaped(actions.shape[0]))
        }
    }
}
