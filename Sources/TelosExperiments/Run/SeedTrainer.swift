import Dispatch
import TelosLearning
import TelosTensor

/// Trains one seed of a run on the thread it is called on, from its checkpoint where there is one.
///
/// All the state that matters is in the learner and the `TrainingLog`, and a checkpoint holds both. Rows reach the
/// database before the checkpoint that follows them, and continuing forgets the rows after it, so a process may end at
/// any moment.
struct SeedTrainer: Sendable {
    static let logName = "telos.run"
    /// Seconds after which rows are stored even where no checkpoint is due, for others to look at.
    static let flushInterval = 5.0
    /// Seconds between looks at the progress, so that a learner of short iterations is not slowed down by them.
    static let showInterval = 0.05

    let plan: TrainingPlan
    let termNames: [String]
    let store: RunStore
    let run: String
    let seed: Int
    let threads: Int
    let stop: StopFlag
    let board: ProgressBoard

    /// Trains until done, stopped or failed, and gives what was stored last.
    func train() -> SeedRecord {
        var log = TrainingLog(plan: plan, termNames: termNames)
        var rows = RunRows()
        var learner: (any Learner)?
        do {
            let context = LearnerContext(
                task: plan.task, key: RandomKey(seed: seed).derived("learner"), plannedSteps: plan.steps,
                threads: threads)
            let made = try plan.learner.make(context, plan.options)
            learner = made
            try restore(made, &log)
            return try train(made, &log, &rows)
        } catch {
            var record = log.summary(
                seed: seed, steps: learner?.steps ?? 0, status: .failed, weights: learner?.weightHash)
            record.message = "\(learner?.checkFailure ?? error)"
            try? store.write(record, rows: rows, run: run)
            board.update(record, log)
            return record
        }
    }

    private func restore(_ learner: any Learner, _ log: inout TrainingLog) throws {
        guard var checkpoint = try store.readCheckpoint(run: run, seed: seed) else {
            try store.deleteRows(run: run, seed: seed, after: -1)
            return
        }
        log = try checkpoint.load(TrainingLog.self, from: SeedTrainer.logName)
        checkpoint.texts[SeedTrainer.logName] = nil
        try learner.restore(checkpoint)
        try store.deleteRows(run: run, seed: seed, after: learner.steps)
    }

    private func train(_ learner: any Learner, _ log: inout TrainingLog, _ rows: inout RunRows) throws -> SeedRecord {
        let begin = DispatchTime.now().uptimeNanoseconds
        let earlier = log.seconds
        func elapsed() -> Double { earlier + Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9 }
        func store(_ status: SeedStatus) throws -> SeedRecord {
            log.seconds = elapsed()
            let record = log.summary(seed: seed, steps: learner.steps, status: status, weights: learner.weightHash)
            try self.store.write(record, rows: rows, run: run)
            rows = RunRows()
            board.update(record, log)
            return record
        }
        func save(_ status: SeedStatus) throws -> SeedRecord {
            var checkpoint = try learner.checkpoint()
            for (name, array) in checkpoint.arrays.sorted(by: { $0.key < $1.key })
            where array.values.contains(where: \.isNaN) {
                throw TrainingError("'\(name)' is not a number any more at step \(learner.steps): training diverged")
            }
            log.nextCheckpoint = (learner.steps / plan.checkpointInterval + 1) * plan.checkpointInterval
            let record = try store(status)
            try checkpoint.store(log, as: SeedTrainer.logName)
            try self.store.writeCheckpoint(checkpoint, run: run, seed: seed)
            return record
        }
        _ = try store(.running)
        var flushed = elapsed()
        var shown = flushed
        while true {
            if stop.isRaised { return try save(.interrupted) }
            let done = learner.steps >= plan.steps
            if log.nextEvaluation <= learner.steps || (done && log.evaluatedAt != learner.steps) {
                let key = RandomKey(seed: seed).derived("evaluation").derived("step", learner.steps)
                let result = try evaluate(
                    learner.policy(), on: plan.task, episodes: plan.evaluationEpisodes, key: key)
                rows.append(
                    log.record(result, steps: learner.steps, seed: seed, interval: plan.evaluationInterval))
                _ = try store(.running)
            }
            if done {
                // The checkpoint first: only what is on the disk counts as finished.
                _ = try save(.running)
                return try store(.finished)
            }
            if log.nextCheckpoint <= learner.steps { _ = try save(.running) }
            let before = learner.steps
            let report = try learner.iterate()
            if let failure = learner.checkFailure { throw failure }
            guard learner.steps > before else {
                throw TrainingError("the learner took no step at step \(before), so training would never end")
            }
            rows.append(log.record(report, steps: learner.steps, seed: seed))
            log.seconds = elapsed()
            if log.seconds - flushed > SeedTrainer.flushInterval {
                flushed = log.seconds
                _ = try store(.running)
            } else if log.seconds - shown > SeedTrainer.showInterval {
                shown = log.seconds
                board.update(log.summary(seed: seed, steps: learner.steps, status: .running, weights: nil), log)
            }
        }
    }
}

/// Why training cannot go on.
public struct TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
    public var message: String
    public init(_ message: String) { self.message = message }
    public var description: String { message }
}

extension RunRows {
    mutating func append(_ other: RunRows) {
        points += other.points
        terms += other.terms
        metrics += other.metrics
        evaluations += other.evaluations
    }
}
