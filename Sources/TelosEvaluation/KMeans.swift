import TelosTensor

/// Points in clusters, each around its mean: Lloyd's algorithm from k-means++ seeds.
///
/// Each step gives every point to its nearest centroid and moves every centroid to the mean of its points, so that the sum
/// of squared distances never rises; a centroid that loses all points stays where it is.
///
/// (Lloyd, *Least squares quantization in PCM*, 1982; Arthur and Vassilvitskii, *k-means++: the advantages of careful
/// seeding*, 2007.)
public struct KMeans: Sendable, Hashable {
    /// The centre of each cluster.
    public private(set) var centroids: [[Double]]
    /// The cluster of each point.
    public private(set) var assignments: [Int]

    /// - Parameters:
    ///   - points: at least one, all of one length.
    ///   - clusterCount: at most the number of points.
    /// - Throws: `StatisticsError` for points of different lengths, or a number of clusters that is not 1 ... points.
    public init(
        _ points: [[Double]], clusterCount: Int, iterations: Int = 50, using random: inout RandomStream
    ) throws {
        guard (1...max(1, points.count)).contains(clusterCount), let first = points.first,
            points.allSatisfy({ $0.count == first.count && $0.allSatisfy(\.isFinite) })
        else {
            throw StatisticsError(
                "k-means needs finite points of one length and from 1 to as many clusters, not \(points.count) points and "
                    + "\(clusterCount) clusters")
        }
        centroids = [points[random.index(below: points.count)]]
        assignments = Array(repeating: 0, count: points.count)
        while centroids.count < clusterCount {
            let distances = points.map { point in
                centroids.map { Self.squaredDistance(point, $0) }.min() ?? 0
            }
            centroids.append(points[random.index(weights: distances)])
        }
        for _ in 0..<iterations {
            let nearest = points.map { nearestCluster(to: $0) }
            let isDone = nearest == assignments
            assignments = nearest
            for cluster in centroids.indices {
                let members = points.indices.filter { assignments[$0] == cluster }
                guard !members.isEmpty else { continue }
                centroids[cluster] = first.indices.map { axis in
                    members.reduce(0) { $0 + points[$1][axis] } / Double(members.count)
                }
            }
            if isDone { break }
        }
        assignments = points.map { nearestCluster(to: $0) }
    }

    /// The cluster whose centroid is nearest; of several the first.
    public func nearestCluster(to point: [Double]) -> Int {
        var best = (cluster: 0, distance: Double.infinity)
        for (cluster, centroid) in centroids.enumerated() {
            let distance = Self.squaredDistance(point, centroid)
            if distance < best.distance { best = (cluster, distance) }
        }
        return best.cluster
    }

    static func squaredDistance(_ x: [Double], _ y: [Double]) -> Double {
        zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
}
