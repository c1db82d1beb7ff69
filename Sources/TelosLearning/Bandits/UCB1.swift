import CTelosKernels
import TelosTensor

/// The arm that could still be best: the highest mean plus a bonus for arms played seldom.
///
/// mean_a + c sqrt(2 log t / n_a) at round t, after each arm was played once. With c the width of the rewards' range the
/// regret is logarithmic in t (Auer, Cesa-Bianchi and Fischer, *Finite-time analysis of the multiarmed bandit problem*,
/// 2002).
public struct UCB1: BanditPolicy {
    /// c. Higher: more plays of arms that look worse.
    public var exploration: Double
    public private(set) var statistics: ArmStatistics
    private var round = 0

    public init(armCount: Int, exploration: Double = 1) {
        self.exploration = exploration
        statistics = ArmStatistics(armCount: armCount)
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int {
        let logarithm = telos_log64(Double(max(round, 1)))
        let (statistics, exploration) = (statistics, exploration)
        return randomArgmax(statistics.armCount, using: &random) { arm in
            let count = statistics.counts[arm]
            guard count > 0 else { return .infinity }
            return statistics.mean(arm) + exploration * (2 * logarithm / Double(count)).squareRoot()
        }
    }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        round += 1
        statistics.add(reward, ofArm: arm)
    }
}
