import Foundation
import TelosLearning
import TelosTensor
import Testing

@testable import TelosExperiments

/// What must not depend on how a run was interrupted or scheduled: everything but the seconds.
private func facts(_ store: RunStore, _ run: String) throws -> (rows: RunRows, seeds: [SeedRecord]) {
    let seeds = try store.seeds(of: run).map { seed in
        var seed = seed
        seed.seconds = 0
        return seed
    }
    return (try store.rows(of: run), seeds)
}

private struct Crash: Error {}

@Suite struct RunnerTests {
    @Test func aRunLogsWhatItsEpisodesSay() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let episodes = EpisodeCollector()
        let run = try store.begin(seeds: [4])
        let summary = try Runner(store: store, threads: 1).train(WalkLearner.plan(), run: run)
        #expect(summary.run.status == .finished)
        let seed = try #require(summary.seeds.first)
        #expect(seed.steps == 1600)

        // The same learner by hand: no runner, no store.
        let plan = try WalkLearner.plan()
        let learner = try plan.learner.make(
            LearnerContext(task: plan.task, key: RandomKey(seed: 4).derived("learner"), plannedSteps: 1600), "{}")
        while learner.steps < 1600 { episodes.records += try learner.iterate().episodes }
        #expect(seed.weights == hexadecimal(learner.weightHash))
        let last = episodes.records.suffix(100)
        let mean = last.reduce(0) { $0 + $1.primaryReturn } / Double(last.count)
        #expect(abs(mean - seed.trainingReturn!) < 1e-12)

        // 200 intervals of 8 steps each.
        let rows = try store.rows(of: run.id)
        var expected: [CurveRow] = []
        for end in stride(from: 8, through: 1600, by: 8) {
            let inside = episodes.records.filter { $0.step > end - 8 && $0.step <= end }
            guard !inside.isEmpty else { continue }
            let mean = inside.reduce(0) { $0 + $1.primaryReturn } / Double(inside.count)
            expected.append(CurveRow(seed: 4, step: end, kind: .training, value: mean))
        }
        #expect(rows.points.filter { $0.kind == .training } == expected)
        #expect(rows.points.filter { $0.kind == .evaluation }.map(\.step) == [0, 512, 1008, 1504, 1600])
        #expect(rows.evaluations.count == 5 * 4)
        #expect(Set(rows.terms.map(\.name)) == ["goal ? 0 : -1", "progress"])
        let final = try evaluate(
            learner.policy(), on: plan.task, episodes: 4,
            key: RandomKey(seed: 4).derived("evaluation").derived("step", 1600))
        #expect(seed.evaluationReturn == final.meanReturn)
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5]) func anInterruptedRunEndsAsAnUninterruptedOne(trial: Int) throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let whole = try store.begin(seeds: [0, 1, 2])
        try Runner(store: store, threads: 2).train(WalkLearner.plan(), run: whole)

        var random = RandomKey(seed: trial).stream
        let run = try store.begin(seeds: [0, 1, 2])
        var sessions = 0
        while try store.run(run.id).status != .finished {
            let stop = StopFlag()
            let limit = 1 + random.index(below: 60)
            let count = Counter()
            let plan = try WalkLearner.plan { _ in if count.increment() >= limit { stop.raise() } }
            try Runner(store: store, threads: 1 + trial % 3, stop: stop).train(plan, run: run)
            sessions += 1
        }
        #expect(sessions > 1)
        let (expected, actual) = (try facts(store, whole.id), try facts(store, run.id))
        #expect(expected.rows == actual.rows)
        #expect(expected.seeds == actual.seeds)
        let (first, second) = (try store.summary(of: whole.id), try store.summary(of: run.id))
        #expect(first.evaluationReturn == second.evaluationReturn)
    }

    /// What a process leaves that ends at once: rows in the database after its last checkpoint.
    @Test(arguments: [1, 90, 150, 310, 777, 1599]) func aCrashedRunEndsAsAnUninterruptedOne(at step: Int) throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let whole = try store.begin(seeds: [5])
        try Runner(store: store, threads: 1).train(WalkLearner.plan(), run: whole)

        let run = try store.begin(seeds: [5])
        let broken = try WalkLearner.plan { if $0.steps >= step { throw Crash() } }
        let failed = try Runner(store: store, threads: 1).train(broken, run: run)
        #expect(failed.run.status == .failed)
        #expect(failed.seeds[0].message == "Crash()")
        var later = RunRows()
        later.points = [CurveRow(seed: 5, step: 1600, kind: .evaluation, value: 99)]
        later.metrics = [NamedRow(seed: 5, step: 1592, name: "ghost", value: 1)]
        try store.write(failed.seeds[0], rows: later, run: run.id)

        try Runner(store: store, threads: 1).train(WalkLearner.plan(), run: run)
        let (expected, actual) = (try facts(store, whole.id), try facts(store, run.id))
        #expect(expected.rows == actual.rows)
        #expect(expected.seeds == actual.seeds)
    }

    @Test func nothingDependsOnThreadsOrOtherSeeds() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let one = try store.begin(seeds: [0, 1, 2])
        try Runner(store: store, threads: 1).train(WalkLearner.plan(), run: one)
        let many = try store.begin(seeds: [0, 1, 2])
        try Runner(store: store, threads: 5).train(WalkLearner.plan(), run: many)
        let alone = try store.begin(seeds: [1])
        try Runner(store: store, threads: 1).train(WalkLearner.plan(), run: alone)
        let (first, second) = (try facts(store, one.id), try facts(store, many.id))
        #expect(first.rows == second.rows)
        #expect(first.seeds == second.seeds)
        #expect(try facts(store, alone.id).seeds == [first.seeds[1]])
        #expect(Set(first.seeds.map(\.weights)).count == 3)
    }

    @Test func leftOverThreadsGoToTheLearners() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let seen = Counter()
        let plan = try WalkLearner.plan(steps: 16)
        var entry = plan.learner
        let make = entry.make
        entry.make = { context, options in
            seen.set(context.threads)
            return try make(context, options)
        }
        var wrapped = plan
        wrapped.learner = entry
        try Runner(store: store, threads: 7).train(wrapped, run: store.begin(seeds: [0, 1]))
        #expect(seen.value == 3)
    }

    @Test func weightsThatAreNotNumbersFailTheirSeedAlone() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin(seeds: [0, 1])
        let marked = RandomKey(seed: 1).derived("learner").derived("exploration")
        let plan = try WalkLearner.plan { learner in
            if learner.state.random.key == marked, learner.steps > 700 { learner.weights[3] = .nan }
        }
        let summary = try Runner(store: store, threads: 2).train(plan, run: run)
        #expect(summary.run.status == .failed)
        #expect(summary.seeds.map(\.status) == [.finished, .failed])
        #expect(summary.seeds[1].message.contains("diverged"))
        // The checkpoint before it is still there and sound.
        let checkpoint = try #require(try store.readCheckpoint(run: run.id, seed: 1))
        #expect(checkpoint.arrays["weights"]!.values.allSatisfy { !$0.isNaN })
    }

    @Test func aFinishedRunIsNotTrainedAgain() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin(seeds: [0])
        try Runner(store: store, threads: 1).train(WalkLearner.plan(), run: run)
        let count = Counter()
        let summary = try Runner(store: store).train(WalkLearner.plan { _ in count.increment() }, run: run)
        #expect(count.value == 0)
        #expect(summary.run.status == .finished)
    }
}

final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    @discardableResult func increment() -> Int {
        lock.withLock {
            count += 1
            return count
        }
    }
    func set(_ value: Int) { lock.withLock { count = value } }
    var value: Int { lock.withLock { count } }
}

private final class EpisodeCollector { var records: [EpisodeRecord] = [] }
