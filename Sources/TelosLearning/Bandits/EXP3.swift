import CTelosKernels
import TelosTensor

/// Exponential weights for rewards that anyone may have chosen, told only for the arm that was played.
///
/// p_a = (1 - gamma) exp(eta S_a) / (sum of exp(eta S_b)) + gamma / K, with S_a the sum of the estimates
/// 1 - [a was played] (1 - x) / p_a of the rewards x in 0 ... 1; `range` maps rewards there, and clips them. Its regret
/// against the best fixed arm is of order sqrt(T K log K) with eta = sqrt(2 log K / (T K)) and gamma = 0 (Auer,
/// Cesa-Bianchi, Freund and Schapire, *The nonstochastic multiarmed bandit problem*, 2002; in this form Lattimore and
/// Szepesvári, *Bandit algorithms*, 2020, chapter 11).
public struct EXP3: BanditPolicy {
    /// eta. Higher: quicker, noisier.
    public var learningRate: Double
    /// gamma. Higher: more plays of any arm.
    public var mixing: Double
    public var range: ClosedRange<Double>
    private var sums: [Double]
    /// p of the round that is being played.
    public private(set) var probabilities: [Double]

    public init(armCount: Int, learningRate: Double, mixing: Double = 0, range: ClosedRange<Double> = 0...1) {
        precondition(range.lowerBound < range.upperBound, "rewards need a range of some width")
        self.learningRate = learningRate
        self.mixing = mixing
        self.range = range
        sums = Array(repeating: 0, count: armCount)
        probabilities = Array(repeating: 1 / Double(armCount), count: armCount)
    }

    /// sqrt(2 log K / (T K))
    public static func learningRate(armCount: Int, rounds: Int) -> Double {
        (2 * telos_log64(Double(armCount)) / (Double(rounds) * Double(armCount))).squareRoot()
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int {
        let largest = sums.max() ?? 0
        var total = 0.0
        for arm in sums.indices {
            probabilities[arm] = telos_exp64(learningRate * (sums[arm] - largest))
            total += probabilities[arm]
        }
        for arm in sums.indices {
            probabilities[arm] = (1 - mixing) * probabilities[arm] / total + mixing / Double(sums.count)
        }
        return random.index(weights: probabilities)
    }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        let scaled = (reward - range.lowerBound) / (range.upperBound - range.lowerBound)
        for other in sums.indices { sums[other] += 1 }
        sums[arm] -= (1 - min(1, max(0, scaled))) / probabilities[arm]
    }
}

/// Another policy that chooses once for a number of rounds, and is told the mean reward of all of them.
///
/// Against rewards that depend on the last few choices, a policy of low regret becomes one of low policy regret (Arora,
/// Dekel and Tewari, *Online bandit learning against an adaptive adversary: from regret to policy regret*, 2012). Rounds
/// after the last whole batch teach nothing. Meant for arms without features, which it would confuse.
public struct MiniBatched<Base: BanditPolicy>: BanditPolicy {
    public private(set) var base: Base
    public let size: Int
    private var arm = 0
    private var played = 0
    private var sum = 0.0

    public init(_ base: Base, size: Int) {
        precondition(size > 0, "a batch has at least one round")
        self.base = base
        self.size = size
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int {
        if played == 0 { arm = base.choose(features, using: &random) }
        return arm
    }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        sum += reward
        played += 1
        guard played == size else { return }
        base.learn(sum / Double(size), ofArm: arm, features, using: &random)
        (played, sum) = (0, 0)
    }
}
