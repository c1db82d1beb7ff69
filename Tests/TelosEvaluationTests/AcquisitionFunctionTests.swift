import Foundation
import TelosTensor
import Testing

@testable import TelosEvaluation

@Suite struct AcquisitionFunctionTests {
    /// P(Z < z) from a table of the normal distribution.
    @Test func probabilityOfImprovementIsTheNormals() {
        #expect(abs(probabilityOfImprovement(mean: 1, variance: 4, over: 1) - 0.5) < 1e-15)
        #expect(abs(probabilityOfImprovement(mean: 3, variance: 4, over: -0.92) - 0.975_002) < 1e-6)
        #expect(probabilityOfImprovement(mean: 1, variance: 0, over: 0.5) == 1)
        #expect(probabilityOfImprovement(mean: 1, variance: 0, over: 1) == 0)
        #expect(upperConfidenceBound(mean: 1, variance: 9, beta: 4) == 7)
    }

    /// Against the integral, for lines that are all on top somewhere, and for many that are not.
    @Test func expectedMaximumIsItsIntegral() {
        var random = RandomKey(seed: 9).stream
        var cases: [([Double], [Double])] = [
            ([0, 0, 0], [-1, 0, 1]), ([1, 0.5], [0, 0]), ([0, 1, 1], [2, 2, 2]), ([0], [3]),
            ([0, -0.1, -5], [0, 1, 1]),
        ]
        for count in [5, 40] {
            cases.append(((0..<count).map { _ in random.normal() }, (0..<count).map { _ in random.normal() }))
        }
        for (intercepts, slopes) in cases {
            var integral = 0.0
            let count = 100_000
            for index in 0..<count {
                let z = -9 + 18 * (Double(index) + 0.5) / Double(count)
                let largest = zip(intercepts, slopes).map { $0 + $1 * z }.max()!
                integral += largest * exp(-0.5 * z * z) / (2 * Double.pi).squareRoot() * 18 / Double(count)
            }
            let value = expectedMaximum(intercepts: intercepts, slopes: slopes)
            #expect(abs(value - integral) < 1e-6, "\(intercepts) \(slopes): \(value) and \(integral)")
        }
        // E|Z| = sqrt(2 / pi).
        #expect(abs(expectedMaximum(intercepts: [0, 0], slopes: [1, -1]) - (2 / Double.pi).squareRoot()) < 1e-12)
    }

    private func process(noise: Double, points: [[Double]], values: [Double]) throws -> GaussianProcess {
        try GaussianProcess(
            .init(lengthScales: [0.3], noise: noise, variance: 1.5, kernel: .squaredExponential), points: points,
            values: values)
    }

    /// Against processes that really are told the draws of the next value.
    @Test func knowledgeGradientIsTheExpectedRiseOfTheBestMean() throws {
        let points = [[0.1], [0.5], [0.9]]
        let values = [0.4, 1, -0.3]
        let candidates = (0..<11).map { [Double($0) / 10] }
        let known = try process(noise: 0.2, points: points, values: values)
        let gradients = try known.knowledgeGradients(of: candidates)
        let noisy = try known.noisyExpectedImprovements(of: candidates, observed: [1, 5, 9])
        let before = known.means(at: candidates)
        for candidate in [0, 3, 5] {
            let posterior = try known.posterior(at: candidates[candidate])
            let deviation = (posterior.variance + 1.5 * 0.2).squareRoot()
            var (rise, restricted) = (0.0, 0.0)
            let count = 2000
            for index in 0..<count {
                let z = -8 + 16 * (Double(index) + 0.5) / Double(count)
                let weight = exp(-0.5 * z * z) / (2 * Double.pi).squareRoot() * 16 / Double(count)
                let next = try process(
                    noise: 0.2, points: points + [candidates[candidate]],
                    values: values + [posterior.mean + deviation * z])
                let after = next.means(at: candidates)
                rise += weight * (after.max()! - before.max()!)
                let observed = [1, 5, 9, candidate].map { after[$0] }.max()!
                restricted += weight * (observed - [1, 5, 9].map { before[$0] }.max()!)
            }
            #expect(abs(gradients[candidate] - rise) < 1e-5, "\(candidate): \(gradients[candidate]) and \(rise)")
            #expect(abs(noisy[candidate] - restricted) < 1e-5)
        }
        #expect(gradients.allSatisfy { $0 >= 0 } && zip(gradients, noisy).allSatisfy { $1 >= -1e-12 && $0 >= 0 })
        #expect(throws: StatisticsError.self) {
            try known.noisyExpectedImprovements(of: candidates, observed: [])
        }
    }

    @Test func withoutNoiseItIsExpectedImprovement() throws {
        let points = [[0.1], [0.5], [0.9]]
        let known = try process(noise: 0, points: points, values: [0.4, 1, -0.3])
        let candidates = points + [[0.3], [0.7], [0.55]]
        let improvements = try known.noisyExpectedImprovements(of: candidates, observed: [0, 1, 2])
        for (candidate, improvement) in zip(candidates, improvements).dropFirst(3) {
            let posterior = try known.posterior(at: candidate)
            let expected = expectedImprovement(mean: posterior.mean, variance: posterior.variance, over: 1)
            #expect(abs(improvement - expected) < 1e-8)
        }
        #expect(improvements.prefix(3).allSatisfy { $0 < 1e-9 })
    }

    /// Looking again at one point is worth less and less.
    @Test func knowledgeGradientFallsWhereOneLooks() throws {
        var gradients: [Double] = []
        for times in 1...6 {
            let known = try process(
                noise: 0.5, points: Array(repeating: [0.5], count: times), values: Array(repeating: 0, count: times))
            gradients.append(try known.knowledgeGradients(of: [[0.5], [2.5]])[0])
        }
        #expect(zip(gradients, gradients.dropFirst()).allSatisfy { $0 > $1 })
    }
}
