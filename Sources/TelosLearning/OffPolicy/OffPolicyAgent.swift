import TelosTensor

/// What differs between off-policy algorithms; the loop around it is `OffPolicyLearner`.
protocol OffPolicyAgent: AnyObject {
    /// Where a sample for the next `update` is to be written.
    var batch: ReplayBatch { get }
    /// Writes exploring actions in the environment's units.
    /// - progress: share of the planned steps taken.
    func act(
        on observations: UnsafeBufferPointer<Float>, into actions: UnsafeMutableBufferPointer<Float>, progress: Double,
        using random: inout RandomStream)
    /// One gradient step on `batch`.
    func update(progress: Double, using random: inout RandomStream)
    /// The absolute error of each row of the last update, for priorities.
    var errors: UnsafeBufferPointer<Float> { get }
    /// Averages since the last call.
    func metrics(progress: Double) -> [Metric]
    func policy() -> any Policy
    var weightHash: UInt64 { get }
    var programs: [(name: String, program: Program)] { get }
    func save(to checkpoint: inout Checkpoint) throws
    func load(from checkpoint: Checkpoint) throws
}

/// What the off-policy loop is told, whichever algorithm it runs.
struct OffPolicySettings {
    var environments: Int
    var bufferCapacity: Int
    var learningStarts: Int
    /// Environment steps from one round of updates to the next, and updates in a round.
    var trainInterval: Int
    var gradientSteps: Int
    var discount: Double
    var multiStep: Int
    /// a of priorities |error|^a; nil samples uniformly.
    var priorityExponent: Double?
    /// b of importance weights at the start; it rises to 1 over the run.
    var importanceExponent: Double
    var stepsPerIteration: Int
}

/// Descriptions of the options that off-policy learners share.
enum OffPolicyOption {
    static let environments = OptionDescription(
        "environments", "copies of the environment stepped together", raising: "faster stepping, older data per update",
        lowering: "each update sees the newest step", range: 1...4096)
    static let bufferCapacity = OptionDescription(
        "bufferCapacity", "transitions kept; the oldest are overwritten", raising: "more varied, older data",
        lowering: "newer data, less memory", range: 1...100_000_000)
    static let batchSize = OptionDescription(
        "batchSize", "transitions of a gradient step", raising: "smoother, slower steps",
        lowering: "noisier, faster ones",
        range: 1...65_536)
    static let learningStarts = OptionDescription(
        "learningStarts", "steps taken at random before learning begins", raising: "a broader start",
        lowering: "an earlier one", range: 0...100_000_000)
    static let trainInterval = OptionDescription(
        "trainInterval", "environment steps between rounds of updates", raising: "fewer updates a step, faster",
        lowering: "more use of each step", range: 1...1_000_000)
    static let gradientSteps = OptionDescription(
        "gradientSteps", "updates in a round", raising: "more use of each step, slower, may overfit the replay",
        lowering: "faster, less sample-efficient", range: 1...1_000_000)
    static let targetRate = OptionDescription(
        "targetRate", "t of target <- (1 - t) target + t online", raising: "targets follow faster, less stable",
        lowering: "steadier, slower", range: 0...1)
    static let multiStep = OptionDescription(
        "multiStep", "n of n-step returns", raising: "rewards travel faster, more off-policy bias and noise",
        lowering: "less bias (1: one-step)", range: 1...100)
    static let stepsPerIteration = OptionDescription(
        "stepsPerIteration", "environment steps of one iteration, over all copies", raising: "fewer, smoother reports",
        lowering: "more frequent ones; learning is the same", range: 1...1_000_000)

    /// A replay is held in memory at once.
    static func check(batchSize: Int, bufferCapacity: Int) throws {
        guard batchSize <= bufferCapacity else {
            throw ConfigurationError(
                option: "batchSize",
                "\(batchSize) is more than the replay holds, bufferCapacity: \(bufferCapacity); write at most that")
        }
    }
}
