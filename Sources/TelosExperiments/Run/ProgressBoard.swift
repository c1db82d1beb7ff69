import Dispatch
import Foundation
import TelosLearning

/// How far one seed is.
public struct SeedProgress: Sendable, Hashable {
    public var record: SeedRecord
    /// Means over the last 100 training episodes of each reward term's sum.
    public var terms: [NamedValue] = []
    public var time = TimeSplit()
    /// Steps and seconds of this session, for the speed.
    public var firstSteps: Int?
    public var firstSeconds = 0.0

    init(seed: Int) { record = SeedRecord(seed: seed) }
}

/// Where the threads that train write how far they are, and the one that shows it reads.
public final class ProgressBoard: @unchecked Sendable {
    private let lock = NSLock()
    private var seeds: [Int: SeedProgress] = [:]

    init(_ records: [SeedRecord]) {
        for record in records {
            var progress = SeedProgress(seed: record.seed)
            progress.record = record
            seeds[record.seed] = progress
        }
    }

    func update(_ record: SeedRecord, _ log: TrainingLog) {
        let terms = log.trainingTerms
        lock.withLock {
            var progress = seeds[record.seed] ?? SeedProgress(seed: record.seed)
            if progress.firstSteps == nil {
                progress.firstSteps = record.steps
                progress.firstSeconds = record.seconds
            }
            progress.record = record
            progress.terms = terms
            progress.time = log.time
            seeds[record.seed] = progress
        }
    }

    /// The seeds in ascending order.
    public var snapshot: [SeedProgress] {
        lock.withLock { seeds.values.sorted { $0.record.seed < $1.record.seed } }
    }
}
