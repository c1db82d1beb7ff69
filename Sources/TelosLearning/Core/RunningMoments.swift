/// Mean and variance of each element of the rows seen so far (Chan, Golub and LeVeque's merge, 1979).
public struct RunningMoments: Sendable, Codable, Hashable {
    public var count = 0.0
    public var mean: [Double]
    public var variance: [Double]

    public init(width: Int) {
        mean = Array(repeating: 0, count: width)
        variance = Array(repeating: 1, count: width)
    }

    /// Takes in rows of `mean.count` values.
    public mutating func update(rows: UnsafeBufferPointer<Float>) {
        let width = mean.count
        guard width > 0, rows.count >= width else { return }
        let added = Double(rows.count / width)
        let total = count + added
        for column in 0..<width {
            var sum = 0.0
            for index in stride(from: column, to: rows.count, by: width) { sum += Double(rows[index]) }
            let batchMean = sum / added
            var squares = 0.0
            for index in stride(from: column, to: rows.count, by: width) {
                let difference = Double(rows[index]) - batchMean
                squares += difference * difference
            }
            let shift = batchMean - mean[column]
            let joint = (count == 0 ? 0 : variance[column] * count) + squares + shift * shift * count * added / total
            mean[column] += shift * added / total
            variance[column] = joint / total
        }
        count = total
    }
}

/// Maps observation rows to (x - mean) / sqrt(variance + 1e-8), clipped to +-10; the identity before any data.
///
/// It is part of a policy, so a policy that acts elsewhere sees what it saw in training, and nothing moves it there.
public struct ObservationNormalizer: Sendable, Codable, Hashable {
    public var moments: RunningMoments

    public init(width: Int) { moments = RunningMoments(width: width) }

    public func apply(_ rows: UnsafeBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>) {
        let width = moments.mean.count
        guard moments.count > 0 else {
            _ = result.update(fromContentsOf: rows)
            return
        }
        for column in 0..<width {
            let mean = Float(moments.mean[column])
            let scale = Float(1 / (moments.variance[column] + 1e-8).squareRoot())
            for index in stride(from: column, to: rows.count, by: width) {
                result[index] = min(10, max(-10, (rows[index] - mean) * scale))
            }
        }
    }
}

/// Divides rewards by the running standard deviation of each environment's discounted return, as Stable-Baselines3's
/// VecNormalize does; off unless a configuration asks for it.
public struct RewardNormalizer: Sendable, Codable, Hashable {
    public var moments = RunningMoments(width: 1)
    public var returns: [Float]
    public var discount: Double

    public init(environments: Int, discount: Double) {
        returns = Array(repeating: 0, count: environments)
        self.discount = discount
    }

    public var scale: Float { Float(1 / (moments.variance[0] + 1e-8).squareRoot()) }

    /// Takes in one step's rewards.
    public mutating func observe(_ rewards: UnsafeBufferPointer<Float>, ended: (Int) -> Bool) {
        for index in returns.indices { returns[index] = returns[index] * Float(discount) + rewards[index] }
        returns.withUnsafeBufferPointer { moments.update(rows: $0) }
        for index in returns.indices where ended(index) { returns[index] = 0 }
    }
}
