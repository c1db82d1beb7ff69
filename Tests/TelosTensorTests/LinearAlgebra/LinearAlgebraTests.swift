import Testing

@testable import TelosTensor

struct LinearAlgebraTests {
    private func randomMatrix(_ count: Int, seed: Int) -> [Double] {
        var random = RandomKey(seed: seed).stream
        return (0..<count).map { _ in random.uniform(-1, 1) }
    }

    private func product(_ a: [Double], _ b: [Double], _ rows: Int, _ inner: Int, _ columns: Int) -> [Double] {
        (0..<(rows * columns)).map { position in
            (0..<inner).reduce(0) {
                $0 + a[position / columns * inner + $1] * b[$1 * columns + position % columns]
            }
        }
    }

    @Test func `a known system, with a zero first pivot`() throws {
        // x + 2y + 3z = 14 etc. with x = (1, 2, 3), rows ordered so that pivoting is needed.
        let matrix: [Double] = [0, 1, 4, 1, 2, 3, 5, 6, 0]
        let x = try solveLinearSystem(matrix: matrix, rhs: [14, 14, 17])
        for (value, expected) in zip(x, [1.0, 2, 3]) { #expect(abs(value - expected) < 1e-12) }
        // det = 0*(0-18) - 1*(0-15) + 4*(6-10) = -1
        #expect(abs(try LUFactorization(matrix).determinant + 1) < 1e-12)
    }

    @Test(arguments: [1, 2, 7, 40]) func `residuals vanish for several right-hand sides, straight and transposed`(
        size: Int
    ) throws {
        let matrix = randomMatrix(size * size, seed: size)
        let rhs = randomMatrix(size * 3, seed: 100 + size)
        let x = try solveLinearSystem(matrix: matrix, rhs: rhs, columns: 3)
        for (value, expected) in zip(product(matrix, x, size, size, 3), rhs) { #expect(abs(value - expected) < 1e-9) }
        let transpose = (0..<(size * size)).map { matrix[$0 % size * size + $0 / size] }
        let y = try solveLinearSystem(matrix: matrix, rhs: rhs, columns: 3, transposed: true)
        for (value, expected) in zip(product(transpose, y, size, size, 3), rhs) {
            #expect(abs(value - expected) < 1e-9)
        }
    }

    @Test func `singular and misshapen systems are errors`() {
        #expect(throws: LinearAlgebraError.self) { try LUFactorization([1, 2, 2, 4]) }
        #expect(throws: LinearAlgebraError.self) { try LUFactorization([1, 2, 3]) }
        #expect(throws: LinearAlgebraError.self) { try LUFactorization([1, .nan, 3, 4]) }
        #expect(throws: LinearAlgebraError.self) { try solveLinearSystem(matrix: [1, 0, 0, 1], rhs: [1, 2, 3]) }
        #expect(throws: LinearAlgebraError.self) { try CholeskyFactorization([1, 2, 2, 1]) }
        #expect(throws: LinearAlgebraError.self) {
            try leastSquares(matrix: [1, 1, 2, 2, 3, 3], rows: 3, columns: 2, rhs: [1, 2, 3])
        }
    }

    @Test func `Cholesky of a known matrix`() throws {
        // The textbook example: L = [2 0 0; 6 1 0; -8 5 3].
        let matrix: [Double] = [4, 12, -16, 12, 37, -43, -16, -43, 98]
        let factorization = try CholeskyFactorization(matrix)
        #expect(factorization.lower == [2, 0, 0, 6, 1, 0, -8, 5, 3])
        #expect(abs(factorization.logDeterminant - 3.58351893845611) < 1e-12)  // log 36
        let x = try factorization.solve([4, 12, -16, 1, 0, 0], columns: 2)
        let lu = try solveLinearSystem(matrix: matrix, rhs: [4, 12, -16, 1, 0, 0], columns: 2)
        for (value, expected) in zip(x, lu) { #expect(abs(value - expected) < 1e-9 * max(1, abs(expected))) }
    }

    @Test func `least squares: a line through points, and ridge shrinks`() throws {
        // Fit of y = a + b x to (0,1), (1,3), (2,4), (3,4): a = 1.5, b = 1.
        let design: [Double] = [1, 0, 1, 1, 1, 2, 1, 3]
        let w = try leastSquares(matrix: design, rows: 4, columns: 2, rhs: [1, 3, 4, 4])
        #expect(abs(w[0] - 1.5) < 1e-12 && abs(w[1] - 1) < 1e-12)
        // One column: w = x.y / (x.x + ridge).
        let ridge = try leastSquares(matrix: [1, 2, 3], rows: 3, columns: 1, rhs: [2, 4, 6], ridge: 14)
        #expect(abs(ridge[0] - 1) < 1e-12)
    }

    @Test func choleskyFactorMultipliesAndSolves() throws {
        let matrix = [4.0, 1, 0.5, 1, 3, -0.2, 0.5, -0.2, 2]
        let factorization = try CholeskyFactorization(matrix)
        let z = [0.3, -1.2, 0.8]
        // L (L' (A⁻¹ z)) = z, and L'⁻¹ undoes L'.
        let x = factorization.solveTransposedFactor(z)
        for column in 0..<3 {
            let product = (0..<3).reduce(0) { $0 + factorization.lower[$1 * 3 + column] * x[$1] }
            #expect(abs(product - z[column]) < 1e-12)
        }
        let solved = factorization.solveTransposedFactor(z)
        let forward = try solveLinearSystem(matrix: matrix, rhs: factorization.multiplyFactor(z))
        for (one, other) in zip(solved, forward) { #expect(abs(one - other) < 1e-12) }
    }
}
