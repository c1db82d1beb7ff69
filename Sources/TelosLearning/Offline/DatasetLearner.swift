import CTelosKernels
import TelosEnvironments
import TelosFeedback
import TelosTensor

/// An offline learner as experiment files run one: its steps are gradient steps, and it has no episodes.
final class DatasetLearner: Learner {
    private let learner: OfflineLearner
    private let stepsPerIteration: Int
    /// Of the rows it learns from.
    private let fingerprint: Fingerprint
    private let clock = ContinuousClock()

    private struct Fingerprint: Codable, Equatable {
        var rows: Int
        var hash: UInt64

        init(_ dataset: TransitionDataset) {
            rows = dataset.count
            hash = dataset.withRows { rows in
                [rows.observations, rows.actions, rows.rewards, rows.nextObservations, rows.ends].reduce(
                    0xCBF2_9CE4_8422_2325
                ) { telos_hash($1.baseAddress, $1.count * MemoryLayout<Float>.size, $0) }
            }
        }
    }

    init(_ learner: OfflineLearner, stepsPerIteration: Int) {
        self.learner = learner
        self.stepsPerIteration = stepsPerIteration
        fingerprint = Fingerprint(learner.dataset)
    }

    var steps: Int { learner.updates }
    var weightHash: UInt64 { learner.weightHash }
    var programs: [(name: String, program: Program)] { learner.programs }
    func policy() -> any Policy { learner.policy() }

    func iterate() throws -> IterationReport {
        let start = clock.now
        let metrics = try learner.learn(stepsPerIteration)
        return IterationReport(metrics: metrics, time: TimeSplit(learning: (clock.now - start).inSeconds))
    }

    func checkpoint() throws -> Checkpoint {
        var checkpoint = try learner.checkpoint()
        try checkpoint.store(fingerprint, as: "dataset")
        return checkpoint
    }

    func restore(_ checkpoint: Checkpoint) throws {
        let stored: Fingerprint = try checkpoint.load(from: "dataset")
        guard stored == fingerprint else {
            throw CheckpointError(
                "it learned from \(stored.rows) other rows than the \(fingerprint.rows) of the dataset; give it those")
        }
        try learner.restore(checkpoint)
    }
}

extension LearnerContext {
    /// What a learner in this context learns from: its own dataset, else that of the file.
    /// - Parameter option: what names the file, for errors.
    /// - Throws: `ConfigurationError` where there is none, or it is not of this environment.
    func dataset(
        file: String, option: String, in specification: EnvironmentSpecification
    ) throws -> TransitionDataset {
        func failure(_ reason: String) -> ConfigurationError { ConfigurationError(option: option, reason) }
        guard dataset != nil || !file.isEmpty else {
            throw failure("there are none; write the path of a dataset")
        }
        let found: TransitionDataset
        do {
            found = try dataset ?? TransitionDataset(contentsOf: file)
        } catch let error as FeedbackError {
            throw failure(error.description)
        }
        let widths = (specification.observation.width, specification.action.width)
        guard !found.isEmpty, widths == (found.observationWidth, found.actionWidth) else {
            throw failure(
                "\(found.count) steps, observations and actions of \(found.observationWidth) and \(found.actionWidth) "
                    + "numbers; \(specification.name) needs at least one step, \(widths.0) and \(widths.1)")
        }
        return found
    }
}

extension TransitionDataset {
    /// The same steps paid by a task: its primary reward and what its auxiliaries add.
    /// - Parameter discount: of potentials.
    /// - Throws: `ConfigurationError` where the signals of the task's environment were not kept.
    func paid(
        by task: TaskDefinition, in specification: EnvironmentSpecification, discount: Double
    ) throws -> TransitionDataset {
        let places = specification.signals.map { signalNames.firstIndex(of: $0.name) }
        if let missing = places.firstIndex(of: nil) {
            throw ConfigurationError(
                option: "rewards",
                "the dataset does not keep \(specification.name)'s signal '\(specification.signals[missing].name)', which the "
                    + "task's rewards may read; write dataset")
        }
        let rewards = try TaskRewards(task, specification: specification, count: 1, discount: discount)
        return try paying { row in
            let (before, after) = (places.map { Double(row.signals[$0!]) }, places.map { Double(row.nextSignals[$0!]) })
            return try before.withUnsafeBufferPointer { before in
                try after.withUnsafeBufferPointer { after in
                    try row.action.withUnsafeBufferPointer { action in
                        try row.observation.withUnsafeBufferPointer { observation in
                            try row.nextObservation.withUnsafeBufferPointer { next in
                                try [row.end].withUnsafeBufferPointer { ends in
                                    let paid = rewards.evaluate(
                                        TransitionBatch(
                                            count: 1, specification: specification, signalsBefore: before,
                                            signalsAfter: after, actions: action, observations: observation,
                                            nextObservations: next, ends: ends))
                                    let reward = Float(rewards.blended(paid.channels, 0))
                                    guard reward.isFinite else {
                                        throw ConfigurationError(
                                            option: "rewards", "the task pays \(reward) for a step of the dataset")
                                    }
                                    return reward
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
