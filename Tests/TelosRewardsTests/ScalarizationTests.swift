import TelosTensor
import Testing

@testable import TelosRewards

@Suite struct ScalarizationTests {
    static let all: [Scalarization] = [
        .linear([0.2, 0.5, 0.3]),
        .chebyshev(weights: [0.2, 0.5, 0.3], utopia: [2, 2, 2]),
        .chebyshev(weights: [0.2, 0.5, 0.3], utopia: [2, 2, 2], augmentation: 0.1),
        .boundaryIntersection(weights: [0.2, 0.5, 0.3], utopia: [2, 2, 2], penalty: 0.4),
        .generalizedGini([0.6, 0.3, 0.1]),
        .nash(weights: [0.2, 0.5, 0.3], disagreement: [-1, -1, -1]),
    ]

    @Test(arguments: all) func gradientsAreFiniteDifferences(_ scalarization: Scalarization) {
        var random = RandomKey(seed: 3).stream
        for _ in 0..<20 {
            let values = (0..<3).map { _ in random.uniform(-0.5, 1.5) }
            let gradient = scalarization.gradient(at: values)
            for index in values.indices {
                var (up, down) = (values, values)
                up[index] += 1e-6
                down[index] -= 1e-6
                let slope = (scalarization(up) - scalarization(down)) / 2e-6
                #expect(abs(slope - gradient[index]) < 1e-4, "\(scalarization) at \(values)")
            }
        }
    }

    @Test(arguments: all.filter { if case .boundaryIntersection = $0 { false } else { true } })
    func moreOfEverythingIsNeverWorse(_ scalarization: Scalarization) {
        var random = RandomKey(seed: 4).stream
        for _ in 0..<50 {
            let values = (0..<3).map { _ in random.uniform(-0.5, 1.5) }
            let better = values.map { $0 + random.uniform() * 0.5 }
            #expect(scalarization(better) >= scalarization(values))
        }
    }

    @Test func valuesAreThoseWorkedOutByHand() {
        #expect(abs(Scalarization.linear([0.25, 0.75])([4, 2]) - 2.5) < 1e-12)
        #expect(Scalarization.chebyshev(weights: [0.5, 1], utopia: [4, 4])([2, 3]) == -1)
        #expect(Scalarization.chebyshev(weights: [0.5, 1], utopia: [4, 4], augmentation: 0.5)([2, 2]) == -2 - 1.5)
        // Straight behind z along the weights, and at right angles to them.
        #expect(Scalarization.boundaryIntersection(weights: [3, 4], utopia: [3, 4])([0, 0]) == -5)
        #expect(
            abs(Scalarization.boundaryIntersection(weights: [1, 0], utopia: [1, 1], penalty: 2)([1, 0.5]) + 1) < 1e-12)
        #expect(abs(Scalarization.generalizedGini([0.7, 0.3])([5, 1]) - 2.2) < 1e-12)
        #expect(Scalarization.nash(weights: [1, 1], disagreement: [0, 0])([1, 1]) == 0)
        #expect(Scalarization.nash(weights: [1, 1], disagreement: [0, 0])([1, 0]) == -.infinity)
    }

    /// Chebyshev's optimum reaches a hollow of the front that no linear weights choose.
    @Test func onlyChebyshevReachesAHollow() {
        let points = [[1.0, 0], [0.4, 0.4], [0, 1]]
        func best(_ scalarization: Scalarization) -> Int {
            points.indices.max { scalarization(points[$0]) < scalarization(points[$1]) }!
        }
        for weights in SimplexWeights.grid(objectives: 2, divisions: 20) { #expect(best(.linear(weights)) != 1) }
        #expect(best(.chebyshev(weights: [0.5, 0.5], utopia: [1, 1])) == 1)
    }

    @Test func gridsAreAllOfTheSimplex() {
        for (objectives, divisions, count) in [(1, 4, 1), (2, 5, 6), (3, 12, 91), (4, 5, 56)] {
            let grid = SimplexWeights.grid(objectives: objectives, divisions: divisions)
            #expect(grid.count == count && Set(grid).count == count)
            #expect(grid.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-12 && $0.allSatisfy { $0 >= 0 } })
        }
        #expect(SimplexWeights.units(objectives: 3) == [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        // Uniform: the mean is the middle, and E[w_1^2] = 2 / (m (m + 1)).
        var random = RandomKey(seed: 5).stream
        let draws = (0..<20_000).map { _ in SimplexWeights.random(objectives: 3, using: &random) }
        let mean = draws.reduce(0) { $0 + $1[0] } / 20_000
        let square = draws.reduce(0) { $0 + $1[0] * $1[0] } / 20_000
        #expect(abs(mean - 1.0 / 3) < 0.01 && abs(square - 1.0 / 6) < 0.01)
        #expect(draws.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-12 })
    }
}
