/// What stops a linear system from being solved.
public struct LinearAlgebraError: Error, CustomStringConvertible, Equatable {
    public var description: String
    public init(_ description: String) { self.description = description }
}

/// P A = L U by Gaussian elimination with partial pivoting, for solving A x = b and its transpose many times.
///
/// Plain double precision in a fixed order: the same bits on every machine. 2/3 n^3 operations to factor, 2 n^2 a
/// right-hand side. (Golub and Van Loan, *Matrix computations*, 2013, algorithm 3.4.1.)
public struct LUFactorization: Sendable {
    public let size: Int
    /// Row-major; L below the diagonal (its own diagonal is 1), U on and above it.
    private var factors: [Double]
    /// Row i of P A is row `permutation[i]` of A.
    private var permutation: [Int]
    private var swaps = 0

    /// - Parameter matrix: A, n x n, row-major.
    /// - Throws: `LinearAlgebraError` when A is not square, holds a value that is not finite, or is singular (a pivot
    ///   below n times the rounding error of its largest element).
    public init(_ matrix: [Double]) throws {
        let size = Int(Double(matrix.count).squareRoot().rounded())
        guard size > 0, size * size == matrix.count else {
            throw LinearAlgebraError("a square matrix is needed; \(matrix.count) values do not form one")
        }
        var largest = 0.0
        for (position, value) in matrix.enumerated() {
            guard value.isFinite else {
                throw LinearAlgebraError(
                    "the matrix holds \(value) in row \(position / size), column \(position % size)")
            }
            largest = max(largest, abs(value))
        }
        let smallestPivot = Double(size) * largest * 0x1p-53
        self.size = size
        var permutation = Array(0..<size)
        var factors = matrix
        var swaps = 0
        try factors.withUnsafeMutableBufferPointer { a in
            for column in 0..<size {
                var pivot = column
                for row in (column + 1)..<max(size, column + 1)
                where abs(a[row * size + column]) > abs(a[pivot * size + column]) { pivot = row }
                guard abs(a[pivot * size + column]) > smallestPivot else {
                    throw LinearAlgebraError("the \(size) x \(size) matrix is singular: no pivot in column \(column)")
                }
                if pivot != column {
                    for k in 0..<size { a.swapAt(pivot * size + k, column * size + k) }
                    permutation.swapAt(pivot, column)
                    swaps += 1
                }
                let diagonal = a[column * size + column]
                for row in (column + 1)..<max(size, column + 1) {
                    let factor = a[row * size + column] / diagonal
                    a[row * size + column] = factor
                    if factor == 0 { continue }
                    for k in (column + 1)..<size { a[row * size + k] -= factor * a[column * size + k] }
                }
            }
        }
        self.factors = factors
        self.permutation = permutation
        self.swaps = swaps
    }

    /// det A.
    public var determinant: Double {
        (0..<size).reduce(swaps % 2 == 0 ? 1 : -1) { $0 * factors[$1 * size + $1] }
    }

    /// X with A X = B.
    /// - Parameter rightHandSides: B, n x `columns`, row-major.
    public func solve(_ rightHandSides: [Double], columns: Int = 1) throws -> [Double] {
        try check(rightHandSides, columns)
        var x = [Double](repeating: 0, count: rightHandSides.count)
        for row in 0..<size {
            for column in 0..<columns {
                var sum = rightHandSides[permutation[row] * columns + column]
                for k in 0..<row { sum -= factors[row * size + k] * x[k * columns + column] }
                x[row * columns + column] = sum
            }
        }
        for row in stride(from: size - 1, through: 0, by: -1) {
            for column in 0..<columns {
                var sum = x[row * columns + column]
                for k in (row + 1)..<max(size, row + 1) { sum -= factors[row * size + k] * x[k * columns + column] }
                x[row * columns + column] = sum / factors[row * size + row]
            }
        }
        return x
    }

    /// X with transpose(A) X = B.
    /// - Parameter rightHandSides: B, n x `columns`, row-major.
    public func solveTransposed(_ rightHandSides: [Double], columns: Int = 1) throws -> [Double] {
        try check(rightHandSides, columns)
        var z = rightHandSides
        for row in 0..<size {
            for column in 0..<columns {
                let value = z[row * columns + column] / factors[row * size + row]
                z[row * columns + column] = value
                for k in (row + 1)..<max(size, row + 1) { z[k * columns + column] -= factors[row * size + k] * value }
            }
        }
        for row in stride(from: size - 1, through: 0, by: -1) {
            for column in 0..<columns {
                let value = z[row * columns + column]
                for k in 0..<row { z[k * columns + column] -= factors[row * size + k] * value }
            }
        }
        var x = z
        for row in 0..<size {
            for column in 0..<columns { x[permutation[row] * columns + column] = z[row * columns + column] }
        }
        return x
    }

    private func check(_ values: [Double], _ columns: Int) throws {
        guard columns > 0, values.count == size * columns else {
            throw LinearAlgebraError(
                "the right-hand side has \(values.count) values, \(size) rows of \(columns) need \(size * columns)")
        }
    }
}

/// X with A X = B, or with transpose(A) X = B.
/// - Parameters:
///   - matrix: A, n x n, row-major.
///   - rhs: B, n x `columns`, row-major.
/// - Throws: `LinearAlgebraError` when A is singular or the sizes do not fit.
public func solveLinearSystem(
    matrix: [Double], rhs: [Double], columns: Int = 1, transposed: Bool = false
) throws -> [Double] {
    let factorization = try LUFactorization(matrix)
    return transposed
        ? try factorization.solveTransposed(rhs, columns: columns) : try factorization.solve(rhs, columns: columns)
}
