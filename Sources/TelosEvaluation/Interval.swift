/// An estimate with its uncertainty: `lower <= point <= upper`, guaranteed by the type.
///
/// A percentile interval of a skewed bootstrap distribution may leave out the estimate itself; the intervals this
/// module computes are then widened to reach it, so an interval never claims more certainty than its resamples gave.
public struct Interval: Sendable, Hashable {
    public let lower: Double
    public let point: Double
    public let upper: Double
    /// The coverage the bounds aim at, strictly between 0 and 1: 0.95 for a 95% interval.
    public let level: Double

    /// Throws `StatisticsError` unless `lower <= point <= upper` and `0 < level < 1` (a NaN is never in order).
    public init(lower: Double, point: Double, upper: Double, level: Double = 0.95) throws {
        guard lower <= point, point <= upper else {
            throw StatisticsError("an interval needs lower <= point <= upper, not \(lower), \(point), \(upper)")
        }
        try checkLevel(level)
        self.init(checkedLower: lower, point, upper, level)
    }

    /// The interval of a number known exactly, or of a single observation: all three equal.
    /// Throws `StatisticsError` for NaN.
    public init(exactly value: Double, level: Double = 0.95) throws {
        try self.init(lower: value, point: value, upper: value, level: level)
    }

    /// The bounds, widened where needed to include `point`, which must be a number.
    init(widening lower: Double, _ point: Double, _ upper: Double, level: Double) {
        self.init(checkedLower: lower <= point ? lower : point, point, upper >= point ? upper : point, level)
    }

    private init(checkedLower lower: Double, _ point: Double, _ upper: Double, _ level: Double) {
        self.lower = lower
        self.point = point
        self.upper = upper
        self.level = level
    }

    /// upper - lower.
    public var width: Double { upper - lower }

    public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}

extension Interval: Codable {
    private enum CodingKeys: String, CodingKey { case lower, point, upper, level }

    /// Throws, as the initialiser does, for bounds that are out of order.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            lower: values.decode(Double.self, forKey: .lower), point: values.decode(Double.self, forKey: .point),
            upper: values.decode(Double.self, forKey: .upper),
            level: values.decodeIfPresent(Double.self, forKey: .level) ?? 0.95)
    }
}

extension Interval: CustomStringConvertible {
    public var description: String { "\(point) [\(lower), \(upper)]" }
}

func checkLevel(_ level: Double) throws {
    guard level > 0, level < 1 else {
        throw StatisticsError("a confidence level lies strictly between 0 and 1, for example 0.95, not \(level)")
    }
}
