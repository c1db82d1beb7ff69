import TelosTensor

/// A policy that plays against itself and keeps account of its average.
///
/// In a symmetric game of constant sum the average of T steps of a learner with regret R is beaten by no option more than
/// 1/2 + R / T of the time; with mirror steps of size 2 sqrt(log K / T) that is O(sqrt(log K / T)). The last policy may
/// circle for ever. (Freund and Schapire, *Adaptive game playing using multiplicative weights*, 1999; Swamy, Dann, Kidambi,
/// Wu and Agarwal, *A minimaximalist approach to reinforcement learning from human feedback*, 2024.)
public struct SelfPlay: Sendable, Hashable {
    public private(set) var policy: SimplexPolicy
    /// No logarithm of a probability falls below that of the likeliest option by more than this; infinite: no bound.
    public var logitRange: Double
    private var sum: [Double]
    public private(set) var stepCount = 0

    public init(_ policy: SimplexPolicy, logitRange: Double = .infinity) {
        self.policy = policy
        self.logitRange = logitRange
        sum = Array(repeating: 0, count: policy.logProbabilities.count)
    }

    /// The mean of the policies that steps were taken from; the first policy before any.
    public var average: [Double] {
        stepCount == 0 ? policy.probabilities : sum.map { $0 / Double(stepCount) }
    }

    /// A mirror step on `gains`, for example the win rates of the options against the policy, or an estimate of them.
    public mutating func step(_ gains: [Double], stepSize: Double) {
        for (index, probability) in policy.probabilities.enumerated() { sum[index] += probability }
        stepCount += 1
        policy = policy.mirrorStep(gains, stepSize: stepSize)
        if logitRange < .infinity {
            let floor = policy.logProbabilities.max()! - logitRange
            policy = SimplexPolicy(logits: policy.logProbabilities.map { max($0, floor) })
        }
    }
}

/// The latest options of a policy, first in first out: opponents that an option's win rate is taken against.
public struct OpponentQueue<Option: Sendable>: Sendable {
    public let capacity: Int
    private var options: [Option] = []
    private var oldest = 0

    /// - Parameter capacity: at least 1. More opponents make steadier win rates, against older policies.
    public init(capacity: Int) {
        precondition(capacity > 0, "a queue needs room for one option")
        self.capacity = capacity
    }

    public var count: Int { options.count }

    public mutating func append(_ option: Option) {
        if options.count < capacity {
            options.append(option)
        } else {
            options[oldest] = option
            oldest = (oldest + 1) % capacity
        }
    }

    /// An option of the queue, drawn uniformly. The queue is not empty.
    public func draw(using random: inout RandomStream) -> Option { options[random.index(below: options.count)] }

    /// The share of `comparisons` with options drawn from the queue that `rater` decides for `option`; a tie counts half,
    /// and so does an answer that is skipped.
    public func winRate(
        of option: Option, comparisons: Int, rater: some Labeller<Option>, using random: inout RandomStream
    ) -> Double {
        var sum = 0.0
        for _ in 0..<comparisons {
            let opponent = draw(using: &random)
            sum += (rater.answer(option, opponent, using: &random) ?? .tie).target
        }
        return sum / Double(comparisons)
    }
}
