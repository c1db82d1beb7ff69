import TelosEnvironments
import TelosTensor

/// A way to play a bandit: choose an arm, be told the reward.
///
/// `features` are those of every arm in the present round, a row an arm; empty where arms have none. Which arm was chosen
/// is told again with its reward, so a policy may learn from plays that another chose.
public protocol BanditPolicy: Sendable {
    /// The arm to play next.
    mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int
    /// Learns what `arm` paid when its round's features were these.
    mutating func learn(_ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream)
}

/// What a policy did in a bandit, and what it cost.
public struct BanditRun: Sendable, Hashable {
    /// Numbers of rounds, ascending, at which the sums below were taken; the last is the length of the run.
    public var rounds: [Int]
    /// The bandit's `regret`, summed up to each of `rounds`: free of the payments' noise.
    public var regrets: [Double]
    /// The payments, summed up to each of `rounds`.
    public var payments: [Double]
    /// How often each arm was played.
    public var plays: [Int]

    /// The regret of the whole run.
    public var regret: Double { regrets.last ?? 0 }

    /// How the regret of the last of `rounds` compares with that of the first, both counted from the mark before:
    /// 1 where regret grows linearly, less where it levels off. NaN where the first is 0.
    public var lastOverFirstRegret: Double {
        let last = regret - (regrets.dropLast().last ?? 0)
        return (regrets.first ?? 0) == 0 ? .nan : last / regrets[0]
    }
}

/// Plays `bandit` from its first state for `rounds` rounds, with `marks` marks at even distances in the record.
///
/// The bandit and the policy draw from streams of their own, so that policies of one key meet the same luck as far as
/// that is possible.
public func play<Arms: Bandit, Policy: BanditPolicy>(
    _ bandit: Arms, by policy: inout Policy, rounds: Int, marks: Int = 4, key: RandomKey
) -> BanditRun {
    precondition(rounds > 0 && marks > 0 && marks <= rounds, "a run needs rounds, and no more marks than rounds")
    var luck = key.derived("bandit").stream
    var random = key.derived("bandit policy").stream
    var state = bandit.reset(using: &luck)
    var run = BanditRun(
        rounds: (1...marks).map { rounds * $0 / marks }, regrets: [], payments: [],
        plays: Array(repeating: 0, count: bandit.armCount))
    var regret = 0.0
    var payment = 0.0
    for round in 1...rounds {
        let features = bandit.features(state)
        let arm = policy.choose(features, using: &random)
        bandit.play(arm, in: &state, using: &luck)
        policy.learn(state.outcome.payment, ofArm: arm, features, using: &random)
        run.plays[arm] += 1
        regret += state.outcome.regret
        payment += state.outcome.payment
        if round == run.rounds[run.regrets.count] {
            run.regrets.append(regret)
            run.payments.append(payment)
        }
    }
    return run
}

/// How often each arm was played and what it paid on average.
public struct ArmStatistics: Sendable, Hashable {
    public private(set) var counts: [Int]
    public private(set) var sums: [Double]

    public init(armCount: Int) {
        counts = Array(repeating: 0, count: armCount)
        sums = Array(repeating: 0, count: armCount)
    }

    public mutating func add(_ reward: Double, ofArm arm: Int) {
        counts[arm] += 1
        sums[arm] += reward
    }

    public var armCount: Int { counts.count }
    /// 0 for an arm that was never played.
    public func mean(_ arm: Int) -> Double { counts[arm] == 0 ? 0 : sums[arm] / Double(counts[arm]) }
}

/// The index of the largest score; of several, any with equal probability.
func randomArgmax(_ count: Int, using random: inout RandomStream, _ score: (Int) -> Double) -> Int {
    var best = -Double.infinity
    var chosen = 0
    var ties = 0
    for index in 0..<count {
        let value = score(index)
        if value > best {
            (best, chosen, ties) = (value, index, 1)
        } else if value == best {
            ties += 1
            if random.index(below: ties) == 0 { chosen = index }
        }
    }
    return chosen
}
