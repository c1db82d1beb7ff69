import Foundation
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct LinearBanditTests {
    /// Random plays of a linear bandit: features and rewards.
    private func plays(_ count: Int, features: Int) -> (x: [Double], y: [Double]) {
        var random = RandomKey(seed: 8).stream
        return ((0..<(count * features)).map { _ in random.normal() }, (0..<count).map { _ in random.normal() })
    }

    @Test func modelIsRidgeRegression() throws {
        let (x, y) = plays(30, features: 4)
        var model = LinearBanditModel(featureCount: 4, ridge: 0.7)
        for row in 0..<30 { model.add(y[row], row: row, of: x) }
        let solved = try leastSquares(matrix: x, rows: 30, columns: 4, rhs: y, ridge: 0.7)
        for (value, expected) in zip(model.estimate, solved) { #expect(abs(value - expected) < 1e-10) }
        // V V⁻¹ = I, and the deviation is that of the inverse.
        let probe = [0.3, -1, 2, 0.5]
        let inverted = try solveLinearSystem(matrix: model.design, rhs: probe)
        let form = zip(probe, inverted).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(model.deviation(row: 0, of: probe) - form.squareRoot()) < 1e-10)
        #expect(abs(model.mean(row: 0, of: probe) - zip(probe, solved).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-10)
    }

    /// sqrt(ridge) S + s sqrt(2 log(sqrt(det bound) / delta)), with the determinant's bound of Abbasi-Yadkori's lemma 10.
    @Test func ellipsoidIsThePublishedOne() {
        let radius = ConfidenceRadius.ellipsoid(noise: 0.5, weightBound: 2, featureBound: 3, delta: 0.01)
        let (d, ridge, t) = (4.0, 1.5, 70.0)
        let determinant = pow((ridge + t * 9 / d) / ridge, d)
        let growth: Double = 2 * log(determinant.squareRoot() / 0.01)
        let expected: Double = ridge.squareRoot() * 2 + 0.5 * growth.squareRoot()
        #expect(abs(radius.value(round: 70, featureCount: 4, ridge: 1.5) - expected) < 1e-12)
        #expect(ConfidenceRadius.constant(0.4).value(round: 9, featureCount: 2, ridge: 1) == 0.4)
    }

    @Test func linearPoliciesLearnTheWeights() throws {
        let bandit = try LinearContextualBandit(theta: [0.5, -0.5, 0.5, 0.5], armCount: 6, noise: 0.2)
        func shape(_ policy: some BanditPolicy) -> Double {
            var policy = policy
            return play(bandit, by: &policy, rounds: 4000, key: RandomKey(seed: 6)).lastOverFirstRegret
        }
        let radius = ConfidenceRadius.ellipsoid(noise: 0.2, weightBound: 1, featureBound: 1, delta: 0.01)
        #expect(shape(LinUCB(featureCount: 4, radius: radius)) < 0.3)
        #expect(shape(LinearThompsonSampling(featureCount: 4, scale: 0.2)) < 0.3)
        #expect(shape(EpsilonGreedyPolicy(armCount: 6, epsilon: 0.1)) > 0.9)
    }

    /// P(choose the first) = Phi(mean difference / sqrt(scale² (x1 - x2)' V⁻¹ (x1 - x2))).
    @Test func linearThompsonSamplingDrawsThePosterior() throws {
        let (x, y) = plays(5, features: 3)
        var random = RandomKey(seed: 2).stream
        var policy = LinearThompsonSampling(featureCount: 3, ridge: 0.8, scale: 1.3)
        for row in 0..<5 { policy.learn(y[row], ofArm: row, x, using: &random) }
        let arms = [1.0, 0, 0.5, 0, -1, 1]
        let difference = [1.0, 1, -0.5]
        let spread = 1.3 * policy.model.deviation(row: 0, of: difference)
        let expected = 0.5 * erfc(-policy.model.mean(row: 0, of: difference) / spread / 2.0.squareRoot())
        var first = 0.0
        for _ in 0..<20_000 { first += policy.choose(arms, using: &random) == 0 ? 1 / 20_000 : 0 }
        #expect(abs(first - expected) < 0.01 && expected > 0.05 && expected < 0.95, "\(first) \(expected)")
    }

    @Test func forgettingNothingIsLinUCB() {
        let (x, y) = plays(40, features: 3)
        var random = RandomKey(seed: 2).stream
        var plain = LinUCB(featureCount: 3, ridge: 0.9, radius: .constant(0.8))
        var discounted = DiscountedLinUCB(featureCount: 3, discount: 1, ridge: 0.9, radius: .constant(0.8))
        for row in 0..<40 {
            let arms = Array(x[(row / 4 * 12)..<(row / 4 * 12 + 12)])
            let arm = plain.choose(arms, using: &random)
            #expect(discounted.choose(arms, using: &random) == arm)
            plain.learn(y[row], ofArm: arm, arms, using: &random)
            discounted.learn(y[row], ofArm: arm, arms, using: &random)
        }
    }

    /// The best of two arms changes after 2000 of 4000 rounds.
    @Test func forgettingFollowsAChange() throws {
        let arms = [1.0, 0, 0, 1]
        func share(_ discount: Double) -> Double {
            var random = RandomKey(seed: 5).stream
            var policy = DiscountedLinUCB(featureCount: 2, discount: discount, radius: .constant(0.5))
            var right = 0.0
            for round in 0..<4000 {
                let arm = policy.choose(arms, using: &random)
                let best = round < 2000 ? 0 : 1
                if round >= 3000, arm == best { right += 1 / 1000 }
                policy.learn((arm == best ? 0.8 : 0.2) + 0.1 * random.normal(), ofArm: arm, arms, using: &random)
            }
            return right
        }
        #expect(share(0.99) > 0.9 && share(1) < 0.1)
    }

    /// floor(log m / log 2) for rho 1/2, and no holding for rho 0.
    @Test func epochsGrowWithTheLogarithm() {
        #expect((1...9).map { DynLinUCB.holding(epoch: $0, rho: 0.49) } == [0, 0, 1, 1, 2, 2, 2, 2, 3])
        #expect((1...9).allSatisfy { DynLinUCB.holding(epoch: $0, rho: 0) == 0 })
        var random = RandomKey(seed: 2).stream
        var policy = DynLinUCB(featureCount: 2, rho: 0.49, ridge: 1, bias: 0, radius: .constant(0))
        // Only the last rewards of whole epochs count: rounds 0, 1, 3, 5, 8, 11 of epochs 1, 1, 2, 2, 3, 3.
        for round in 0..<13 {
            let arm = policy.choose([1, 0, 1, 0], using: &random)
            policy.learn([0, 1, 3, 5, 8, 11].contains(round) ? 1 : 100, ofArm: arm, [1, 0, 1, 0], using: &random)
        }
        #expect(abs(policy.model.estimate[0] - 6.0 / 7) < 1e-12)
    }

    @Test func withoutMemoryItIsLinUCB() throws {
        let bandit = try LinearContextualBandit(theta: [0.6, 0.8], armCount: 3, noise: 0.3)
        var plain = LinUCB(featureCount: 2, ridge: 2, radius: .constant(0.7))
        var dynamic = DynLinUCB(featureCount: 2, rho: 0, ridge: 2, bias: 0, radius: .constant(0.7))
        let first = play(bandit, by: &plain, rounds: 500, key: RandomKey(seed: 1))
        #expect(play(bandit, by: &dynamic, rounds: 500, key: RandomKey(seed: 1)) == first)
    }

    /// c1 = U Om Phi (U B / (1 - rho) + X), c2 = Th + Om B Phi / (1 - rho), s² = sigma² (1 + Om² Phi² / (1 - rho²)).
    @Test func boundsAreThePublishedOnes() {
        let bounds = DynLinUCB.confidence(
            rho: 0.6, action: 2, input: 0.5, output: 3, direct: 0.7, state: 5, growth: 1.5, noise: 0.1, delta: 0.01)
        #expect(abs(bounds.bias - 2 * 3 * 1.5 * (2 * 0.5 / 0.4 + 5)) < 1e-9)
        guard case .ellipsoid(let noise, let weights, let features, let delta) = bounds.radius else {
            Issue.record("no ellipsoid")
            return
        }
        #expect(abs(noise - 0.1 * (1 + 9 * 2.25 / 0.64).squareRoot()) < 1e-12)
        #expect(abs(weights - (0.7 + 3 * 0.5 * 1.5 / 0.4)) < 1e-12 && features == 2 && delta == 0.01)
    }
}
