import CTelosKernels
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct ImplicitValueLossTests {
    private static let losses: [ImplicitValueLoss] = [
        .expectile(0.8), .gumbel(temperature: 0.7), .gumbel(temperature: 0.5, clip: 2), .chiSquare(0.7),
        .totalVariation(0.6),
    ]

    /// As the papers write them.
    private func expected(_ loss: ImplicitValueLoss, _ d: Double) -> Double {
        switch loss {
        case .expectile(let level): return (d < 0 ? 1 - level : level) * d * d
        case .gumbel(let temperature, let clip):
            let z = min(d / temperature, clip ?? 99)
            return telos_exp64(z) - z - 1
        case .chiSquare(let level): return level * (d > 0 ? d + d * d / 4 : 0) - (1 - level) * d
        case .totalVariation(let level): return level * max(d, 0) - (1 - level) * d
        }
    }

    @Test func valuesAreThePapersAndSlopesTheirGradients() throws {
        let points: [Float] = [-5, -1.3, -0.2, 0.3, 0.9, 2.5]
        for loss in Self.losses {
            let d = Tensor(points, shape: [points.count])
            let values = try loss(d).evaluated()
            let slopes = try gradient(of: loss(d).sum(), withRespectTo: [d])[0].evaluated()
            for (index, point) in points.enumerated() {
                let (value, slope) = (expected(loss, Double(point)), loss.slope(Double(point)))
                #expect(abs(Double(values[index]) - value) <= 1e-5 * max(1, abs(value)), "\(loss) at \(point)")
                #expect(abs(Double(slopes[index]) - slope) <= 1e-4 * max(1, abs(slope)), "\(loss) at \(point)")
            }
        }
        // The Gumbel loss overflows float32 where the others do not notice.
        let far = try Self.losses.map { try $0(Tensor([200], shape: [1])).evaluated()[0] }
        #expect(far[1] == .infinity && far[3] < 1e5 && far[4] < 1e3)
    }

    @Test func minimizersHaveTheirClosedForms() {
        let q = [-1.0, 0.2, 0.3, 1.5, 4]
        let weights = [2.0, 1, 1, 3, 1]
        // Half expectile: the mean. Gumbel: T log mean exp(q / T).
        let mean = zip(q, weights).reduce(0) { $0 + $1.0 * $1.1 } / 8
        #expect(abs(ImplicitValueLoss.expectile(0.5).minimizer(of: q, weights: weights) - mean) < 1e-9)
        let soft = 0.7 * telos_log64(zip(q, weights).reduce(0) { $0 + $1.1 * telos_exp64($1.0 / 0.7) } / 8)
        #expect(abs(ImplicitValueLoss.gumbel(temperature: 0.7).minimizer(of: q, weights: weights) - soft) < 1e-9)
        // Total variation: at 0.75 a share of (1 - l) / l = 1/3 lies above V; 1 of 8 is above 1.5, 4 of 8 above anything less.
        #expect(abs(ImplicitValueLoss.totalVariation(0.75).minimizer(of: q, weights: weights) - 1.5) < 1e-9)
        // Near the maximum as they are sharpened, never above it.
        for loss: ImplicitValueLoss in [.expectile(0.9999), .gumbel(temperature: 0.01), .totalVariation(0.99)] {
            let value = loss.minimizer(of: q)
            #expect(value <= 4 + 1e-9 && value > 3.9, "\(loss): \(value)")
        }
        // Chi-square: the sum over q > V of 1 + (q - V) / 2 is n (1 - l) / l.
        let v = ImplicitValueLoss.chiSquare(0.8).minimizer(of: q)
        let total = q.filter { $0 > v }.reduce(0) { $0 + 1 + ($1 - v) / 2 }
        #expect(abs(total - 5 * 0.2 / 0.8) < 1e-6)
        // A dual whose slope is bounded may lie below the least value.
        #expect(ImplicitValueLoss.chiSquare(0.3).minimizer(of: [0, 0]) < -1)
    }
}
