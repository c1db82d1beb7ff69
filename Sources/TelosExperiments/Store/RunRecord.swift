import TelosEnvironments

/// What became of a run.
public enum RunStatus: String, Sendable, Codable, CaseIterable {
    /// A process is training it, or died while it did.
    case running
    /// Stopped on request; `telos resume` continues it.
    case interrupted
    case finished
    /// At least one seed failed; its message says why.
    case failed
}

/// What became of one seed of a run.
public enum SeedStatus: String, Sendable, Codable, CaseIterable {
    case waiting, running, interrupted, finished, failed
}

/// A run as the store lists it.
public struct RunRecord: Sendable, Hashable {
    /// Short and readable: the experiment's name and how many runs of that name there are, as `mountain-car-ppo-3`.
    public var id: String
    /// The experiment's name.
    public var name: String
    /// When it was begun, as an ISO 8601 date and time (UTC).
    public var created: String
    public var status: RunStatus
    public var environment: String
    public var learner: String
    /// The experiment file as it was written, and with every default filled in.
    public var source: String
    public var resolved: String
    /// The form of the stored data, `RunStore.formatVersion` when it was written.
    public var formatVersion: Int
    public var seeds: [Int]
}

/// One seed of a run: how far it is and what came of it.
public struct SeedRecord: Sendable, Hashable, Codable {
    public var seed: Int
    public var steps: Int
    public var status: SeedStatus
    /// Seconds of training and evaluation so far, over all sessions.
    public var seconds: Double
    /// Mean primary return of the last 100 training episodes; nil before the first ended.
    public var trainingReturn: Double?
    /// Mean primary return of the latest deterministic evaluation; nil before the first.
    public var evaluationReturn: Double?
    /// Mean over the latest evaluation's episodes of each reward term's sum, in the order of `TaskRewards.termNames`.
    public var terms: [NamedValue]
    /// FNV-1a of all parameters, 16 hexadecimal digits; empty before the first checkpoint.
    public var weights: String
    /// Why it failed; empty otherwise.
    public var message: String

    public init(
        seed: Int, steps: Int = 0, status: SeedStatus = .waiting, seconds: Double = 0, trainingReturn: Double? = nil,
        evaluationReturn: Double? = nil, terms: [NamedValue] = [], weights: String = "", message: String = ""
    ) {
        self.seed = seed
        self.steps = steps
        self.status = status
        self.seconds = seconds
        self.trainingReturn = trainingReturn
        self.evaluationReturn = evaluationReturn
        self.terms = terms
        self.weights = weights
        self.message = message
    }
}

/// A number with a name, in a list whose order means something.
public struct NamedValue: Sendable, Hashable, Codable {
    public var name: String
    public var value: Double

    public init(_ name: String, _ value: Double) {
        self.name = name
        self.value = value
    }
}

/// Which return a curve point is of.
public enum CurveKind: String, Sendable, Codable, CaseIterable {
    /// Mean over the training episodes that ended in the interval of steps up to the point.
    case training
    /// Mean over the episodes of a deterministic evaluation.
    case evaluation
}

/// Mean primary return of one seed around one step.
public struct CurveRow: Sendable, Hashable, Codable {
    public var seed: Int
    public var step: Int
    public var kind: CurveKind
    public var value: Double

    public init(seed: Int, step: Int, kind: CurveKind, value: Double) {
        self.seed = seed
        self.step = step
        self.kind = kind
        self.value = value
    }
}

/// A named quantity of one seed at one step: a reward term (mean over episodes of its sum) or a learner's metric.
public struct NamedRow: Sendable, Hashable, Codable {
    public var seed: Int
    public var step: Int
    public var name: String
    public var value: Double

    public init(seed: Int, step: Int, name: String, value: Double) {
        self.seed = seed
        self.step = step
        self.name = name
        self.value = value
    }
}

/// One episode of one deterministic evaluation.
public struct EvaluationRow: Sendable, Hashable, Codable {
    public var seed: Int
    public var step: Int
    public var episode: Int
    public var primaryReturn: Double
    public var length: Int
    public var end: EpisodeEnd

    public init(seed: Int, step: Int, episode: Int, primaryReturn: Double, length: Int, end: EpisodeEnd) {
        self.seed = seed
        self.step = step
        self.episode = episode
        self.primaryReturn = primaryReturn
        self.length = length
        self.end = end
    }
}

/// Everything logged about a run, or about one seed since it was last stored.
public struct RunRows: Sendable, Hashable, Codable {
    public var points: [CurveRow] = []
    public var terms: [NamedRow] = []
    public var metrics: [NamedRow] = []
    public var evaluations: [EvaluationRow] = []

    public init() {}
    public var isEmpty: Bool { points.isEmpty && terms.isEmpty && metrics.isEmpty && evaluations.isEmpty }
}
