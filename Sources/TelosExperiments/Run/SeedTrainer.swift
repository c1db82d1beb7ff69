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
        var logs = SeedLogs(plan.logs, folder: store.folder(of: run), seed: seed)
        var learner: (any Learner)?
        do {
            let context = LearnerContext(
                task: plan.task, key: RandomKey(seed: seed).derived("learner"), plannedSteps: plan.steps,
                threads: threads)
            let made = try plan.learner.make(context, plan.options)
            learner = made
            try restore(made, &log, &logs)
            return try train(made, &log, &rows, logs)
        } catch {
            var record = log.summary(
                seed: seed, steps: learner?.steps ?? 0, status: .failed, weights: learner?.weightHash)
            record.message = "\(plan.task.environment.failure() ?? learner?.checkFailure ?? error)"
            try? store.write(record, rows: rows, run: run)
            try? logs.append(rows)
            board.update(record, log)
            return record
        }
    }

    private func restore(_ learner: any Learner, _ log: inout TrainingLog, _ logs: inout SeedLogs) throws {
        guard var checkpoint = try store.readCheckpoint(run: run, seed: seed) else {
            try store.deleteRows(run: run, seed: seed, after: -1)
            try logs.open(count: 0, rows: RunRows())
            return
        }
        log = try checkpoint.load(TrainingLog.self, from: SeedTrainer.logName)
        checkpoint.texts[SeedTrainer.logName] = nil
        try learner.restore(checkpoint)
        try store.deleteRows(run: run, seed: seed, after: learner.steps)
        try store.removeCheckpoints(of: run, seed: seed, after: learner.steps)
        guard !logs.isEmpty else { return }
        var rows = try store.rows(of: run).ofSeed(seed)
        // An evaluation at the checkpoint's own step may have come after it; it is then made again.
        if log.evaluatedAt != learner.steps {
            rows.points.removeAll { $0.kind == .evaluation && $0.step == learner.steps }
        }
        log.logged = log.logged ?? rows.scalarCount
        try logs.open(count: log.logged ?? 0, rows: rows)
    }

    private func train(
        _ learner: any Learner, _ log: inout TrainingLog, _ rows: inout RunRows, _ logs: SeedLogs
    ) throws -> SeedRecord {
        let begin = DispatchTime.now().uptimeNanoseconds
        let earlier = log.seconds
        func elapsed() -> Double { earlier + Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9 }
        func store(_ status: SeedStatus) throws -> SeedRecord {
            log.seconds = elapsed()
            let record = log.summary(seed: seed, steps: learner.steps, status: status, weights: learner.weightHash)
            try self.store.write(record, rows: rows, run: run)
            try logs.append(rows)
            log.logged = (log.logged ?? 0) + rows.scalarCount
            rows = RunRows()
            board.update(record, log)
            return record
        }
        func soundCheckpoint() throws -> Checkpoint {
            let checkpoint = try learner.checkpoint()
            for (name, array) in checkpoint.arrays.sorted(by: { $0.key < $1.key })
            where array.values.contains(where: \.isNaN) {
                throw TrainingError("'\(name)' is not a number any more at step \(learner.steps): training diverged")
            }
            return checkpoint
        }
        func save(_ status: SeedStatus) throws -> SeedRecord {
            var checkpoint = try soundCheckpoint()
            if plan.keptCheckpoints > 0, status != .interrupted {
                try self.store.writeCheckpoint(checkpoint, run: run, seed: seed, as: .step(learner.steps))
                try self.store.removeCheckpoints(of: run, seed: seed, keeping: plan.keptCheckpoints)
            }
            log.nextCheckpoint = (learner.steps / plan.checkpointInterval + 1) * plan.checkpointInterval
            let record = try store(status)
            try checkpoint.store(log, as: SeedTrainer.logName)
            try logs.synchronize()
            try self.store.writeCheckpoint(checkpoint, run: run, seed: seed)
            return record
        }
        _ = try store(.running)
        var flushed = elapsed()
        var shown = flushed
        while true {
            if stop.isRaised { return try save(.interrupted) }
            let done = learner.steps >= plan.steps
            let pauses = plan.pauseAt.map { learner.steps >= $0 } ?? false
            if log.nextEvaluation <= learner.steps || ((done || pauses) && log.evaluatedAt != learner.steps) {
                let key = RandomKey(seed: seed).derived("evaluation").derived("step", learner.steps)
                let result = try evaluate(
                    learner.policy(), on: plan.task, episodes: plan.evaluationEpisodes, key: key, threads: threads)
                rows.append(
                    log.record(result, steps: learner.steps, seed: seed, interval: plan.evaluationInterval))
                if log.isBest(), plan.keepsBest {
                    try self.store.writeCheckpoint(soundCheckpoint(), run: run, seed: seed, as: .best)
                }
                _ = try store(.running)
            }
            if done {
                // The checkpoint first: only what is on the disk counts as finished.
                _ = try save(.running)
                return try store(.finished)
            }
            if pauses { return try save(.interrupted) }
            if log.nextCheckpoint <= learner.steps { _ = try save(.running) }
            let before = learner.steps
            let report = try learner.iterate()
            if let failure = learner.checkFailure { throw failure }
            if let failure = plan.task.environment.failure() { throw failure }
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
    func ofSeed(_ seed: Int) -> RunRows {
        var rows = RunRows()
        rows.points = points.filter { $0.seed == seed }
        rows.terms = terms.filter { $0.seed == seed }
        rows.metrics = metrics.filter { $0.seed == seed }
        rows.evaluations = evaluations.filter { $0.seed == seed }
        return rows
    }

    mutating func append(_ other: RunRows) {
        points += other.points
        terms += other.terms
        metrics += other.metrics
        evaluations += other.evaluations
    }
}
