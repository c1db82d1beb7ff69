import TelosLearning

/// What one seed of a run does: everything the runner takes from an experiment.
public struct TrainingPlan: Sendable {
    public var task: TaskDefinition
    public var learner: LearnerEntry
    /// The learner's options as a JSON object.
    public var options: String
    /// Environment steps a seed takes; a learner may exceed them within its last iteration.
    public var steps: Int
    /// Episodes of a deterministic evaluation.
    public var evaluationEpisodes: Int
    /// Steps between evaluations; the untrained and the final policy are evaluated as well.
    public var evaluationInterval: Int
    /// Steps between checkpoints; the end of training and an interruption are saved as well.
    public var checkpointInterval: Int
    /// Whether the checkpoint with the best evaluation return so far is kept as well.
    public var keepsBest: Bool
    /// How many of the periodic checkpoints are kept as well, the latest ones.
    public var keptCheckpoints: Int
    /// Steps at which a seed is evaluated, saved and left interrupted; nil to train to the end.
    public var pauseAt: Int?
    /// What each seed's curves are also written to.
    public var logs: [LogFormat]

    public init(
        task: TaskDefinition, learner: LearnerEntry, options: String, steps: Int, evaluationEpisodes: Int,
        evaluationInterval: Int, checkpointInterval: Int, keepsBest: Bool = true, keptCheckpoints: Int = 0,
        logs: [LogFormat] = []
    ) {
        self.task = task
        self.learner = learner
        self.options = options
        self.steps = steps
        self.evaluationEpisodes = max(1, evaluationEpisodes)
        self.evaluationInterval = max(1, evaluationInterval)
        self.checkpointInterval = max(1, checkpointInterval)
        self.keepsBest = keepsBest
        self.keptCheckpoints = max(0, keptCheckpoints)
        self.logs = logs
    }
}
