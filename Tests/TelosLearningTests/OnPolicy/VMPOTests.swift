import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct VMPOTests {
    private let advantages: [Float] = [0.4, -1.2, 2, 0.1, -0.3, 0.9]
    private let actions = Tensor([0, 1, 2, 2, 1, 0], shape: [6, 1])
    private let logits = Tensor((0..<18).map { Float($0 * 7 % 5) * 0.3 - 0.5 }, shape: [6, 3])
    private let oldLogits = Tensor((0..<18).map { Float($0 * 5 % 7) * 0.2 - 0.4 }, shape: [6, 3])

    private func objective(eta: Tensor, alpha: Tensor = Tensor(2), selected: [Float]? = nil) throws -> VMPOObjective {
        try VMPOObjective(
            distribution: Categorical(logits: logits), old: Categorical(logits: oldLogits), actions: actions,
            advantages: Tensor(advantages, shape: [6]),
            isSelected: Tensor(selected ?? VMPOUpdate.betterHalf(advantages), shape: [6]), eta: eta,
            temperatureBound: 0.1, alphas: [alpha], bounds: [0.02])
    }

    @Test func betterHalfIsSelected() throws {
        #expect(VMPOUpdate.betterHalf(advantages) == [1, 0, 1, 0, 0, 1])
        #expect(VMPOUpdate.betterHalf([1, 1, 1]) == [1, 1, 0])
        let weights = try objective(eta: Tensor(0.7)).weights.evaluated()
        #expect(abs(weights.reduce(0, +) - 1) < 1e-6)
        for index in [1, 3, 4] { #expect(weights[index] == 0) }
        // Ratios are exponential in the advantage over the temperature: log(w2 / w0) = (2 - 0.4) / 0.7.
        let ratio = try log(Tensor(weights[2] / weights[0])).evaluated()[0]
        #expect(abs(ratio - 1.6 / 0.7) < 1e-4)
    }

    @Test func temperatureGradientAgreesWithDifferences() throws {
        func loss(_ eta: Float) throws -> Float { try objective(eta: Tensor(eta)).temperature.evaluated()[0] }
        let eta = try Parameters(Tensor(0.7))
        let exact = try gradient(of: objective(eta: eta.traced).temperature, withRespectTo: [eta.traced])[0]
            .evaluated()[0]
        #expect(abs(exact - (try loss(0.71) - loss(0.69)) / 0.02) < 1e-3)
        #expect(abs(exact) > 0.01)
        // A batch without any of the better half says only how far the temperature is from 0.
        let empty = try objective(eta: eta.traced, selected: Array(repeating: 0, count: 6))
        #expect(try gradient(of: empty.temperature, withRespectTo: [eta.traced])[0].evaluated() == [0.1])
        #expect(try empty.policy.evaluated() == [0])
    }

    /// The multiplier moves by bound - KL, the policy by alpha times the gradient of KL(old || new), which is not 0.
    @Test func multiplierHoldsThePolicyNearTheOldOne() throws {
        let alpha = try Parameters(Tensor(2))
        let found = try objective(eta: Tensor(1), alpha: alpha.traced)
        let divergence = try Categorical(logits: oldLogits).divergence(from: Categorical(logits: logits)).mean()
            .evaluated()[0]
        let slope = try gradient(of: found.multipliers, withRespectTo: [alpha.traced])[0].evaluated()[0]
        #expect(abs(slope - (0.02 - divergence)) < 1e-6)
        let push = try gradient(of: found.multipliers, withRespectTo: [logits])[0].evaluated()
        let p = try Categorical(logits: oldLogits).probabilities.evaluated()
        let q = try Categorical(logits: logits).probabilities.evaluated()
        for index in 0..<18 { #expect(abs(push[index] - 2 * (q[index] - p[index]) / 6) < 1e-6) }
        #expect(push.contains { abs($0) > 0.01 })
    }

    /// For normals the two parts are those of the mean and of the deviation.
    @Test func normalsHaveTwoDivergences() throws {
        let old = DiagonalGaussian(mean: Tensor([0], shape: [1, 1]), logDeviation: Tensor([0], shape: [1, 1]))
        let new = DiagonalGaussian(mean: Tensor([0.5], shape: [1, 1]), logDeviation: Tensor([0.3], shape: [1, 1]))
        let parts = try VMPOObjective.divergences(from: old, to: new).map { try $0.evaluated()[0] }
        #expect(abs(parts[0] - 0.125) < 1e-6)
        // log s + 1 / (2 s^2) - 1/2 with log s = 0.3.
        #expect(abs(parts[1] - (0.3 + 0.5 * 0.548_811_6 - 0.5)) < 1e-5)
    }
}
