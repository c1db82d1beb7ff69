import Foundation
import TelosLearning
import TelosTensor
import Testing

@testable import TelosExperiments

private struct Crash: Error {}

@Suite struct CheckpointChoiceTests {
    private func plan(
        keep: Int = 0, best: Bool = true, hook: @escaping @Sendable (WalkLearner) throws -> Void = { _ in }
    ) throws -> TrainingPlan {
        var plan = try WalkLearner.plan(hook: hook)
        plan.keptCheckpoints = keep
        plan.keepsBest = best
        plan.evaluationInterval = 100
        return plan
    }

    private func files(_ store: RunStore, _ run: String) throws -> [String: Data] {
        let folder = store.folder(of: run)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("seed-0.") }
        // The latest one also holds how many seconds it took.
        return try Dictionary(
            uniqueKeysWithValues: names.filter { $0 != "seed-0.safetensors" }.map {
                ($0, try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)")))
            })
    }

    @Test func theBestIsTheLearnerOfTheBestEvaluation() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin(seeds: [0])
        let plan = try plan()
        try Runner(store: store, threads: 1).train(plan, run: run)
        let evaluations = try store.rows(of: run.id).points.filter { $0.kind == .evaluation }
        let highest = try #require(evaluations.map(\.value).max())
        let first = try #require(evaluations.first { $0.value == highest })
        #expect(first.step < 1600, "the last evaluation is the first best one: the test shows nothing")
        let learner = try store.learner(of: run, seed: 0, plan: plan, from: .best)
        #expect(learner.steps == first.step)
        let result = try evaluate(
            learner.policy(), on: plan.task, episodes: 4,
            key: RandomKey(seed: 0).derived("evaluation").derived("step", first.step))
        #expect(result.meanReturn == highest)
        #expect(store.keptSteps(of: run.id, seed: 0) == [])
        let without = try store.begin(seeds: [0])
        try Runner(store: store, threads: 1).train(self.plan(best: false), run: without)
        #expect(try files(store, without.id).isEmpty)
        let refusal = #expect(throws: StoreError.self) {
            try store.learner(of: without, seed: 0, plan: plan, from: .step(600))
        }
        #expect(refusal?.message == "seed 0 of '\(without.id)' has no checkpoint '600'; there are latest")
    }

    @Test func theLatestPeriodicOnesAreKept() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin(seeds: [0])
        let plan = try plan(keep: 3)
        try Runner(store: store, threads: 1).train(plan, run: run)
        #expect(store.keptSteps(of: run.id, seed: 0) == [1200, 1504, 1600])
        #expect(try store.learner(of: run, seed: 0, plan: plan, from: .step(1200)).steps == 1200)
        let refusal = #expect(throws: StoreError.self) {
            try store.learner(of: run, seed: 0, plan: plan, from: .step(600))
        }
        #expect(refusal?.message.hasSuffix("there are latest, best, 1200, 1504, 1600") == true)
    }

    @Test(arguments: [130, 350, 777, 1210]) func interruptionsLeaveTheSameFiles(at step: Int) throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let whole = try store.begin(seeds: [0])
        try Runner(store: store, threads: 1).train(plan(keep: 4), run: whole)
        let run = try store.begin(seeds: [0])
        try Runner(store: store, threads: 1).train(plan(keep: 4) { if $0.steps >= step { throw Crash() } }, run: run)
        // What a process leaves that ended after a periodic checkpoint and before the one to continue from.
        if let checkpoint = try store.readCheckpoint(run: run.id, seed: 0) {
            try store.writeCheckpoint(checkpoint, run: run.id, seed: 0, as: .step(1599))
        }
        let stop = StopFlag()
        try Runner(store: store, threads: 1, stop: stop).train(
            plan(keep: 4) { if $0.steps >= 1300 { stop.raise() } }, run: run)
        try Runner(store: store, threads: 1).train(plan(keep: 4), run: run)
        #expect(try files(store, run.id) == files(store, whole.id))
    }

    @Test func namesAreRead() {
        #expect(CheckpointChoice(argument: "latest") == .latest)
        #expect(CheckpointChoice(argument: "best") == .best)
        #expect(CheckpointChoice(argument: "10_000") == .step(10_000))
        for text in ["bets", "-1", "0.5", ""] { #expect(CheckpointChoice(argument: text) == nil) }
        let text = "task: {environment: Corridor}\nlearner: {algorithm: ppo, steps: 10}\n"
        let read = try? experiment(text + "checkpoint: {every: 3, best: false, keep: 2}")
        #expect(read?.checkpoint == Experiment.Checkpoints(every: 3, best: false, keep: 2))
        #expect(problems(text + "checkpoint: {keep: -1}").first?.message == "keep must be from 0 to 100000, not -1")
        #expect(problems(text + "checkpoint: {best: 2}").first?.message == "best must be true or false, not '2'")
    }
}
