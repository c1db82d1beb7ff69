/// Compared options as numbers for networks: for each option of a pair `stepCount` rows of `featureCount` numbers, whose
/// scores are added. Single answers have one step; segments one row a step.
public struct ComparisonFeatures: Sendable, Hashable {
    public let stepCount: Int
    public let featureCount: Int
    /// Row t of pair i at `(i * stepCount + t) * featureCount`.
    public private(set) var first: [Float] = []
    public private(set) var second: [Float] = []
    /// y of each pair (see `Choice.target`).
    public private(set) var targets: [Float] = []
    public var pairCount: Int { targets.count }

    public init(stepCount: Int = 1, featureCount: Int) {
        precondition(stepCount > 0 && featureCount > 0, "an option needs at least one row of at least one number")
        self.stepCount = stepCount
        self.featureCount = featureCount
    }

    /// - Throws: `FeedbackError` for rows of another size, or a target outside 0...1.
    public mutating func append(_ first: [Float], _ second: [Float], target: Double) throws {
        let size = stepCount * featureCount
        guard first.count == size, second.count == size else {
            throw FeedbackError(
                "pair \(pairCount): options of \(first.count) and \(second.count) numbers; \(stepCount) steps of "
                    + "\(featureCount) features need \(size)")
        }
        guard (0...1).contains(target) else {
            throw FeedbackError("pair \(pairCount): the target is \(target); write a number from 0 to 1")
        }
        self.first += first
        self.second += second
        targets.append(Float(target))
    }

    /// Each step of a segment as its observation, then its action.
    /// - Throws: `FeedbackError` for segments of different lengths or widths.
    public init(_ preferences: [Preference<Segment>]) throws {
        guard let segment = preferences.first?.first else { throw FeedbackError("there are no preferences") }
        self.init(
            stepCount: segment.stepCount, featureCount: segment.observations[0].count + segment.actions[0].count)
        func rows(_ segment: Segment) -> [Float] {
            zip(segment.observations, segment.actions).flatMap { $0 + $1 }
        }
        for preference in preferences {
            try append(rows(preference.first), rows(preference.second), target: preference.target)
        }
    }
}
