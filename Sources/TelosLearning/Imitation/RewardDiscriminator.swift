import TelosEnvironments
import TelosFeedback
import TelosNN
import TelosTensor

/// Decides what a sampled batch is paid, in place of what the environment did.
protocol BatchReward: AnyObject {
    func rewrite(_ batch: ReplayBatch, using random: inout RandomStream)
    /// Averages since the last call.
    func metrics() -> [Metric]
    var weightHash: UInt64 { get }
    var programs: [(name: String, program: Program)] { get }
    func save(to checkpoint: inout Checkpoint) throws
    func load(from checkpoint: Checkpoint) throws
}

/// A reward that is learned beside the agent by telling the agent's steps from an expert's.
///
/// L = mean(softplus(D(x_agent))) + mean(softplus(-D(x_expert))) - entropy mean(H(sigma(D))) + gradient penalty, one
/// step of Adam a batch; then the batch is paid by the discriminator as it is after the step, so that no reward grows
/// stale.
///
/// (Blondé, Strasser and Kalousis, *Lipschitzness is all you need to tame off-policy generative adversarial imitation
/// learning*, 2022.)
final class RewardDiscriminator: BatchReward {
    private let options: AdversarialOptions
    private let demonstrations: TransitionDataset
    private let network: Parameters<DiscriminatorNetwork>
    private let vectors: Parameters<[Tensor]>
    private let memory: Parameters<Adam.State>
    private let fitting: Program
    private let judging: Program
    private let rows: Int
    private var sums = [0.0, 0.0, 0.0]
    private var updates = 0

    init(
        _ options: AdversarialOptions, _ demonstrations: TransitionDataset, specification: EnvironmentSpecification,
        rows: Int, key: RandomKey, threads: Int
    ) throws {
        guard let encoding = ObservationEncoding(specification.observation) else {
            throw LearnerError("\(specification.name)'s observations are not of a kind this learner reads")
        }
        self.options = options
        self.demonstrations = demonstrations
        self.rows = rows
        let (width, actionWidth) = (encoding.width, specification.action.width)
        func inputs() -> [Tensor] {
            [
                Tensor(placeholder: rows, width), Tensor(placeholder: rows, actionWidth),
                Tensor(placeholder: rows, width),
            ]
        }
        func features(_ inputs: [Tensor]) -> Tensor {
            options.discriminatorInput.features(
                inputs[0], inputs[1], next: inputs[2], encoding: encoding, action: specification.action)
        }
        let (agentInputs, expertInputs) = (inputs(), inputs())
        let (agent, expert) = (features(agentInputs), features(expertInputs))
        let initial = DiscriminatorNetwork(
            [agent.shape[1]] + options.discriminatorSizes + [1], isNormalized: options.spectralNorm, key: key)
        network = try Parameters(initial)
        vectors = try Parameters(initial.initialVectors(key: key))
        memory = try Parameters(Adam().initialState(for: network.traced.tensors))

        let model = network.traced
        let (agentLogits, after) = model(agent, vectors: vectors.traced, iterations: 1)
        let expertLogits = model(expert, vectors: after).logits
        let logits = Tensor.concatenate([agentLogits, expertLogits], axis: 0)
        let entropy = (softplus(logits) - logits * sigmoid(logits)).mean()
        var loss = softplus(agentLogits).mean() + softplus(-expertLogits).mean()
        loss = loss - Float(options.discriminatorEntropy) * entropy
        let mix = Tensor(placeholder: rows, options.penaltyPoints == .between ? 1 : agent.shape[1])
        if let penalty = options.penalty {
            let noise = Float(options.penaltyNoise) * mix
            let points =
                switch options.penaltyPoints {
                case .between: mix * agent + (1 - mix) * expert
                case .expert: expert + noise
                case .agent: agent + noise
                }
            loss = loss + penalty(at: points) { model($0, vectors: after).logits }
        }
        let learningRate = Tensor(placeholder: [])
        let step = Adam().step(
            model.tensors, gradients: gradient(of: loss, withRespectTo: model.tensors), state: memory.traced,
            learningRate: learningRate)
        let stepped = model.replacingTensors(step.parameters)
        let rewards = options.imitationReward(stepped(agent, vectors: after).logits)
        let right = ((agentLogits .< Tensor(0)).mean() + (expertLogits .> Tensor(0)).mean()) / 2
        fitting = try Program(
            inputs: agentInputs + expertInputs + [mix, learningRate], outputs: [rewards, loss, right],
            updates: Program.Update.all(model, to: stepped) + Program.Update.all(memory.traced, to: step.state)
                + Program.Update.all(vectors.traced, to: after), threads: threads)

        let judged = inputs()
        let reward = options.imitationReward
        let (present, held) = (network.traced, vectors.traced)
        judging = try Program(
            inputs: judged,
            outputs: [
                GradientPenalty.norms(at: features(judged)) { reward(present($0, vectors: held).logits) }
            ], threads: threads)
    }

    func rewrite(_ batch: ReplayBatch, using random: inout RandomStream) {
        _ = fitting.input(0).update(fromContentsOf: batch.observations)
        _ = fitting.input(1).update(fromContentsOf: batch.actions)
        _ = fitting.input(2).update(fromContentsOf: batch.nextObservations)
        demonstrations.withRows { shown in
            for row in 0..<rows {
                shown.copy(
                    random.index(below: shown.rewards.count), toRow: row, observations: fitting.input(3),
                    actions: fitting.input(4), nextObservations: fitting.input(5))
            }
        }
        if options.penaltyPoints == .between {
            random.fillUniform(fitting.input(6))
        } else {
            random.fillNormal(fitting.input(6))
        }
        fitting.input(7)[0] = Float(options.discriminatorLearningRate)
        fitting.run()
        _ = batch.rewards.update(fromContentsOf: fitting.output(0))
        sums[0] += Double(fitting.output(1)[0])
        sums[1] += Double(fitting.output(2)[0])
        sums[2] += fitting.output(0).reduce(0.0) { $0 + Double($1) } / Double(rows)
        updates += 1
    }

    func metrics() -> [Metric] {
        guard updates > 0 else { return [] }
        for index in 0..<3 { _ = judging.input(index).update(fromContentsOf: fitting.input(index)) }
        judging.run()
        let norms = judging.output(0).sorted()
        let slope = Double(norms[(norms.count - 1) * 9 / 10])
        let means = sums.map { $0 / Double(updates) }
        sums = [0, 0, 0]
        updates = 0
        return [
            Metric("discriminatorLoss", means[0]), Metric("discriminatorAccuracy", means[1]),
            Metric("imitationReward", means[2]), Metric("rewardSlope", slope),
        ]
    }

    // MARK: State

    var weightHash: UInt64 { network.hash }
    var programs: [(name: String, program: Program)] { [("discriminator", fitting), ("rewardSlope", judging)] }

    private struct State: Codable {
        var sums: [Double]
        var updates: Int
        /// The agent's rows of the last batch, by which the next slope is told.
        var last: [[Float]]
    }

    func save(to checkpoint: inout Checkpoint) throws {
        checkpoint.store(network, as: "discriminator")
        checkpoint.store(vectors, as: "discriminatorVectors")
        checkpoint.store(memory, as: "discriminatorOptimizer")
        try checkpoint.store(
            State(sums: sums, updates: updates, last: (0..<3).map { Array(fitting.input($0)) }), as: "discriminator")
    }

    func load(from checkpoint: Checkpoint) throws {
        let state: State = try checkpoint.load(from: "discriminator")
        try checkpoint.load(network, from: "discriminator")
        try checkpoint.load(vectors, from: "discriminatorVectors")
        try checkpoint.load(memory, from: "discriminatorOptimizer")
        guard state.last.count == 3, (0..<3).allSatisfy({ state.last[$0].count == fitting.input($0).count }) else {
            throw CheckpointError("its last batch is of another size")
        }
        for index in 0..<3 { _ = fitting.input(index).update(fromContentsOf: state.last[index]) }
        (sums, updates) = (state.sums, state.updates)
    }
}

/// Pays the expert's steps 1 and the agent's own 0, and makes a share of every batch the expert's: soft Q imitation.
final class ExpertShare: BatchReward {
    private let demonstrations: TransitionDataset
    private let share: Double
    private let discount: Double

    init(_ demonstrations: TransitionDataset, share: Double, discount: Double) {
        self.demonstrations = demonstrations
        self.share = share
        self.discount = discount
    }

    func rewrite(_ batch: ReplayBatch, using random: inout RandomStream) {
        let shown = Int(share * Double(batch.count))
        for row in 0..<batch.count { batch.rewards[row] = row < shown ? 1 : 0 }
        demonstrations.withRows { rows in
            for row in 0..<shown {
                let index = random.index(below: rows.rewards.count)
                rows.copy(
                    index, toRow: row, observations: batch.observations, actions: batch.actions,
                    nextObservations: batch.nextObservations)
                batch.bootstraps[row] = rows.bootstraps(index) ? Float(discount) : 0
                batch.weights[row] = 1
            }
        }
    }

    func metrics() -> [Metric] { [] }
    var weightHash: UInt64 { 0 }
    var programs: [(name: String, program: Program)] { [] }
    func save(to checkpoint: inout Checkpoint) throws {}
    func load(from checkpoint: Checkpoint) throws {}
}
