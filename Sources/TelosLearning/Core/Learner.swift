import TelosEnvironments
import TelosFeedback
import TelosTensor

/// What a policy acts on, row by row.
public struct PolicyInput {
    public var observations: UnsafeBufferPointer<Float>
    public var count: Int
    /// Which choices are possible, [count, choices] of zeros and ones; nil where all are.
    public var mask: UnsafeBufferPointer<Float>?
    /// What the policy remembers of each row's episode, [count, memoryWidth], rewritten when it acts. Zeros begin an
    /// episode. Nil where every row begins one.
    public var memory: UnsafeMutableBufferPointer<Float>?

    public init(
        observations: UnsafeBufferPointer<Float>, count: Int, mask: UnsafeBufferPointer<Float>? = nil,
        memory: UnsafeMutableBufferPointer<Float>? = nil
    ) {
        self.observations = observations
        self.count = count
        self.mask = mask
        self.memory = memory
    }
}

/// Acts. A policy holds everything acting needs, its observation normaliser included, frozen. What it remembers of an
/// episode is not in it: whoever runs the episode keeps that.
public protocol Policy: AnyObject {
    /// Floats of memory a row; 0 by default.
    var memoryWidth: Int { get }
    /// Writes the action of each row of `input`.
    /// - deterministic: the most probable action; otherwise one drawn with `random`.
    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
        using random: inout RandomStream)
}

extension Policy {
    public var memoryWidth: Int { 0 }

    /// Writes the action of each of `count` observation rows, each the first of its episode, every choice possible.
    public func act(
        on observations: UnsafeBufferPointer<Float>, count: Int, into actions: UnsafeMutableBufferPointer<Float>,
        deterministic: Bool, using random: inout RandomStream
    ) {
        act(
            on: PolicyInput(observations: observations, count: count), into: actions, deterministic: deterministic,
            using: &random)
    }
}

/// A finished training episode.
public struct EpisodeRecord: Sendable, Codable, Hashable {
    /// Environment steps of the whole run when it ended.
    public var step: Int
    public var length: Int
    /// Undiscounted sum of the primary reward.
    public var primaryReturn: Double
    /// Undiscounted sum of each term, in the order of `TaskRewards.termNames`.
    public var terms: [Double]
    public var end: EpisodeEnd

    public init(step: Int, length: Int, primaryReturn: Double, terms: [Double], end: EpisodeEnd) {
        self.step = step
        self.length = length
        self.primaryReturn = primaryReturn
        self.terms = terms
        self.end = end
    }
}

/// Seconds spent in each part of an iteration.
public struct TimeSplit: Sendable, Codable, Hashable {
    public var environment = 0.0
    public var policy = 0.0
    public var learning = 0.0

    public init(environment: Double = 0, policy: Double = 0, learning: Double = 0) {
        self.environment = environment
        self.policy = policy
        self.learning = learning
    }

    public var total: Double { environment + policy + learning }

    public static func += (left: inout TimeSplit, right: TimeSplit) {
        left.environment += right.environment
        left.policy += right.policy
        left.learning += right.learning
    }
}

/// What one iteration of a learner did.
public struct IterationReport: Sendable {
    public var episodes: [EpisodeRecord]
    /// Logged quantities by name: losses, entropies, learned reward weights.
    public var metrics: [Metric]
    public var time: TimeSplit

    public init(episodes: [EpisodeRecord] = [], metrics: [Metric] = [], time: TimeSplit = TimeSplit()) {
        self.episodes = episodes
        self.metrics = metrics
        self.time = time
    }
}

public struct Metric: Sendable, Codable, Hashable {
    public var name: String
    public var value: Double

    public init(_ name: String, _ value: Double) {
        self.name = name
        self.value = value
    }
}

/// Improves behaviour: collects experience and updates, one iteration at a time.
///
/// A learner owns its environments, parameters, optimiser, normalisers and random streams, and `checkpoint` is all of
/// them as one value: restoring it into a new learner with the same context continues to the same bytes.
public protocol Learner: AnyObject {
    /// Environment steps taken so far, over all environments.
    var steps: Int { get }
    func iterate() throws -> IterationReport
    /// The present policy as a frozen value of its own.
    func policy() -> any Policy
    func checkpoint() throws -> Checkpoint
    func restore(_ checkpoint: Checkpoint) throws
    /// FNV-1a over the bytes of all parameters.
    var weightHash: UInt64 { get }
    /// The compiled programs it runs, by what they are for; `telos inspect` lists them. None by default.
    var programs: [(name: String, program: Program)] { get }
}

extension Learner {
    public var programs: [(name: String, program: Program)] { [] }

    /// The first thing that a check of one of its programs found, where they were compiled with checks.
    public var checkFailure: TensorError? { programs.lazy.compactMap(\.program.failure).first }
}

/// Everything a learner is made from, apart from its configuration.
public struct LearnerContext: Sendable {
    public var task: TaskDefinition
    public var key: RandomKey
    /// Steps the run is planned for: what schedules anneal over.
    public var plannedSteps: Int
    /// Cores one learner may use.
    public var threads: Int
    /// What was done, for learners that imitate it or learn from it alone; nil where it is in a file that an option names.
    public var dataset: TransitionDataset?

    public init(
        task: TaskDefinition, key: RandomKey, plannedSteps: Int, threads: Int = 1,
        dataset: TransitionDataset? = nil
    ) {
        self.task = task
        self.key = key
        self.plannedSteps = plannedSteps
        self.threads = threads
        self.dataset = dataset
    }
}
