import TelosEnvironments
import TelosTensor

/// An off-policy agent that is paid by demonstrations: every batch that it learns from has its rewards decided anew.
final class ImitationAgent: OffPolicyAgent {
    private let base: any OffPolicyAgent
    private let reward: any BatchReward

    init(_ base: any OffPolicyAgent, reward: any BatchReward) {
        self.base = base
        self.reward = reward
    }

    var batch: AgentBatch { base.batch }
    var memoryWidth: Int { base.memoryWidth }
    var errors: UnsafeBufferPointer<Float> { base.errors }
    var weightHash: UInt64 { base.weightHash ^ (reward.weightHash &* 5) }
    var programs: [(name: String, program: Program)] { base.programs + reward.programs }

    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, progress: Double,
        using random: inout RandomStream
    ) {
        base.act(on: input, into: actions, progress: progress, using: &random)
    }

    func update(progress: Double, using random: inout RandomStream) {
        if let batch = base.batch.transitions { reward.rewrite(batch, using: &random) }
        base.update(progress: progress, using: &random)
    }

    func advance(from start: Int, to end: Int) { base.advance(from: start, to: end) }
    func metrics(progress: Double) -> [Metric] { base.metrics(progress: progress) + reward.metrics() }
    func policy(normalizer: FrozenNormalizer?) -> any Policy { base.policy(normalizer: normalizer) }

    func save(to checkpoint: inout Checkpoint) throws {
        try base.save(to: &checkpoint)
        try reward.save(to: &checkpoint)
    }

    func load(from checkpoint: Checkpoint) throws {
        try base.load(from: checkpoint)
        try reward.load(from: checkpoint)
    }
}
