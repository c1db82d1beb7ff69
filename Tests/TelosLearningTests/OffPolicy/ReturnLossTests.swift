import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct ReturnLossTests {
    private func value(_ tensor: Tensor) throws -> [Double] { try tensor.evaluated().map(Double.init) }

    @Test func huberIsQuadraticThenLinear() throws {
        let x: [Float] = [-3, -1, -0.4, 0, 0.2, 1, 2.5]
        let values = try value(ReturnLoss.huber(Tensor(x, shape: [x.count])))
        for (one, x) in zip(values, x.map(Double.init)) {
            #expect(abs(one - (abs(x) <= 1 ? x * x / 2 : abs(x) - 0.5)) < 1e-6)
        }
    }

    /// The projection spreads each atom's mass over its two neighbours; what lies outside goes to the ends.
    @Test func categoricalProjectsLikeTheLoop() throws {
        let (batch, atoms) = (6, 11)
        let support: ClosedRange<Float> = -2...3
        var random = RandomKey(seed: 1).stream
        let logits = (0..<(batch * atoms)).map { _ in Float(random.normal()) }
        var probabilities = (0..<(batch * atoms)).map { _ in Float(random.uniform()) }
        for row in 0..<batch {
            let sum = probabilities[(row * atoms)..<((row + 1) * atoms)].reduce(0, +)
            for index in (row * atoms)..<((row + 1) * atoms) { probabilities[index] /= sum }
        }
        let rewards = (0..<batch).map { _ in Float(random.normal() * 2) }
        let bootstraps: [Float] = [0.9, 0, 0.99, 0.5, 0.9, 0]
        let loss = ReturnLoss.categorical(
            logits: Tensor(logits, shape: [batch, atoms]),
            targetProbabilities: Tensor(probabilities, shape: [batch, atoms]),
            rewards: Tensor(rewards, shape: [batch]), bootstraps: Tensor(bootstraps, shape: [batch]), support: support)
        let spacing = 0.5
        let logProbabilities = try value(Tensor(logits, shape: [batch, atoms]).logSoftmax())
        for (row, one) in try value(loss).enumerated() {
            var projected = [Double](repeating: 0, count: atoms)
            for atom in 0..<atoms {
                let moved = Double(rewards[row]) + Double(bootstraps[row]) * (-2 + spacing * Double(atom))
                let position = (min(3, max(-2, moved)) + 2) / spacing
                let low = Int(position.rounded(.down))
                let mass = Double(probabilities[row * atoms + atom])
                projected[low] += mass * (1 - (position - Double(low)))
                if low + 1 < atoms { projected[low + 1] += mass * (position - Double(low)) }
            }
            #expect(abs(projected.reduce(0, +) - 1) < 1e-5)
            let expected = -zip(projected, logProbabilities[(row * atoms)...]).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(one - expected) < 1e-4)
        }
    }

    /// Descent on the quantile loss finds the quantiles of the targets.
    @Test func quantileLossFindsQuantiles() throws {
        let targets: [Float] = (0..<200).map { Float($0) / 2 }
        let theta = try Parameters(Tensor([Float](repeating: 50, count: 4), shape: [1, 4]))
        let levels = Tensor(ReturnLoss.midpoints(4), shape: [1, 4])
        let loss = ReturnLoss.quantile(
            predicted: theta.traced, levels: levels, targets: Tensor(targets, shape: [1, targets.count])
        ).sum()
        let slope = gradient(of: loss, withRespectTo: [theta.traced])[0]
        let program = try Program(
            inputs: [], outputs: [], updates: [Program.Update(theta.traced, to: theta.traced - 2 * slope)])
        for _ in 0..<3000 { program.run() }
        // Levels 1/8, 3/8, 5/8, 7/8 of a uniform spread over 0 ... 100, but for what the rounding within 1 moves.
        for (one, level) in zip(theta.values(0), [0.125, 0.375, 0.625, 0.875]) {
            #expect(abs(Double(one) - 100 * level) < 0.8)
        }
    }
}
