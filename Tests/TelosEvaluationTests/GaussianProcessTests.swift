import Foundation
import TelosTensor
import Testing

@testable import TelosEvaluation

@Suite struct GaussianProcessTests {
    /// Two observations, 1 at x = 0 and -1 at x = 1, unit scale and variance: K = [[1 + n, c], [c, 1 + n]] with
    /// c = (1 + √5 + 5/3) exp(-√5), inverted by hand.
    @Test(arguments: [0.0, 0.1]) func posteriorAgreesWithTwoPointsSolvedByHand(noise: Double) throws {
        func k(_ r: Double) -> Double { (1 + 5.0.squareRoot() * r + 5 * r * r / 3) * exp(-5.0.squareRoot() * r) }
        let process = try GaussianProcess(
            .init(lengthScales: [1], noise: noise), points: [[0], [1]], values: [1, -1])
        let (a, c) = (1 + noise, k(1))
        #expect(abs(c - 0.523994) < 1e-6)
        let determinant = a * a - c * c
        for x in [-1.0, 0, 0.25, 0.5, 1, 3] {
            let (k0, k1) = (k(abs(x)), k(abs(x - 1)))
            // K⁻¹ (1, -1) = (1, -1) / (a - c).
            let mean = (k0 - k1) / (a - c)
            let variance = 1 - (a * k0 * k0 - 2 * c * k0 * k1 + a * k1 * k1) / determinant
            let posterior = try process.posterior(at: [x])
            #expect(abs(posterior.mean - mean) < 1e-12, "\(x)")
            #expect(abs(posterior.variance - max(0, variance)) < 1e-12, "\(x)")
        }
        #expect(abs(process.logLikelihood - (-1 / (a - c) - 0.5 * log(determinant))) < 1e-12)
    }

    @Test func varianceMeanAndLengthScalesAreUnits() throws {
        let points = [[0.1, 3], [0.7, 1], [0.4, 2]]
        let values = [1.0, 4, 2]
        let plain = try GaussianProcess(.init(lengthScales: [0.5, 2], noise: 0.01), points: points, values: values)
        // The same function in other units: inputs and outputs stretched, outputs shifted.
        let stretched = try GaussianProcess(
            .init(lengthScales: [5, 20], noise: 0.01, variance: 9, mean: 100),
            points: points.map { $0.map { 10 * $0 } }, values: values.map { 100 + 3 * $0 })
        let (first, second) = (try plain.posterior(at: [0.3, 1.5]), try stretched.posterior(at: [3, 15]))
        #expect(abs(100 + 3 * first.mean - second.mean) < 1e-10)
        #expect(abs(9 * first.variance - second.variance) < 1e-10)
        // Far away it knows nothing.
        let far = try plain.posterior(at: [100, 100])
        #expect(abs(far.mean) < 1e-10 && abs(far.variance - 1) < 1e-10)
    }

    @Test func fittingFindsTheAxisThatMatters() throws {
        var random = RandomKey(seed: 1).stream
        let points = (0..<40).map { _ in [random.uniform(), random.uniform()] }
        let values = points.map { 50 * sin(6 * $0[0]) + 0.1 * random.normal() }
        let process = try GaussianProcess.fitted(points: points, values: values)
        #expect(process.parameters.lengthScales[1] > 4 * process.parameters.lengthScales[0])
        for x in [0.2, 0.5, 0.8] {
            let posterior = try process.posterior(at: [x, random.uniform()])
            #expect(abs(posterior.mean - 50 * sin(6 * x)) < 5)
        }
        let flat = try GaussianProcess.fitted(points: points, values: points.map { _ in 7 })
        #expect(abs(try flat.posterior(at: [0.5, 0.5]).mean - 7) < 1e-9)
    }

    /// Against the integral it stands for, by the midpoint rule.
    @Test func expectedImprovementIsItsIntegral() {
        for (mean, deviation, best) in [(0.0, 1.0, 0.0), (1, 2, 3), (-2, 0.5, -2.5), (0, 0.1, 1)] {
            var integral = 0.0
            let count = 200_000
            for index in 0..<count {
                let z = -10 + 20 * (Double(index) + 0.5) / Double(count)
                let density = exp(-0.5 * z * z) / (2 * Double.pi).squareRoot()
                integral += max(0, mean + deviation * z - best) * density * 20 / Double(count)
            }
            let value = expectedImprovement(mean: mean, variance: deviation * deviation, over: best)
            #expect(abs(value - integral) < 1e-8, "\(mean) \(deviation) \(best)")
        }
        // phi(0) = 1 / sqrt(2 pi), as in any table.
        #expect(abs(expectedImprovement(mean: 5, variance: 1, over: 5) - 0.398_942_280_401_432_7) < 1e-15)
        #expect(expectedImprovement(mean: 3, variance: 0, over: 1) == 2)
        #expect(expectedImprovement(mean: 1, variance: 0, over: 3) == 0)
    }

    @Test func badInputIsRefused() {
        let parameters = GaussianProcess.Parameters(lengthScales: [1])
        #expect(throws: StatisticsError.self) { try GaussianProcess(parameters, points: [], values: []) }
        #expect(throws: StatisticsError.self) { try GaussianProcess(parameters, points: [[0, 1]], values: [1]) }
        #expect(throws: StatisticsError.self) { try GaussianProcess(parameters, points: [[0]], values: [.nan]) }
        #expect(throws: StatisticsError.self) {
            try GaussianProcess(.init(lengthScales: [0]), points: [[0]], values: [1])
        }
        #expect(throws: LinearAlgebraError.self) {
            try GaussianProcess(parameters, points: [[0], [0]], values: [1, 2])
        }
        #expect(throws: StatisticsError.self) { try GaussianProcess.fitted(points: [], values: []) }
    }
}
