/// A = sum_i w_i v_i v_i^T for a symmetric matrix A: eigenvalues w and orthonormal eigenvectors v.
///
/// Householder's reduction to tridiagonal form, then implicit QL iterations, in plain double precision and a fixed
/// order: the same bits on every machine, about 9 n^3 operations. (Bowdler, Martin, Reinsch and Wilkinson, *The QR and
/// QL algorithms for symmetric matrices*, 1968; the routines tred2 and tql2 of EISPACK.)
public struct SymmetricEigendecomposition: Sendable {
    public let size: Int
    /// w, ascending.
    public let values: [Double]
    /// Column i is the eigenvector of `values[i]`; row-major.
    private let columns: [Double]

    /// - Parameter matrix: A, n x n, row-major; only what is on and below the diagonal is read.
    /// - Throws: `LinearAlgebraError` when A is not square, holds a value that is not finite, or the iteration does not
    ///   converge.
    public init(_ matrix: [Double]) throws {
        let size = Int(Double(matrix.count).squareRoot().rounded())
        guard size > 0, size * size == matrix.count else {
            throw LinearAlgebraError("a square matrix is needed; \(matrix.count) values do not form one")
        }
        if let position = matrix.firstIndex(where: { !$0.isFinite }) {
            throw LinearAlgebraError(
                "the matrix holds \(matrix[position]) in row \(position / size), column \(position % size)")
        }
        var work = QLIteration(size: size, matrix: matrix)
        work.reduceToTridiagonal()
        try work.diagonalize()
        let order = (0..<size).sorted { (work.diagonal[$0], $0) < (work.diagonal[$1], $1) }
        self.size = size
        values = order.map { work.diagonal[$0] }
        columns = (0..<size).flatMap { row in order.map { work.vectors[row * size + $0] } }
    }

    /// The eigenvector of `values[index]`, of length 1.
    public func vector(_ index: Int) -> [Double] { (0..<size).map { columns[$0 * size + index] } }
}

private struct QLIteration {
    let size: Int
    var vectors: [Double]
    var diagonal: [Double]
    var beside: [Double]

    init(size: Int, matrix: [Double]) {
        self.size = size
        vectors = matrix
        diagonal = Array(repeating: 0, count: size)
        beside = Array(repeating: 0, count: size)
    }

    /// Leaves the diagonal in `diagonal`, what is beside it in `beside[1...]`, and the transformation in `vectors`.
    mutating func reduceToTridiagonal() {
        let n = size
        for j in 0..<n { diagonal[j] = vectors[(n - 1) * n + j] }
        for i in stride(from: n - 1, to: 0, by: -1) {
            let scale = (0..<i).reduce(0) { $0 + abs(diagonal[$1]) }
            guard scale > 0 else {
                beside[i] = diagonal[i - 1]
                for j in 0..<i {
                    diagonal[j] = vectors[(i - 1) * n + j]
                    vectors[i * n + j] = 0
                    vectors[j * n + i] = 0
                }
                diagonal[i] = 0
                continue
            }
            var h = 0.0
            for k in 0..<i {
                diagonal[k] /= scale
                h += diagonal[k] * diagonal[k]
            }
            let f = diagonal[i - 1]
            let g = f > 0 ? -h.squareRoot() : h.squareRoot()
            beside[i] = scale * g
            h -= f * g
            diagonal[i - 1] = f - g
            for j in 0..<i { beside[j] = 0 }
            for j in 0..<i {
                let f = diagonal[j]
                vectors[j * n + i] = f
                var g = beside[j] + vectors[j * n + j] * f
                for k in (j + 1)..<max(i, j + 1) {
                    g += vectors[k * n + j] * diagonal[k]
                    beside[k] += vectors[k * n + j] * f
                }
                beside[j] = g
            }
            var sum = 0.0
            for j in 0..<i {
                beside[j] /= h
                sum += beside[j] * diagonal[j]
            }
            for j in 0..<i { beside[j] -= sum / (h + h) * diagonal[j] }
            for j in 0..<i {
                let (f, g) = (diagonal[j], beside[j])
                for k in j..<i { vectors[k * n + j] -= f * beside[k] + g * diagonal[k] }
                diagonal[j] = vectors[(i - 1) * n + j]
                vectors[i * n + j] = 0
            }
            diagonal[i] = h
        }
        accumulate()
    }

    private mutating func accumulate() {
        let n = size
        for i in 0..<(n - 1) {
            vectors[(n - 1) * n + i] = vectors[i * n + i]
            vectors[i * n + i] = 1
            let h = diagonal[i + 1]
            if h != 0 {
                for k in 0...i { diagonal[k] = vectors[k * n + i + 1] / h }
                for j in 0...i {
                    var g = 0.0
                    for k in 0...i { g += vectors[k * n + i + 1] * vectors[k * n + j] }
                    for k in 0...i { vectors[k * n + j] -= g * diagonal[k] }
                }
            }
            for k in 0...i { vectors[k * n + i + 1] = 0 }
        }
        for j in 0..<n {
            diagonal[j] = vectors[(n - 1) * n + j]
            vectors[(n - 1) * n + j] = 0
        }
        vectors[n * n - 1] = 1
        beside[0] = 0
    }

    mutating func diagonalize() throws {
        let n = size
        for i in 1..<max(n, 1) { beside[i - 1] = beside[i] }
        beside[n - 1] = 0
        var (shift, largest) = (0.0, 0.0)
        for l in 0..<n {
            largest = max(largest, abs(diagonal[l]) + abs(beside[l]))
            var m = l
            while m < n - 1, abs(beside[m]) > 0x1p-52 * largest { m += 1 }
            var sweeps = 0
            while m > l, abs(beside[l]) > 0x1p-52 * largest {
                sweeps += 1
                guard sweeps <= 60 else {
                    throw LinearAlgebraError("eigenvalue \(l) of the \(n) x \(n) matrix was not found in 60 sweeps")
                }
                let g = diagonal[l]
                let p = (diagonal[l + 1] - g) / (2 * beside[l])
                let r = p < 0 ? -(p * p + 1).squareRoot() : (p * p + 1).squareRoot()
                diagonal[l] = beside[l] / (p + r)
                diagonal[l + 1] = beside[l] * (p + r)
                let h = g - diagonal[l]
                for i in (l + 2)..<max(n, l + 2) { diagonal[i] -= h }
                shift += h
                sweep(from: l, to: m, next: diagonal[l + 1])
            }
            diagonal[l] += shift
            beside[l] = 0
        }
    }

    private mutating func sweep(from l: Int, to m: Int, next: Double) {
        let n = size
        let last = beside[l + 1]
        var p = diagonal[m]
        var (c, c2, c3, s, s2) = (1.0, 1.0, 1.0, 0.0, 0.0)
        for i in stride(from: m - 1, through: l, by: -1) {
            (c3, c2, s2) = (c2, c, s)
            let g = c * beside[i]
            let h = c * p
            let r = (p * p + beside[i] * beside[i]).squareRoot()
            beside[i + 1] = s * r
            s = beside[i] / r
            c = p / r
            p = c * diagonal[i] - s * g
            diagonal[i + 1] = h + s * (c * g + s * diagonal[i])
            for k in 0..<n {
                let (a, b) = (vectors[k * n + i], vectors[k * n + i + 1])
                vectors[k * n + i + 1] = s * a + c * b
                vectors[k * n + i] = c * a - s * b
            }
        }
        p = -s * s2 * c3 * last * beside[l] / next
        beside[l] = s * p
        diagonal[l] = c * p
    }
}
