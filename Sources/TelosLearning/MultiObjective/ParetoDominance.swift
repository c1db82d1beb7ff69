/// Comparing vectors of objectives, more of each being better.
public enum Pareto {
    /// Whether `a` is at least as good as `b` in every objective and better in one.
    public static func dominates(_ a: [Double], _ b: [Double]) -> Bool {
        precondition(a.count == b.count, "\(a.count) and \(b.count) objectives")
        var isBetter = false
        for index in a.indices {
            if a[index] < b[index] { return false }
            if a[index] > b[index] { isBetter = true }
        }
        return isBetter
    }

    /// The indices of points that no other dominates, ascending; of equal points the first.
    public static func nondominated(_ points: [[Double]]) -> [Int] {
        points.indices.filter { index in
            !points.indices.contains { other in
                dominates(points[other], points[index]) || (other < index && points[other] == points[index])
            }
        }
    }

    /// The indices of all points in fronts: the first is dominated by none, the next by those of the first alone, and
    /// so on. Equal points are in one front.
    ///
    /// (Deb, Pratap, Agarwal and Meyarivan, *A fast and elitist multiobjective genetic algorithm: NSGA-II*, 2002.)
    public static func fronts(_ points: [[Double]]) -> [[Int]] {
        var dominated: [[Int]] = points.map { _ in [] }
        var above = [Int](repeating: 0, count: points.count)
        for index in points.indices {
            for other in points.indices where dominates(points[index], points[other]) {
                dominated[index].append(other)
                above[other] += 1
            }
        }
        var fronts: [[Int]] = []
        var front = points.indices.filter { above[$0] == 0 }
        while !front.isEmpty {
            fronts.append(front)
            var next: [Int] = []
            for index in front {
                for other in dominated[index] {
                    above[other] -= 1
                    if above[other] == 0 { next.append(other) }
                }
            }
            front = next.sorted()
        }
        return fronts
    }

    /// How far each point is from its neighbours: the sum over objectives of (next larger value - next smaller value) /
    /// (largest - smallest); infinite for a point that is first or last in an objective. An objective in which all are
    /// equal adds nothing. (Deb and others, 2002.)
    ///
    /// Of equal values the earlier point counts as smaller.
    public static func crowdingDistances(_ points: [[Double]]) -> [Double] {
        var distances = [Double](repeating: 0, count: points.count)
        guard let width = points.first?.count else { return [] }
        for objective in 0..<width {
            let order = points.indices.sorted { (points[$0][objective], $0) < (points[$1][objective], $1) }
            let (least, largest) = (points[order[0]][objective], points[order[order.count - 1]][objective])
            guard largest > least || points.count == 1 else { continue }
            distances[order[0]] = .infinity
            distances[order[order.count - 1]] = .infinity
            for position in order.indices.dropFirst().dropLast() {
                distances[order[position]] +=
                    (points[order[position + 1]][objective] - points[order[position - 1]][objective])
                    / (largest - least)
            }
        }
        return distances
    }
}
