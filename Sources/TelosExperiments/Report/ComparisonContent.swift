import TelosEvaluation

/// Everything the page that compares several runs shows.
public struct ComparisonContent: Sendable {
    public var title: String
    public var subtitle: String
    public var runs: [ComparedRun]
    /// Learning curves, a series a run.
    public var curves: [CurvePanel]
    /// Performance profiles, a series a run, over score thresholds.
    public var profiles: [CurvePanel]
    /// Row i, column j: the probability that a seed of run i scores higher than a seed of run j; nil is left blank.
    public var improvement: [[Interval?]]
    public var notes: [String]

    public init(
        title: String, subtitle: String = "", runs: [ComparedRun] = [], curves: [CurvePanel] = [],
        profiles: [CurvePanel] = [], improvement: [[Interval?]] = [], notes: [String] = []
    ) {
        self.title = title
        self.subtitle = subtitle
        self.runs = runs
        self.curves = curves
        self.profiles = profiles
        self.improvement = improvement
        self.notes = notes
    }
}

/// One of the runs compared.
public struct ComparedRun: Sendable, Hashable {
    public var name: String
    /// For example "PPO on MountainCar".
    public var description: String
    /// The evaluation return of each seed.
    public var scores: [Double]
    /// The interquartile mean of the scores.
    public var evaluation: Interval?

    public init(name: String, description: String = "", scores: [Double] = [], evaluation: Interval? = nil) {
        self.name = name
        self.description = description
        self.scores = scores
        self.evaluation = evaluation
    }
}
