import Foundation
import TelosTensor
import Testing

@testable import TelosEvaluation

/// The statistics against rliable's on the same arrays (`Fixtures/rliable.json` says which of its functions and how
/// many resamples). Points agree to rounding; intervals to 3% of their width, more than five times what two bootstraps
/// of these sizes differ by.
@Suite struct RliableTests {
    private struct Recorded: Decodable {
        var a, b: [[Double]]
        var points: [String: [Double]]
        var intervals: [String: [[Double]]]
        var improvement: Double
        var improvementInterval: [Double]
        var thresholds: [Double]
        var profile: [String: [Double]]
        var profileIntervals: [String: [[Double]]]
        var averageProfile: [String: [Double]]
        var curves: [[[Double]]]
        var curve: [Double]
        var curveIntervals: [[Double]]

        var scores: [String: [[Double]]] { ["a": a, "b": b] }
    }

    private let key = RandomKey(seed: 21)
    private let recorded: Recorded

    init() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        recorded = try JSONDecoder().decode(
            Recorded.self, from: Data(contentsOf: folder.appending(path: "Fixtures/rliable.json")))
    }

    private func expect(_ interval: Interval, _ point: Double, _ bounds: [Double], step: Double = 0, _ what: String) {
        #expect(abs(interval.point - point) < 1e-12, "\(what): \(interval.point) and \(point)")
        let tolerance = 0.03 * (bounds[1] - bounds[0]) + step
        #expect(abs(interval.lower - bounds[0]) <= tolerance, "\(what): \(interval.lower) and \(bounds[0])")
        #expect(abs(interval.upper - bounds[1]) <= tolerance, "\(what): \(interval.upper) and \(bounds[1])")
    }

    @Test(arguments: ["a", "b"]) func aggregatesAgree(name: String) throws {
        let scores = try ScoreMatrix(runs: recorded.scores[name]!)
        let aggregates: [Aggregate] = [
            .mean, .medianOfTaskMeans, .interquartileMean, .optimalityGap(threshold: 1),
        ]
        for (index, aggregate) in aggregates.enumerated() {
            let interval = try bootstrapInterval(of: aggregate, scores, replicates: 50_000, key: key)
            expect(interval, recorded.points[name]![index], recorded.intervals[name]![index], "\(aggregate)")
        }
    }

    @Test func probabilityOfImprovementAgrees() throws {
        let interval: Interval = try probabilityOfImprovement(
            ScoreMatrix(runs: recorded.a), over: ScoreMatrix(runs: recorded.b), replicates: 50_000, key: key)
        expect(interval, recorded.improvement, recorded.improvementInterval, "improvement")
    }

    @Test(arguments: ["a", "b"]) func profilesAgree(name: String) throws {
        let scores = try ScoreMatrix(runs: recorded.scores[name]!)
        let profile = try performanceProfile(
            scores, thresholds: recorded.thresholds, replicates: 20_000, key: key)
        for (index, point) in profile.enumerated() {
            // Shares come in steps of one run.
            expect(
                point.share, recorded.profile[name]![index], recorded.profileIntervals[name]![index],
                step: 1 / Double(scores.values.count) + 1e-9, "\(name) above \(point.threshold)")
        }
        let average = try averagePerformanceProfile(scores, thresholds: recorded.thresholds, key: key)
        #expect(average.map(\.share.point) == recorded.averageProfile[name]!)
        #expect(average.allSatisfy { $0.share.lower <= $0.share.point && $0.share.point <= $0.share.upper })
    }

    @Test func sampleEfficiencyAgrees() throws {
        let frames = Array(1...recorded.curve.count)
        let tasks = try recorded.curves[0].indices.map { task in
            try recorded.curves.map { try LearningCurve(steps: frames, values: $0[task]) }
        }
        let curve = try sampleEfficiencyCurve(tasks: tasks, replicates: 20_000, key: key)
        for (index, point) in curve.enumerated() {
            #expect(point.step == frames[index])
            expect(point.value, recorded.curve[index], recorded.curveIntervals[index], "frame \(point.step)")
        }
    }
}
