import TelosLearning

/// The volume of what a front dominates: of all v with reference <= v <= p for some p of `points`, more of each
/// objective being better. Exact, in any number of objectives.
///
/// Points in ascending order of their last objective, the volume is the sum over points of what each dominates and no
/// later one does. Among these the last objective of a point is the least, so that
///
///     H = sum_i (p_i,m - z_m) (prod_{j < m} (p_ij - z_j) - H_{m-1}({min(p_i, q) : q later than p_i}))
///
/// which needs only fronts of one objective less. (While, Bradstreet and Barone, *A fast way of calculating exact
/// hypervolumes*, 2012; the measure: Zitzler and Thiele, 1999.) Points that do not exceed the reference in every
/// objective dominate no volume. The time grows exponentially with the number of objectives.
///
/// - Precondition: every point has as many values as the reference.
public func hypervolume(_ points: [[Double]], reference: [Double]) -> Double {
    precondition(points.allSatisfy { $0.count == reference.count }, "a value an objective is needed")
    let shifted = points.map { point in zip(point, reference).map { $0 - $1 } }
    return volume(shifted.filter { $0.allSatisfy { $0 > 0 } }, width: reference.count)
}

/// The volume between 0 and points that are above it, of their first `width` values.
private func volume(_ points: [[Double]], width: Int) -> Double {
    guard points.count > 1, width > 1 else {
        guard width > 0 else { return points.isEmpty ? 0 : 1 }
        if width == 1 { return points.map { $0[0] }.max() ?? 0 }
        return points.first.map { $0.prefix(width).reduce(1, *) } ?? 0
    }
    let last = width - 1
    if width == 2 {
        var (sum, height) = (0.0, 0.0)
        for point in points.sorted(by: { ($0[0], $0[1]) > ($1[0], $1[1]) }) where point[1] > height {
            sum += point[0] * (point[1] - height)
            height = point[1]
        }
        return sum
    }
    let sorted = points.sorted { $0[last] < $1[last] }
    var sum = 0.0
    for (index, point) in sorted.enumerated() {
        let limits = sorted[(index + 1)...].map { later in (0..<last).map { min(point[$0], later[$0]) } }
        let front = Pareto.nondominated(limits).map { limits[$0] }
        sum += point[last] * (point.prefix(last).reduce(1, *) - volume(front, width: last))
    }
    return sum
}
