import CTelosKernels
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct DiscriminativeObjectiveTests {
    /// Coefficients are the slopes of J in the scores, by differences.
    @Test(arguments: [0.5, 10, nil]) func coefficientsAreSlopes(temperature: Double?) {
        let isRight = [true, false, false, true, false]
        let scores = [0.3, -1, 0.7, 0.1, 0.2]
        func objective(_ scores: [Double]) -> Double {
            let right = (scores[0] + scores[3]) / 2
            let wrong = [scores[1], scores[2], scores[4]]
            guard let tau = temperature else { return right - wrong.reduce(0, +) / 3 }
            return right - tau * telos_log64(wrong.reduce(0) { $0 + telos_exp64($1 / tau) } / 3)
        }
        let given = DiscriminativeObjective(temperature: temperature).coefficients(isRight: isRight, scores: scores)
        for index in scores.indices {
            var (up, down) = (scores, scores)
            up[index] += 1e-5
            down[index] -= 1e-5
            #expect(abs((objective(up) - objective(down)) / 2e-5 - given[index]) < 1e-6)
        }
        #expect(abs(given.reduce(0, +)) < 1e-12)
    }

    @Test func groupsWithoutComparisonTeachNothing() {
        for isRight in [[true, true], [false, false, false], []] {
            let given = DiscriminativeObjective().coefficients(isRight: isRight, scores: isRight.map { _ in 1 })
            #expect(given == isRight.map { _ in 0 })
        }
    }

    /// Exactly nothing within the bound, weight (K - bound) beyond.
    @Test func penaltiesAreOneSided() throws {
        let divergence = Tensor([0.01, -0.3, 0.05, 0.25], shape: [4])
        let penalty = DiscriminativeObjective.penalty(divergence, bound: 0.05, weight: 100)
        let slope = gradient(of: penalty.sum(), withRespectTo: [divergence])[0]
        let values = try penalty.evaluated()
        #expect(values.prefix(3).allSatisfy { $0 == 0 } && abs(values[3] - 2) < 1e-5)
        let slopes = try slope.evaluated()
        #expect(slopes.prefix(3).allSatisfy { $0 == 0 } && abs(slopes[3] - 20) < 1e-4)
    }
}
