import Foundation
import Testing

@testable import TelosExperiments

@Suite struct RunReportTests {
    @Test func theReportShowsWhatIsStored() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let run = try store.begin(seeds: [0, 1, 2])
        let plan = try WalkLearner.plan()
        let summary = try Runner(store: store, threads: 2).train(plan, run: run)
        let content = try store.reportContent(of: try store.run(run.id), plan: plan)
        #expect(content.summary.map(\.weights) == summary.seeds.map(\.weights))
        #expect(content.evaluation == summary.evaluationReturn)
        #expect(content.curves.first?.series.map(\.name) == ["evaluation", "training"])
        #expect(content.curves.first?.series.first?.points.map(\.x) == [0, 512, 1008, 1504, 1600])
        #expect(content.terms.map(\.title) == ["goal ? 0 : -1", "progress"])
        #expect(content.episodes.map(\.title) == ["Best seed", "Median seed", "Worst seed"])
        #expect(content.episodes.allSatisfy { $0.animation.contains("<svg") && $0.animation.contains("circle") })
        let again = try store.reportContent(of: try store.run(run.id), plan: plan)
        #expect(again.episodes == content.episodes)
        // A run whose experiment cannot be read any more still has a report of its numbers.
        let path = try store.renderReport(of: run.id)
        let html = try String(contentsOfFile: path, encoding: .utf8)
        for seed in summary.seeds { #expect(html.contains(seed.weights)) }
    }

    @Test func runsAreCompared() throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        for (name, values) in [("low", [1.0, 2, 3]), ("high", [4.0, 5, 6])] {
            let run = try store.begin(name, seeds: [0, 1, 2])
            for (seed, value) in values.enumerated() {
                try store.write(
                    SeedRecord(seed: seed, steps: 1, status: .finished, evaluationReturn: value), run: run.id)
            }
        }
        let comparison = try store.compare(["high-1", "low-1"])
        #expect(comparison.improvement[0][1]?.point == 1)
        #expect(comparison.improvement[1][0]?.point == 0)
        #expect(comparison.firstIsBetter)
        #expect(!(try store.compare(["low-1", "high-1"]).firstIsBetter))
        #expect(FileManager.default.fileExists(atPath: comparison.reportPath))
        let unfinished = try store.begin("open", seeds: [0])
        #expect(throws: StoreError.self) { try store.compare(["high-1", unfinished.id]) }
    }
}
