import Foundation
import Testing

@testable import TelosNN
@testable import TelosTensor

@Suite struct NetworkTests {
    @Test(arguments: [(6, 4), (4, 6), (5, 5)]) func orthogonalInitialisation(_ rows: Int, _ columns: Int) throws {
        let values = try Initializer.orthogonal(gain: 2)(inputs: rows, outputs: columns, key: RandomKey(seed: 1))
            .evaluated()
        let tall = rows >= columns
        let count = min(rows, columns)
        for a in 0..<count {
            for b in 0..<count {
                var product: Float = 0
                for k in 0..<max(rows, columns) {
                    product +=
                        tall
                        ? values[k * columns + a] * values[k * columns + b]
                        : values[a * columns + k] * values[b * columns + k]
                }
                #expect(abs(product - (a == b ? 4 : 0)) < 1e-5)
            }
        }
    }

    @Test func adamFollowsItsEquations() throws {
        let start: [Float] = [0.5, -1.25, 3]
        let parameters = try Parameters([Tensor(start, shape: [3])])
        let solver = Adam(epsilon: 1e-5)
        let memory = try Parameters(solver.initialState(for: parameters.traced))
        let p = parameters.traced[0]
        let gradients = gradient(of: (p.squared * p).sum() / 3, withRespectTo: [p])
        let step = solver.step([p], gradients: gradients, state: memory.traced, learningRate: Tensor(0.1))
        let program = try Program(
            inputs: [], outputs: [],
            updates: [.init(p, to: step.parameters[0])] + Program.Update.all(memory.traced, to: step.state))
        var (x, m, v) = (start.map(Double.init), [0.0, 0, 0], [0.0, 0, 0])
        for t in 1...25 {
            program.run()
            for i in 0..<3 {
                let g = x[i] * x[i]
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g * g
                x[i] -=
                    0.1 * (m[i] / (1 - pow(0.9, Double(t))))
                    / ((v[i] / (1 - pow(0.999, Double(t)))).squareRoot() + 1e-5)
            }
        }
        for i in 0..<3 { #expect(abs(Double(parameters.values(0)[i]) - x[i]) < 2e-4) }
    }

    @Test func rmsPropAndMomentumFollowTheirEquations() throws {
        func run<Solver: Optimizer>(_ solver: Solver) throws -> Float {
            let parameters = try Parameters([Tensor([2], shape: [1])])
            let initial = solver.initialState(for: parameters.traced)
            let memory = try Parameters(initial)
            let p = parameters.traced[0]
            let step = solver.step([p], gradients: [p * 2], state: memory.traced, learningRate: Tensor(0.05))
            let program = try Program(
                inputs: [], outputs: [],
                updates: [.init(p, to: step.parameters[0])] + Program.Update.all(memory.traced, to: step.state))
            for _ in 0..<10 { program.run() }
            return parameters.values(0)[0]
        }
        var (x, v) = (2.0, 0.0)
        for _ in 0..<10 {
            v = 0.9 * v + 2 * x
            x -= 0.05 * v
        }
        #expect(abs(Double(try run(SGD(momentum: 0.9))) - x) < 1e-4)
        (x, v) = (2.0, 0.0)
        for _ in 0..<10 {
            v = 0.99 * v + 0.01 * 4 * x * x
            x -= 0.05 * 2 * x / (v.squareRoot() + 1e-5)
        }
        #expect(abs(Double(try run(RMSProp())) - x) < 1e-4)
        x = 2
        for _ in 0..<10 { x -= 0.05 * 2 * x }
        #expect(abs(Double(try run(SGD())) - x) < 1e-5)
    }

    @Test func globalNormIsClipped() throws {
        let gradients = [Tensor([3, 0], shape: [2]), Tensor([4], shape: [1])]
        let (clipped, norm) = clippingGlobalNorm(gradients, to: 1)
        #expect(try norm.evaluated() == [5])
        #expect(abs(try clipped[0].evaluated()[0] - 0.6) < 1e-5)
        let (kept, _) = clippingGlobalNorm(gradients, to: 10)
        #expect(try kept[1].evaluated() == [4])
    }

    @Test func categoricalAgreesWithDirectSums() throws {
        let logits: [Float] = [0.1, 2, -1, 0.5, 0.5, 0.5]
        let distribution = Categorical(logits: Tensor(logits, shape: [2, 3]))
        func probabilities(_ row: Int) -> [Double] {
            let weights = (0..<3).map { exp(Double(logits[row * 3 + $0])) }
            return weights.map { $0 / weights.reduce(0, +) }
        }
        let logs = try distribution.logProbability(Tensor([1, 2], shape: [2, 1])).evaluated()
        let entropy = try distribution.entropy().evaluated()
        for row in 0..<2 {
            let p = probabilities(row)
            #expect(abs(Double(logs[row]) - log(p[row + 1])) < 1e-6)
            #expect(abs(Double(entropy[row]) + p.reduce(0) { $0 + $1 * log($1) }) < 1e-6)
        }
        #expect(try distribution.mode.evaluated() == [1, 0])
        let other = Categorical(logits: Tensor([1, 0, 0, 0, 0, 0], shape: [2, 3]))
        let divergence = try distribution.divergence(from: other).evaluated()
        let q = [exp(1.0), 1, 1].map { $0 / (exp(1.0) + 2) }
        let expected = zip(probabilities(0), q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
        #expect(abs(Double(divergence[0]) - expected) < 1e-6)
    }

    @Test func categoricalSamplesHaveItsFrequencies() throws {
        let count = 20_000
        let distribution = Categorical(logits: Tensor([0, 1, 2], shape: [1, 3]).broadcast(to: [count, 3]))
        let noise = Tensor(placeholder: count, 3)
        let program = try Program(inputs: [noise], outputs: [distribution.sample(noise: noise)])
        var random = RandomKey(seed: 9).stream
        random.fillUniform(program.input(0))
        program.run()
        let total = exp(0.0) + exp(1) + exp(2)
        for k in 0..<3 {
            let share = Double(program.output(0).count { $0 == Float(k) }) / Double(count)
            #expect(abs(share - exp(Double(k)) / total) < 0.015)
        }
    }

    @Test func gaussianAgreesWithItsDensity() throws {
        let distribution = DiagonalGaussian(
            mean: Tensor([0.5, -1], shape: [1, 2]), logDeviation: Tensor([0.2, -0.7], shape: [2]))
        let logs = try distribution.logProbability(Tensor([0.1, -1.4], shape: [1, 2])).evaluated()
        func density(_ x: Double, _ mean: Double, _ logDeviation: Double) -> Double {
            let s = exp(logDeviation)
            return -(x - mean) * (x - mean) / (2 * s * s) - logDeviation - 0.5 * log(2 * Double.pi)
        }
        #expect(abs(Double(logs[0]) - density(0.1, 0.5, 0.2) - density(-1.4, -1, -0.7)) < 1e-5)
        let entropy = try distribution.entropy().evaluated()[0]
        #expect(abs(Double(entropy) - (0.2 - 0.7 + log(2 * Double.pi) + 1)) < 1e-5)
        let other = DiagonalGaussian(mean: Tensor([0, 0], shape: [1, 2]), logDeviation: Tensor([0, 0], shape: [2]))
        let divergence = try distribution.divergence(from: other).evaluated()[0]
        var expected = 0.0
        for (mean, logDeviation) in [(0.5, 0.2), (-1.0, -0.7)] {
            let second: Double = exp(2 * logDeviation) + mean * mean
            expected += 0.5 * (second - 1) - logDeviation
        }
        #expect(abs(Double(divergence) - expected) < 1e-5)
    }

    /// -H^-1 v by both methods against the solution of the linear system, for L = -x'Mx/2 + b'x with M positive definite.
    @Test(arguments: [
        InverseHessianMethod.neumann(terms: 400, step: 0.2), .conjugateGradient(iterations: 3, damping: 0),
    ])
    func inverseHessianProducts(_ method: InverseHessianMethod) throws {
        let m = Tensor([3, 1, 0, 1, 2, 0.5, 0, 0.5, 1.5], shape: [3, 3])
        let parameters = try Parameters(Tensor([0.3, -0.2, 0.9], shape: [3]))
        let x = parameters.traced
        let objective = (matmul(x.reshaped(1, 3), m).reshaped(3) * x).sum() * -0.5 + x.sum()
        let v = Tensor(placeholder: 3)
        let product = try InverseHessianProduct(
            parameters, inputs: [v], vector: [v], objective: objective, method: method)
        let values: [Float] = [1, -2, 0.5]
        values.withUnsafeBufferPointer { product.fill(0, from: $0) }
        product.run()
        let expected = try LUFactorization([3, 1, 0, 1, 2, 0.5, 0, 0.5, 1.5]).solve([1, -2, 0.5])
        for index in 0..<3 {
            #expect(abs(Double(product.solution.values(0)[index]) - expected[index]) < 1e-3)
        }
    }
}
