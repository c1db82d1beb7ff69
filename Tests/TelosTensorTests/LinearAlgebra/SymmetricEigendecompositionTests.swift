import Foundation
import Testing

@testable import TelosTensor

struct SymmetricEigendecompositionTests {
    /// Largest element of A v - w v, and of V^T V - I.
    private func residuals(_ matrix: [Double], _ result: SymmetricEigendecomposition) -> (Double, Double) {
        let n = result.size
        let vectors = (0..<n).map { result.vector($0) }
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        var (equation, orthogonality) = (0.0, 0.0)
        for i in 0..<n {
            for row in 0..<n {
                let image = dot(Array(matrix[(row * n)..<((row + 1) * n)]), vectors[i])
                equation = max(equation, abs(image - result.values[i] * vectors[i][row]))
            }
            for j in 0..<n { orthogonality = max(orthogonality, abs(dot(vectors[i], vectors[j]) - (i == j ? 1 : 0))) }
        }
        return (equation, orthogonality)
    }

    @Test(arguments: [1, 2, 3, 8, 33]) func `random matrices are taken apart`(size: Int) throws {
        var random = RandomKey(seed: size).stream
        var matrix = [Double](repeating: 0, count: size * size)
        for row in 0..<size {
            for column in 0...row {
                matrix[row * size + column] = random.uniform(-1, 1)
                matrix[column * size + row] = matrix[row * size + column]
            }
        }
        let result = try SymmetricEigendecomposition(matrix)
        let (equation, orthogonality) = residuals(matrix, result)
        #expect(equation < 1e-12 * Double(size) && orthogonality < 1e-12)
        #expect(result.values == result.values.sorted())
    }

    /// The Laplacian of a path of n vertices has the eigenvalues 2 - 2 cos(pi k / n).
    @Test func `a path's Laplacian has its known eigenvalues`() throws {
        let n = 9
        var matrix = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            matrix[i * n + i] = i == 0 || i == n - 1 ? 1 : 2
            if i > 0 {
                matrix[i * n + i - 1] = -1
                matrix[(i - 1) * n + i] = -1
            }
        }
        for (k, value) in try SymmetricEigendecomposition(matrix).values.enumerated() {
            #expect(abs(value - (2 - 2 * cos(Double.pi * Double(k) / Double(n)))) < 1e-13)
        }
    }

    @Test func `repeated eigenvalues, zero blocks and very different sizes`() throws {
        let identity = (0..<25).map { $0 % 6 == 0 ? 1.0 : 0 }
        let same = try SymmetricEigendecomposition(identity)
        #expect(same.values == [1, 1, 1, 1, 1] && residuals(identity, same).1 < 1e-15)
        #expect(try SymmetricEigendecomposition([Double](repeating: 0, count: 16)).values == [0, 0, 0, 0])
        let scales: [Double] = [1e8, 2, 0, 2, 1e-6, 1e-8, 0, 1e-8, -3]
        let result = try SymmetricEigendecomposition(scales)
        #expect(residuals(scales, result).0 < 1e-7)
        #expect(abs(result.values[2] - 1e8) < 1 && abs(result.values[0] + 3) < 1e-6)
    }

    @Test func `what is no symmetric matrix is an error`() {
        #expect(throws: LinearAlgebraError.self) { try SymmetricEigendecomposition([1, 2, 3]) }
        #expect(throws: LinearAlgebraError.self) { try SymmetricEigendecomposition([1, .infinity, 3, 4]) }
    }
}
