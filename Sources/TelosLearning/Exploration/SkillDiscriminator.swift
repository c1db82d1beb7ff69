import CTelosKernels

/// Tells which of some skills is at work from the state it visits: q(z|s) of visit counts that fade.
///
/// q(z|s) = (N(z,s) + prior) / (sum over z' of N(z',s) + prior), with every count multiplied by `memory` at the end of an
/// episode. Under a uniform p(z), log q(z|s) - log p(z) is the reward whose expected value bounds the mutual information
/// I(s;z) from below.
///
/// (Eysenbach, Gupta, Ibarz and Levine, *Diversity is all you need: learning skills without a reward function*, 2019.)
public struct SkillDiscriminator: Sendable, Hashable, Codable {
    public let skillCount: Int
    public let stateCount: Int
    /// What counts are multiplied by after an episode. Lowering it follows skills that change faster, from less data.
    public var memory: Double
    /// Added to every count, above 0. Raising it takes more visits to tell skills apart.
    public var prior: Double
    /// N(z,s) at `s * skillCount + z`.
    public private(set) var counts: [Double]

    public init(skillCount: Int, stateCount: Int, memory: Double = 0.9995, prior: Double = 1) {
        precondition(skillCount > 0 && stateCount > 0, "a discriminator needs skills and states")
        self.skillCount = skillCount
        self.stateCount = stateCount
        self.memory = memory
        self.prior = prior
        counts = Array(repeating: 0, count: skillCount * stateCount)
    }

    /// q(z|s)
    public func probability(of skill: Int, in state: Int) -> Double {
        let row = state * skillCount
        var sum = 0.0
        for other in row..<(row + skillCount) { sum += counts[other] + prior }
        return (counts[row + skill] + prior) / sum
    }

    /// log q(z|s) - log p(z): at most log(skillCount), 0 where nothing can be told.
    public func reward(of skill: Int, in state: Int) -> Double {
        telos_log64(probability(of: skill, in: state) * Double(skillCount))
    }

    /// Counts the states of an episode of `skill`, and lets older counts fade.
    public mutating func observe(_ states: some Sequence<Int>, of skill: Int) {
        for position in counts.indices { counts[position] *= memory }
        for state in states { counts[state * skillCount + skill] += 1 }
    }
}
