import Foundation
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct BanditPolicyTests {
    private func runs<Arms: Bandit, Policy: BanditPolicy>(
        _ count: Int, _ bandit: Arms, rounds: Int, _ policy: Policy
    ) -> [BanditRun] {
        (0..<count).map { seed in
            var copy = policy
            return play(bandit, by: &copy, rounds: rounds, key: RandomKey(seed: seed))
        }
    }

    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    /// How often `policy` would choose each arm next.
    private func shares(_ policy: some BanditPolicy, _ features: [Double] = [], arms: Int) -> [Double] {
        var random = RandomKey(seed: 17).stream
        var counts = [Int](repeating: 0, count: arms)
        for _ in 0..<20_000 {
            var copy = policy
            counts[copy.choose(features, using: &random)] += 1
        }
        return counts.map { Double($0) / 20_000 }
    }

    private func told<Policy: BanditPolicy>(_ policy: Policy, _ rewards: [(arm: Int, reward: Double)]) -> Policy {
        var random = RandomKey(seed: 4).stream
        var policy = policy
        for (arm, reward) in rewards { policy.learn(reward, ofArm: arm, [], using: &random) }
        return policy
    }

    @Test func runsAddUp() throws {
        let bandit = try BernoulliBandit(means: [0.2, 0.8])
        var policy = EpsilonGreedyPolicy(armCount: 2, epsilon: 1)
        let run = play(bandit, by: &policy, rounds: 1000, marks: 5, key: RandomKey(seed: 2))
        #expect(run.rounds == [200, 400, 600, 800, 1000] && run.plays.reduce(0, +) == 1000)
        #expect(abs(run.regret - 0.6 * Double(run.plays[0])) < 1e-9)
        #expect(run.payments.last == policy.statistics.sums.reduce(0, +))
        #expect(run.plays == policy.statistics.counts)
        let last: Double = (run.regrets[4] - run.regrets[3]) / run.regrets[0]
        #expect(run.lastOverFirstRegret == last)
        var again = EpsilonGreedyPolicy(armCount: 2, epsilon: 1)
        #expect(play(bandit, by: &again, rounds: 1000, marks: 5, key: RandomKey(seed: 2)) == run)
    }

    /// 8 (sum of log T / gap) + (1 + pi² / 3) (sum of gaps): theorem 1 of Auer, Cesa-Bianchi and Fischer.
    @Test func ucb1KeepsItsBound() throws {
        let bandit = try BernoulliBandit(means: [0.5, 0.7, 0.9])
        let regret = mean(runs(20, bandit, rounds: 5000, UCB1(armCount: 3)).map(\.regret))
        let bound: Double = 8 * log(5000.0) * 7.5 + (1 + Double.pi * Double.pi / 3) * 0.6
        #expect(regret < bound && regret > 10, "\(regret) \(bound)")
        // mean + sqrt(2 log t / n) by hand: 0 + sqrt(2 log 5 / 1) = 1.794 against 0.75 + sqrt(2 log 5 / 4) = 1.647.
        let close = told(UCB1(armCount: 2), [(0, 0), (1, 1), (1, 1), (1, 1), (1, 0)])
        #expect(shares(close, arms: 2)[0] == 1)
        // Half the exploration: 0.897 against 1.199.
        #expect(
            shares(told(UCB1(armCount: 2, exploration: 0.5), [(0, 0), (1, 1), (1, 1), (1, 1), (1, 0)]), arms: 2)[1] == 1
        )
    }

    /// m gap + (T - 2 m) gap Phi(-gap sqrt(m / 2) / noise) for two normal arms, exactly.
    @Test func exploreThenCommitCostsWhatItShould() throws {
        let bandit = try GaussianBandit(means: [0.5, 0], noise: 1)
        let regrets = runs(4000, bandit, rounds: 100, ExploreThenCommit(armCount: 2, plays: 10)).map(\.regret)
        let wrong: Double = 0.5 * erfc(0.5 * 5.0.squareRoot() / 2.0.squareRoot())
        let expected: Double = 5 + 40 * wrong
        let deviation = (mean(regrets.map { $0 * $0 }) - mean(regrets) * mean(regrets)).squareRoot()
        #expect(abs(mean(regrets) - expected) < 4 * deviation / 4000.0.squareRoot(), "\(mean(regrets)) \(expected)")
        // Plays that warm up do not count: the second arm pays only then.
        let warmed = told(ExploreThenCommit(armCount: 2, plays: 1, warmUp: 1), [(0, 0), (0, 1), (1, 9), (1, 0)])
        #expect(shares(warmed, arms: 2) == [1, 0])
    }

    @Test func epsilonIsTheShareOfRandomPlays() {
        let known: [(arm: Int, reward: Double)] = [(0, 0), (1, 1), (2, 0), (3, 0)]
        #expect(abs(shares(told(EpsilonGreedyPolicy(armCount: 4, epsilon: 0.4), known), arms: 4)[1] - 0.7) < 0.02)
        #expect(shares(told(EpsilonGreedyPolicy(armCount: 4, epsilon: 0), known), arms: 4)[1] == 1)
        // In round 1 epsilon K / t is above 1.
        #expect(
            shares(EpsilonGreedyPolicy(armCount: 4, epsilon: 1, decays: true), arms: 4).allSatisfy {
                abs($0 - 0.25) < 0.02
            })
    }

    /// P(X > Y) = 5 / 6 for X of Beta(2, 1) and Y of Beta(1, 2).
    @Test func betaPosteriorsAreSampled() {
        let policy = told(BetaThompsonSampling(armCount: 2), [(0, 1), (1, 0)])
        #expect(policy.successes == [2, 1] && policy.failures == [1, 2])
        #expect(abs(shares(policy, arms: 2)[0] - 5.0 / 6) < 0.01)
        // A reward of 0.3 is a success 3 times in 10.
        let many = told(BetaThompsonSampling(armCount: 1), Array(repeating: (0, 0.3), count: 10_000))
        #expect(abs(many.successes[0] - 3001) < 200)
    }

    /// Posteriors N(0.8, 0.8) and N(-0.4, 0.2 × 4), by hand: 1 / (1/4 + 1) = 0.8.
    @Test func normalPosteriorsAreSampled() {
        let policy = told(
            GaussianThompsonSampling(armCount: 2, noise: 1, priorMean: 0, priorDeviation: 2), [(0, 1), (1, -0.5)])
        let (first, second) = (policy.posterior(ofArm: 0), policy.posterior(ofArm: 1))
        #expect(abs(first.mean - 0.8) < 1e-12 && abs(first.variance - 0.8) < 1e-12)
        #expect(abs(second.mean + 0.4) < 1e-12)
        let expected: Double = 0.5 * erfc(-1.2 / 3.2.squareRoot())
        #expect(abs(shares(policy, arms: 2)[0] - expected) < 0.01)
    }

    @Test func thompsonSamplingBeatsUCB1() throws {
        let bandit = try BernoulliBandit(means: [0.3, 0.4, 0.6])
        let sampling = mean(runs(20, bandit, rounds: 2000, BetaThompsonSampling(armCount: 3)).map(\.regret))
        let optimism = mean(runs(20, bandit, rounds: 2000, UCB1(armCount: 3)).map(\.regret))
        #expect(sampling < 0.5 * optimism, "\(sampling) \(optimism)")
    }

    /// sqrt(2 T K log K), theorem 11.2 of Lattimore and Szepesvári.
    @Test func exp3KeepsItsBound() throws {
        let bandit = try BernoulliBandit(means: [0.4, 0.5, 0.6, 0.7])
        let policy = EXP3(armCount: 4, learningRate: EXP3.learningRate(armCount: 4, rounds: 3000))
        let regret = mean(runs(20, bandit, rounds: 3000, policy).map(\.regret))
        #expect(regret < (2 * 3000 * 4 * log(4)).squareRoot(), "\(regret)")
        #expect(regret < 0.6 * 3000 * 0.15)
        // After arm 0 paid 0.25 at probability 1/2, S = (1 - 0.75 × 2, 1): p = 1 / (1 + exp(1.5 eta)), mixed.
        var random = RandomKey(seed: 0).stream
        var small = EXP3(armCount: 2, learningRate: 0.4, mixing: 0.1, range: -1...1)
        _ = small.choose([], using: &random)
        small.learn(-0.5, ofArm: 0, [], using: &random)
        _ = small.choose([], using: &random)
        #expect(abs(small.probabilities[0] - (0.9 / (1 + exp(0.6)) + 0.05)) < 1e-12)
    }

    @Test func miniBatchesHoldAnArmAndTellTheMean() {
        var random = RandomKey(seed: 1).stream
        var policy = MiniBatched(UCB1(armCount: 2), size: 3)
        var arms: [Int] = []
        for round in 0..<8 {
            arms.append(policy.choose([], using: &random))
            policy.learn(Double(round), ofArm: arms[round], [], using: &random)
        }
        #expect(arms[0] == arms[1] && arms[1] == arms[2] && arms[3] == arms[5] && arms[0] != arms[3])
        // The third batch is not whole.
        #expect(policy.base.statistics.counts == [1, 1])
        #expect(policy.base.statistics.sums[arms[0]] == 1 && policy.base.statistics.sums[arms[3]] == 4)
    }

    @Test func eliminationSweepsInBlocks() {
        var random = RandomKey(seed: 1).stream
        var policy = SuccessiveElimination(armCount: 2, horizon: 100, width: 0.01, block: 2, growth: 2, warmUp: 1)
        var arms: [Int] = []
        for round in 0..<12 {
            arms.append(policy.choose([], using: &random))
            // Equal, but for the play that warms up; from the second sweep on arm 1 pays more.
            let isWarmUp = round % 3 == 0 && round < 6
            policy.learn(isWarmUp ? 100 : round > 8 ? 1 : 0, ofArm: arms[round], [], using: &random)
        }
        #expect(arms == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1])
        #expect(policy.block == 4 && policy.statistics.counts == [6, 2])
        for _ in 0..<10 {
            let arm = policy.choose([], using: &random)
            policy.learn(1, ofArm: arm, [], using: &random)
        }
        #expect(policy.remaining == [1])
    }

    @Test func eliminationKeepsTheBestArm() throws {
        let bandit = try BernoulliBandit(means: [0.5, 0.3, 0.7, 0.4])
        for seed in 0..<10 {
            var policy = SuccessiveElimination(armCount: 4, horizon: 5000)
            _ = play(bandit, by: &policy, rounds: 5000, key: RandomKey(seed: seed))
            #expect(policy.remaining == [2])
        }
    }
}
