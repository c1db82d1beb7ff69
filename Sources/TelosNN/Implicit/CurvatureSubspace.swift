import TelosTensor

/// Directions in parameter space, orthonormal, with the curvature of a loss along each: the span of some eigenvectors of
/// its Hessian.
///
/// Vectors are flat: every tensor's elements one after another, in the order they were given.
public struct CurvatureSubspace: Sendable {
    /// Which eigenvectors.
    public enum Order: String, Sendable, CaseIterable {
        /// Of the largest eigenvalues.
        case algebraic
        /// Of the eigenvalues farthest from 0; a policy's loss may curve down as strongly as up.
        case magnitude
    }

    /// Eigenvalues, by `Order` from the first.
    public var values: [Double]
    public var vectors: [[Double]]

    public init(values: [Double], vectors: [[Double]]) {
        self.values = values
        self.vectors = vectors
    }

    public var dimension: Int { vectors.count }

    /// |U^T g|^2 / |g|^2: the share of a vector's squared length that lies in the subspace, 0 ... 1; 0 for g = 0.
    /// A random subspace of k of n dimensions has k / n in the mean. (Gur-Ari, Roberts and Dyer, *Gradient descent
    /// happens in a tiny subspace*, 2018.)
    public func share(of g: [Double]) -> Double {
        let square = product(g, g)
        guard square > 0 else { return 0 }
        return vectors.reduce(0) { $0 + product($1, g) * product($1, g) } / square
    }

    /// (1 / k) |U^T V|_F^2: the mean share of the other's directions, 1 for the same subspace, k / n in the mean for
    /// random ones.
    public func overlap(with other: CurvatureSubspace) -> Double {
        other.vectors.reduce(0) { $0 + share(of: $1) } / Double(max(1, other.dimension))
    }

    /// A random subspace, uniformly distributed; its eigenvalues are 0. What any other is to be compared with.
    public static func random(dimension: Int, size: Int, key: RandomKey) -> CurvatureSubspace {
        var random = key.stream
        var vectors: [[Double]] = []
        while vectors.count < dimension {
            if let vector = orthonormalized((0..<size).map { _ in random.normal() }, to: vectors) {
                vectors.append(vector.direction)
            }
        }
        return CurvatureSubspace(values: Array(repeating: 0, count: dimension), vectors: vectors)
    }
}

extension CurvatureSubspace {
    /// Lanczos's iteration with full reorthogonalisation: eigenvectors of a symmetric matrix known only by its products
    /// with vectors (Lanczos, *An iteration method for the solution of the eigenvalue problem of linear differential and
    /// integral operators*, 1950; Golub and Van Loan, *Matrix computations*, 2013, section 10.1).
    ///
    /// q_1 is random; each product H q_j, less its parts along all earlier q, gives the next; the eigenvectors of the
    /// tridiagonal Q^T H Q, mapped back by Q, approach those of H from both ends of the spectrum.
    /// - Parameters:
    ///   - dimension: k, how many eigenvectors are wanted, at most `size`.
    ///   - size: n.
    ///   - iterations: products made, k ... n; by default 3 k + 30. More find the last of them more exactly.
    ///   - product: H times a vector.
    public init(
        dimension: Int, size: Int, order: Order = .algebraic, iterations: Int? = nil, key: RandomKey,
        product times: ([Double]) throws -> [Double]
    ) throws {
        guard (1...max(1, size)).contains(dimension) else {
            throw LinearAlgebraError("a subspace of \(size) dimensions cannot have \(dimension); write 1 to \(size)")
        }
        let count = min(size, max(dimension, iterations ?? 3 * dimension + 30))
        var random = key.stream
        var basis: [[Double]] = []
        var (diagonal, beside): ([Double], [Double]) = ([], [])
        var candidate = (0..<size).map { _ in random.normal() }
        while basis.count < count {
            guard let (direction, length) = orthonormalized(candidate, to: basis) else {
                // The basis spans an invariant subspace; go on outside it.
                candidate = (0..<size).map { _ in random.normal() }
                if beside.count < basis.count { beside.append(0) }
                continue
            }
            if !basis.isEmpty, beside.count < basis.count { beside.append(length) }
            basis.append(direction)
            candidate = try times(direction)
            diagonal.append(TelosNN.product(candidate, direction))
        }
        var tridiagonal = [Double](repeating: 0, count: count * count)
        for index in 0..<count {
            tridiagonal[index * count + index] = diagonal[index]
            if index > 0 { tridiagonal[index * count + index - 1] = beside[index - 1] }
        }
        let small = try SymmetricEigendecomposition(tridiagonal)
        let chosen = (0..<count).sorted { a, b in
            let (x, y) = (small.values[a], small.values[b])
            return order == .algebraic ? (x, a) > (y, b) : (abs(x), a) > (abs(y), b)
        }.prefix(dimension)
        values = chosen.map { small.values[$0] }
        vectors = chosen.map { index in
            var vector = [Double](repeating: 0, count: size)
            for (weight, direction) in zip(small.vector(index), basis) {
                for slot in 0..<size { vector[slot] += weight * direction[slot] }
            }
            return vector
        }
    }
}

private func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in 0..<a.count { sum += a[index] * b[index] }
    return sum
}

/// What of `vector` is orthogonal to `others`, of length 1, with its length before; nil where nothing is.
private func orthonormalized(_ vector: [Double], to others: [[Double]]) -> (direction: [Double], length: Double)? {
    var rest = vector
    // Twice is enough (Kahan and Parlett).
    for _ in 0..<2 {
        for other in others {
            let along = product(other, rest)
            for index in rest.indices { rest[index] -= along * other[index] }
        }
    }
    let length = product(rest, rest).squareRoot()
    guard length > 1e-10 * max(1e-300, product(vector, vector).squareRoot()) else { return nil }
    return (rest.map { $0 / length }, length)
}
