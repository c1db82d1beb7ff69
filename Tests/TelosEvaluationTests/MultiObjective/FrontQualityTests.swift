import TelosLearning
import TelosRewards
import TelosTensor
import Testing

@testable import TelosEvaluation

@Suite struct FrontQualityTests {
    /// Points on whole numbers dominate whole cells, which can be counted.
    private func counted(_ points: [[Double]], width: Int, levels: Int) -> Double {
        var count = 0
        var cell = [Int](repeating: 0, count: width)
        while true {
            if points.contains(where: { point in cell.indices.allSatisfy { point[$0] >= Double(cell[$0] + 1) } }) {
                count += 1
            }
            var axis = 0
            while axis < width, cell[axis] == levels - 1 {
                cell[axis] = 0
                axis += 1
            }
            if axis == width { return Double(count) }
            cell[axis] += 1
        }
    }

    @Test(arguments: 1...6) func hypervolumeCountsCells(width: Int) {
        let levels = [0, 20, 12, 8, 6, 5, 4][width]
        var random = RandomKey(seed: width).stream
        for size in [1, 2, 5, 12] {
            for _ in 0..<6 {
                let points = (0..<size).map { _ in (0..<width).map { _ in Double(random.index(below: levels + 1)) } }
                let exact = hypervolume(points, reference: Array(repeating: 0, count: width))
                #expect(exact == counted(points, width: width, levels: levels), "\(points)")
                // Shifted together with the reference, nothing changes.
                let shifted = hypervolume(
                    points.map { $0.map { $0 - 3 } }, reference: Array(repeating: -3, count: width))
                #expect(shifted == exact)
            }
        }
    }

    /// By inclusion and exclusion over all subsets, with real numbers.
    @Test func hypervolumeIsInclusionAndExclusion() {
        var random = RandomKey(seed: 9).stream
        for width in 2...5 {
            let points = (0..<8).map { _ in (0..<width).map { _ in random.uniform(-0.3, 1) } }
            var expected = 0.0
            for subset in 1..<(1 << points.count) {
                let chosen = points.indices.filter { subset >> $0 & 1 == 1 }
                let volume = (0..<width).reduce(1.0) { product, axis in
                    product * max(0, chosen.map { points[$0][axis] }.min()!)
                }
                expected += chosen.count % 2 == 1 ? volume : -volume
            }
            let exact = hypervolume(points, reference: Array(repeating: 0, count: width))
            #expect(abs(exact - expected) < 1e-12)
        }
        #expect(hypervolume([], reference: [0, 0]) == 0)
        #expect(hypervolume([[1, 0], [0, 1]], reference: [0, 0]) == 0)
    }

    @Test func utilitiesAreOfTheBestPoint() {
        let points = [[1.0, 0], [0.4, 0.8], [0, 1]]
        let utilities: [Scalarization] = [.linear([1, 0]), .linear([0, 1]), .linear([0.5, 0.5])]
        #expect(abs(FrontQuality.expectedUtility(points, utilities: utilities) - 2.6 / 3) < 1e-12)
        let loss = FrontQuality.maximumUtilityLoss([points[0]], comparedWith: points, utilities: utilities)
        #expect(loss == 1)
        #expect(FrontQuality.maximumUtilityLoss(points, comparedWith: points, utilities: utilities) == 0)
        #expect(FrontQuality.expectedUtility([], utilities: utilities).isNaN)
    }

    @Test func distancesAreWorkedOutByHand() {
        // Gaps 3 and 1 in the first objective, 5 and 2 in the second: (9 + 1 + 25 + 4) / 2.
        #expect(FrontQuality.sparsity([[0, 7], [4, 0], [3, 5]]) == 19.5)
        #expect(FrontQuality.sparsity([[1, 1]]) == 0 && FrontQuality.sparsity([]).isNaN)
        let front = [[0.0, 1], [1, 0]]
        #expect(FrontQuality.invertedGenerationalDistance(front, front: front) == 0)
        #expect(FrontQuality.invertedGenerationalDistance([[0, 0]], front: [[3, 4], [0, 1]]) == 3)
        #expect(FrontQuality.invertedGenerationalDistance([[5, 0]], front: [[1, 2]]) == 20.0.squareRoot())
        #expect(FrontQuality.invertedGenerationalDistance([[5, 0]], front: [[1, 2]], plus: true) == 2)
        #expect(FrontQuality.additiveEpsilon([[0.5, 0.5]], front: front) == 0.5)
        #expect(FrontQuality.additiveEpsilon([[2, 2]], front: front) == -1)
    }
}
