import CTelosKernels

/// A = L transpose(L) for a symmetric positive definite A, with L lower triangular.
///
/// n^3 / 3 operations; only the lower triangle of A is read. (Golub and Van Loan, *Matrix computations*, 2013,
/// section 4.2.)
public struct CholeskyFactorization: Sendable {
    public let size: Int
    /// L, n x n, row-major, zero above the diagonal.
    public let lower: [Double]

    /// - Parameter matrix: A, n x n, row-major.
    /// - Throws: `LinearAlgebraError` when A is not square or not positive definite.
    public init(_ matrix: [Double]) throws {
        let size = Int(Double(matrix.count).squareRoot().rounded())
        guard size > 0, size * size == matrix.count else {
            throw LinearAlgebraError("a square matrix is needed; \(matrix.count) values do not form one")
        }
        var lower = [Double](repeating: 0, count: matrix.count)
        for row in 0..<size {
            for column in 0...row {
                var sum = matrix[row * size + column]
                for k in 0..<column { sum -= lower[row * size + k] * lower[column * size + k] }
                if row != column {
                    lower[row * size + column] = sum / lower[column * size + column]
                } else if sum > 0, sum.isFinite {
                    lower[row * size + row] = sum.squareRoot()
                } else {
                    throw LinearAlgebraError(
                        "the \(size) x \(size) matrix is not positive definite (row \(row)); "
                            + "add a ridge to its diagonal")
                }
            }
        }
        self.size = size
        self.lower = lower
    }

    /// log det A.
    public var logDeterminant: Double {
        (0..<size).reduce(0) { $0 + 2 * telos_log64(lower[$1 * size + $1]) }
    }

    /// X with A X = B.
    /// - Parameter rightHandSides: B, n x `columns`, row-major.
    public func solve(_ rightHandSides: [Double], columns: Int = 1) throws -> [Double] {
        guard columns > 0, rightHandSides.count == size * columns else {
            throw LinearAlgebraError(
                "the right-hand side has \(rightHandSides.count) values, \(size) rows of \(columns) need "
                    + "\(size * columns)")
        }
        var x = rightHandSides
        for column in 0..<columns {
            for row in 0..<size {
                var sum = x[row * columns + column]
                for k in 0..<row { sum -= lower[row * size + k] * x[k * columns + column] }
                x[row * columns + column] = sum / lower[row * size + row]
            }
            for row in stride(from: size - 1, through: 0, by: -1) {
                var sum = x[row * columns + column]
                for k in (row + 1)..<max(size, row + 1) { sum -= lower[k * size + row] * x[k * columns + column] }
                x[row * columns + column] = sum / lower[row * size + row]
            }
        }
        return x
    }

    /// L z: for independent standard normal z, a draw of covariance A.
    public func multiplyFactor(_ z: [Double]) -> [Double] {
        precondition(z.count == size, "\(z.count) values for a factor of \(size) rows")
        return (0..<size).map { row in (0...row).reduce(0) { $0 + lower[row * size + $1] * z[$1] } }
    }

    /// The x with transpose(L) x = z: for independent standard normal z, a draw of covariance A⁻¹.
    public func solveTransposedFactor(_ z: [Double]) -> [Double] {
        precondition(z.count == size, "\(z.count) values for a factor of \(size) rows")
        var x = z
        for row in stride(from: size - 1, through: 0, by: -1) {
            for k in (row + 1)..<max(size, row + 1) { x[row] -= lower[k * size + row] * x[k] }
            x[row] /= lower[row * size + row]
        }
        return x
    }
}

/// The w that minimises |X w - y|^2 + ridge |w|^2, by the normal equations
/// (transpose(X) X + ridge I) w = transpose(X) y.
///
/// The normal equations square the condition of X: for nearly dependent columns use a positive `ridge`.
/// - Parameters:
///   - matrix: X, `rows` x `columns`, row-major.
///   - rhs: y, `rows` x `targets`, row-major.
///   - ridge: the penalty on the weights; raising it shrinks them towards zero and makes the solution steadier.
/// - Returns: w, `columns` x `targets`, row-major.
/// - Throws: `LinearAlgebraError` when sizes do not fit, `ridge` is negative, or X's columns are dependent and `ridge`
///   is 0.
public func leastSquares(
    matrix: [Double], rows: Int, columns: Int, rhs: [Double], targets: Int = 1, ridge: Double = 0
) throws -> [Double] {
    guard rows > 0, columns > 0, targets > 0, matrix.count == rows * columns, rhs.count == rows * targets else {
        throw LinearAlgebraError(
            "least squares: \(matrix.count) values for a \(rows) x \(columns) matrix, \(rhs.count) for \(rows) rows of "
                + "\(targets) targets")
    }
    guard ridge >= 0, ridge.isFinite else { throw LinearAlgebraError("the ridge must be 0 or more, not \(ridge)") }
    var gram = [Double](repeating: 0, count: columns * columns)
    var projected = [Double](repeating: 0, count: columns * targets)
    for row in 0..<rows {
        for i in 0..<columns {
            let left = matrix[row * columns + i]
            if left == 0 { continue }
            for j in 0...i { gram[i * columns + j] += left * matrix[row * columns + j] }
            for target in 0..<targets { projected[i * targets + target] += left * rhs[row * targets + target] }
        }
    }
    var largest = 0.0
    for i in 0..<columns {
        largest = max(largest, gram[i * columns + i])
        gram[i * columns + i] += ridge
    }
    let factorization = try CholeskyFactorization(gram)
    let smallest = (0..<columns).map { factorization.lower[$0 * columns + $0] }.min() ?? 0
    guard ridge > 0 || smallest * smallest > Double(columns) * largest * 0x1p-52 else {
        throw LinearAlgebraError("the columns of the matrix are linearly dependent; give a positive ridge")
    }
    return try factorization.solve(projected, columns: targets)
}
