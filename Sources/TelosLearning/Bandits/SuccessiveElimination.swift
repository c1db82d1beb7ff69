import CTelosKernels
import TelosTensor

/// Every arm in turn, in blocks, until those are left that could still be best.
///
/// After each sweep over the remaining arms, whose counted plays number N_a, arm a goes when
/// mean_a + radius_a < max over b of (mean_b - radius_b), with radius_a = width sqrt(log(2 K T) / (2 N_a)). Blocks of one
/// play that do not grow are the textbook's round robin (Even-Dar, Mannor and Mansour, *Action elimination and stopping
/// conditions for the multi-armed bandit and reinforcement learning problems*, 2006). Where an arm responds to being
/// played, `warmUp` plays at the beginning of each block do not count; with blocks that double, these cost only a
/// logarithmic number of times K (Malik, Igoe, Li and Singh, *Weighted tallying bandits*, 2023).
public struct SuccessiveElimination: BanditPolicy {
    public let horizon: Int
    /// The width of the rewards' range, or twice the standard deviation of normal ones. Higher: arms stay longer.
    public let width: Double
    /// Counted plays of an arm in the present sweep.
    public private(set) var block: Int
    /// What a sweep's block is to the one before.
    public let growth: Int
    /// Plays at the beginning of a block that do not count: at least the arms' memory.
    public let warmUp: Int
    /// The arms that could still be best, ascending; never empty.
    public private(set) var remaining: [Int]
    public private(set) var statistics: ArmStatistics
    private var position = 0
    private var played = 0

    public init(armCount: Int, horizon: Int, width: Double = 1, block: Int = 1, growth: Int = 1, warmUp: Int = 0) {
        precondition(
            armCount > 0 && horizon > 0 && block > 0 && growth > 0 && warmUp >= 0,
            "successive elimination needs arms, a horizon, and blocks of at least one play")
        self.horizon = horizon
        self.width = width
        self.block = block
        self.growth = growth
        self.warmUp = warmUp
        remaining = Array(0..<armCount)
        statistics = ArmStatistics(armCount: armCount)
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int { remaining[position] }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        guard remaining.count > 1 else { return }
        played += 1
        if played > warmUp { statistics.add(reward, ofArm: arm) }
        guard played == warmUp + block else { return }
        played = 0
        position += 1
        guard position == remaining.count else { return }
        position = 0
        block = block.multipliedReportingOverflow(by: growth).overflow ? block : block * growth
        let statistics = statistics
        let best = remaining.map { statistics.mean($0) - radius($0) }.max() ?? 0
        remaining = remaining.filter { statistics.mean($0) + radius($0) >= best }
    }

    private func radius(_ arm: Int) -> Double {
        let logarithm = telos_log64(2 * Double(statistics.armCount) * Double(horizon))
        return width * (logarithm / (2 * Double(statistics.counts[arm]))).squareRoot()
    }
}
