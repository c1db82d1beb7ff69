import Foundation
import Testing

@testable import TelosNN
@testable import TelosTensor

@Suite struct GenerativeProcessTests {
    /// Mean and deviation of a step from x (one dimension) at a level.
    private func step(
        _ process: some GenerativeProcess, _ x: Float, _ level: Int, _ prediction: NoisePrediction
    ) throws -> (mean: Double, deviation: Double) {
        let step = process.transition(
            from: Tensor([x], shape: [1, 1]), at: Tensor([Float(level)], shape: [1]), prediction: prediction)
        return (
            Double(try step.mean.evaluated()[0]), exp(Double(try step.logDeviation.evaluated()[0]))
        )
    }

    @Test func stepsAreThoseOfDDPM() throws {
        let schedule = try NoiseSchedule.linear(levels: 12, from: 1e-3, to: 0.3)
        let diffusion = try GaussianDiffusion(schedule)
        var kept = 1.0
        for level in 1...12 {
            let beta = 1e-3 + (0.3 - 1e-3) * Double(level - 1) / 11
            let before = kept
            kept *= 1 - beta
            let found = try step(diffusion, 0.7, level) { x, _ in .zeros(like: x) - 0.4 }
            #expect(abs(found.mean - (0.7 + beta / (1 - kept).squareRoot() * 0.4) / (1 - beta).squareRoot()) < 1e-5)
            let variance = beta * (1 - before) / (1 - kept)
            // At level 1 it would be 0.
            if level > 1 { #expect(abs(found.deviation - variance.squareRoot()) < 1e-5) }
        }
        #expect(try step(diffusion, 0, 1) { x, _ in x }.deviation == step(diffusion, 0, 2) { x, _ in x }.deviation)
        let quiet = try GaussianDiffusion(schedule, eta: 0)
        #expect(try step(quiet, 0, 5) { x, _ in x }.deviation < 2e-6)
    }

    /// With the exact prediction for normal data the steps are affine, and mean and variance can be followed to the end.
    @Test func exactPredictionsGiveTheDataBack() throws {
        let (mean, variance, levels) = (0.8, 0.25, 400)
        func check(
            _ process: some GenerativeProcess, _ tolerance: Double,
            prediction: (_ x: Double, _ level: Int) -> Double
        ) throws {
            var (m, v) = (0.0, 1.0)
            for level in stride(from: levels, to: 0, by: -1) {
                let ends = try [Float(0), 1].map { x in
                    try step(process, x, level) { _, _ in
                        Tensor([Float(prediction(Double(x), level))], shape: [1, 1])
                    }
                }
                let slope = ends[1].mean - ends[0].mean
                m = ends[0].mean + slope * m
                v = slope * slope * v + ends[0].deviation * ends[0].deviation
            }
            #expect(abs(m - mean) < tolerance && abs(v - variance) < tolerance, "\(m) \(v)")
        }
        for schedule in [try NoiseSchedule.linear(levels: levels, to: 0.05), try .cosine(levels: levels)] {
            for eta in [0, 0.5, 1] {
                try check(try GaussianDiffusion(schedule, eta: eta, minimumDeviation: 1e-3), 0.02) { x, level in
                    let signal = schedule.signals[level]
                    return (1 - signal).squareRoot() * (x - signal.squareRoot() * mean)
                        / (signal * variance + 1 - signal)
                }
            }
        }
        for noise in [0, 0.7, 1.5] {
            try check(try RectifiedFlow(levels: levels, noise: noise), 0.02) { x, level in
                let s = 1 - Double(level) / Double(levels)
                let total = s * s * variance + (1 - s) * (1 - s)
                // E[x_0 - e | x_s] of jointly normal variables.
                return mean + (s * variance - (1 - s)) / total * (x - s * mean)
            }
        }
    }

    @Test func lossIsZeroForWhatIsAskedFor() throws {
        let (data, noise) = (LayerSupport.normal(5, 3, seed: 1), LayerSupport.normal(5, 3, seed: 2))
        let level = Tensor([1, 2, 3, 4, 4], shape: [5])
        let diffusion = try GaussianDiffusion(.cosine(levels: 4))
        let flow = try RectifiedFlow(levels: 4)
        func losses(_ process: some GenerativeProcess, _ prediction: Tensor) throws -> [Float] {
            try process.denoisingLoss(data: data, noise: noise, level: level) { _, _ in prediction }.evaluated()
        }
        #expect(try losses(diffusion, noise) == [0, 0, 0, 0, 0])
        #expect(try losses(flow, data - noise) == [0, 0, 0, 0, 0])
        #expect(try losses(diffusion, noise + 0.5).allSatisfy { abs($0 - 0.25) < 1e-6 })
        // At level 0 nothing is lost, and x_t has variance 1 where x_0 has.
        let signal = Float(diffusion.schedule.signals[3])
        let noised = try diffusion.noised(data, noise: noise, level: level).evaluated()
        let (x, e) = (try data.evaluated()[7], try noise.evaluated()[7])
        #expect(abs(noised[7] - (signal.squareRoot() * x + (1 - signal).squareRoot() * e)) < 1e-6)
    }

    @Test func schedules() throws {
        // The value that DDPM's settings are known by.
        #expect(abs(try NoiseSchedule.linear(levels: 1000).signals[1000] - 4.0358e-5) < 1e-8)
        let cosine = try NoiseSchedule.cosine(levels: 100)
        func f(_ t: Double) -> Double { pow(cos((t / 100 + 0.008) / 1.008 * .pi / 2), 2) }
        #expect(abs(cosine.signals[40] - f(40) / f(0)) < 1e-12 && cosine.betas[99] == 0.999)
        #expect(throws: DistributionError.self) { try NoiseSchedule(betas: []) }
        #expect(throws: DistributionError.self) { try NoiseSchedule(betas: [0.1, 1]) }
        #expect(throws: DistributionError.self) { try NoiseSchedule.cosine(levels: 0) }
        #expect(throws: DistributionError.self) { try GaussianDiffusion(cosine, eta: 2) }
        #expect(throws: DistributionError.self) { try RectifiedFlow(levels: 0) }
        #expect(throws: DistributionError.self) { try RectifiedFlow(levels: 3, noise: -1) }
    }

    @Test func levelsAreToldApart() throws {
        let network = LevelNetwork(width: 2, levels: 20, hidden: [8], key: RandomKey(seed: 3))
        let x = Tensor([Float](repeating: 0.3, count: 42), shape: [21, 2])
        let outputs = try network(x, Tensor((0...20).map(Float.init), shape: [21])).evaluated()
        #expect(Set((0...20).map { outputs[2 * $0] }).count == 21)
    }
}
