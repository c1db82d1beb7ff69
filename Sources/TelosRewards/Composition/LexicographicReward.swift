import TelosEnvironments

/// Criteria in order of importance: a later one decides only between steps that the earlier ones count as equal.
///
/// Each criterion i, bound to a range and a tolerance t_i, becomes a digit: the number of whole tolerances it lies above
/// the bottom of its range,
///
///     d_i = floor((min(max(r_i, low_i), high_i) - low_i) / t_i)  in  0 ... D_i,  D_i = floor((high_i - low_i) / t_i).
///
/// The digits make one number in mixed radix, divided by the largest one can be:
///
///     r = (...(d_1 (D_2 + 1) + d_2)(D_3 + 1) + ... + d_n) / ((D_1 + 1)(D_2 + 1)...(D_n + 1) - 1)  in  0 ... 1,
///
/// so that r compares two *steps* lexicographically. A discounted sum of r is not the lexicographic order of the
/// criteria's sums; a learner that wants that order (Skalse, Hammond, Griffin and Abate, *Lexicographic multi-objective
/// reinforcement learning*, 2022) takes the criteria from the terms, which are logged untouched, one a criterion, and
/// therefore do not add up to r. A criterion that is not a number makes r not a number.
public struct LexicographicReward: Reward {
    public struct Criterion: Sendable {
        public var name: String
        public var reward: any Reward
        /// What lies beyond counts as the nearest bound.
        public var range: ClosedRange<Double>
        /// Values that share a multiple of the tolerance count as equal; raising it gives later criteria more say.
        public var tolerance: Double

        public init(_ name: String, _ reward: any Reward, in range: ClosedRange<Double>, tolerance: Double) {
            self.name = name
            self.reward = reward
            self.range = range
            self.tolerance = tolerance
        }
    }

    /// The most important first.
    public var criteria: [Criterion]

    public init(_ criteria: [Criterion]) { self.criteria = criteria }

    /// The most combinations of digits that one number keeps apart.
    static let maximumLevels = 0x1p50

    /// - Throws: `RewardError` when there are no criteria, a range or tolerance is not finite and positive, there are
    ///   more than 2^50 combinations of digits, or a criterion does not bind.
    public func bind(to specification: EnvironmentSpecification) throws -> any BoundReward {
        guard !criteria.isEmpty else { throw RewardError("a lexicographic reward needs at least one criterion") }
        var levels = 1.0
        var digits: [BoundLexicographic.Digit] = []
        for criterion in criteria {
            let (low, high) = (criterion.range.lowerBound, criterion.range.upperBound)
            guard low.isFinite, high.isFinite, criterion.tolerance > 0, criterion.tolerance.isFinite else {
                throw RewardError(
                    "criterion '\(criterion.name)' needs a finite range and a positive tolerance, not \(low) ... \(high) "
                        + "and \(criterion.tolerance)")
            }
            let largest = ((high - low) / criterion.tolerance).rounded(.down)
            levels *= largest + 1
            digits.append(.init(low: low, high: high, tolerance: criterion.tolerance, largest: largest))
        }
        guard levels <= Self.maximumLevels else {
            throw RewardError(
                "the criteria have \(levels) combinations of levels, more than one number keeps apart (2^50); "
                    + "narrow the ranges or raise the tolerances")
        }
        // One term a criterion, whatever terms the criterion has of itself: its value.
        let parts = try criteria.map { try $0.reward.bind(to: specification) }
        return BoundLexicographic(
            parts: BoundParts(parts.map { (name: nil, reward: $0) }), digits: digits, levels: levels,
            termNames: TermNames.distinct(criteria.map(\.name)))
    }

    public var description: String {
        criteria.map {
            "[\($0.name): \($0.reward)] in \(Expression.spelling(of: $0.range.lowerBound)) ... "
                + "\(Expression.spelling(of: $0.range.upperBound)) within \(Expression.spelling(of: $0.tolerance))"
        }.joined(separator: ", then ")
    }
}

struct BoundLexicographic: BoundReward {
    struct Digit: Sendable {
        var low: Double
        var high: Double
        var tolerance: Double
        var largest: Double
    }

    let parts: BoundParts
    let digits: [Digit]
    let levels: Double
    let termNames: [String]

    var memoryWidth: Int { parts.memoryWidth }
    func reset(memory: UnsafeMutableBufferPointer<Double>) { parts.reset(memory: memory) }

    func evaluate(
        _ transitions: TransitionBatch, memory: UnsafeMutableBufferPointer<Double>,
        rewards: UnsafeMutableBufferPointer<Double>, terms: UnsafeMutableBufferPointer<Double>
    ) {
        let count = transitions.count
        for e in 0..<count { rewards[e] = 0 }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: parts.termNames.count * count) { partTerms in
            for (index, digit) in digits.enumerated() {
                let values = UnsafeMutableBufferPointer(rebasing: terms[(index * count)..<((index + 1) * count)])
                parts.evaluate(index, transitions, memory: memory, rewards: values, terms: partTerms)
                for e in 0..<count {
                    let raw = values[e]
                    let value = raw < digit.low ? digit.low : (raw > digit.high ? digit.high : raw)
                    let steps = ((value - digit.low) / digit.tolerance).rounded(.down)
                    rewards[e] = rewards[e] * (digit.largest + 1) + steps
                }
            }
        }
        if levels > 1 {
            for e in 0..<count { rewards[e] /= levels - 1 }
        }
    }
}
