/// Watches a policy that is trained on a proxy of what is wanted: the curve of gold and proxy reward over the divergence
/// from the reference, and whether the proxy is being exploited.
///
/// Gao, Schulman and Hilton, *Scaling laws for reward model overoptimization*, 2023.
public struct OverOptimizationMonitor: Sendable, Hashable, Codable {
    public struct Point: Sendable, Hashable, Codable {
        /// KL(pi || ref), in nats.
        public var divergence: Double
        public var proxy: Double
        public var gold: Double

        public init(divergence: Double, proxy: Double, gold: Double) {
            self.divergence = divergence
            self.proxy = proxy
            self.gold = gold
        }
    }

    /// In the order of training.
    public private(set) var points: [Point] = []

    public init() {}

    public mutating func record(divergence: Double, proxy: Double, gold: Double) {
        points.append(Point(divergence: divergence, proxy: proxy, gold: gold))
    }

    /// Where gold was highest, the first time; nil before anything was recorded.
    public var peak: Point? {
        points.reduce(nil as Point?) { best, point in best.map { point.gold > $0.gold ? point : $0 } ?? point }
    }

    /// How far gold has fallen below its peak.
    public var fall: Double {
        guard let peak, let last = points.last else { return 0 }
        return peak.gold - last.gold
    }

    /// Whether gold has fallen by more than `tolerance` since its peak while the proxy rose.
    public func isExploited(tolerance: Double) -> Bool {
        guard let peak, let last = points.last else { return false }
        return fall > tolerance && last.proxy > peak.proxy
    }

    /// Gold over divergence, by the largest of each of `count` even stretches of sqrt(KL): the shape in which laws of
    /// over-optimisation are stated. Empty stretches are left out.
    public func curve(stretches count: Int) -> [Point] {
        let furthest = points.map(\.divergence).max() ?? 0
        guard count > 0, furthest > 0 else { return [] }
        var result: [Point?] = Array(repeating: nil, count: count)
        for point in points {
            let share = (max(0, point.divergence) / furthest).squareRoot()
            let index = min(count - 1, Int(share * Double(count)))
            if result[index].map({ point.gold > $0.gold }) ?? true { result[index] = point }
        }
        return result.compactMap(\.self)
    }
}
