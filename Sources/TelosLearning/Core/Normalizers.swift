import TelosEnvironments

/// Maps observation rows to (x - mean) / sqrt(variance + 1e-8), clipped to +-10; the identity before any data.
///
/// It is part of a policy, so a policy that acts elsewhere sees what it saw in training, and nothing moves it there.
public struct ObservationNormalizer: Sendable, Codable, Hashable {
    public var moments: RunningMoments
    /// Columns that are normalised; the others, which hold choices, pass as they are. All where nil.
    public var columns: [Bool]?

    public init(width: Int) { moments = RunningMoments(width: width) }

    /// Nil where nothing observed is a real number.
    public init?(_ encoding: ObservationEncoding) {
        let columns = encoding.realColumns
        guard columns.contains(true) else { return nil }
        moments = RunningMoments(width: encoding.width)
        self.columns = columns.contains(false) ? columns : nil
    }

    public func apply(_ rows: UnsafeBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>) {
        guard let frozen else {
            _ = result.update(fromContentsOf: rows)
            return
        }
        frozen.apply(rows, into: result)
    }

    /// What it does now, as a value that stays; nil before any data.
    public var frozen: FrozenNormalizer? {
        guard moments.count > 0 else { return nil }
        return FrozenNormalizer(
            mean: moments.mean.map { Float($0) },
            scale: moments.variance.indices.map { column in
                columns?[column] == false ? 0 : Float(1 / (moments.variance[column] + 1e-8).squareRoot())
            })
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
        returns.withUnsafeBufferPointer { moments.merge(rows: $0) }
        for index in returns.indices where ended(index) { returns[index] = 0 }
    }
}
