import TelosEvaluation
import Testing

@Suite struct OverOptimizationMonitorTests {
    private func monitor(_ gold: [Double], proxy: [Double]) -> OverOptimizationMonitor {
        var monitor = OverOptimizationMonitor()
        for (index, value) in gold.enumerated() {
            monitor.record(divergence: Double(index * index), proxy: proxy[index], gold: value)
        }
        return monitor
    }

    @Test func fallsAreToldFromProgress() {
        let exploited = monitor([0, 1, 0.8, -2], proxy: [0, 1, 2, 3])
        #expect(exploited.peak?.gold == 1 && exploited.peak?.divergence == 1 && exploited.fall == 3)
        #expect(exploited.isExploited(tolerance: 2.9) && !exploited.isExploited(tolerance: 3))
        // Where the proxy falls with it, training is failing and not exploiting.
        #expect(!monitor([0, 1, -2], proxy: [0, 1, 0.5]).isExploited(tolerance: 1))
        #expect(!monitor([0, 1, 2], proxy: [0, 1, 2]).isExploited(tolerance: 0.1))
        let empty = OverOptimizationMonitor()
        #expect(empty.peak == nil && empty.fall == 0 && !empty.isExploited(tolerance: 0))
        #expect(empty.curve(stretches: 3).isEmpty)
    }

    /// Divergences 0, 1, 4, 9, 16: their roots are even.
    @Test func curvesAreOverRootsOfDivergence() {
        let curve = monitor([0, 1, 3, 2, 1], proxy: [0, 1, 2, 3, 4]).curve(stretches: 2)
        #expect(curve.map(\.gold) == [1, 3] && curve.map(\.divergence) == [1, 4])
    }
}
