import Testing

@testable import TelosNN
@testable import TelosTensor

@Suite struct ActivationStatisticsTests {
    @Test func unitsThatHardlyMoveAreDormant() {
        // Means of |h|: 2, 0.05, 0, 1.95; a tenth of their mean is 0.1.
        let statistics = ActivationStatistics([1, 0.1, 0, -1.9, -3, 0, 0, 2], units: 4)
        #expect(statistics.dormantShare() == 0.5)
        #expect(statistics.dormantShare(threshold: 0.04) == 0.25)
        #expect(ActivationStatistics([0, 0, 0, 0], units: 2).dormantShare() == 1)
    }

    /// h = U diag(s) V^T with orthonormal columns has the singular values s, whichever way round it is.
    @Test func effectiveRankCountsSingularValues() throws {
        let s: [Float] = [10, 5, 1, 0.05, 0, 0]
        // Columns of a Hadamard matrix are orthogonal.
        let hadamard: [[Float]] = (0..<8).map { row in
            (0..<8).map { (row & $0).nonzeroBitCount % 2 == 0 ? 0.35355338 : -0.35355338 }
        }
        var tall: [Float] = []
        var wide = [Float](repeating: 0, count: 48)
        for row in 0..<8 {
            for column in 0..<6 {
                tall.append(hadamard[row][column] * s[column])
                wide[column * 8 + row] = hadamard[row][column] * s[column]
            }
        }
        for (values, units) in [(tall, 6), (wide, 8)] {
            let statistics = ActivationStatistics(values, units: units)
            // 10 + 5 of 16.05 are 0.9346, with 1 they are 0.9969.
            #expect(try statistics.effectiveRank() == 3)
            #expect(try statistics.effectiveRank(tolerance: 0.07) == 2)
            #expect(try statistics.effectiveRank(tolerance: 1e-4) == 4)
        }
    }
}
