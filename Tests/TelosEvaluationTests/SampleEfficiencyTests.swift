import Testing
import TelosTensor

@testable import TelosEvaluation

@Suite struct SampleEfficiencyTests {
    let key = RandomKey(seed: 6)

    @Test func curvesAreReadByLinearInterpolation() throws {
        let curve = try LearningCurve(steps: [10, 20, 40], values: [0, 10, -10])
        #expect([5, 10, 15, 20, 30, 40, 50].map { curve.value(at: $0) } == [0, 0, 5, 10, 0, -10, -10])
    }

    @Test func sharedStepsAreKept() throws {
        let curves = try [1.0, 2, 6].map { try LearningCurve(steps: [0, 100], values: [$0, 10 * $0]) }
        let curve = try sampleEfficiencyCurve(curves, of: .mean, key: key)
        #expect(curve.map(\.step) == [0, 100])
        #expect(curve.map(\.value.point) == [3, 30])
        // Each point is the bootstrap of its values, and both points draw the same runs.
        #expect(try curve[0].value == bootstrapInterval(of: .mean, [1, 2, 6], key: key))
        #expect(abs(curve[1].value.lower - 10 * curve[0].value.lower) < 1e-12)
    }

    @Test func unevenCurvesMeetOnTheirCommonRange() throws {
        let curves = [
            try LearningCurve(steps: [0, 30, 90], values: [0, 30, 90]),
            try LearningCurve(steps: [10, 50, 110], values: [10, 50, 110]),
        ]
        let curve = try sampleEfficiencyCurve(curves, pointCount: 5, key: key)
        #expect(curve.map(\.step) == [10, 30, 50, 70, 90])
        for point in curve { #expect(abs(point.value.point - Double(point.step)) < 1e-12) }
        #expect(try sampleEfficiencyCurve(curves, at: [20], key: key).map(\.value.point) == [20])
        #expect(throws: StatisticsError.self) { try sampleEfficiencyCurve(curves, at: [5], key: key) }
    }

    @Test func badCurvesAreRefused() throws {
        #expect(throws: StatisticsError.self) { try LearningCurve(steps: [1, 1], values: [0, 0]) }
        #expect(throws: StatisticsError.self) { try LearningCurve(steps: [1, 2], values: [0]) }
        #expect(throws: StatisticsError.self) { try LearningCurve(steps: [], values: []) }
        #expect(throws: StatisticsError.self) { try LearningCurve(steps: [1], values: [.infinity]) }
        #expect(throws: StatisticsError.self) { try sampleEfficiencyCurve([], key: key) }
        let early = try LearningCurve(steps: [1, 2], values: [0, 0])
        let late = try LearningCurve(steps: [5, 6], values: [0, 0])
        #expect(throws: StatisticsError.self) { try sampleEfficiencyCurve([early, late], key: key) }
    }
}
