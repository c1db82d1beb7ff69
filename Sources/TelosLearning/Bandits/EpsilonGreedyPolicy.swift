import TelosTensor

/// The arm with the highest mean so far, and with probability epsilon any.
///
/// epsilon_t = min(1, epsilon) for ever, or min(1, epsilon K / t) where it `decays`: with epsilon = c / gap^2 the regret
/// is then logarithmic (Auer, Cesa-Bianchi and Fischer, *Finite-time analysis of the multiarmed bandit problem*, 2002).
public struct EpsilonGreedyPolicy: BanditPolicy {
    /// Higher: more plays of any arm.
    public var epsilon: Double
    public var decays: Bool
    public private(set) var statistics: ArmStatistics
    private var round = 0

    public init(armCount: Int, epsilon: Double = 0.1, decays: Bool = false) {
        self.epsilon = epsilon
        self.decays = decays
        statistics = ArmStatistics(armCount: armCount)
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int {
        round += 1
        let share = decays ? epsilon * Double(statistics.armCount) / Double(round) : epsilon
        if random.uniform() < share { return random.index(below: statistics.armCount) }
        let statistics = statistics
        return randomArgmax(statistics.armCount, using: &random) {
            statistics.counts[$0] == 0 ? .infinity : statistics.mean($0)
        }
    }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        statistics.add(reward, ofArm: arm)
    }
}
