import TelosEvaluation

/// The part an arm plays in a comparison.
public enum ClaimRole: String, Sendable, Codable {
    case method, baseline
    /// Knows what a learner cannot know: the best one can hope for.
    case oracle
    /// Ought to show no effect.
    case control
}

/// One thing that was run and measured: a value a seed.
public struct ClaimArm: Sendable, Hashable {
    public var name: String
    public var role: ClaimRole
    /// What the values are, with its unit and whether high or low is good.
    public var metric: String
    public var values: [Double]

    public init(_ name: String, _ role: ClaimRole, metric: String, values: [Double]) {
        self.name = name
        self.role = role
        self.metric = metric
        self.values = values
    }
}

/// How a statistic is compared with its threshold.
public enum ClaimComparison: String, Sendable, Codable {
    case above = ">"
    case atLeast = ">="
    case below = "<"
    case atMost = "<="

    /// Whether `statistic` is on the right side of `threshold`; never for a statistic that is not a number.
    public func holds(_ statistic: Double, _ threshold: Double) -> Bool {
        switch self {
        case .above: statistic > threshold
        case .atLeast: statistic >= threshold
        case .below: statistic < threshold
        case .atMost: statistic <= threshold
        }
    }
}

/// A statistic, a threshold that was fixed beforehand, and which side of it is right.
public struct ClaimTest: Sendable, Hashable {
    public var name: String
    public var statistic: Double
    public var threshold: Double
    public var comparison: ClaimComparison
    public var passed: Bool { comparison.holds(statistic, threshold) }

    public init(_ name: String, _ statistic: Double, _ comparison: ClaimComparison, _ threshold: Double) {
        self.name = name
        self.statistic = statistic
        self.threshold = threshold
        self.comparison = comparison
    }
}

/// What came of a claim's experiment.
public struct ClaimOutcome: Sendable {
    public var arms: [ClaimArm]
    public var tests: [ClaimTest]
    /// What a reader should know beside the numbers.
    public var notes: [String]

    public init(arms: [ClaimArm], tests: [ClaimTest], notes: [String] = []) {
        self.arms = arms
        self.tests = tests
        self.notes = notes
    }

    /// Whether there are tests and all of them passed.
    public var holds: Bool { !tests.isEmpty && tests.allSatisfy(\.passed) }
}

/// What a claim's experiment says.
public enum ClaimVerdict: String, Sendable, Codable {
    case holds, fails
    /// A published effect does not appear; the entry says what was measured and why.
    case disputed
}
