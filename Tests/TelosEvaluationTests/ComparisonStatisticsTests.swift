import Testing
import TelosTensor

@testable import TelosEvaluation

/// Recorded values: `scipy.stats.mannwhitneyu`, `pearsonr`, `spearmanr`, `rankdata` (1.17.1) and a NumPy bootstrap.
@Suite struct ComparisonStatisticsTests {
    let x = [1, 2, 2, 3, 5, 8, 8, 9.5, -1, 0.3]
    let y = [2, 1, 4, 3, 3, 9, 7, 8, 0, 0.1]
    let key = RandomKey(seed: 4)

    @Test func probabilityOfImprovementAgreesWithMannWhitney() throws {
        let interval: Interval = try probabilityOfImprovement(x, over: y, replicates: 20_000, key: key)
        #expect(interval.point == 0.505)
        #expect(abs(interval.lower - 0.245) < 0.015 && abs(interval.upper - 0.76) < 0.015, "\(interval)")
    }

    @Test func probabilityOfImprovementAgreesWithEveryPair() throws {
        var stream = RandomKey(seed: 5).stream
        for _ in 0..<50 {
            // Few distinct values, so that ties are common; numbers of runs differ.
            let tasksX: [[Double]] = (0..<3).map { _ in (0..<7).map { _ in Double(stream.index(below: 4)) } }
            let tasksY: [[Double]] = (0..<3).map { _ in (0..<5).map { _ in Double(stream.index(below: 4)) } }
            var brute = 0.0
            for (scoresX, scoresY) in zip(tasksX, tasksY) {
                for x in scoresX {
                    for y in scoresY { brute += (x > y ? 1 : x == y ? 0.5 : 0) / (3 * 7 * 5) }
                }
            }
            let (a, b) = try (ScoreMatrix(tasks: tasksX), ScoreMatrix(tasks: tasksY))
            let value: Double = try probabilityOfImprovement(a, over: b)
            #expect(abs(value - brute) < 1e-14)
            let reverse: Double = try probabilityOfImprovement(b, over: a)
            #expect(abs(value + reverse - 1) < 1e-14)
        }
    }

    @Test func clearImprovementIsCertain() throws {
        let interval = try probabilityOfImprovement([5, 6, 7], over: [1, 2, 3], key: key)
        #expect(try interval == Interval(exactly: 1))
        #expect(throws: StatisticsError.self) {
            let _: Double = try probabilityOfImprovement(ScoreMatrix(tasks: [x, y]), over: ScoreMatrix(x))
        }
    }

    @Test func profileCountsRunsAbove() throws {
        let scores = try ScoreMatrix(tasks: [[0, 1, 2, 3], [1, 1, 5, 9]])
        let profile = try performanceProfile(scores, thresholds: [-1, 0, 1, 4, 9], key: key)
        #expect(profile.map(\.share.point) == [1, 0.875, 0.5, 0.25, 0])
        #expect(profile[0].share.lower == 1 && profile[4].share.upper == 0)
        // The count above 1 is the sum of two binomials (4, 1/2), so of one (8, 1/2): 95% lie in 1/8 ... 7/8.
        #expect(profile[2].share.lower == 0.125 && profile[2].share.upper == 0.875)
        #expect(throws: StatisticsError.self) { try performanceProfile(scores, thresholds: [.nan], key: key) }
    }

    @Test func correlationsAgreeWithSciPy() throws {
        #expect(abs(try pearsonCorrelation(x, y) - 0.9349494450584706) < 1e-14)
        #expect(abs(try spearmanCorrelation(x, y) - 0.9052030094975445) < 1e-14)
        #expect(averageRanks(of: x) == [3, 4.5, 4.5, 6, 7, 8.5, 8.5, 10, 1, 2])
        let interval = try bootstrapInterval(of: .pearson, x, y, replicates: 20_000, key: key)
        #expect(abs(interval.lower - 0.7877) < 0.02 && abs(interval.upper - 0.9835) < 0.005, "\(interval)")
        #expect(try bootstrapInterval(of: .spearman, x, x.map { $0 * $0 * $0 }, key: key) == Interval(exactly: 1))
    }

    @Test func correlationOfAConstantIsRefused() {
        let refusal = #expect(throws: StatisticsError.self) { try pearsonCorrelation([1, 1, 1], [1, 2, 3]) }
        #expect(refusal?.message.contains("first measurement is 1.0 throughout") == true)
        #expect(throws: StatisticsError.self) { try spearmanCorrelation([1, 2], [1, 2, 3]) }
        #expect(throws: StatisticsError.self) { try spearmanCorrelation([1], [1]) }
    }
}
