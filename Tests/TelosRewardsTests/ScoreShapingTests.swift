import CTelosKernels
import TelosRewards
import Testing

@Suite struct ScoreShapingTests {
    private func shaped(_ shaping: ScoreShaping, _ score: Double, references: [Double] = [0.5, 1.5]) -> Double {
        var shaper = ScoreShaper(shaping)
        shaper.observe([1, 2])
        shaper.observe([3, 6])
        return shaper(score, references: references)
    }

    /// Mean 3, deviation sqrt(3.5), between 1 and 6; references of mean 1 and deviation 0.5.
    @Test func shapesAreTheirEquations() {
        let deviation = 3.5.squareRoot()
        func sigmoid(_ x: Double) -> Double { 1 / (1 + telos_exp64(-x)) }
        let expected: [(ScoreShaping, Double)] = [
            (.raw, 5), (.standardized, 2 / deviation), (.clipped, 3 + deviation), (.minMax, 0.8), (.centred, 4),
            (.sigmoid, sigmoid(5)), (.tanhCentred, telos_tanh64(4)),
            (.logSigmoidCentred, telos_log64(sigmoid(4 - 1.036_433 * 0.5))),
            (.preference, (sigmoid(4.5) + sigmoid(3.5)) / 2),
        ]
        #expect(Set(expected.map(\.0)) == Set(ScoreShaping.allCases))
        for (shaping, value) in expected { #expect(abs(shaped(shaping, 5) - value) < 1e-9, "\(shaping)") }
    }

    /// Preference as reward is 1/2 at parity, bounded, and never falls.
    @Test func preferencesSaturate() {
        #expect(shaped(.preference, 2, references: [2]) == 0.5)
        let values = stride(from: -50.0, through: 50, by: 1).map { shaped(.preference, $0) }
        #expect(zip(values, values.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(values.allSatisfy { (0...1).contains($0) })
        for shaping in ScoreShaping.allCases {
            #expect(shaped(shaping, 1e6).isFinite && shaped(shaping, -1e6).isFinite, "\(shaping)")
            #expect(ScoreShaper(shaping)(0, references: [0]).isFinite, "\(shaping)")
        }
    }
}
