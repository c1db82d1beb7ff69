import TelosEvaluation

/// Everything the page of one experiment shows. Empty parts are left out of the page.
public struct ReportContent: Sendable {
    /// For example "mountain-car".
    public var title: String
    /// For example "PPO on MountainCar, 5 seeds".
    public var subtitle: String
    public var facts: [ReportFact]
    /// The experiment file as it was read.
    public var configuration: String
    public var summary: [SummaryRow]
    /// The interquartile mean of the evaluation returns over seeds.
    public var evaluation: Interval?
    /// Learning curves.
    public var curves: [CurvePanel]
    /// Reward terms over time.
    public var terms: [CurvePanel]
    public var episodes: [EpisodePanel]
    /// What a reader should know before trusting the numbers.
    public var notes: [String]

    public init(
        title: String, subtitle: String = "", facts: [ReportFact] = [], configuration: String = "",
        summary: [SummaryRow] = [], evaluation: Interval? = nil, curves: [CurvePanel] = [], terms: [CurvePanel] = [],
        episodes: [EpisodePanel] = [], notes: [String] = []
    ) {
        self.title = title
        self.subtitle = subtitle
        self.facts = facts
        self.configuration = configuration
        self.summary = summary
        self.evaluation = evaluation
        self.curves = curves
        self.terms = terms
        self.episodes = episodes
        self.notes = notes
    }
}

/// A line of what was run, for example "learner" and "ppo".
public struct ReportFact: Sendable, Hashable {
    public var label: String
    public var value: String

    public init(_ label: String, _ value: String) {
        self.label = label
        self.value = value
    }
}

/// The outcome of one seed.
public struct SummaryRow: Sendable, Hashable {
    public var seed: Int
    /// Environment steps trained.
    public var steps: Int
    /// Wall-clock seconds trained.
    public var seconds: Double
    /// The mean return of the last training episodes, if any ended.
    public var trainingReturn: Double?
    /// The mean return of the evaluation episodes, if it was evaluated.
    public var evaluationReturn: Double?
    /// The hash of the trained weights, in hexadecimal.
    public var weights: String

    public init(
        seed: Int, steps: Int, seconds: Double, trainingReturn: Double? = nil, evaluationReturn: Double? = nil,
        weights: String = ""
    ) {
        self.seed = seed
        self.steps = steps
        self.seconds = seconds
        self.trainingReturn = trainingReturn
        self.evaluationReturn = evaluationReturn
        self.weights = weights
    }
}

/// A line chart: curves over one horizontal axis.
public struct CurvePanel: Sendable, Hashable {
    public var title: String
    public var xLabel: String
    public var yLabel: String
    public var series: [PlotSeries]

    public init(title: String, xLabel: String = "environment steps", yLabel: String, series: [PlotSeries]) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.series = series
    }
}

/// A named curve with a shaded interval.
public struct PlotSeries: Sendable, Hashable {
    public var name: String
    /// In ascending x. Points whose x or value is not finite are not drawn.
    public var points: [PlotPoint]

    public init(_ name: String, _ points: [PlotPoint]) {
        self.name = name
        self.points = points
    }

    /// A sample-efficiency curve with its intervals.
    public init(_ name: String, _ points: [CurvePoint]) {
        self.init(
            name,
            points.map {
                PlotPoint(x: Double($0.step), lower: $0.value.lower, point: $0.value.point, upper: $0.value.upper)
            })
    }

    /// A performance profile with its intervals.
    public init(_ name: String, _ points: [ProfilePoint]) {
        self.init(
            name,
            points.map {
                PlotPoint(x: $0.threshold, lower: $0.share.lower, point: $0.share.point, upper: $0.share.upper)
            })
    }

    /// One run's curve, without an interval. Of lists of different lengths, the common part.
    public init(_ name: String, steps: [Int], values: [Double]) {
        self.init(name, zip(steps, values).map { PlotPoint(x: Double($0), point: $1) })
    }
}

/// A point of a curve with the bounds of its interval.
public struct PlotPoint: Sendable, Hashable {
    public var x: Double
    public var lower: Double
    public var point: Double
    public var upper: Double

    public init(x: Double, lower: Double, point: Double, upper: Double) {
        self.x = x
        self.lower = lower
        self.point = point
        self.upper = upper
    }

    /// A point without an interval.
    public init(x: Double, point: Double) { self.init(x: x, lower: point, point: point, upper: point) }

    /// A bound that is not finite, or on the wrong side, gives way to the point; nil for a point that cannot be drawn.
    var drawable: PlotPoint? {
        guard x.isFinite, point.isFinite else { return nil }
        return PlotPoint(
            x: x, lower: lower.isFinite ? min(lower, point) : point, point: point,
            upper: upper.isFinite ? max(upper, point) : point)
    }
}

/// A rendered episode.
public struct EpisodePanel: Sendable, Hashable {
    public var title: String
    /// A complete SVG document, animated or not; it is shown as an isolated image.
    public var animation: String
    /// For example "return -112, 112 steps, seed 3".
    public var caption: String

    public init(title: String, animation: String, caption: String) {
        self.title = title
        self.animation = animation
        self.caption = caption
    }
}
