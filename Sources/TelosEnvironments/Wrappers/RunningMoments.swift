/// Mean and variance of a stream of vectors, element by element, in one pass.
///
/// A block of n rows with mean m and sum of squared deviations S is merged into N rows with M and Q by
///
///     δ = m − M,  M ← M + δ n / (N + n),  Q ← Q + S + δ² N n / (N + n)
///
/// so that the result hardly depends on how rows were grouped, and no precision is lost to large means.
///
/// Source: Chan, Golub and LeVeque, *Updating formulae and a pairwise algorithm for computing sample variances* (1979);
/// Welford, *Note on a method for calculating corrected sums of squares and products* (1962).
public struct RunningMoments: Sendable, Hashable, Codable {
    /// Rows seen.
    public private(set) var count: Double
    public private(set) var mean: [Double]
    /// Sum of squared deviations from the mean.
    public private(set) var squaredDeviations: [Double]

    public init(width: Int) {
        count = 0
        mean = Array(repeating: 0, count: width)
        squaredDeviations = Array(repeating: 0, count: width)
    }

    /// Nil when `values` is not the flat form of moments: the count, the means, the sums of squared deviations.
    public init?(values: [Double]) {
        guard values.count % 2 == 1, values[0] >= 0 else { return nil }
        let width = values.count / 2
        count = values[0]
        mean = Array(values[1..<(1 + width)])
        squaredDeviations = Array(values[(1 + width)...])
    }

    public var values: [Double] { [count] + mean + squaredDeviations }

    public var width: Int { mean.count }

    /// The population variance; 1 before the first row.
    public var variance: [Double] {
        count > 0 ? squaredDeviations.map { $0 / count } : Array(repeating: 1, count: width)
    }

    /// Merges `rows`, row-major, a multiple of `width` long.
    public mutating func merge(rows: UnsafeBufferPointer<Float>) {
        precondition(width > 0 && rows.count % width == 0, "merge needs whole rows of \(width)")
        let added = Double(rows.count / width)
        guard added > 0 else { return }
        let total = count + added
        for column in 0..<width {
            var sum = 0.0
            for index in stride(from: column, to: rows.count, by: width) { sum += Double(rows[index]) }
            let blockMean = sum / added
            var squares = 0.0
            for index in stride(from: column, to: rows.count, by: width) {
                let deviation = Double(rows[index]) - blockMean
                squares += deviation * deviation
            }
            let delta = blockMean - mean[column]
            mean[column] += delta * added / total
            squaredDeviations[column] += squares + delta * delta * count * added / total
        }
        count = total
    }
}
