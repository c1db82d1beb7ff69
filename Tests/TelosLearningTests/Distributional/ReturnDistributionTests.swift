import CTelosKernels
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct ReturnDistributionTests {
    private static func random(_ count: Int, _ stream: inout RandomStream) throws -> FiniteDistribution {
        let weights = (0..<count).map { _ in stream.uniform() + 0.01 }
        let total = weights.reduce(0, +)
        return try FiniteDistribution(weights.map { (3 * stream.normal(), $0 / total) })
    }

    /// Every figure against the same one computed from 200 000 equally likely copies of the values.
    @Test func figuresAgreeWithSamples() throws {
        var stream = RandomKey(seed: 1).stream
        let distribution = try Self.random(7, &stream)
        let copies = 200_000
        let samples = (0..<copies).map { distribution.quantile((Double($0) + 0.5) / Double(copies)) }
        func average(_ body: (Double) -> Double) -> Double { samples.reduce(0) { $0 + body($1) } / Double(copies) }
        let mean = average { $0 }
        #expect(abs(distribution.mean - mean) < 1e-3)
        #expect(abs(distribution.variance - average { ($0 - mean) * ($0 - mean) }) < 1e-2)
        #expect(abs(distribution.cumulative(0.5) - average { $0 <= 0.5 ? 1 : 0 }) < 1e-4)
        for share in [0.07, 0.4, 1] {
            let worst = samples.prefix(Int(share * Double(copies)))
            #expect(abs(distribution.conditionalValueAtRisk(share) - worst.reduce(0, +) / Double(worst.count)) < 1e-2)
        }
        // Distorted measures by their definition, the mean of quantiles at b(t).
        let levels = (0..<20_000).map { (Double($0) + 0.5) / 20_000 }
        for (distortion, parameter) in [
            (RiskDistortion.neutral, 0.0), (.cvar, 0.3), (.wang, -0.7), (.power, 1.5), (.power, -2), (.cpw, 0.71),
        ] {
            let expected =
                levels.reduce(0) { $0 + distribution.quantile(distortion($1, parameter: parameter)) } / 20_000
            let measured = RiskMeasure.distorted(distortion, parameter: parameter)(distribution)
            #expect(abs(measured - expected) < 5e-3, "\(distortion)")
        }
    }

    /// The entropic risk of a normal law is mean - aversion variance / 2; extremes do not overflow.
    @Test func riskMeasures() throws {
        let steps = (-400...400).map { Double($0) / 50 }
        let weights = steps.map { 0.02 * telos_exp64(-0.5 * $0 * $0) / (2 * Double.pi).squareRoot() }
        let normal = try FiniteDistribution(
            zip(steps, weights).map { (1 + 2 * $0.0, $0.1 / weights.reduce(0, +)) })
        for aversion in [-0.5, 0.3, 1] {
            #expect(abs(RiskMeasure.entropic(aversion)(normal) - (1 - aversion * 2)) < 1e-6)
        }
        #expect(abs(RiskMeasure.meanVariance(0.25)(normal) - 0) < 1e-6)
        #expect(RiskMeasure.entropic(0)(normal) == normal.mean && RiskMeasure.mean(normal) == normal.mean)
        let far = try FiniteDistribution([(-1e4, 0.5), (1e4, 0.5)])
        #expect(abs(RiskMeasure.entropic(1)(far) + 1e4) < 1)
        #expect(abs(RiskMeasure.entropic(-1)(far) - 1e4) < 1)
        #expect(RiskMeasure.conditionalValueAtRisk(0.5)(far) == -1e4)
        #expect(throws: TabularError.self) { try FiniteDistribution([(1, 0.5)]) }
        #expect(throws: TabularError.self) { try FiniteDistribution([(1, 1.5), (2, -0.5)]) }
    }

    @Test func mixturesAndDistances() throws {
        var stream = RandomKey(seed: 4).stream
        let (a, b) = (try Self.random(4, &stream), try Self.random(5, &stream))
        let mixed = FiniteDistribution(mixing: [.init(0.3, a, scale: 0.5, shift: 1), .init(0.7, b)])
        let direct = try FiniteDistribution(
            zip(a.values, a.probabilities).map { (1 + 0.5 * $0, 0.3 * $1) }
                + zip(b.values, b.probabilities).map { ($0, 0.7 * $1) })
        #expect(mixed.wassersteinDistance(to: direct) < 1e-12)
        #expect(mixed.values == mixed.values.sorted() && abs(mixed.probabilities.reduce(0, +) - 1) < 1e-12)
        // The distance between quantile functions, on a fine grid of levels.
        let levels = (0..<100_000).map { (Double($0) + 0.5) / 100_000 }
        let expected = levels.reduce(0) { $0 + abs(a.quantile($1) - b.quantile($1)) } / 100_000
        #expect(abs(a.wassersteinDistance(to: b) - expected) < 1e-3)
        #expect(abs(a.wassersteinDistance(to: a.moved(by: 2)) - 2) < 1e-9)
        let (zero, one) = (FiniteDistribution(certain: 0), FiniteDistribution(certain: 4))
        #expect(zero.cramerDistance(to: one) == 2 && zero.wassersteinDistance(to: one) == 4)
    }

    /// Projections keep what they must, and nothing on the same support is nearer in their distance.
    @Test func projectionsAreNearest() throws {
        var stream = RandomKey(seed: 9).stream
        let distribution = try Self.random(9, &stream)
        let support = [-6.0, -2.5, -1, 0, 0.5, 3, 7]
        let categorical = ReturnProjection.categorical(support)(distribution)
        #expect(abs(categorical.mean - distribution.mean) < 1e-12)
        let quantiles = ReturnProjection.quantiles(5)(distribution)
        for _ in 0..<300 {
            let weights = support.map { _ in stream.uniform() }
            let other = try FiniteDistribution(
                zip(support, weights).map { ($0, $1 / weights.reduce(0, +)) })
            #expect(distribution.cramerDistance(to: categorical) <= distribution.cramerDistance(to: other) + 1e-12)
            let five = try FiniteDistribution((0..<5).map { _ in (3 * stream.normal(), 0.2) })
            #expect(
                distribution.wassersteinDistance(to: quantiles) <= distribution.wassersteinDistance(to: five) + 1e-12)
        }
        #expect(ReturnProjection.categorical([-1, 1])(FiniteDistribution(certain: 9)).values == [1])
    }

    /// The law of a policy by following its paths, and by repeated projected backups, has the values the solver gives.
    @Test func lawsHaveTheirMeans() throws {
        var stream = RandomKey(seed: 12).stream
        let mdp = try TabularMDP.garnet(states: 5, actions: 2, branching: 2, using: &stream)
        let reward = mdp.fullReward { _, _, _ in stream.normal() }
        let actions = (0..<5).map { _ in stream.index(below: 2) }
        let policy = TabularPolicy.deterministic(actions, actionCount: 2)
        let law = try mdp.returnDistribution(reward: reward, discount: 0.9, horizon: 7) { _, state, _ in actions[state]
        }
        let values = try mdp.policyValue(policy: policy, reward: reward, discount: 0.9, horizon: 7)
        #expect(abs(law.mean - mdp.expectation(of: values)) < 1e-9)
        let endless = try mdp.policyValue(policy: policy, reward: reward, discount: 0.9)
        let categorical = try mdp.returnDistributions(
            policy: policy, reward: reward, discount: 0.9,
            projection: .categorical((0...400).map { -40 + 0.2 * Double($0) }))
        let quantiles = try mdp.returnDistributions(
            policy: policy, reward: reward, discount: 0.9, projection: .quantiles(200))
        for state in 0..<5 {
            #expect(abs(categorical[state].mean - endless[state]) < 1e-6)
            #expect(abs(quantiles[state].mean - endless[state]) < 0.1)
            #expect(categorical[state].wassersteinDistance(to: quantiles[state]) < 0.3)
        }
        #expect(throws: TabularError.self) {
            try mdp.returnDistributions(policy: policy, reward: reward, discount: 0.9, projection: .exact)
        }
        #expect(throws: TabularError.self) {
            try mdp.returnDistribution(reward: [1], discount: 1, horizon: 1) { _, _, _ in 0 }
        }
    }
}
