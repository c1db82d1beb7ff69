import Dispatch
import TelosEnvironments
import TelosFeedback
import TelosLearning
import TelosTensor

extension RunStore {
    /// A seed's learner as a checkpoint left it.
    public func learner(
        of run: RunRecord, seed: Int, plan: TrainingPlan, from choice: CheckpointChoice = .latest
    ) throws -> any Learner {
        var checkpoint = try checkpoint(choice, of: run, seed: seed)
        let context = LearnerContext(
            task: plan.task, key: RandomKey(seed: seed).derived("learner"), plannedSteps: plan.steps)
        let learner = try plan.learner.make(context, plan.options)
        checkpoint.texts[SeedTrainer.logName] = nil
        do {
            try learner.restore(checkpoint)
        } catch {
            throw StoreError("\(checkpointPath(of: run.id, seed: seed, choice)): \(error)")
        }
        return learner
    }

    /// Evaluates the stored policies on fresh episodes and gives the run's summary with their returns in place of those
    /// stored. Stores nothing.
    /// - seeds: which of the run's seeds; nil for all.
    /// - episodes: episodes a seed; nil for the experiment's own number.
    /// - choice: which checkpoint of each seed.
    public func evaluation(
        of id: String, seeds: [Int]? = nil, episodes: Int? = nil, deterministic: Bool = true,
        from choice: CheckpointChoice = .latest, registries: Registries = .builtIn
    ) throws -> RunSummary {
        let run = try run(id, having: seeds)
        let plan = TrainingPlan(try experiment(of: run, registries: registries))
        var summary = try summary(of: id)
        summary.seeds = try summary.seeds.filter { seeds?.contains($0.seed) ?? true }.map { record in
            var record = record
            let learner = try learner(of: run, seed: record.seed, plan: plan, from: choice)
            let begin = DispatchTime.now().uptimeNanoseconds
            let result = try evaluate(
                learner.policy(), on: plan.task, episodes: episodes ?? plan.evaluationEpisodes,
                deterministic: deterministic,
                key: RandomKey(seed: record.seed).derived("fresh evaluation").derived("step", learner.steps))
            record.steps = learner.steps
            record.seconds = Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
            record.evaluationReturn = result.meanReturn
            record.terms = zip(try termNames(of: plan), result.meanTerms).map { NamedValue($0, $1) }
            return record
        }
        summary.evaluationReturn = RunSummary.interval(summary.seeds.map(\.evaluationReturn))
        return summary
    }

    /// Fresh episodes of the stored policies as a dataset, one seed's after another's, paid by the primary reward.
    /// - Parameters: as of `evaluation`.
    public func dataset(
        of id: String, seeds: [Int]? = nil, episodes: Int? = nil, deterministic: Bool = true,
        from choice: CheckpointChoice = .latest, registries: Registries = .builtIn
    ) throws -> TransitionDataset {
        let run = try run(id, having: seeds)
        let plan = TrainingPlan(try experiment(of: run, registries: registries))
        let parts = try (seeds ?? run.seeds).map { seed in
            let learner = try learner(of: run, seed: seed, plan: plan, from: choice)
            return try TransitionDataset.collecting(
                learner.policy(), on: plan.task, episodes: episodes ?? plan.evaluationEpisodes,
                deterministic: deterministic, source: id,
                key: RandomKey(seed: seed).derived("dataset").derived("step", learner.steps))
        }
        guard var dataset = parts.first else { throw StoreError("'\(id)' has no seeds") }
        for part in parts.dropFirst() { try dataset.append(contentsOf: part) }
        return dataset
    }

    /// What a run's environments are: the spaces that a dataset's rows encode.
    public func specification(of id: String, registries: Registries = .builtIn) throws -> EnvironmentSpecification {
        let plan = TrainingPlan(try experiment(of: run(id), registries: registries))
        return try plan.task.makeEnvironments(count: 1, key: RandomKey(seed: 0)).specification
    }

    /// The run, which must have these seeds.
    private func run(_ id: String, having seeds: [Int]?) throws -> RunRecord {
        let run = try run(id)
        for seed in seeds ?? [] where !run.seeds.contains(seed) {
            throw StoreError("'\(id)' has no seed \(seed); it has \(Seeds.text(run.seeds))")
        }
        return run
    }

    /// The reward terms of a plan's task, in the order they are logged.
    func termNames(of plan: TrainingPlan) throws -> [String] {
        let specification = try plan.task.makeEnvironments(count: 1, key: RandomKey(seed: 0)).specification
        return try TaskRewards(plan.task, specification: specification, count: 1, discount: 1).termNames
    }
}
