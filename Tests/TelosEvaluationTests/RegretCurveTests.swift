import TelosEnvironments
import TelosLearning
import TelosTensor
import Testing

@testable import TelosEvaluation

@Suite struct RegretCurveTests {
    @Test func curveIsTheMeanOfTheRuns() throws {
        let bandit = try BernoulliBandit(means: [0.3, 0.7])
        let runs = (0..<12).map { seed in
            var policy = UCB1(armCount: 2)
            return play(bandit, by: &policy, rounds: 400, marks: 8, key: RandomKey(seed: seed))
        }
        let curve = try regretCurve(runs, key: RandomKey(seed: 1))
        #expect(curve.map(\.step) == [50, 100, 150, 200, 250, 300, 350, 400])
        for (index, point) in curve.enumerated() {
            let mean = runs.reduce(0) { $0 + $1.regrets[index] } / 12
            #expect(abs(point.value.point - mean) < 1e-9)
            #expect(point.value.lower < mean && mean < point.value.upper)
        }
        #expect(throws: StatisticsError.self) { try regretCurve([], key: RandomKey(seed: 1)) }
    }
}
