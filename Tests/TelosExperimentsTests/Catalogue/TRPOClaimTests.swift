import TelosEnvironments
import TelosNN
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct TRPOClaimTests {
    private func context(seeds: Range<Int>, set settings: [String: Double]) throws -> ClaimContext {
        ClaimContext(
            slug: "trpo", parameters: try Catalogue.trpo.parameterValues(set: settings), seeds: Array(seeds), threads: 2
        )
    }

    @Test func failsWithTheTrustRegionSwitchedOff() throws {
        let context = try context(seeds: 100..<102, set: ["episodes": 5, "iterations": 12, "updates": 40])
        // Natural gradients at a fixed rate go further than any bound allows; plain ones learn too little.
        let unbounded = try TRPOExperiment(context) { _ in .naturalGradient(rate: 3) }.outcome()
        for name in ["divergence of an update over its bound, largest", "exact: largest divergence over its bound"] {
            #expect(unbounded.tests.first { $0.name == name }?.passed == false, "\(name)")
        }
        let plain = try TRPOExperiment(context) { _ in .gradient(rate: 0.1) }.outcome()
        for name in ["mean length, least of the bounds", "the same, rescaled"] {
            #expect(plain.tests.first { $0.name == name }?.passed == false, "\(name)")
        }
    }

    /// 60 random rows: features, actions and advantages.
    private func batch() -> (x: [Float], actions: [Float], advantages: [Float]) {
        var random = RandomKey(seed: 5).stream
        let x = (0..<300).map { $0 % 5 == 4 ? 1 : Float(random.normal()) }
        return (x, (0..<60).map { _ in Float(random.index(below: 2)) }, (0..<60).map { _ in Float(random.normal()) })
    }

    private func probabilities(_ policy: LogisticPolicy, _ x: [Float]) -> [Double] {
        stride(from: 0, to: x.count, by: 5).map { row in
            Array(x[row..<(row + 5)]).withUnsafeBufferPointer(policy.probability)
        }
    }

    /// The same policies with features rescaled by c: without damping a step leads to the same new policy.
    @Test(arguments: [(Float(0), true), (Float(0.1), false)])
    func stepsDoNotDependOnTheParameterisation(damping: Float, isInvariant: Bool) throws {
        let (x, actions, advantages) = batch()
        let scale: [Float] = [10, 1, 0.1, 1, 3]
        let rescaled = x.indices.map { x[$0] * scale[$0 % 5] }
        var difference = 0.0
        let one = try LogisticPolicy(features: 5, damping: damping)
        let other = try LogisticPolicy(features: 5, damping: damping)
        for _ in 0..<3 {
            let first = try one.improve(x, actions: actions, advantages: advantages, by: .trustRegion(divergence: 0.02))
            let second = try other.improve(
                rescaled, actions: actions, advantages: advantages, by: .trustRegion(divergence: 0.02))
            #expect(try #require(first) <= 0.02)
            #expect(try #require(second) <= 0.02)
        }
        for (p, q) in zip(probabilities(one, x), probabilities(other, rescaled)) {
            difference = max(difference, abs(p - q))
        }
        #expect((difference < 1e-3) == isInvariant, "\(difference)")
        // Plain gradients go elsewhere, damped or not.
        let plain = try LogisticPolicy(features: 5)
        let skewed = try LogisticPolicy(features: 5)
        _ = try plain.improve(x, actions: actions, advantages: advantages, by: .gradient(rate: 1))
        _ = try skewed.improve(rescaled, actions: actions, advantages: advantages, by: .gradient(rate: 1))
        let apart = zip(probabilities(plain, x), probabilities(skewed, rescaled)).map { abs($0 - $1) }.max()!
        #expect(apart > 0.05)
    }

    /// The compiled step against F^-1 g from a dense Fisher matrix in double precision.
    @Test func stepAgreesWithADirectSolve() throws {
        let (x, actions, advantages) = batch()
        let policy = try LogisticPolicy(features: 5)
        policy.values = [0.3, -0.2, 0.5, 0.1, -0.4]
        let before = policy.values.map(Double.init)
        var g = [Double](repeating: 0, count: 5)
        var fisher = [Double](repeating: 0, count: 25)
        for (row, p) in probabilities(policy, x).enumerated() {
            for i in 0..<5 {
                let xi = Double(x[row * 5 + i])
                g[i] += (Double(actions[row]) - p) * xi * Double(advantages[row]) / 60
                for j in 0..<5 { fisher[i * 5 + j] += p * (1 - p) * xi * Double(x[row * 5 + j]) / 60 }
            }
        }
        let direction = try LUFactorization(fisher).solve(g)
        _ = try policy.improve(x, actions: actions, advantages: advantages, by: .naturalGradient(rate: 0.5))
        for i in 0..<5 { #expect(abs(Double(policy.values[i]) - before[i] - 0.5 * direction[i]) < 1e-4) }
    }

    /// One state and two actions: everything by hand.
    @Test func exactTrustRegionsStayWithinTheirBound() throws {
        let mdp = try TabularMDP(
            stateCount: 1, actionCount: 2, transitions: [1, 1], terminal: [false], start: [1])
        let one = try ExactTrustRegion(
            mdp, reward: [1, 0], discount: 0.5, bound: 0.01, step: .trustRegion(divergence: 0.01)
        ).run(updates: 1)
        // A = (0.5, -0.5), weight 1: size sqrt(0.02 / 0.25), p = 1 / (1 + exp(-size)), gap closed 2 p - 1 = tanh(size / 2).
        #expect(abs(one.gapClosed - 0.140486) < 1e-5)
        #expect(one.largestDivergence <= 1 && one.decreases == 0 && one.violations == 0)
        let unchecked = try ExactTrustRegion(
            mdp, reward: [1, 0], discount: 0.5, bound: 0.01, step: .naturalGradient(rate: -1)
        ).run(updates: 3)
        #expect(unchecked.decreases == 3 && unchecked.largestDivergence > 1)
    }
}
