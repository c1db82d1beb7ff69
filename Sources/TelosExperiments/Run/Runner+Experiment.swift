import TelosLearning

extension TrainingPlan {
    public init(_ experiment: Experiment) {
        self.init(
            task: experiment.task, learner: experiment.learner, options: experiment.learnerOptions,
            steps: experiment.steps, evaluationEpisodes: experiment.evaluation.episodes,
            evaluationInterval: experiment.evaluation.every, checkpointInterval: experiment.checkpoint.every,
            keepsBest: experiment.checkpoint.best, keptCheckpoints: experiment.checkpoint.keep, logs: experiment.logs)
    }
}

extension Runner {
    /// Stores a new run of `experiment` and trains it.
    @discardableResult
    public func run(_ experiment: Experiment, observer: Observer = { _, _, _, _ in }) throws -> RunSummary {
        let record = try store.createRun(
            name: experiment.name, environment: experiment.task.environment.name, learner: experiment.learner.name,
            source: experiment.source, resolved: experiment.resolved, seeds: experiment.seeds)
        return try train(TrainingPlan(experiment), run: record, observer: observer)
    }

    /// Continues a stored run where its checkpoints left it: the seeds that are not finished, failed ones included.
    @discardableResult
    public func resume(
        _ id: String, registries: Registries = .builtIn, observer: Observer = { _, _, _, _ in }
    ) throws -> RunSummary {
        let record = try store.run(id)
        return try train(
            TrainingPlan(try store.experiment(of: record, registries: registries)), run: record, observer: observer)
    }
}

extension RunStore {
    /// The experiment of a run, from its text with every default filled in: what it meant when it was begun.
    public func experiment(of run: RunRecord, registries: Registries = .builtIn) throws -> Experiment {
        do {
            return try Experiment(
                parsing: run.resolved, name: run.name, file: "\(folder(of: run.id))/experiment.yaml",
                registries: registries)
        } catch {
            throw StoreError("the experiment of '\(run.id)' does not fit this Telos:\n\(error)")
        }
    }
}
