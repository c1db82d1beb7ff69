import Testing

@testable import TelosNN
@testable import TelosTensor

@Suite struct CurvatureTests {
    static let size = 40

    /// Symmetric, with a few eigenvalues far from 0 on both sides.
    static func matrix(seed: Int) -> [Double] {
        var random = RandomKey(seed: seed).stream
        var result = [Double](repeating: 0, count: size * size)
        for strength in [20.0, -30, 12, 8, -9, 0.5, 0.3] {
            let vector = (0..<size).map { _ in random.normal() / Double(size).squareRoot() }
            for i in 0..<size { for j in 0..<size { result[i * size + j] += strength * vector[i] * vector[j] } }
        }
        return result
    }

    static func product(_ matrix: [Double], _ vector: [Double]) -> [Double] {
        vector.indices.map { row in
            vector.indices.reduce(0) { $0 + matrix[row * vector.count + $1] * vector[$1] }
        }
    }

    static func isOrthonormal(_ space: CurvatureSubspace) -> Bool {
        space.vectors.indices.allSatisfy { i in
            space.vectors.indices.allSatisfy { j in
                let product = zip(space.vectors[i], space.vectors[j]).reduce(0) { $0 + $1.0 * $1.1 }
                return abs(product - (i == j ? 1 : 0)) < 1e-9
            }
        }
    }

    @Test(arguments: CurvatureSubspace.Order.allCases) func lanczosFindsTheEigenvectors(
        order: CurvatureSubspace.Order
    ) throws {
        let matrix = Self.matrix(seed: 1)
        let exact = try SymmetricEigendecomposition(matrix)
        let positions = (0..<Self.size).sorted {
            order == .algebraic
                ? exact.values[$0] > exact.values[$1] : abs(exact.values[$0]) > abs(exact.values[$1])
        }.prefix(3)
        let space = try CurvatureSubspace(
            dimension: 3, size: Self.size, order: order, iterations: 20, key: RandomKey(seed: 2)
        ) { Self.product(matrix, $0) }
        #expect(Self.isOrthonormal(space))
        for (value, position) in zip(space.values, positions) { #expect(abs(value - exact.values[position]) < 1e-8) }
        #expect((order == .magnitude) == space.values.contains { $0 < 0 })
        let known = CurvatureSubspace(
            values: positions.map { exact.values[$0] }, vectors: positions.map { exact.vector($0) })
        #expect(abs(space.overlap(with: known) - 1) < 1e-8)
        #expect(abs(space.share(of: exact.vector(positions[1])) - 1) < 1e-8)
        #expect(space.share(of: exact.vector(Self.size / 2)) < 1e-8)
    }

    /// Three different eigenvalues: the iteration meets an invariant subspace after three steps and must go on.
    @Test func lanczosGoesOnPastAnInvariantSubspace() throws {
        let diagonal = [5.0, 5, 5, 2, 2, 0, 0, 0, 0, 0]
        let space = try CurvatureSubspace(dimension: 5, size: 10, key: RandomKey(seed: 3)) { zip($0, diagonal).map(*) }
        #expect(Self.isOrthonormal(space))
        for (value, expected) in zip(space.values, diagonal) { #expect(abs(value - expected) < 1e-9) }
        #expect(throws: LinearAlgebraError.self) {
            try CurvatureSubspace(dimension: 11, size: 10, key: RandomKey(seed: 3)) { $0 }
        }
    }

    @Test func sharesAndOverlapsAreTheEquations() {
        let plane = CurvatureSubspace(values: [0, 0], vectors: [[1, 0, 0], [0, 0.6, 0.8]])
        #expect(abs(plane.share(of: [1, 2, 0]) - (1 + 1.44) / 5) < 1e-12)
        #expect(plane.share(of: [0, 0, 0]) == 0)
        let other = CurvatureSubspace(values: [0, 0], vectors: [[0, 1, 0], [0, 0, 1]])
        #expect(abs(plane.overlap(with: other) - 0.5) < 1e-12 && abs(other.overlap(with: plane) - 0.5) < 1e-12)
        let (first, second) = (RandomKey(seed: 4), RandomKey(seed: 5))
        let a = CurvatureSubspace.random(dimension: 40, size: 200, key: first)
        let b = CurvatureSubspace.random(dimension: 40, size: 200, key: second)
        #expect(Self.isOrthonormal(a) && abs(a.overlap(with: b) - 0.2) < 0.03)
    }

    /// L = x^T A x / 2 - b^T x over two tensors: the gradient is A x - b, the Hessian A.
    @Test func aQuadraticLossHasItsCurvature() throws {
        let matrix = Self.matrix(seed: 6)
        let x = LayerSupport.normals(Self.size, seed: 7)
        let parameters = try Parameters([Tensor(Array(x[..<15]), shape: [3, 5]), Tensor(Array(x[15...]), shape: [25])])
        let flat = Tensor.concatenate(parameters.traced.map { $0.reshaped($0.count) }, axis: 0).reshaped(1, Self.size)
        let b = Tensor(placeholder: 1, Self.size)
        let a = Tensor(matrix.map(Float.init), shape: [Self.size, Self.size])
        let loss = (matmul(flat, a) * flat).sum() * 0.5 - (b * flat).sum()
        let curvature = try LossCurvature(of: loss, withRespectTo: parameters.traced, inputs: [b])
        let shift = LayerSupport.normals(Self.size, seed: 8)
        curvature.fill(0, from: shift)
        #expect(curvature.size == Self.size)
        let gradient = zip(Self.product(matrix, x.map(Double.init)), shift).map { $0 - Double($1) }
        expectClose(curvature.gradient().map(Float.init), gradient, tolerance: 1e-4)
        let vector = LayerSupport.normals(Self.size, seed: 9).map(Double.init)
        expectClose(
            curvature.hessianProduct(vector).map(Float.init), Self.product(matrix, vector), tolerance: 1e-4)
        let exact = try SymmetricEigendecomposition(matrix)
        let space = try curvature.subspace(dimension: 2, key: RandomKey(seed: 1))
        for index in 0..<2 { #expect(abs(space.values[index] - exact.values[Self.size - 1 - index]) < 1e-3) }
    }
}
