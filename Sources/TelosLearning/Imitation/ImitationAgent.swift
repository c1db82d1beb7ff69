import TelosEnvironments
import TelosFeedback
import TelosTensor

/// An off-policy agent that is paid by demonstrations: every batch that it learns from has its rewards decided anew.
final class ImitationAgent: OffPolicyAgent {
    private let base: any OffPolicyAgent
    private let reward: any BatchReward

    init(_ base: any OffPolicyAgent, reward: any BatchReward) {
        self.base = base
        self.reward = reward
    }

    var batch: AgentBatch { base.batch }
    var memoryWidth: Int { base.memoryWidth }
    var errors: UnsafeBufferPointer<Float> { base.errors }
    var weightHash: UInt64 { base.weightHash ^ (reward.weightHash &* 5) }
    var programs: [(name: String, program: Program)] { base.programs + reward.programs }

    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, progress: Double,
        using random: inout RandomStream
    ) {
        base.act(on: input, into: actions, progress: progress, using: &random)
    }

    func update(progress: Double, using random: inout RandomStream) {
        if let batch = base.batch.transitions { reward.rewrite(batch, using: &random) }
        base.update(progress: progress, using: &random)
    }

    func advance(from start: Int, to end: Int) { base.advance(from: start, to: end) }
    func metrics(progress: Double) -> [Metric] { base.metrics(progress: progress) + reward.metrics() }
    func policy(normalizer: FrozenNormalizer?) -> any Policy { base.policy(normalizer: normalizer) }

    func save(to checkpoint: inout Checkpoint) throws {
        try base.save(to: &checkpoint)
        try reward.save(to: &checkpoint)
    }

    func load(from checkpoint: Checkpoint) throws {
        try base.load(from: checkpoint)
        try reward.load(from: checkpoint)
    }
}

extension LearnerContext {
    /// The demonstrations that a learner in this context learns from: its own, else those of the file.
    /// - Throws: `ConfigurationError` where there are none, or they are not of this environment.
    func demonstrations(file: String, in specification: EnvironmentSpecification) throws -> TransitionDataset {
        func failure(_ reason: String) -> ConfigurationError {
            ConfigurationError(option: "demonstrations", reason)
        }
        guard demonstrations != nil || !file.isEmpty else {
            throw failure("there are none; write the path of a dataset")
        }
        let dataset: TransitionDataset
        do {
            dataset = try demonstrations ?? TransitionDataset(contentsOf: file)
        } catch let error as FeedbackError {
            throw failure(error.description)
        }
        let widths = (specification.observation.width, specification.action.width)
        guard !dataset.isEmpty, widths == (dataset.observationWidth, dataset.actionWidth) else {
            throw failure(
                "\(dataset.count) steps, observations and actions of \(dataset.observationWidth) and \(dataset.actionWidth) "
                    + "numbers; \(specification.name) needs at least one step, \(widths.0) and \(widths.1)")
        }
        return dataset
    }
}
