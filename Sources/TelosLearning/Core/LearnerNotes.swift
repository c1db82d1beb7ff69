/// A logged quantity, explained.
public struct MetricDescription: Sendable, Hashable {
    /// As it is logged; `blend.*` stands for every name that begins with `blend.`.
    public var name: String
    /// What it is, and what a healthy run shows.
    public var summary: String
    /// Whether it is logged under some options only.
    public var isOptional: Bool

    public init(_ name: String, _ summary: String, isOptional: Bool = false) {
        self.name = name
        self.summary = summary
        self.isOptional = isOptional
    }

    public func covers(_ logged: String) -> Bool {
        name.hasSuffix("*") ? logged.hasPrefix(name.dropLast()) : logged == name
    }
}

/// What a learner's page says beyond its options: its equations, and what it logs.
public struct LearnerNotes: Sendable, Hashable {
    /// Plain text, an equation a line.
    public var equations: String
    /// Every metric its iterations may report.
    public var metrics: [MetricDescription]

    public init(equations: String = "", metrics: [MetricDescription] = []) {
        self.equations = equations
        self.metrics = metrics
    }
}
