import TelosTensor

/// What learns from samples of experience, wherever they come from.
protocol SampleAgent: AnyObject {
    /// Where a sample for the next `update` is to be written.
    var batch: AgentBatch { get }
    /// One gradient step on `batch`.
    func update(progress: Double, using random: inout RandomStream)
    /// Averages since the last call.
    func metrics(progress: Double) -> [Metric]
    /// - normalizer: what becomes of an observation before the policy sees it.
    func policy(normalizer: FrozenNormalizer?) -> any Policy
    var weightHash: UInt64 { get }
    var programs: [(name: String, program: Program)] { get }
    func save(to checkpoint: inout Checkpoint) throws
    func load(from checkpoint: Checkpoint) throws
}

/// What differs between off-policy algorithms; the loop around it is `OffPolicyLearner`.
protocol OffPolicyAgent: SampleAgent {
    /// Floats a row that the agent remembers of an episode; 0 by default.
    var memoryWidth: Int { get }
    /// Writes exploring actions in the environment's units, and rewrites the memory.
    /// - progress: share of the planned steps taken.
    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, progress: Double,
        using random: inout RandomStream)
    /// The environments went from `start` to `end` steps in all: target networks that follow by the step move here.
    func advance(from start: Int, to end: Int)
    /// The absolute error of each row of the last update, for priorities.
    var errors: UnsafeBufferPointer<Float> { get }
}

/// What an agent learns from.
enum AgentBatch {
    case transitions(ReplayBatch)
    case sequences(SequenceBatch)

    var transitions: ReplayBatch? { if case .transitions(let batch) = self { batch } else { nil } }
    var sequences: SequenceBatch? { if case .sequences(let batch) = self { batch } else { nil } }
}

extension OffPolicyAgent {
    var memoryWidth: Int { 0 }
    func advance(from start: Int, to end: Int) {}
}
