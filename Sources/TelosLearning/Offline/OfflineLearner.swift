import TelosEnvironments
import TelosFeedback
import TelosTensor

/// Learns from a dataset alone: batches are drawn evenly with replacement, and no environment is stepped.
///
/// The learners (`behaviorCloning`, `td3WithBehaviorCloning`, `conservative`, `implicit`) share networks, critics and
/// actors with the off-policy learners that collect their own experience.
public final class OfflineLearner {
    public private(set) var dataset: TransitionDataset
    /// Gradient steps taken.
    public private(set) var updates = 0
    private let agent: any SampleAgent
    private let discount: Double
    private let plannedUpdates: Int
    private let normalizer: FrozenNormalizer?
    private var random: RandomStream

    /// - Parameters:
    ///   - context: the task whose observations and actions the dataset has; its planned steps are updates.
    ///   - normalizes: whether observations are brought to mean 0 and variance 1 over the dataset.
    /// - Throws: `LearnerError` where the dataset is empty or not of the task's shape.
    init(
        _ dataset: TransitionDataset, _ context: LearnerContext, discount: Double, normalizes: Bool,
        makeAgent: (EnvironmentSpecification) throws -> any SampleAgent
    ) throws {
        let specification = try context.task.makeEnvironments(count: 1, key: context.key).specification
        guard !dataset.isEmpty, dataset.observationWidth == specification.observation.width,
            dataset.actionWidth == specification.action.width
        else {
            throw LearnerError(
                "a dataset of \(dataset.count) steps, observations of \(dataset.observationWidth) and actions of "
                    + "\(dataset.actionWidth) numbers; \(specification.name) needs at least one step, "
                    + "\(specification.observation.width) and \(specification.action.width)")
        }
        guard ActionMask(specification) == nil else {
            throw LearnerError("a dataset does not say which actions were possible, \(specification.name) forbids some")
        }
        self.dataset = dataset
        self.discount = discount
        plannedUpdates = max(1, context.plannedSteps)
        random = context.key.derived("dataset").stream
        var moments =
            normalizes ? ObservationEncoding(specification.observation).flatMap(ObservationNormalizer.init) : nil
        dataset.withRows { moments?.moments.merge(rows: $0.observations) }
        normalizer = moments?.frozen
        agent = try makeAgent(specification)
    }

    /// Takes `count` gradient steps.
    /// - Returns: averages over them: losses, values.
    /// - Throws: `LearnerError` where one of them is not finite.
    @discardableResult public func learn(_ count: Int) throws -> [Metric] {
        let progress = min(1, Double(updates) / Double(plannedUpdates))
        for _ in 0..<count {
            guard let batch = agent.batch.transitions else { throw LearnerError("offline learners read single steps") }
            fill(batch)
            agent.update(progress: min(1, Double(updates) / Double(plannedUpdates)), using: &random)
            updates += 1
        }
        let metrics = agent.metrics(progress: progress)
        if let broken = metrics.first(where: { !$0.value.isFinite }) {
            throw LearnerError("training diverged: \(broken.name) is \(broken.value). Try a smaller learningRate")
        }
        return metrics
    }

    /// Adds rows to learn from. Observations go on being normalised as they were.
    /// - Throws: `FeedbackError` for rows of another shape.
    public func append(_ more: TransitionDataset) throws { try dataset.append(contentsOf: more) }

    private func fill(_ batch: ReplayBatch) {
        let count = dataset.count
        dataset.withRows { rows in
            for slot in 0..<batch.count {
                let row = random.index(below: count)
                rows.copy(
                    row, toRow: slot, observations: batch.observations, actions: batch.actions,
                    nextObservations: batch.nextObservations)
                batch.rewards[slot] = rows.rewards[row]
                batch.bootstraps[slot] = rows.bootstraps(row) ? Float(discount) : 0
                batch.weights[slot] = 1
            }
        }
        guard let normalizer else { return }
        normalizer.apply(UnsafeBufferPointer(batch.observations), into: batch.observations)
        normalizer.apply(UnsafeBufferPointer(batch.nextObservations), into: batch.nextObservations)
    }

    /// The present policy as a frozen value of its own.
    public func policy() -> any Policy { agent.policy(normalizer: normalizer) }

    /// log pi(a|s) of every row of a dataset under the present policy, in nats: a behaviour model, where the learner cloned
    /// stochastic behaviour. Densities are those of actions in the environment's units.
    /// - Throws: `LearnerError` where the policy has no density or is not fitted to actions, or the dataset is of another
    ///   shape.
    public func logLikelihoods(of rows: TransitionDataset) throws -> [Double] {
        guard let agent = agent as? RegressionAgent else {
            throw LearnerError("only policies that are fitted to actions are behaviour models; use behaviorCloning")
        }
        guard rows.observationWidth == dataset.observationWidth, rows.actionWidth == dataset.actionWidth else {
            throw LearnerError("a dataset of other observations or actions than the learner's")
        }
        return try agent.logLikelihoods(of: rows, normalizer: normalizer)
    }

    /// FNV-1a over the bytes of all parameters.
    public var weightHash: UInt64 { agent.weightHash }

    public var programs: [(name: String, program: Program)] { agent.programs }

    // MARK: State

    private struct State: Codable {
        var updates: Int
        var random: RandomStream
    }

    /// Everything but the dataset: a learner of the same dataset and context that restores it goes on to the same bytes.
    public func checkpoint() throws -> Checkpoint {
        var checkpoint = Checkpoint()
        try agent.save(to: &checkpoint)
        try checkpoint.store(State(updates: updates, random: random), as: "learner")
        return checkpoint
    }

    public func restore(_ checkpoint: Checkpoint) throws {
        let state: State = try checkpoint.load(from: "learner")
        try agent.load(from: checkpoint)
        (updates, random) = (state.updates, state.random)
    }
}
