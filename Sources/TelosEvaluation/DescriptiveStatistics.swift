// Functions of plain values. Each returns NaN where it is undefined: no values, or a NaN among them.

/// The arithmetic mean, sum(x) / n; NaN for no values.
public func mean(of values: [Double]) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
}

/// The middle value, or the mean of the two middle values; NaN for no values.
public func median(of values: [Double]) -> Double { quantile(0.5, of: values) }

/// The value below which a share `probability` of the values lies, interpolating linearly between order statistics
/// (type 7 of Hyndman and Fan, *Sample quantiles in statistical packages*, 1996; the default of NumPy and R):
/// x[floor(h)] + (h - floor(h)) (x[floor(h) + 1] - x[floor(h)]) with h = (n - 1) p and x in ascending order.
/// NaN for no values, or for a probability outside 0 ... 1.
public func quantile(_ probability: Double, of values: [Double]) -> Double {
    guard let sorted = ascending(values) else { return .nan }
    return quantile(probability, ofSorted: sorted)
}

/// The mean of the middle half: the floor(n / 4) smallest and the floor(n / 4) largest values are left out.
///
/// As robust to outlying runs as the median needs, with less variance (Agarwal, Schwarzer, Castro, Courville and
/// Bellemare, *Deep reinforcement learning at the edge of the statistical precipice*, 2021). Equal to SciPy's
/// `trim_mean(values, 0.25)`. NaN for no values.
public func interquartileMean(of values: [Double]) -> Double {
    guard let sorted = ascending(values) else { return .nan }
    return interquartileMean(ofSorted: sorted)
}

/// The sample standard deviation, sqrt(sum((x - mean)^2) / (n - 1)); NaN for fewer than two values.
public func standardDeviation(of values: [Double]) -> Double {
    guard values.count > 1 else { return .nan }
    let center = mean(of: values)
    let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    return (squares / Double(values.count - 1)).squareRoot()
}

/// How far the values fall short of `threshold` on average: threshold - mean(min(x, threshold)). Lower is better;
/// exceeding the threshold earns nothing (Agarwal et al., 2021, with 1 as the threshold of normalised scores).
/// NaN for no values.
public func optimalityGap(of values: [Double], threshold: Double = 1) -> Double {
    guard !values.isEmpty else { return .nan }
    return threshold - values.reduce(0) { $0 + min($1, threshold) } / Double(values.count)
}

/// The values in ascending order; nil where an order statistic is undefined.
private func ascending(_ values: [Double]) -> [Double]? {
    values.isEmpty || values.contains(where: \.isNaN) ? nil : values.sorted()
}

func quantile(_ probability: Double, ofSorted values: [Double]) -> Double {
    guard probability >= 0, probability <= 1, let last = values.last else { return .nan }
    let position = Double(values.count - 1) * probability
    let index = Int(position)
    guard index + 1 < values.count else { return last }
    let fraction = position - Double(index)
    // Without this, an infinite neighbour would make 0 * infinity.
    return fraction == 0 ? values[index] : values[index] + fraction * (values[index + 1] - values[index])
}

func interquartileMean(ofSorted values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let trimmed = values.count / 4
    var sum = 0.0
    for index in trimmed..<(values.count - trimmed) { sum += values[index] }
    return sum / Double(values.count - 2 * trimmed)
}
