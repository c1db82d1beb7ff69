import Foundation
import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct BanditTests {
    /// The mean payment of each arm over many plays, and its regret.
    private func averages<Arms: Bandit>(_ bandit: Arms, plays: Int = 20_000) -> [(payment: Double, regret: Double)] {
        (0..<bandit.armCount).map { arm in
            var random = RandomKey(seed: arm).stream
            var state = bandit.reset(using: &random)
            var sum = 0.0
            for _ in 0..<plays {
                bandit.play(arm, in: &state, using: &random)
                sum += state.outcome.payment
            }
            #expect(state.outcome.arm == arm)
            return (sum / Double(plays), state.outcome.regret)
        }
    }

    @Test func armsPayTheirMeans() throws {
        let means = [0.2, 0.9, 0.5]
        for (index, outcome) in averages(try BernoulliBandit(means: means)).enumerated() {
            #expect(abs(outcome.payment - means[index]) < 0.015)
            #expect(abs(outcome.regret - (0.9 - means[index])) < 1e-12)
        }
        for (index, outcome) in averages(try GaussianBandit(means: means, noise: 0.5)).enumerated() {
            #expect(abs(outcome.payment - means[index]) < 0.015)
            #expect(abs(outcome.regret - (0.9 - means[index])) < 1e-12)
        }
    }

    @Test func linearPaymentsFollowTheFeaturesThatWereSeen() throws {
        let bandit = try LinearContextualBandit(theta: [0.6, -0.8], armCount: 4, noise: 0)
        var random = RandomKey(seed: 3).stream
        var state = bandit.reset(using: &random)
        for round in 0..<50 {
            let seen = bandit.features(state)
            let means = (0..<4).map { arm -> Double in
                let (x, y) = (seen[2 * arm], seen[2 * arm + 1])
                #expect(abs(x * x + y * y - 1) < 1e-12)
                return 0.6 * x - 0.8 * y
            }
            bandit.play(round % 4, in: &state, using: &random)
            #expect(abs(state.outcome.payment - means[round % 4]) < 1e-12)
            #expect(abs(state.outcome.regret - (means.max()! - means[round % 4])) < 1e-12)
            #expect(bandit.features(state) != seen)
        }
    }

    /// h = (0.5625, 0.5, 0.1111) in the synthetic system of Mussi, Metelli and Restelli.
    @Test func markovParameterIsThePublishedOne() throws {
        let bandit = try DynamicalLinearBandit(
            a: [0.2, 0, 0, 0, 0, 0, 0, 0, 0.1], b: [0.45, 0, 0, 0, 0, 0, 0, 0, 0.1], omega: [1, 0, 0.1],
            theta: [0, 0.5, 0.1], actions: [[1, 0.5, 0], [0.5, 1, 0]])
        for (value, published) in zip(bandit.markovParameter, [0.5625, 0.5, 0.1 + 0.01 / 0.9]) {
            #expect(abs(value - published) < 1e-12)
        }
        #expect(abs(bandit.bestMean - 0.8125) < 1e-12)
    }

    /// Without noise the payment of a held action tends to h · u, here with a state whose parts act on each other.
    @Test func heldActionsSettle() throws {
        let bandit = try DynamicalLinearBandit(
            a: [0.5, 0.3, -0.2, 0.4], b: [1, 0.5, -0.3, 2], omega: [0.7, -0.4], theta: [0.1, 0.2],
            actions: [[1, 0], [0.3, -1]], noise: 0)
        var random = RandomKey(seed: 0).stream
        for arm in 0..<2 {
            var state = bandit.reset(using: &random)
            for round in 0..<200 {
                bandit.play(arm, in: &state, using: &random)
                // At first only theta · u is paid.
                if round == 0 { #expect(abs(state.outcome.payment - [0.1, -0.17][arm]) < 1e-12) }
            }
            let steady = zip(bandit.markovParameter, bandit.actions[arm]).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(state.outcome.payment - steady) < 1e-9)
            #expect(abs(state.outcome.regret - (bandit.bestMean - steady)) < 1e-12)
        }
        let decoy = try DynamicalLinearBandit.decoy(rho: 0.9)
        for (value, expected) in zip(decoy.markovParameter, [1, 0.7, 0.4]) { #expect(abs(value - expected) < 1e-12) }
    }

    /// The tally against its definition over the whole history.
    @Test func talliesAreWeightedCounts() throws {
        let weights = [0.5, 0.25, 0.15, 0.1]
        let curves = [0.9, 0.4, 0.6].map { TallyingBandit.Curve(fresh: 0.1, saturated: $0) }
        let bandit = try TallyingBandit(curves: curves, weights: weights.map { 3 * $0 }, noise: 0)
        var random = RandomKey(seed: 5).stream
        var state = bandit.reset(using: &random)
        var plays: [Int] = []
        for _ in 0..<60 {
            plays.append(random.index(below: 3))
            bandit.play(plays.last!, in: &state, using: &random)
            var tally = 0.0
            for (lag, weight) in weights.enumerated() where lag < plays.count {
                if plays[plays.count - 1 - lag] == plays.last { tally += weight }
            }
            #expect(abs(state.outcome.payment - curves[plays.last!](tally)) < 1e-12)
            #expect(abs(state.outcome.regret - (0.9 - state.outcome.payment)) < 1e-12)
            #expect(Array(state.values.dropFirst(3).prefix(plays.count)) == plays.reversed().prefix(4).map(Double.init))
        }
        // A state that is read back goes on alike.
        var copy = try #require(TallyingBandit.State(values: state.values))
        for arm in [2, 2, 0, 1] {
            bandit.play(arm, in: &state, using: &random)
            bandit.play(arm, in: &copy, using: &random)
            #expect(copy.values == state.values)
        }
    }

    @Test func wrongNumbersAreRefused() {
        #expect(throws: BanditError.self) { try BernoulliBandit(means: []) }
        #expect(throws: BanditError.self) { try BernoulliBandit(means: [0.5, 1.5]) }
        #expect(throws: BanditError.self) { try GaussianBandit(means: [1], noise: -1) }
        #expect(throws: BanditError.self) { try LinearContextualBandit(theta: [], armCount: 2) }
        #expect(throws: BanditError.self) { try DynamicalLinearBandit.decoy(rho: 1) }
        #expect(throws: BanditError.self) {
            try TallyingBandit(curves: [.init(fresh: 0.9, saturated: 0.3)], weights: [1])
        }
        #expect(throws: BanditError.self) { try banditNumbers("0.2 half", "means") }
        #expect(BanditOutcome(values: [0.5, 1, 1]) == nil)
    }
}
