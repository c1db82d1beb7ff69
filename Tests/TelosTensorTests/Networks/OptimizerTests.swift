import Foundation
import Testing

@testable import TelosNN
@testable import TelosTensor

/// Steps against hand-computed updates in double precision, published behaviour, and how few kernel calls they take.
@Suite struct OptimizerTests {
    /// The parameter after each of `steps` steps on x^2 (gradient 2 x) from 2, with weights of two shapes.
    private func path<Solver: Optimizer>(_ solver: Solver, rate: Float, steps: Int) throws -> [Double] {
        let parameters = try Parameters([Tensor([2], shape: [1]), Tensor([2, 2], shape: [2])])
        let memory = try Parameters(solver.initialState(for: parameters.traced))
        let p = parameters.traced
        let step = solver.step(
            p, gradients: p.map { $0 * 2 }, state: memory.traced, learningRate: Tensor(rate))
        let program = try Program(
            inputs: [], outputs: [],
            updates: Program.Update.all(p, to: step.parameters) + Program.Update.all(memory.traced, to: step.state))
        return (0..<steps).map { _ in
            program.run()
            #expect(parameters.values(0)[0] == parameters.values(1)[1])
            return Double(parameters.values(0)[0])
        }
    }

    private func expectPath(_ values: [Double], _ next: (inout Double, Int) -> Void) {
        var x = 2.0
        for (index, value) in values.enumerated() {
            next(&x, index + 1)
            #expect(abs(value - x) < 2e-5, "step \(index + 1): \(value), not \(x)")
        }
    }

    @Test func momentumAndNesterov() throws {
        for nesterov in [false, true] {
            var v = 0.0
            expectPath(try path(SGD(momentum: 0.9, nesterov: nesterov), rate: 0.01, steps: 30)) { x, _ in
                let g = 2 * x
                v = 0.9 * v + g
                x -= 0.01 * (nesterov ? g + 0.9 * v : v)
            }
        }
        expectPath(try path(SGD(), rate: 0.01, steps: 30)) { x, _ in x *= 0.98 }
    }

    @Test func rmsProp() throws {
        var s = 0.0
        expectPath(try path(RMSProp(decay: 0.9, epsilon: 1e-4), rate: 0.02, steps: 30)) { x, _ in
            s = 0.9 * s + 0.1 * 4 * x * x
            x -= 0.02 * 2 * x / (s.squareRoot() + 1e-4)
        }
    }

    @Test func adamAndItsDecoupledDecay() throws {
        func next(_ decay: Double) -> (inout Double, Int) -> Void {
            var (m, v) = (0.0, 0.0)
            return { x, t in
                let g = 2 * x
                m = 0.9 * m + 0.1 * g
                v = 0.999 * v + 0.001 * g * g
                x -= 0.03 * decay * x
                let first = m / (1 - pow(0.9, Double(t)))
                x -= 0.03 * first / ((v / (1 - pow(0.999, Double(t)))).squareRoot() + 1e-8)
            }
        }
        expectPath(try path(Adam(), rate: 0.03, steps: 40), next(0))
        expectPath(try path(AdamW(weightDecay: 0.1), rate: 0.03, steps: 40), next(0.1))
        // The first step has the rate's size whatever the gradient's (Kingma and Ba, section 2.1).
        #expect(abs(try path(Adam(), rate: 0.03, steps: 1)[0] - 1.97) < 1e-6)
    }

    @Test func aStepIsOneChainForEachParameter() throws {
        func count<Solver: Optimizer>(_ solver: Solver) throws -> Int {
            let parameters = try Parameters([Tensor.zeros(7, 5), Tensor.zeros(5), Tensor.zeros(5, 3)])
            let memory = try Parameters(solver.initialState(for: parameters.traced))
            let gradients = parameters.shapes.map { Tensor(placeholder: $0) }
            let rate = Tensor(placeholder: [])
            let step = solver.step(
                parameters.traced, gradients: gradients, state: memory.traced, learningRate: rate)
            return try Program(
                inputs: gradients + [rate], outputs: [],
                updates: Program.Update.all(parameters.traced, to: step.parameters)
                    + Program.Update.all(memory.traced, to: step.state)
            ).instructionCount
        }
        #expect(try count(SGD()) == 3)
        #expect(try count(SGD(momentum: 0.9, nesterov: true)) == 3)
        #expect(try count(RMSProp()) == 3)
        // The powers of both decay rates are a call each.
        let counts = try [count(Adam()), count(AdamW())]
        #expect(counts == [5, 5])
    }

    @Test func movingAveragesFollow() throws {
        let source = try Parameters([Tensor([1, 2], shape: [2]), Tensor([-3], shape: [1])])
        let target = try Parameters(source.traced)
        let rate = Tensor(placeholder: [])
        let moved = source.traced.map { $0 + 1 }
        let program = try Program(
            inputs: [rate], outputs: [],
            updates: Program.Update.all(source.traced, to: moved)
                + Program.Update.movingAverage(target.traced, of: moved, rate: rate))
        #expect(program.instructionCount == 2)
        var expected = -3.0
        for step in 1...20 {
            program.input(0)[0] = 0.25
            program.run()
            expected += 0.25 * (-3 + Double(step) - expected)
        }
        #expect(abs(Double(target.values(1)[0]) - expected) < 1e-5)
        // A rate of 1 / (t + 1) gives the plain mean: of 1, 2, ... 10 beyond the start, the start counted too.
        let mean = try Parameters(source.traced)
        let start = Double(source.values(0)[0])
        let averaging = try Program(
            inputs: [rate], outputs: [],
            updates: Program.Update.all(source.traced, to: moved)
                + Program.Update.movingAverage(mean.traced, of: moved, rate: rate))
        for step in 1...10 {
            averaging.input(0)[0] = 1 / Float(step + 1)
            averaging.run()
        }
        #expect(abs(Double(mean.values(0)[0]) - (start + 5)) < 1e-4)
    }

    @Test func clipping() throws {
        let gradients = [Tensor([3, -0.2], shape: [2]), Tensor([-4], shape: [1])]
        let values = clippingValues(gradients, to: 0.5)
        #expect(try values[0].evaluated() == [0.5, -0.2])
        #expect(try values[1].evaluated() == [-0.5])
        let (scaled, norm) = clippingGlobalNorm(gradients, to: 1)
        let length = 25.04.squareRoot()
        #expect(abs(Double(try norm.evaluated()[0]) - length) < 1e-5)
        #expect(abs(Double(try scaled[1].evaluated()[0]) + 4 / length) < 1e-5)
    }

    @Test func schedules() {
        typealias Schedule = LearningRateSchedule
        let table: [(Schedule, [Double])] = [
            (.constant, [1, 1, 1, 1, 1]),
            (.linear(end: 0.2), [1, 0.8, 0.6, 0.4, 0.2]),
            (.cosine(end: 0), [1, 0.5 + 0.5 * 0.5.squareRoot(), 0.5, 0.5 - 0.5 * 0.5.squareRoot(), 0]),
            (.exponential(end: 0.0001), [1, 0.1, 0.01, 0.001, 0.0001]),
            (.warmUp(fraction: 0.5, then: .linear(end: 0)), [0, 0.5, 1, 0.5, 0]),
            (.warmUp(fraction: 0, then: .constant), [1, 1, 1, 1, 1]),
            (.warmUp(fraction: 1, then: .linear(end: 0)), [0, 0.25, 0.5, 0.75, 1]),
        ]
        for (schedule, values) in table {
            for (index, value) in values.enumerated() {
                #expect(abs(schedule.factor(Double(index) / 4) - value) < 1e-12, "\(schedule) at \(index) / 4")
            }
            #expect(schedule.factor(-3) == schedule.factor(0) && schedule.factor(7) == schedule.factor(1))
        }
    }

    // MARK: L-BFGS

    /// sum of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2 (Rosenbrock, 1960), minimum 0 at (1, ..., 1).
    @Test(arguments: [2, 10]) func lbfgsSolvesRosenbrock(_ size: Int) throws {
        let start = (0..<size).map { Float($0 % 2 == 0 ? -1.2 : 1) }
        let parameters = try Parameters(Tensor(start, shape: [size]))
        let x = parameters.traced
        let (head, tail) = (x.sliced(axis: 0, 0, size - 1), x.sliced(axis: 0, 1, size))
        let loss = ((tail - head.squared).squared * 100 + (1 - head).squared).sum()
        let result = try LBFGS(parameters, loss: loss).minimize(iterations: 200)
        #expect(result.loss < 1e-9, "\(result)")
        #expect(result.outcome != .iterationLimit && result.evaluations < 250, "\(result)")
        for value in parameters.values(0) { #expect(abs(value - 1) < 1e-4) }
        #expect(result.loss == Double(try loss.evaluated()[0]), "the parameters hold the point of the result")
    }

    /// On a quadratic of n dimensions n + 1 well-searched steps would do; a backtracking search needs a few more.
    @Test func lbfgsSolvesLinearLeastSquares() throws {
        var random = RandomKey(seed: 3).stream
        let a = (0..<48).map { _ in Float(random.normal()) }
        let truth = (0..<6).map { _ in Float(random.normal()) }
        let matrix = Tensor(a, shape: [8, 6])
        let parameters = try Parameters([Tensor.zeros(4, 1), Tensor.zeros(2, 1)])
        let x = Tensor.concatenate(parameters.traced, axis: 0)
        let target = Tensor(placeholder: 8, 1)
        let solver = try LBFGS(
            parameters, inputs: [target], loss: (matmul(matrix, x) - target).squared.sum())
        for row in 0..<8 {
            solver.input(0)[row] = (0..<6).reduce(0) { $0 + a[row * 6 + $1] * truth[$1] }
        }
        let first = solver.minimize(iterations: 3)
        #expect(first.outcome == .iterationLimit && first.iterations == 3)
        let result = solver.minimize(iterations: 40)
        #expect(result.loss < 1e-10 && result.loss < first.loss, "\(result)")
        let found = Array(parameters.values(0)) + Array(parameters.values(1))
        for (value, expected) in zip(found, truth) { #expect(abs(value - expected) < 1e-4) }
        // Zero is where the gradient is exactly zero.
        let flat = try Parameters(Tensor.zeros(3))
        let still = try LBFGS(flat, loss: flat.traced.squared.sum()).minimize(iterations: 5)
        #expect(still.outcome == .converged && still.iterations == 0)
    }

    @Test func lbfgsReportsWhatItCannotDo() throws {
        let parameters = try Parameters(Tensor([-1], shape: [1]))
        let broken = try LBFGS(parameters, loss: log(parameters.traced).sum()).minimize(iterations: 5)
        #expect(broken.outcome == .notFinite)
        // |x| has no smaller gradient near its minimum, so the search stalls there without leaving it.
        let other = try Parameters(Tensor([0.3], shape: [1]))
        let result = try LBFGS(other, loss: abs(other.traced).sum()).minimize(iterations: 200)
        #expect(abs(other.values(0)[0]) < 1e-3, "\(result)")
        #expect(result.loss == Double(abs(other.values(0)[0])))
    }

    // MARK: Conjugate gradients

    @Test func conjugateGradientsSolve() throws {
        let values = [4.0, 1, 0.5, 1, 3, -0.2, 0.5, -0.2, 2]
        let matrix = Tensor(values.map { Float($0) }, shape: [3, 3])
        func product(_ v: [Tensor]) -> [Tensor] {
            let joined = Tensor.concatenate([v[0], v[1]], axis: 0)
            let image = matmul(matrix, joined.reshaped(3, 1)).reshaped(3)
            return [image.sliced(axis: 0, 0, 2), image.sliced(axis: 0, 2, 3)]
        }
        let b = [Tensor([1, -2], shape: [2]), Tensor([0.5], shape: [1])]
        for damping in [0.0, 0.7] {
            // More iterations than unknowns must not move the solution.
            let solution = conjugateGradient(product: product, rightHandSide: b, iterations: 6, damping: Float(damping))
            var damped = values
            for index in 0..<3 { damped[index * 4] += damping }
            let expected = try LUFactorization(damped).solve([1, -2, 0.5])
            let found = try solution.flatMap { try $0.evaluated() }
            for (value, wanted) in zip(found, expected) { #expect(abs(Double(value) - wanted) < 1e-5) }
        }
    }

    /// For softmax over free logits the Fisher matrix of one row is diag(p) - p p'; for a normal's mean it is 1 / s^2
    /// and for its log deviation 2.
    @Test func fisherVectorProducts() throws {
        let logits = Tensor([0.3, -1, 0.8, 0.1, 0.2, -0.4], shape: [2, 3])
        let v: [Double] = [1, -0.5, 2, 0.3, 0.7, -1]
        let vector = Tensor(v.map { Float($0) }, shape: [2, 3])
        let distribution = Categorical(logits: logits)
        let product = try fisherVectorProduct(of: distribution, withRespectTo: [logits], vector: [vector])[0]
            .evaluated()
        let p = try distribution.probabilities.evaluated().map { Double($0) }
        for row in 0..<2 {
            let slots = (row * 3)..<(row * 3 + 3)
            let mean = slots.reduce(0.0) { $0 + p[$1] * v[$1] }
            for slot in slots {
                // Half, because the divergence is a mean over two rows.
                #expect(abs(Double(product[slot]) - 0.5 * p[slot] * (v[slot] - mean)) < 1e-6)
            }
        }
        let (mean, logDeviation) = (Tensor([0.5, 2], shape: [1, 2]), Tensor([-0.7, 0.2], shape: [1, 2]))
        let normal = DiagonalGaussian(mean: mean, logDeviation: logDeviation)
        let products = try fisherVectorProduct(
            of: normal, withRespectTo: [mean, logDeviation],
            vector: [Tensor([1, 3], shape: [1, 2]), Tensor([2, -1], shape: [1, 2])]
        ).map { try $0.evaluated() }
        #expect(abs(Double(products[0][0]) - exp(1.4)) < 1e-5)
        #expect(abs(Double(products[0][1]) - 3 * exp(-0.4)) < 1e-5)
        #expect(abs(products[1][0] - 4) < 1e-5 && abs(products[1][1] + 2) < 1e-5)
    }

    /// F v of a network's policy against differences of the divergence's gradient along v.
    @Test func fisherVectorProductsAgreeWithDifferences() throws {
        let x = Tensor([0.5, -1, 0.3, 1.2, -0.7, 0.1, 0.9, -0.4], shape: [4, 2])
        let model = try Parameters(MLP([2, 3, 3], key: RandomKey(seed: 1)))
        let theta = model.traced.tensors
        var random = RandomKey(seed: 2).stream
        let v = theta.map { tensor in
            Tensor((0..<tensor.count).map { _ in Float(random.normal()) }, shape: tensor.shape)
        }
        let now = Categorical(logits: model.traced(x))
        let product = try fisherVectorProduct(of: now, withRespectTo: theta, vector: v).flatMap { try $0.evaluated() }
        let old = now.mapTensors { $0.stoppingGradient }
        func slope(_ size: Float) throws -> [Float] {
            let moved = zip(theta, v).map { $0 + size * $1 }
            let new = Categorical(logits: model.traced.replacingTensors(moved)(x))
            return try gradient(of: old.divergence(from: new).mean(), withRespectTo: moved).flatMap {
                try $0.evaluated()
            }
        }
        let (ahead, behind) = (try slope(0.01), try slope(-0.01))
        for index in product.indices {
            #expect(abs(product[index] - (ahead[index] - behind[index]) / 0.02) < 2e-3)
        }
    }

    /// The scaled step has the wanted divergence in the quadratic model: s'(F + damping)s / 2 = d.
    @Test func trustRegionStepsReachTheirDivergence() throws {
        let diagonal = Tensor([2, 0.5, 1], shape: [3])
        let (direction, scale) = trustRegionStep(
            gradient: [Tensor([1, -1, 3], shape: [3])], product: { [diagonal * $0[0]] }, divergence: 0.02,
            iterations: 3, damping: 0.5)
        let x = try direction[0].evaluated()
        for (value, wanted) in zip(x, [0.4, -1, 2] as [Float]) { #expect(abs(value - wanted) < 1e-5) }
        let factor = try scale.evaluated()[0]
        // x'(F + 0.5)x = 0.16 * 2.5 + 1 + 4 * 1.5.
        #expect(abs(factor * factor * 7.4 / 2 - 0.02) < 1e-6)
    }
}
