import TelosTensor

/// How two measurements move together.
public enum Correlation: Sendable, Hashable {
    /// The linear correlation, cov(x, y) / (sd(x) sd(y)).
    case pearson
    /// The Pearson correlation of ranks, ties sharing the average of their ranks (Spearman, 1904).
    case spearman
}

/// The Pearson correlation, -1 to 1: sum (x - mx)(y - my) / sqrt(sum (x - mx)^2 sum (y - my)^2).
/// Throws `StatisticsError` for different lengths, fewer than two pairs, values that are not finite, or values that are
/// all equal, whose correlation is undefined.
public func pearsonCorrelation(_ x: [Double], _ y: [Double]) throws -> Double {
    try checkPairs(x, y)
    return pearson(x, y)
}

/// The Spearman rank correlation, -1 to 1. Throws as `pearsonCorrelation` does.
public func spearmanCorrelation(_ x: [Double], _ y: [Double]) throws -> Double {
    try checkPairs(x, y)
    return pearson(averageRanks(of: x), averageRanks(of: y))
}

/// A correlation with its percentile bootstrap interval, resampling pairs. Resamples with a constant side, where the
/// correlation is undefined, are left out. Throws as `pearsonCorrelation` does, and for no replicates or a level
/// outside 0 ... 1.
public func bootstrapInterval(
    of correlation: Correlation, _ x: [Double], _ y: [Double], replicates: Int = 2000, level: Double = 0.95,
    key: RandomKey
) throws -> Interval {
    try checkBootstrap(replicates, level)
    try checkPairs(x, y)
    func value(_ x: [Double], _ y: [Double]) -> Double {
        correlation == .pearson ? pearson(x, y) : pearson(averageRanks(of: x), averageRanks(of: y))
    }
    var stream = key.stream
    var (drawnX, drawnY) = (x, y)
    var estimates: [Double] = []
    for _ in 0..<replicates {
        for index in x.indices {
            let drawn = stream.index(below: x.count)
            (drawnX[index], drawnY[index]) = (x[drawn], y[drawn])
        }
        guard !isConstant(drawnX), !isConstant(drawnY) else { continue }
        estimates.append(value(drawnX, drawnY))
    }
    return percentileInterval(estimates, around: value(x, y), level: level)
}

/// The rank of each value, 1 for the smallest; equal values share the average of their ranks.
public func averageRanks(of values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for position in start..<end { ranks[order[position]] = Double(start + 1 + end) / 2 }
        start = end
    }
    return ranks
}

private func pearson(_ x: [Double], _ y: [Double]) -> Double {
    // Scaled to at most 1, so that squares neither overflow nor vanish.
    let (x, y) = (centered(x), centered(y))
    let product = zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
    let squares = x.reduce(0) { $0 + $1 * $1 } * y.reduce(0) { $0 + $1 * $1 }
    return max(-1, min(1, product / squares.squareRoot()))
}

private func centered(_ values: [Double]) -> [Double] {
    let center = mean(of: values)
    let scale = values.reduce(0) { max($0, abs($1 - center)) }
    return values.map { ($0 - center) / scale }
}

private func isConstant(_ values: [Double]) -> Bool { values.allSatisfy { $0 == values[0] } }

private func checkPairs(_ x: [Double], _ y: [Double]) throws {
    guard x.count == y.count, x.count > 1 else {
        throw StatisticsError("a correlation needs at least two pairs, not \(x.count) and \(y.count) values")
    }
    try checkScores(x) { "value \($0) of the first measurement" }
    try checkScores(y) { "value \($0) of the second measurement" }
    for (values, name) in [(x, "first"), (y, "second")] where isConstant(values) {
        throw StatisticsError("the \(name) measurement is \(values[0]) throughout: its correlation is undefined")
    }
}
