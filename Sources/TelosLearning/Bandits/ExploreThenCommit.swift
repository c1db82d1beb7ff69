import TelosTensor

/// Each arm in turn for a number of plays, then the one that paid most for ever.
///
/// With m = `plays` and K arms the first K (m + `warmUp`) rounds explore; m of order T^(2/3) gives regret of that order
/// (Lattimore and Szepesvári, *Bandit algorithms*, 2020, chapter 6). `warmUp` plays of each arm come first and do not
/// count: where arms respond to being played, they have settled by then.
public struct ExploreThenCommit: BanditPolicy {
    /// Plays of each arm that count. Higher: surer of the arm, later.
    public let plays: Int
    public let warmUp: Int
    public private(set) var statistics: ArmStatistics
    private var round = 0
    /// The arm that was settled on, once it was.
    public private(set) var committed: Int?

    public init(armCount: Int, plays: Int, warmUp: Int = 0) {
        precondition(armCount > 0 && plays > 0 && warmUp >= 0, "explore-then-commit needs arms and plays of each")
        self.plays = plays
        self.warmUp = warmUp
        statistics = ArmStatistics(armCount: armCount)
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int {
        if let committed { return committed }
        let arm = round / (plays + warmUp)
        if arm < statistics.armCount { return arm }
        let statistics = statistics
        let best = randomArgmax(statistics.armCount, using: &random, statistics.mean)
        committed = best
        return best
    }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        guard committed == nil else { return }
        if round % (plays + warmUp) >= warmUp { statistics.add(reward, ofArm: arm) }
        round += 1
    }
}
