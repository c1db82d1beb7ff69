import Foundation
import TelosEnvironments
import TelosLearning
import TelosTensor
import Testing

@testable import TelosExperiments

@Suite struct SearchTests {
    @Test func halvingSpendsWhatItSays() {
        let schedule = HalvingSchedule(candidates: 27, steps: 2700, reduction: 3)
        #expect(schedule.rungs.map(\.candidates) == [27, 9, 3, 1])
        #expect(schedule.rungs.map(\.steps) == [100, 300, 900, 2700])
        #expect(schedule.totalSteps == 27 * 100 + 9 * 200 + 3 * 600 + 1800)
        let uneven = HalvingSchedule(candidates: 10, steps: 1000, reduction: 4)
        #expect(uneven.rungs.map(\.candidates) == [10, 2])
        #expect(uneven.rungs.map(\.steps) == [250, 1000])
        #expect(HalvingSchedule(candidates: 1, steps: 7, reduction: 3).rungs.map(\.steps) == [7])
        #expect(HalvingSchedule(candidates: 100, steps: 2, reduction: 2).rungs.map(\.candidates) == [100, 50])
        for candidates in 1...40 {
            for reduction in 2...5 {
                let schedule = HalvingSchedule(candidates: candidates, steps: 10_000, reduction: reduction)
                let rungs = schedule.rungs
                #expect(rungs[0].candidates == candidates && rungs.last!.steps == 10_000)
                #expect(rungs.last!.candidates >= 1 && rungs.last!.candidates < reduction)
                // Never more than a full training of every candidate of the last rung, a rung.
                #expect(
                    zip(rungs, rungs.dropFirst()).allSatisfy { $0.steps < $1.steps && $0.candidates > $1.candidates })
            }
        }
    }

    @Test func positionsBecomeValues() {
        let space = SearchSpace([
            .init("a", .uniform(-1...3)), .init("b", .logUniform(1e-4...1)), .init("c", .integer(-1...2)),
            .init("d", .choice(["x", "[1, 2]"])),
        ])
        #expect(space.overrides(at: [0, 0, 0, 0]) == ["a=-1.0", "b=0.0001", "c=-1", "d=x"])
        #expect(space.overrides(at: [0.5, 0.5, 0.5, 0.5]) == ["a=1.0", "b=0.01", "c=1", "d=[1, 2]"])
        let top = 1 - 0x1p-53
        #expect(space.overrides(at: [top, top, top, top]) == ["a=3.0", "b=1.0", "c=2", "d=[1, 2]"])
        #expect(space.coordinates(of: [0.25, 0.5, 0.3, 0.7]) == [0.25, 0.5, 0.375, 0, 1])
        // Whole numbers and choices are drawn alike.
        var random = RandomKey(seed: 2).stream
        var counts: [String: Int] = [:]
        for _ in 0..<4000 {
            for text in space.overrides(at: space.draw(using: &random)).dropFirst(2) { counts[text, default: 0] += 1 }
        }
        #expect(counts.count == 6)
        for (text, count) in counts { #expect(abs(count - (text.hasPrefix("c") ? 1000 : 2000)) < 150, "\(text)") }
    }

    @Test func modelsProposeNearTheOptimum() throws {
        var plan = SearchPlan(space: SearchSpace([.init("x", .uniform(0...1)), .init("y", .uniform(0...1))]))
        plan.method = .gaussianProcess
        plan.trials = 24
        func score(_ p: [Double]) -> Double { -(p[0] - 0.3) * (p[0] - 0.3) - (p[1] - 0.8) * (p[1] - 0.8) }
        var modelled = 0.0
        var drawn = 0.0
        for seed in 0..<5 {
            plan.seed = seed
            var known = (0..<plan.drawnFirst).map {
                SearchCandidate(positions: plan.drawn($0), score: $0 == 2 ? nil : score(plan.drawn($0)))
            }
            while known.count < plan.trials {
                let next = try plan.proposed(after: known)
                #expect(try plan.proposed(after: known) == next)
                #expect(next.count == 2 && next[0] != next[1])
                known += next.map { SearchCandidate(positions: $0, score: score($0)) }
            }
            modelled += known.compactMap(\.score).max()! / 5
            drawn += (0..<plan.trials).map { score(plan.drawn($0)) }.max()! / 5
        }
        #expect(modelled > -0.001, "\(modelled)")
        #expect(modelled > drawn / 4, "\(modelled) against \(drawn)")
    }

    /// Stopped at random moments and continued, on any number of threads: the same table.
    @Test(arguments: SearchPlan.Method.allCases) func aStoppedSearchEndsAsAnUninterruptedOne(
        method: SearchPlan.Method
    ) throws {
        let folder = try TemporaryFolder()
        let whole = try begin(method, "\(folder.path)/whole")
        let trials = SeenTrials()
        let expected = try SearchRunner(
            whole, storePath: "\(folder.path)/whole", threads: 4, registries: registries()
        ).run { trials.append($0) }
        #expect(Set(expected.trials.map(\.number)) == Set(1...8))
        #expect(Set(expected.trials.compactMap(\.score)).count > 1)
        if method == .halving {
            // 8, 2 of 8 with reduction 3: floor(8 / 3) go on.
            #expect(expected.trials.map(\.steps).sorted() == [320, 320, 320, 320, 320, 320, 960, 960])
            #expect(trials.values.count == 10)
            let early = trials.values.filter { $0.steps == 320 }
            let order = SearchResult.ranked(early).prefix(2).map(\.number).sorted()
            #expect(expected.trials.filter { $0.steps == 960 }.map(\.number).sorted() == order)
        }

        let record = try begin(method, "\(folder.path)/broken")
        var random = RandomKey(seed: 3).stream
        var result: SearchResult?
        var sessions = 0
        while result == nil, sessions < 100 {
            let stop = StopFlag()
            let limit = 20 + random.index(below: 100)
            let count = Counter()
            let registries = registries { _ in if count.increment() >= limit { stop.raise() } }
            let stored = try #require(try RunStore.search(record.id, at: "\(folder.path)/broken"))
            do {
                result = try SearchRunner(
                    stored, storePath: "\(folder.path)/broken", threads: 1 + sessions % 3, stop: stop,
                    registries: registries
                ).run()
            } catch is SearchInterrupted {}
            sessions += 1
        }
        #expect(sessions > 2)
        #expect(result?.trials == expected.trials)
        for name in ["table.csv", "best.yaml"] {
            let files = try ["whole", "broken"].map {
                try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\($0)/searches/walk-search-1/\(name)"))
            }
            #expect(files[0] == files[1] && !files[0].isEmpty)
        }
        // The best file is the experiment with the candidate's settings and the file's own seeds.
        let best = try Experiment.load(path: expected.bestPath, registries: registries())
        #expect(best.seeds == [7] && best.steps == 960)
        let options = try #require(JSONValue(json: best.learnerOptions)?.object)
        let rate = expected.best!.values.first { $0.name == "learner.rate" }!.text
        #expect(options["rate"] == .number(Double(rate)!))
    }

    @Test func candidatesThatFailAreRankedLast() throws {
        let folder = try TemporaryFolder()
        let record = try begin(.random, folder.path)
        let broken = registries {
            if $0.options.batch == 8, $0.steps > 100 { throw TrainingError("eight is too many") }
        }
        let result = try SearchRunner(record, storePath: folder.path, threads: 2, registries: broken).run()
        let failed = result.trials.filter { $0.score == nil }
        #expect(!failed.isEmpty && failed.count < 8)
        #expect(Array(result.trials.suffix(failed.count)) == failed)
        #expect(failed.allSatisfy { $0.message == "eight is too many" })
        #expect(result.best?.values.contains { $0.text == "8" } == false)
    }

    @Test func theSectionIsChecked() throws {
        let text = "task: {environment: Corridor}\nlearner: {algorithm: ppo, steps: 10}\n"
        let read = try experiment(
            text + "search: {method: halving, trials: 9, seeds: 5..6, reduction: 4, batch: 3, seed: 2, space: "
                + "{learner.clipRange: {uniform: [0, 1]}, learner.hiddenSizes: {choice: [[8], [16, 16]]}}}")
        let plan = try #require(read.search)
        #expect(plan.method == .halving && plan.trials == 9 && plan.seeds == [5, 6] && plan.reduction == 4)
        #expect(plan.batch == 3 && plan.seed == 2)
        #expect(plan.space.dimensions[1].values == .choice(["[8]", "[16, 16]"]))
        // It is no part of what a run does.
        #expect(try experiment(read.resolved) == read)
        let wrong: [(String, String)] = [
            ("{}", "search needs a 'space'"), ("{space: {}}", "space is empty"),
            ("{space: {a: {unifrom: [0, 1]}}}", "did you mean 'uniform'?"),
            ("{space: {a: {uniform: [1, 0]}}}", "must be below the highest"),
            ("{space: {a: {log-uniform: [0, 1]}}}", "bounds above 0"),
            ("{space: {a: {integer: [0.5, 2]}}}", "must be a whole number"),
            ("{space: {a: {choice: []}}}", "choice is empty"),
            ("{method: hlaving, space: {a: {uniform: [0, 1]}}}", "did you mean 'halving'?"),
            ("{trials: 0, space: {a: {uniform: [0, 1]}}}", "trials must be from 1"),
        ]
        for (section, message) in wrong {
            let found = problems(text + "search: \(section)")
            #expect(found.contains { $0.message.contains(message) && $0.line == 3 }, "\(section): \(found)")
        }
        func check(_ section: String) throws {
            let record = SearchRecord(
                id: "", name: "s", source: text + "search: {space: \(section)}", overrides: [], file: "s.yaml")
            try SearchRunner.check(record, registries: fixtures)
        }
        try check("{learner.clipRange: {uniform: [0, 1]}}")
        // Some values fit: 8 divides one of them.
        try check("{learner.minibatchSize: {integer: [60, 64]}}")
        let error = #expect(throws: ExperimentError.self) { try check("{learner.clipRnage: {uniform: [0, 1]}}") }
        #expect(error?.description.contains("did you mean 'clipRange'?") == true)
        #expect(throws: ExperimentError.self) {
            try SearchRunner.check(
                SearchRecord(id: "", name: "s", source: text, overrides: [], file: "s.yaml"), registries: fixtures)
        }
    }

    // MARK: - Helpers

    private func registries(_ hook: @escaping @Sendable (WalkLearner) throws -> Void = { _ in }) -> Registries {
        Registries(environments: [Walk.entry], learners: [WalkLearner.entry(hook)], presets: [])
    }

    private func begin(_ method: SearchPlan.Method, _ path: String) throws -> SearchRecord {
        let source = """
            task: {environment: Walk}
            learner: {algorithm: walk, steps: 960}
            evaluation: {episodes: 3, every: 400}
            checkpoint: {every: 100}
            seeds: [7]
            search:
              method: \(method.rawValue)
              trials: 8
              seeds: 0..1
              space:
                learner.rate: {log-uniform: [0.001, 1]}
                learner.batch: {choice: [4, 8]}
            """
        return try RunStore.createSearch(
            at: path, name: "walk search", source: source, overrides: [], file: "walk.yaml")
    }
}

private final class SeenTrials: @unchecked Sendable {
    private let lock = NSLock()
    private var seen: [SearchTrial] = []
    func append(_ trial: SearchTrial) { lock.withLock { seen.append(trial) } }
    var values: [SearchTrial] { lock.withLock { seen } }
}
