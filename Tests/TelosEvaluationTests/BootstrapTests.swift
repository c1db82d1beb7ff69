import Testing
import TelosTensor

@testable import TelosEvaluation

/// Bounds were recorded from an independent NumPy bootstrap of 100,000 replicates; they must agree up to its noise.
@Suite struct BootstrapTests {
    let scores = try! ScoreMatrix(runs: [
        [4.381, -0.932, 5.066], [1.815, -1.578, 5.004], [0.998, -3.509, 7.035], [2.201, -1.251, 4.657],
        [2.011, -0.523, 4.515], [-1.906, 1.109, 5.248], [1.549, -3.053, 8.301], [1.309, -0.774, 9.058],
        [0.909, -2.901, 4.19], [-3.577, 2.099, 4.167],
    ])
    let x = [1, 2, 2, 3, 5, 8, 8, 9.5, -1, 0.3]
    let y = [2, 1, 4, 3, 3, 9, 7, 8, 0, 0.1]
    let key = RandomKey(seed: 1)

    private func near(_ interval: Interval, _ lower: Double, _ upper: Double, _ tolerance: Double) -> Bool {
        abs(interval.lower - lower) < tolerance && abs(interval.upper - upper) < tolerance
    }

    @Test func aggregatesAgreeWithSciPy() {
        #expect(abs(Aggregate.interquartileMean.value(of: scores) - 1.8140000000000003) < 1e-14)
        #expect(abs(Aggregate.medianOfTaskMeans.value(of: scores) - 0.9689999999999998) < 1e-14)
        #expect(abs(Aggregate.mean.value(of: scores) - 1.8539333333333337) < 1e-14)
        #expect(abs(Aggregate.optimalityGap(threshold: 2.5).value(of: scores) - 1.7834666666666668) < 1e-14)
    }

    @Test func boundsAgreeWithNumPy() throws {
        let iqm = try bootstrapInterval(of: .interquartileMean, scores, replicates: 20_000, key: key)
        #expect(near(iqm, 1.0103, 2.4869, 0.04), "\(iqm)")
        let median = try bootstrapInterval(of: .medianOfTaskMeans, scores, replicates: 20_000, key: key)
        #expect(near(median, -0.3832, 2.1807, 0.06), "\(median)")
        let mean = try bootstrapDifference(of: .mean, x, y, replicates: 20_000, key: key)
        #expect(near(mean, -2.78, 2.92, 0.08), "\(mean)")
        let medians = try bootstrapDifference(of: .median, x, y, replicates: 20_000, key: key)
        #expect(near(medians, -4.5, 5, 0.3), "\(medians)")
    }

    @Test func fastAndGeneralFormsAgreeExactly() throws {
        // Both draw the same runs from the same key; only the ranked counting differs from plain resampling.
        for aggregate: Aggregate in [.median, .interquartileMean, .medianOfTaskMeans] {
            let fast = try bootstrapInterval(of: aggregate, scores, replicates: 300, key: key)
            let general = try bootstrapInterval(scores, replicates: 300, key: key) { aggregate.value(of: $0) }
            #expect(fast == general)
        }
    }

    @Test func dependsOnTheKeyAlone() throws {
        let first = try bootstrapInterval(of: .mean, x, key: key)
        #expect(try bootstrapInterval(of: .mean, x, key: key) == first)
        #expect(try bootstrapInterval(of: .mean, x, key: RandomKey(seed: 2)) != first)
    }

    @Test func oneRunIsItsOwnInterval() throws {
        for aggregate: Aggregate in [.mean, .median, .interquartileMean, .medianOfTaskMeans] {
            #expect(try bootstrapInterval(of: aggregate, [0.3], key: key) == Interval(exactly: 0.3))
        }
        let difference = try bootstrapDifference(of: .median, [3], [5], key: key)
        #expect(try difference == Interval(exactly: -2))
    }

    @Test func coversTheTruthAboutAsOftenAsItSays() throws {
        var stream = RandomKey(seed: 3).stream
        var covered = 0
        for trial in 0..<300 {
            let sample = (0..<30).map { _ in stream.normal() }
            let interval = try bootstrapInterval(
                of: .mean, sample, replicates: 400, level: 0.9, key: key.derived("trial", trial))
            if interval.contains(0) { covered += 1 }
        }
        // 0.9 nominal; the percentile bootstrap of 30 values covers about 0.88. Four standard errors are 0.075.
        #expect(abs(Double(covered) / 300 - 0.88) < 0.075, "\(covered) of 300")
    }

    @Test func undefinedResamplesAreLeftOut() throws {
        let interval = try bootstrapInterval(ScoreMatrix([1, 2, 3]), key: key) { scores in
            scores.values.allSatisfy { $0 == scores.values[0] } ? .nan : mean(of: scores.values)
        }
        #expect(interval.lower >= 4.0 / 3 - 1e-12 && interval.upper <= 8.0 / 3 + 1e-12)
    }

    @Test func badInputSaysWhatIsWrong() throws {
        let divergent = #expect(throws: StatisticsError.self) { try ScoreMatrix(tasks: [[1, 2], [3, .nan]]) }
        #expect(divergent?.message.contains("run 1 on task 1 is nan") == true)
        #expect(throws: StatisticsError.self) { try ScoreMatrix([]) }
        #expect(throws: StatisticsError.self) { try ScoreMatrix(tasks: [[1, 2], [3]]) }
        #expect(throws: StatisticsError.self) { try ScoreMatrix(runs: [[1, 2], [3]]) }
        #expect(throws: StatisticsError.self) { try bootstrapInterval(of: .mean, x, replicates: 0, key: key) }
        #expect(throws: StatisticsError.self) { try bootstrapInterval(of: .mean, x, level: 95, key: key) }
        #expect(throws: StatisticsError.self) {
            try bootstrapInterval(of: .optimalityGap(threshold: .nan), x, key: key)
        }
        #expect(throws: StatisticsError.self) {
            try bootstrapDifference(of: .mean, scores, ScoreMatrix(x), key: key)
        }
        #expect(throws: StatisticsError.self) {
            try bootstrapInterval(scores, key: key) { _ in .nan }
        }
    }

    @Test func scoreMatrixLayouts() throws {
        #expect(scores.runCount == 10 && scores.taskCount == 3)
        #expect(scores[run: 2, task: 1] == -3.509)
        #expect(try ScoreMatrix(tasks: (0..<3).map { scores.scores(ofTask: $0) }) == scores)
        let normalized = try ScoreMatrix(runs: [[10, 5], [20, 0]]).normalized(low: [10, 0], high: [30, 10])
        #expect(try normalized == ScoreMatrix(runs: [[0, 0.5], [0.5, 0]]))
        #expect(throws: StatisticsError.self) { try scores.normalized(low: [0, 0, 0], high: [1, 0, 1]) }
    }
}
