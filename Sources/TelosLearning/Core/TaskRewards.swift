import TelosEnvironments
import TelosRewards
import TelosTensor

/// The rewards of a task bound to a batch of environments: evaluates every channel and term of each step.
///
/// Channel 0 is the primary reward; channel 1 + k is auxiliary k (for `.potential` its potential difference, for
/// `.gated` zero where the primary reward is not zero). What a learner maximises is a blend of channels.
public final class TaskRewards {
    public let channelNames: [String]
    /// Terms of the primary reward, then of each auxiliary, the auxiliaries' prefixed with their names.
    public let termNames: [String]
    /// The fixed weights of the channels: 1 for the primary reward, then the auxiliaries' (0 for `.primary`).
    public let weights: [Double]
    public let count: Int

    private let bound: [any BoundReward]
    private let combination: RewardCombination
    private let memory: [Buffer<Double>]
    private let termOffsets: [Int]
    private let channels: Buffer<Double>
    private let terms: Buffer<Double>

    /// - discount: the discount of the shaping term where auxiliaries are potentials.
    public init(_ task: TaskDefinition, specification: EnvironmentSpecification, count: Int, discount: Double) throws {
        self.count = count
        combination = task.combination
        var bound = [try task.primary.bind(to: specification)]
        var names = bound[0].termNames
        var offsets = [0]
        for auxiliary in task.auxiliaries {
            var reward = auxiliary.reward
            if task.combination == .potential {
                guard let expression = reward as? ExpressionReward else {
                    throw RewardError("auxiliary '\(auxiliary.name)' must be an expression to serve as a potential")
                }
                reward = PotentialShaping(potential: expression.expression, discount: discount)
            }
            let next = try reward.bind(to: specification)
            offsets.append(names.count)
            names += next.termNames.count == 1 ? [auxiliary.name] : next.termNames.map { "\(auxiliary.name).\($0)" }
            bound.append(next)
        }
        self.bound = bound
        termNames = names
        termOffsets = offsets
        channelNames = ["primary"] + task.auxiliaries.map(\.name)
        weights = [1] + task.auxiliaries.map { task.combination == .primary ? 0 : $0.weight }
        memory = bound.map { Buffer(count: $0.memoryWidth * count, repeating: 0) }
        channels = Buffer(count: bound.count * count, repeating: 0)
        terms = Buffer(count: names.count * count, repeating: 0)
        for environment in 0..<count { reset(environment) }
    }

    /// Begins a new episode of `environment`.
    public func reset(_ environment: Int) {
        for (reward, memory) in zip(bound, memory) where reward.memoryWidth > 0 {
            reward.reset(memory: memory.rows(from: environment * reward.memoryWidth, count: reward.memoryWidth))
        }
    }

    /// Evaluates one step and begins new episodes where it ended one.
    /// - Returns: channel c of environment e at `c * count + e`, terms likewise; valid until the next call.
    public func evaluate(
        _ transitions: TransitionBatch
    ) -> (channels: UnsafeBufferPointer<Double>, terms: UnsafeBufferPointer<Double>) {
        for (index, reward) in bound.enumerated() {
            reward.evaluate(
                transitions, memory: memory[index].all, rewards: channels.rows(from: index * count, count: count),
                terms: terms.rows(from: termOffsets[index] * count, count: reward.termNames.count * count))
        }
        if combination == .gated {
            for channel in 1..<max(1, bound.count) {
                for environment in 0..<count where channels[environment] != 0 {
                    channels[channel * count + environment] = 0
                }
            }
        }
        for environment in 0..<count where transitions.ends[environment] != .ongoing { reset(environment) }
        return (channels.readOnly, terms.readOnly)
    }

    /// R(s,a,s') of what a learner is paid, at the index of `TabularMDP.transitions` (see `tabulate`).
    /// - Throws: `LearnerError` where a reward that counts has memory.
    public func table(over model: FiniteModel) throws -> [Double] {
        let primary = try table(of: 0, over: model)
        var sum = primary.map { weights[0] * $0 }
        for channel in bound.indices.dropFirst() where weights[channel] != 0 {
            let values = try table(of: channel, over: model)
            for index in sum.indices where combination != .gated || primary[index] == 0 {
                sum[index] += weights[channel] * values[index]
            }
        }
        return sum
    }

    private func table(of channel: Int, over model: FiniteModel) throws -> [Double] {
        guard bound[channel].memoryWidth == 0 else {
            throw LearnerError(
                "the reward '\(channelNames[channel])' has memory, so it is no function of a transition that could be "
                    + "planned with; q-learning, sarsa and expected-sarsa take it")
        }
        return try tabulate(reward: bound[channel], over: model)
    }

    /// The explicit memory of every reward, for checkpoints.
    public var snapshot: [[Double]] {
        get { memory.map(\.array) }
        set {
            for (buffer, values) in zip(memory, newValue) {
                for (index, value) in values.enumerated() where index < buffer.count { buffer[index] = value }
            }
        }
    }
}
