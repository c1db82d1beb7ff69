import Foundation
import Testing

@testable import TelosNN
@testable import TelosTensor

/// Densities, entropies, divergences and draws against sums, quadrature and the standard library's own functions.
@Suite struct DistributionTests {
    // MARK: Support

    private func column(_ values: [Double], width: Int = 1) -> Tensor {
        Tensor(values.map { Float($0) }, shape: [values.count / width, width])
    }

    /// `rows` draws of a distribution of `rows` equal rows.
    private func draws(_ distribution: some ActionDistribution, seed: Int = 4) throws -> [Double] {
        let noise = Tensor(placeholder: distribution.noise.shape)
        let program = try Program(inputs: [noise], outputs: [distribution.sample(noise: noise)])
        var random = RandomKey(seed: seed).stream
        distribution.noise.fill(program.input(0), using: &random)
        program.run()
        return program.output(0).map { Double($0) }
    }

    private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
    }

    /// Analytic gradients of `output` in float32 against central differences of a double-precision interpreter.
    private func expectGradients(
        _ shapes: [[Int]], low: Double, high: Double, _ what: String, build: ([Tensor]) -> Tensor
    ) throws {
        let inputs = shapes.map { Tensor(placeholder: $0) }
        var random = RandomKey(seed: 8).derived(what).stream
        let points = shapes.map { shape in
            (0..<shape.reduce(1, *)).map { _ in Double(Float(random.uniform(low, high))) }
        }
        let loss = build(inputs).sum()
        let program = try Program(inputs: inputs, outputs: gradient(of: loss, withRespectTo: inputs))
        for (index, point) in points.enumerated() {
            for (slot, value) in point.enumerated() { program.input(index)[slot] = Float(value) }
        }
        program.run()
        func interpret(_ points: [[Double]]) -> Double {
            var interpreter = ReferenceInterpreter()
            for (input, point) in zip(inputs, points) { interpreter.bind(input, point) }
            return interpreter.evaluate(loss)[0]
        }
        for index in inputs.indices {
            for slot in points[index].indices {
                var (up, down) = (points, points)
                up[index][slot] += 1e-5
                down[index][slot] -= 1e-5
                let slope = (interpret(up) - interpret(down)) / 2e-5
                let value = Double(program.output(index)[slot])
                #expect(abs(value - slope) < 3e-4 * (1 + abs(slope)), "\(what): input \(index) at \(slot)")
            }
        }
    }

    /// Sum of f over `count` midpoints of low ... high, times the step.
    private func midpoints(_ low: Double, _ high: Double, _ count: Int) -> (points: [Double], step: Double) {
        let step = (high - low) / Double(count)
        return ((0..<count).map { low + (Double($0) + 0.5) * step }, step)
    }

    // MARK: Discrete

    @Test func maskedActionsHaveNoProbabilityAndEverythingStaysFinite() throws {
        let logits = Tensor(placeholder: 3, 4)
        let mask = Tensor([1, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0], shape: [3, 4])
        let distribution = Categorical(logits: logits, mask: mask)
        let other = Categorical(logits: Tensor([0, 3, 1, 2], shape: [1, 4]).broadcast(to: [3, 4]), mask: mask)
        let noise = Tensor(placeholder: 3, 4)
        let scalars = [distribution.entropy(), distribution.divergence(from: other)]
        let program = try Program(
            inputs: [logits, noise],
            outputs: [distribution.probabilities] + scalars
                + scalars.map { gradient(of: $0.sum(), withRespectTo: [logits])[0] }
                + [
                    gradient(
                        of: distribution.logProbability(Tensor([2, 1, 0], shape: [3, 1])).sum(),
                        withRespectTo: [logits])[0], distribution.sample(noise: noise),
                ])
        let values: [Float] = [0.5, 9, -1, 80, 1, 2, 3, 4, 0.3, 7, 1, 2]
        _ = program.input(0).update(fromContentsOf: values)
        var random = RandomKey(seed: 2).stream
        for _ in 0..<50 {
            random.fillUniform(program.input(1))
            program.run()
            #expect([0, 2].contains(program.output(6)[0]))
        }
        let p = Array(program.output(0))
        let first = 1 / (1 + exp(-1.5))
        #expect(abs(Double(p[0]) - first) < 1e-6 && p[1] == 0 && p[3] == 0)
        #expect(abs(p[4..<8].reduce(0, +) - 1) < 1e-6)
        #expect(p[8..<12].allSatisfy { abs($0 - 0.25) < 1e-6 }, "no valid action counts as all")
        let entropy = -first * log(first) - (1 - first) * log(1 - first)
        #expect(abs(Double(program.output(1)[0]) - entropy) < 1e-6)
        let q = 1 / (1 + exp(1.0))
        let divergence = first * log(first / q) + (1 - first) * log((1 - first) / (1 - q))
        #expect(abs(Double(program.output(2)[0]) - divergence) < 1e-6)
        for output in 3...5 {
            let slopes = Array(program.output(output))
            #expect(slopes.allSatisfy { $0.isFinite })
            #expect(slopes[1] == 0 && slopes[3] == 0, "a masked logit has no gradient")
        }
        #expect(abs(Double(program.output(5)[0]) + first) < 1e-6)
    }

    @Test func multiCategoricalIsItsParts() throws {
        let logits: [Float] = [0.1, 2, -1, 0.5, 0.4, 1, 1, 0, -2, 0.3]
        let joint = MultiCategorical(logits: Tensor(logits, shape: [2, 5]), sizes: [3, 2])
        let actions = Tensor([1, 0, 2, 1], shape: [2, 2])
        let logs = try joint.logProbability(actions).evaluated()
        let entropies = try joint.entropy().evaluated()
        func part(_ row: Int, _ range: Range<Int>) -> [Double] {
            let weights = range.map { exp(Double(logits[row * 5 + $0])) }
            return weights.map { $0 / weights.reduce(0, +) }
        }
        for (row, chosen) in [(0, (1, 0)), (1, (2, 1))] {
            let (a, b) = (part(row, 0..<3), part(row, 3..<5))
            #expect(abs(Double(logs[row]) - log(a[chosen.0]) - log(b[chosen.1])) < 1e-6)
            #expect(abs(Double(entropies[row]) + (a + b).reduce(0) { $0 + $1 * log($1) }) < 1e-6)
        }
        #expect(try joint.mode.evaluated() == [1, 0, 0, 1])
        let flat = MultiCategorical(logits: Tensor.zeros(2, 5), sizes: [3, 2])
        let divergences = try joint.divergence(from: flat).evaluated()
        #expect(abs(divergences[0] - (log(6) - entropies[0])) < 1e-6)
        #expect(throws: TensorError.self) {
            try MultiCategorical(logits: Tensor.zeros(2, 5), sizes: [3, 3]).entropy().evaluated()
        }
        let masked = MultiCategorical(
            logits: Tensor(logits, shape: [2, 5]), sizes: [3, 2], mask: Tensor([1, 0, 1, 0, 1], shape: [5]))
        #expect(try masked.mode.evaluated() == [0, 1, 0, 1])
        let many = MultiCategorical(
            logits: Tensor(Array(logits.prefix(5)), shape: [1, 5]).broadcast(to: [20_000, 5]), sizes: [3, 2])
        let values = try draws(many)
        for k in 0..<3 {
            let share = Double(stride(from: 0, to: values.count, by: 2).count { values[$0] == Double(k) }) / 20_000
            #expect(abs(share - part(0, 0..<3)[k]) < 0.015)
        }
        let second = Double(stride(from: 1, to: values.count, by: 2).count { values[$0] == 1 }) / 20_000
        #expect(abs(second - part(0, 3..<5)[1]) < 0.015)
    }

    @Test func bernoulliAgreesWithDirectSums() throws {
        let (l, m) = ([0.7, -2.0, 40], [0.1, 0.2, 39.0])
        let coins = Bernoulli(logits: column(l, width: 3))
        let p = l.map { 1 / (1 + exp(-$0)) }
        let logs = try coins.logProbability(column([1, 0, 1], width: 3)).evaluated()[0]
        #expect(abs(Double(logs) - log(p[0] * (1 - p[1]) * p[2])) < 1e-6)
        func entropy(_ p: Double) -> Double { p == 1 ? 0 : -p * log(p) - (1 - p) * log(1 - p) }
        #expect(abs(Double(try coins.entropy().evaluated()[0]) - entropy(p[0]) - entropy(p[1])) < 1e-6)
        let other = Bernoulli(logits: column(m, width: 3))
        let q = m.map { 1 / (1 + exp(-$0)) }
        func divergence(_ p: Double, _ q: Double) -> Double { p * log(p / q) + (1 - p) * log((1 - p) / (1 - q)) }
        let expected = divergence(p[0], q[0]) + divergence(p[1], q[1])
        #expect(abs(Double(try coins.divergence(from: other).evaluated()[0]) - expected) < 1e-6)
        #expect(try coins.mode.evaluated() == [1, 0, 1])
        let values = try draws(Bernoulli(logits: column([0.7]).broadcast(to: [20_000, 1])))
        #expect(abs(moments(values).mean - p[0]) < 0.012)
        #expect(values.allSatisfy { $0 == 0 || $0 == 1 })
    }

    @Test func relaxedDrawsNearTheCategoricalAndPassGradients() throws {
        let count = 20_000
        let logits = Tensor([0, 1, 2], shape: [1, 3])
        let distribution = Categorical(logits: logits.broadcast(to: [count, 3]))
        let noise = Tensor(placeholder: count, 3)
        let sharp = distribution.relaxedSample(noise: noise, temperature: Tensor(0.05))
        let hard = distribution.straightThroughSample(noise: noise, temperature: Tensor(0.5))
        let soft = distribution.relaxedSample(noise: noise, temperature: Tensor(0.5))
        let score = Tensor([1, -2, 0.5], shape: [3])
        let program = try Program(
            inputs: [noise],
            outputs: [sharp, hard, distribution.sample(noise: noise).reshaped(count).oneHot(3)]
                + [hard, soft].map { gradient(of: ($0 * score).sum(), withRespectTo: [logits])[0] })
        var random = RandomKey(seed: 5).stream
        random.fillUniform(program.input(0))
        program.run()
        #expect(Array(program.output(1)) == Array(program.output(2)))
        #expect(Array(program.output(3)) == Array(program.output(4)))
        #expect(program.output(3).contains { $0 != 0 })
        let total = exp(0.0) + exp(1) + exp(2)
        for k in 0..<3 {
            let mean = stride(from: k, to: 3 * count, by: 3).reduce(0.0) { $0 + Double(program.output(0)[$1]) }
            #expect(abs(mean / Double(count) - exp(Double(k)) / total) < 0.015)
        }
    }

    // MARK: Gamma functions

    @Test func gammaFunctionsAgreeWithTheirDefinitions() throws {
        let x = [1e-3, 0.01, 0.1, 0.5, 0.9, 1, 1.5, 2, 2.7, 4, 10, 33, 150, 1000, 40_000]
        let values = try logGamma(column(x)).evaluated()
        let slopes = try digamma(column(x)).evaluated()
        let placeholder = Tensor(placeholder: x.count, 1)
        let program = try Program(
            inputs: [placeholder], outputs: gradient(of: logGamma(placeholder).sum(), withRespectTo: [placeholder]))
        for (index, value) in x.enumerated() { program.input(0)[index] = Float(value) }
        program.run()
        for (index, value) in x.enumerated() {
            let value = Double(Float(value))
            #expect(abs(Double(values[index]) - lgamma(value)) < 1e-6 + 5e-7 * abs(lgamma(value)), "x = \(value)")
            // Central differences of lgamma on a scale where digamma is smooth.
            let h = 1e-4 * value
            let near: Double = lgamma(value + h) - lgamma(value - h)
            let far: Double = lgamma(value + 2 * h) - lgamma(value - 2 * h)
            let slope = (8 * near - far) / (12 * h)
            #expect(abs(Double(slopes[index]) - slope) < 1e-6 * (1 + abs(slope)), "x = \(value)")
            #expect(abs(Double(program.output(0)[index]) - slope) < 2e-6 * (1 + abs(slope)), "x = \(value)")
        }
        // psi(1) is minus Euler's constant.
        #expect(abs(Double(slopes[5]) + 0.577_215_664_9) < 1e-6)
        for (a, b) in [(0.01, 5.0), (0.5, 0.5), (1, 1), (3, 700), (1000, 1000), (2, 30_000)] {
            let expected = lgamma(a) + lgamma(b) - lgamma(a + b)
            let value = try logBeta(column([a]), column([b])).evaluated()[0]
            #expect(abs(Double(value) - expected) < 2e-6 + 3e-7 * abs(expected), "B(\(a), \(b))")
        }
    }

    // MARK: Continuous

    @Test func squashedGaussianIntegratesToOneAndItsEntropyAgreesWithQuadrature() throws {
        for (mean, logDeviation, tolerance) in [(0.3, -0.5, 2e-5), (-1, 0, 2e-5), (0.5, 0.9, 4e-5), (2, 2, 2e-2)] {
            let one = SquashedGaussian(mean: column([mean]), logDeviation: column([logDeviation]))
            let (u, step) = midpoints(-40, 40, 20_000)
            let deviation = exp(logDeviation)
            func density(_ u: Double) -> Double {
                exp(-(u - mean) * (u - mean) / (2 * deviation * deviation)) / (deviation * (2 * Double.pi).squareRoot())
            }
            func logVolume(_ u: Double) -> Double { 2 * (log(2) - abs(u) - log1p(exp(-2 * abs(u)))) }
            var entropy = 0.0
            for u in u where density(u) > 0 { entropy += step * density(u) * (logVolume(u) - log(density(u))) }
            let computed = Double(try one.entropy().evaluated()[0])
            #expect(abs(computed - entropy) < tolerance, "N(\(mean), \(deviation)): \(computed), not \(entropy)")
        }
        let (a, step) = midpoints(-1, 1, 4000)
        let wide = SquashedGaussian(
            mean: column([0.4]).broadcast(to: [4000, 1]), logDeviation: column([-0.6]).broadcast(to: [4000, 1]))
        let total = try wide.logProbability(column(a)).evaluated().reduce(0.0) { $0 + step * exp(Double($1)) }
        #expect(abs(total - 1) < 1e-4)
    }

    @Test func squashedGaussianIsStableFarOut() throws {
        let distribution = SquashedGaussian(
            mean: column([30, -80, 0.2], width: 3), logDeviation: column([0, -3, 1], width: 3))
        let noise = column([0.5, -1, 0.3], width: 3)
        let (action, logs) = distribution.sampleWithLogProbability(noise: noise)
        var expected = 0.0
        for (mean, deviation, z) in [(30.0, 1.0, 0.5), (-80, exp(-3.0), -1), (0.2, exp(1.0), 0.3)] {
            let u = mean + deviation * z
            expected += -0.5 * z * z - log(deviation) - 0.5 * log(2 * Double.pi)
            expected -= 2 * (log(2) - abs(u) - log1p(exp(-2 * abs(u))))
        }
        #expect(abs(Double(try logs.evaluated()[0]) - expected) < 1e-6 * abs(expected))
        #expect(try distribution.logProbability(action).evaluated()[0].isFinite)
        let near = SquashedGaussian(mean: column([0.1, 0.9], width: 2), logDeviation: column([-1, 0], width: 2))
        let (a, fresh) = near.sampleWithLogProbability(noise: column([0.7, -0.4], width: 2))
        let both = try [fresh, near.logProbability(a)].map { try $0.evaluated()[0] }
        #expect(abs(both[0] - both[1]) < 1e-5)
        #expect(abs(Double(try near.mode.evaluated()[0]) - tanh(0.1)) < 1e-6)
        let base = near.base.divergence(from: distribution.base)
        #expect(base.error != nil, "widths 2 and 3 do not fit")
    }

    /// Rows of (a, b) and of another (a, b).
    static let betas: [(Double, Double, Double, Double)] = [
        (1, 1, 2, 3), (2, 5, 5, 2), (0.6, 1.4, 1, 1), (30, 12, 25, 10), (300, 500, 310, 480),
    ]

    @Test(arguments: betas) func betaAgreesWithQuadrature(_ a: Double, _ b: Double, _ c: Double, _ d: Double) throws {
        let count = 4000
        // x = sin^2(t) tames the edges where a or b is below one.
        let (t, step) = midpoints(0, Double.pi / 2, count)
        let x = t.map { Double(Float(sin($0) * sin($0))) }
        func logDensity(_ x: Double, _ a: Double, _ b: Double) -> Double {
            (a - 1) * log(x) + (b - 1) * log1p(-x) - (lgamma(a) + lgamma(b) - lgamma(a + b))
        }
        let rows = [count, 1]
        let wide = Beta(alpha: column([a]).broadcast(to: rows), beta: column([b]).broadcast(to: rows))
        let logs = try wide.logProbability(column(x)).evaluated()
        var (total, entropy, divergence) = (0.0, 0.0, 0.0)
        for (index, t) in t.enumerated() {
            let weight = step * 2 * sin(t) * cos(t)
            let inside = min(max(x[index], 0x1p-24), 1 - 0x1p-24)
            let expected = logDensity(inside, a, b)
            #expect(abs(Double(logs[index]) - expected) < 2e-6 * (a + b) * (5 + abs(expected)))
            total += weight * exp(Double(logs[index]))
            entropy -= weight * exp(expected) * expected
            divergence += weight * exp(expected) * (expected - logDensity(inside, c, d))
        }
        let one = Beta(alpha: column([a]), beta: column([b]))
        let other = Beta(alpha: column([c]), beta: column([d]))
        let scale = max(1, (a + b) / 40)
        #expect(abs(total - 1) < 1e-3 * scale, "\(total)")
        #expect(abs(Double(try one.entropy().evaluated()[0]) - entropy) < 1e-3 * scale)
        #expect(abs(Double(try one.divergence(from: other).evaluated()[0]) - divergence) < 1e-3 * scale)
    }

    @Test(arguments: [(1.0, 1.0), (0.05, 0.3), (2, 5), (40, 3), (900, 900)])
    func betaDrawsHaveItsMoments(_ a: Double, _ b: Double) throws {
        let rows = [40_000, 1]
        let values = try draws(Beta(alpha: column([a]).broadcast(to: rows), beta: column([b]).broadcast(to: rows)))
        #expect(values.allSatisfy { 0 < $0 && $0 < 1 })
        let (mean, variance) = moments(values)
        let expectedMean = a / (a + b)
        let expected = a * b / ((a + b) * (a + b) * (a + b + 1))
        // Five standard errors of the mean; the variance within 4 per cent.
        #expect(abs(mean - expectedMean) < 5 * (expected / 40_000).squareRoot())
        #expect(abs(variance / expected - 1) < 0.04)
        // The distribution's shape: E log x = digamma(a) - digamma(a + b), where float32's edge does not matter.
        if a >= 1 {
            func digamma(_ x: Double) -> Double { (lgamma(x * 1.0001) - lgamma(x * 0.9999)) / (0.0002 * x) }
            let logs = moments(values.map { log($0) })
            let bound = 5 * (logs.variance / 40_000).squareRoot()
            #expect(abs(logs.mean - digamma(a) + digamma(a + b)) < bound)
        }
    }

    @Test func betaModes() throws {
        let distribution = Beta(
            alpha: column([3, 0.5, 2, 0.5, 1], width: 5), beta: column([2, 2, 0.5, 0.3, 1], width: 5))
        let expected: [Float] = [2.0 / 3, 0, 1, 0.625, 0.5]
        for (value, wanted) in zip(try distribution.mode.evaluated(), expected) { #expect(abs(value - wanted) < 1e-6) }
    }

    private func mixture(_ rows: Int = 1) -> GaussianMixture {
        func repeated(_ values: [Float], _ shape: [Int]) -> Tensor {
            Tensor(values, shape: [1] + shape).broadcast(to: [rows] + shape)
        }
        return GaussianMixture(
            logits: repeated([0.2, -0.5, 1], [3]), mean: repeated([-1, 0.4, 2], [3, 1]),
            logDeviation: repeated([-0.3, 0.2, -1], [3, 1]))
    }

    private func mixtureDensity(_ x: Double) -> Double {
        let weights = [exp(0.2), exp(-0.5), exp(1.0)]
        var density = 0.0
        for (weight, (mean, logDeviation)) in zip(weights, [(-1.0, -0.3), (0.4, 0.2), (2.0, -1.0)]) {
            let z = (x - mean) / exp(logDeviation)
            density += weight / weights.reduce(0, +) * exp(-0.5 * z * z - logDeviation) / (2 * Double.pi).squareRoot()
        }
        return density
    }

    @Test func mixtureAgreesWithItsDensityAndBounds() throws {
        let (x, step) = midpoints(-12, 12, 3000)
        let logs = try mixture(3000).logProbability(column(x)).evaluated()
        var entropy = 0.0
        for (index, x) in x.enumerated() {
            let density = mixtureDensity(x)
            #expect(abs(Double(logs[index]) - log(density)) < 1e-5 * (1 + abs(log(density))))
            entropy -= step * density * log(density)
        }
        let bound = Double(try mixture().entropy().evaluated()[0])
        #expect(bound <= entropy + 1e-6 && bound > entropy - 0.2, "\(bound) bounds \(entropy) from below")
        let same = GaussianMixture(
            logits: column([0.3, 1.2], width: 2), mean: Tensor.zeros(1, 2, 2), logDeviation: Tensor.zeros(2))
        #expect(abs(Double(try same.entropy().evaluated()[0]) - log(2 * Double.pi) - 1) < 1e-5, "equal components")
        let apart = GaussianMixture(
            logits: Tensor.zeros(1, 2), mean: Tensor([-50, 50], shape: [1, 2, 1]), logDeviation: Tensor.zeros(1))
        let expected = 0.5 * log(2 * Double.pi) + 0.5 + log(2)
        #expect(abs(Double(try apart.entropy().evaluated()[0]) - expected) < 1e-5, "components far apart")
        #expect(try mixture().mode.evaluated() == [2])
        #expect(try mixture().divergence(from: mixture()).evaluated() == [0])
        let other = GaussianMixture(
            logits: Tensor.zeros(1, 3), mean: Tensor([-1.2, 0.5, 1.8], shape: [1, 3, 1]),
            logDeviation: Tensor([0, 0, -0.5], shape: [1, 3, 1]))
        let q = try GaussianMixture(
            logits: other.weights.logProbabilities.broadcast(to: [3000, 3]),
            mean: other.mean.broadcast(to: [3000, 3, 1]),
            logDeviation: other.logDeviation.broadcast(to: [3000, 3, 1])
        ).logProbability(column(x)).evaluated()
        var divergence = 0.0
        for (x, logOther) in zip(x, q) {
            divergence += step * mixtureDensity(x) * (log(mixtureDensity(x)) - Double(logOther))
        }
        let upper = Double(try mixture().divergence(from: other).evaluated()[0])
        #expect(upper >= divergence && upper < divergence + 0.3, "\(upper) bounds \(divergence) from above")
    }

    @Test func mixtureDrawsHaveItsMomentsAndFrequencies() throws {
        let values = try draws(mixture(40_000))
        let (x, step) = midpoints(-12, 12, 3000)
        func expectation(_ f: (Double) -> Double) -> Double {
            x.reduce(0.0) { sum, x in sum + step * mixtureDensity(x) * f(x) }
        }
        let mean = expectation { $0 }
        let variance = expectation { ($0 - mean) * ($0 - mean) }
        let drawn = moments(values)
        #expect(abs(drawn.mean - mean) < 5 * (variance / 40_000).squareRoot())
        #expect(abs(drawn.variance / variance - 1) < 0.03)
        for edge in [-1.0, 0, 1.5, 2.2] {
            let below = expectation { $0 < edge ? 1 : 0 }
            #expect(abs(Double(values.count { $0 < edge }) / 40_000 - below) < 0.013)
        }
    }

    @Test func gaussianAndSquashedDrawsHaveTheirMoments() throws {
        let rows = [40_000, 1]
        let gaussian = DiagonalGaussian(mean: column([0.7]).broadcast(to: rows), logDeviation: Tensor(-0.4))
        let values = try draws(gaussian)
        let (mean, variance) = moments(values)
        #expect(abs(mean - 0.7) < 5 * exp(-0.4) / 200)
        #expect(abs(variance / exp(-0.8) - 1) < 0.04)
        let squashed = SquashedGaussian(mean: gaussian.mean, logDeviation: gaussian.logDeviation)
        let images = try draws(squashed)
        #expect(zip(images, values).allSatisfy { abs($0 - tanh($1)) < 1e-6 })
    }

    // MARK: Gradients

    @Test func gradientsAgreeWithFiniteDifferences() throws {
        let wide = [[2, 3], [2, 3]]
        func everything<D: ActionDistribution>(_ p: D, _ q: D, _ actions: Tensor) -> Tensor {
            p.logProbability(actions) * 0.7 + p.entropy() * 1.3 + p.divergence(from: q)
        }
        try expectGradients(wide, low: -1, high: 1, "categorical") {
            let mask = Tensor([1, 0, 1, 1, 1, 1], shape: [2, 3])
            return everything(
                Categorical(logits: $0[0], mask: mask), Categorical(logits: $0[1], mask: mask),
                Tensor([2, 1], shape: [2, 1]))
        }
        try expectGradients(wide, low: -1, high: 1, "multi-categorical") {
            everything(
                MultiCategorical(logits: $0[0], sizes: [2, 1]), MultiCategorical(logits: $0[1], sizes: [2, 1]),
                Tensor([1, 0, 0, 0], shape: [2, 2]))
        }
        try expectGradients(wide, low: -2, high: 2, "bernoulli") {
            everything(Bernoulli(logits: $0[0]), Bernoulli(logits: $0[1]), Tensor([1, 0, 1, 0, 0, 1], shape: [2, 3]))
        }
        try expectGradients(wide + wide + [[2, 3]], low: -0.8, high: 0.8, "gaussian") {
            everything(
                DiagonalGaussian(mean: $0[0], logDeviation: $0[1]), DiagonalGaussian(mean: $0[2], logDeviation: $0[3]),
                $0[4])
        }
        try expectGradients(wide + wide + [[2, 3]], low: -0.8, high: 0.8, "squashed gaussian") {
            let p = SquashedGaussian(mean: $0[0], logDeviation: $0[1])
            let draw = p.sampleWithLogProbability(noise: $0[4])
            return everything(p, SquashedGaussian(mean: $0[2], logDeviation: $0[3]), $0[4]) + draw.logProbability
                + draw.action.sum(axis: 1)
        }
        try expectGradients(wide + wide + [[2, 3]], low: 0.3, high: 0.9, "beta") {
            everything(
                Beta(alpha: $0[0] * 4, beta: $0[1] * 4), Beta(alpha: $0[2] * 5, beta: $0[3] * 5), $0[4])
        }
        let parts = [[2, 3], [2, 3, 2], [2, 3, 2]]
        try expectGradients(parts + parts + [[2, 2]], low: -0.8, high: 0.8, "mixture") {
            everything(
                GaussianMixture(logits: $0[0], mean: $0[1], logDeviation: $0[2]),
                GaussianMixture(logits: $0[3], mean: $0[4], logDeviation: $0[5]), $0[6])
        }
    }

    @Test func divergencesOfOpenedKinds() throws {
        let p: any ActionDistribution = Categorical(logits: Tensor([0, 1], shape: [1, 2]))
        let q: any ActionDistribution = Categorical(logits: Tensor([1, 1], shape: [1, 2]))
        #expect(try divergence(of: p, from: q).evaluated()[0] > 0)
        #expect(try divergence(of: p, from: p).evaluated() == [0])
        let frozen = p.mapTensors { $0.stoppingGradient }
        #expect(try divergence(of: frozen, from: p).evaluated() == [0])
        do {
            _ = try divergence(of: p, from: Bernoulli(logits: Tensor.zeros(1, 2)))
            Issue.record("kinds differ")
        } catch {
            #expect("\(error)" == "the divergence of Categorical from Bernoulli is not defined")
        }
    }
}
