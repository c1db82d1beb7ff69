import Foundation
import TelosEnvironments
import TelosLearning
import TelosTensor

/// Trains the seeds of a run side by side and stores what comes of it.
///
/// A learner is made and used on one thread and nothing is shared between seeds, so no number depends on how many
/// threads there are or which seed runs first.
public struct Runner: Sendable {
    /// What is told about a run while it trains; called on the thread that called the runner.
    public typealias Observer = (_ run: RunRecord, _ plan: TrainingPlan, _ board: ProgressBoard, _ ended: Bool) -> Void

    public var store: RunStore
    /// Cores to use: one a seed first; what is left is shared out among the learners.
    public var threads: Int
    public var stop: StopFlag

    public init(store: RunStore, threads: Int? = nil, stop: StopFlag = StopFlag()) {
        self.store = store
        self.threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
        self.stop = stop
    }

    /// Trains the seeds of `run` that are not finished, each from its checkpoint where it has one.
    ///
    /// A seed that fails does not stop the others. Throws `StoreError` where the run cannot be trained at all.
    @discardableResult
    public func train(_ plan: TrainingPlan, run: RunRecord, observer: Observer = { _, _, _, _ in }) throws -> RunSummary
    {
        guard let lock = try store.lock(run: run.id) else {
            throw StoreError("another process is training '\(run.id)' right now")
        }
        defer { withExtendedLifetime(lock) {} }
        guard run.formatVersion <= RunStore.formatVersion else {
            throw StoreError("'\(run.id)' was begun by a newer Telos: update this one to continue it")
        }
        let termNames = try store.termNames(of: plan)
        let records = try store.seeds(of: run.id)
        let waiting = records.filter { $0.status != .finished }.map(\.seed)
        try store.setStatus(.running, run: run.id)
        let board = ProgressBoard(records)
        let learnerThreads = max(1, threads / max(1, waiting.count))
        let queue = SeedQueue(waiting)
        let group = DispatchGroup()
        for _ in 0..<min(threads, waiting.count) {
            group.enter()
            let worker = Thread { [store, stop] in
                while let seed = queue.take() {
                    _ = SeedTrainer(
                        plan: plan, termNames: termNames, store: store, run: run.id, seed: seed,
                        threads: learnerThreads, stop: stop, board: board
                    ).train()
                }
                group.leave()
            }
            worker.stackSize = 16 << 20
            worker.start()
        }
        observer(run, plan, board, false)
        while group.wait(timeout: .now() + 0.1) == .timedOut { observer(run, plan, board, false) }
        let ended = try store.seeds(of: run.id)
        let status: RunStatus =
            ended.contains { $0.status == .failed }
            ? .failed
            : ended.allSatisfy { $0.status == .finished } ? .finished : .interrupted
        try store.setStatus(status, run: run.id)
        observer(run, plan, board, true)
        return try store.summary(of: run.id)
    }
}

/// Seeds that threads take one after another.
private final class SeedQueue: @unchecked Sendable {
    private let lock = NSLock()
    private var seeds: [Int]

    init(_ seeds: [Int]) { self.seeds = seeds.reversed() }

    func take() -> Int? { lock.withLock { seeds.popLast() } }
}
