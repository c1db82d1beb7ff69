import Foundation
import TelosTensor
import Testing

@testable import TelosEvaluation

@Suite struct KernelTests {
    private typealias Kernel = GaussianProcess.Kernel
    private static let kernels: [Kernel] = [
        .squaredExponential, .matern32, .matern52, .periodic([0.8, 1.7]),
    ]

    /// Rasmussen and Williams, equations 4.9, 4.17 and 4.31, at r² = (0.3 / 0.5)² + (0.8 / 2)² = 0.52.
    @Test func valuesFollowTheEquations() {
        func value(_ kernel: Kernel) -> Double { kernel.correlation([0.1, 1], [0.4, 0.2], lengthScales: [0.5, 2]) }
        let r = 0.52.squareRoot()
        #expect(abs(value(.squaredExponential) - exp(-0.26)) < 1e-14)
        #expect(abs(value(.matern32) - (1 + 3.0.squareRoot() * r) * exp(-3.0.squareRoot() * r)) < 1e-14)
        #expect(
            abs(value(.matern52) - (1 + 5.0.squareRoot() * r + 5 * 0.52 / 3) * exp(-5.0.squareRoot() * r)) < 1e-14)
        let (s, t) = (sin(Double.pi * 0.3 / 0.8) / 0.5, sin(Double.pi * 0.8 / 1.7) / 2)
        #expect(abs(value(.periodic([0.8, 1.7])) - exp(-2 * (s * s + t * t))) < 1e-14)
        // A period apart is the same place.
        #expect(abs(Kernel.periodic([0.8]).correlation([0.1], [2.5], lengthScales: [0.3]) - 1) < 1e-14)
    }

    /// Joint and single posteriors agree, and with the formula solved by Gaussian elimination.
    @Test(arguments: kernels) func jointPosteriorIsTheFormula(kernel: GaussianProcess.Kernel) throws {
        var random = RandomKey(seed: 5).stream
        func draw(_ count: Int) -> [[Double]] { (0..<count).map { _ in [random.uniform(), random.uniform()] } }
        let (points, candidates) = (draw(6), draw(4))
        let values = points.map { _ in random.normal() }
        let parameters = GaussianProcess.Parameters(
            lengthScales: [0.4, 0.7], noise: 0.1, variance: 2, mean: 0.5, kernel: kernel)
        let process = try GaussianProcess(parameters, points: points, values: values)
        let joint = try process.jointPosterior(at: candidates)
        func k(_ x: [Double], _ y: [Double]) -> Double { 2 * kernel.correlation(x, y, lengthScales: [0.4, 0.7]) }
        var matrix = points.flatMap { x in points.map { k(x, $0) } }
        for index in 0..<6 { matrix[index * 6 + index] += 0.2 }
        for (row, x) in candidates.enumerated() {
            let cross = points.map { k(x, $0) }
            let weights = try solveLinearSystem(matrix: matrix, rhs: cross)
            let mean = 0.5 + zip(weights, values).reduce(0) { $0 + $1.0 * ($1.1 - 0.5) }
            #expect(abs(joint.means[row] - mean) < 1e-10)
            #expect(abs(process.means(at: [x])[0] - mean) < 1e-10)
            for (column, y) in candidates.enumerated() {
                let explained = zip(weights, points.map { k($0, y) }).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(joint.covariance[row * 4 + column] - (k(x, y) - explained)) < 1e-10)
            }
            let single = try process.posterior(at: x)
            #expect(abs(single.mean - mean) < 1e-10)
            #expect(abs(single.variance - joint.covariance[row * 4 + row]) < 1e-10)
        }
    }

    @Test func drawsHaveThePosteriorsMoments() throws {
        let process = try GaussianProcess(
            .init(lengthScales: [0.5], noise: 0.05, kernel: .squaredExponential), points: [[0], [1]], values: [1, -1])
        let candidates = [[0.2], [0.5], [0.6]]
        let joint = try process.jointPosterior(at: candidates)
        var random = RandomKey(seed: 6).stream
        let draws = try (0..<4000).map { _ in try process.sample(at: candidates, using: &random) }
        for i in 0..<3 {
            let mean = draws.reduce(0) { $0 + $1[i] } / 4000
            #expect(abs(mean - joint.means[i]) < 0.05)
            for j in 0..<3 {
                let covariance =
                    draws.reduce(0) { $0 + ($1[i] - joint.means[i]) * ($1[j] - joint.means[j]) } / 4000
                #expect(abs(covariance - joint.covariance[i * 3 + j]) < 0.03)
            }
        }
    }

    @Test func fittingKeepsTheKernel() throws {
        let points = (0..<20).map { [Double($0) / 19] }
        let values = points.map { sin(2 * Double.pi * $0[0] / 0.25) }
        let process = try GaussianProcess.fitted(points: points, values: values, kernel: .periodic([0.25]))
        // Beyond the data only the periodic kernel knows.
        #expect(abs(try process.posterior(at: [1.8125]).mean - 1) < 0.1)
        let smooth = try GaussianProcess.fitted(points: points, values: values, kernel: .squaredExponential)
        #expect(abs(try smooth.posterior(at: [1.8125]).mean - 1) > 0.5)
        #expect(throws: StatisticsError.self) {
            try GaussianProcess(.init(lengthScales: [1], kernel: .periodic([])), points: [[0]], values: [1])
        }
    }
}
