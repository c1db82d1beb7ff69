import Testing

@testable import TelosTensor

/// Finite differences of a double-precision interpreter against the engine's own gradients, for every operation.
@Suite struct GradientTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var shapes: [[Int]]
        /// Inputs are drawn from here, away from where the function is not smooth.
        var low: Double = -1.5
        var high: Double = 1.5
        var build: @Sendable ([Tensor]) -> Tensor
        var testDescription: String { name }
    }

    static let elementwise: [Case] = Elementwise.allCases.map { function in
        let shapes = [[Int]](repeating: [3, 5], count: function.arity)
        let build: @Sendable ([Tensor]) -> Tensor = { x in
            let operands = function == .select ? [x[0] .< Tensor(0)] + x.dropFirst() : x
            return Tensor(Node(.elementwise(function), operands.map(\.node), shape: [3, 5]))
        }
        switch function {
        case .log, .sqrt, .pow, .reciprocal, .divide, .log1p:
            return Case(name: "\(function)", shapes: shapes, low: 0.4, high: 2, build: build)
        default: return Case(name: "\(function)", shapes: shapes, build: build)
        }
    }

    static let structural: [Case] = [
        Case(name: "broadcast row", shapes: [[4]]) { $0[0].broadcast(to: [3, 4]) },
        Case(name: "broadcast column", shapes: [[3, 1]]) { $0[0].broadcast(to: [3, 4]) },
        Case(name: "broadcast middle", shapes: [[2, 1, 3]]) { $0[0].broadcast(to: [2, 4, 3]) },
        Case(name: "broadcast scalar", shapes: [[]]) { $0[0].broadcast(to: [2, 3]) },
        Case(name: "reshape", shapes: [[2, 6]]) { tanh($0[0].reshaped(3, 4)) },
        Case(name: "transpose", shapes: [[2, 3, 4]]) { $0[0].transposed(2, 0, 1) },
        Case(name: "slices of a vector, of different lengths", shapes: [[7]]) {
            $0[0].sliced(axis: 0, 0, 3).squared.sum() + tanh($0[0].sliced(axis: 0, 3, 7)).sum()
        },
        Case(name: "sum first", shapes: [[3, 4]]) { $0[0].sum(axis: 0).squared },
        Case(name: "sum middle", shapes: [[2, 3, 4]]) { $0[0].sum(axis: 1).squared },
        Case(name: "sum last", shapes: [[3, 4]]) { $0[0].sum(axis: -1).squared },
        Case(name: "mean all", shapes: [[3, 4]]) { $0[0].mean().squared },
        Case(name: "maximum", shapes: [[3, 4]]) { $0[0].maximum(axis: 1).squared },
        Case(name: "matmul", shapes: [[3, 4], [4, 2]]) { matmul($0[0], $0[1]) },
        Case(name: "matmul aT", shapes: [[4, 3], [4, 2]]) { matmul($0[0], $0[1], transposeA: true) },
        Case(name: "matmul bT", shapes: [[3, 4], [2, 4]]) { matmul($0[0], $0[1], transposeB: true) },
        Case(name: "matmul aT bT", shapes: [[4, 3], [2, 4]]) {
            matmul($0[0], $0[1], transposeA: true, transposeB: true)
        },
        Case(name: "matmul batched", shapes: [[2, 3, 4], [2, 4, 2]]) { matmul($0[0], $0[1]) },
        Case(name: "matmul of itself", shapes: [[3, 3]]) { matmul($0[0], $0[0]) },
        Case(name: "gatherLast", shapes: [[3, 4]]) { $0[0].gatheringLast(Tensor([2, 0, 3], shape: [3])) },
        Case(name: "scatterLast", shapes: [[3]]) { $0[0].scatteringLast(Tensor([2, 0, 3], shape: [3]), width: 4) },
        Case(name: "gatherRows", shapes: [[4, 3]]) { $0[0].gatheringRows(Tensor([2, 0, 2, 3, 2], shape: [5])) },
        Case(name: "scatterRows", shapes: [[5, 3]]) {
            $0[0].scatteringRows(Tensor([2, 0, 2, 3, 2], shape: [5]), count: 4)
        },
        Case(name: "concatenate", shapes: [[2, 3], [2, 2]]) { Tensor.concatenate($0, axis: 1) },
        Case(name: "slice", shapes: [[4, 5]]) { $0[0].sliced(axis: 1, 1, 4) },
        Case(name: "pad", shapes: [[2, 3]]) { $0[0].padded(axis: 0, before: 1, after: 2) },
        Case(name: "cumulativeSum", shapes: [[2, 5]]) { $0[0].cumulativeSum() },
        Case(name: "cumulativeSum reverse", shapes: [[2, 5]]) { $0[0].cumulativeSum(reverse: true) },
        Case(name: "logSoftmax", shapes: [[3, 4]]) { $0[0].logSoftmax() },
        Case(name: "softmax", shapes: [[3, 4]]) { $0[0].softmax() },
        Case(name: "clipped", shapes: [[3, 4]]) { $0[0].clipped(-0.7, 0.7) },
        Case(name: "network", shapes: [[6, 3], [3, 5], [5], [5, 2]]) {
            matmul(tanh(matmul($0[0], $0[1]) + $0[2]), $0[3])
        },
    ]

    @Test(arguments: elementwise + structural) func firstAndSecondOrder(_ test: Case) throws {
        var random = RandomKey(seed: 5).derived(test.name).stream
        let inputs = test.shapes.map { Tensor(placeholder: $0) }
        let points = test.shapes.map { shape in
            (0..<shape.reduce(1, *)).map { _ in Double(Float(random.uniform(test.low, test.high))) }
        }
        let direction = points.map { $0.map { _ in Double(Float(random.normal())) } }
        let output = test.build(inputs)
        let weights = (0..<output.count).map { _ in Float(random.normal()) }
        // The square makes second derivatives of linear operations different from zero.
        let loss = ((output + output.squared * 0.5) * Tensor(weights, shape: output.shape)).sum()
        let gradients = gradient(of: loss, withRespectTo: inputs)
        let vector = zip(direction, test.shapes).map { Tensor($0.map(Float.init), shape: $1) }
        let products = gradient(of: dot(gradients, vector), withRespectTo: inputs)

        let program = try Program(inputs: inputs, outputs: gradients + products + [loss])
        for (index, point) in points.enumerated() {
            for (slot, value) in point.enumerated() { program.input(index)[slot] = Float(value) }
        }
        program.run()

        func interpret(_ tensor: Tensor, at points: [[Double]]) -> [Double] {
            var interpreter = ReferenceInterpreter()
            for (input, point) in zip(inputs, points) { interpreter.bind(input, point) }
            return interpreter.evaluate(tensor)
        }
        expectClose(Double(program.output(2 * inputs.count)[0]), interpret(loss, at: points)[0], "value")
        let h = 1e-5
        for index in inputs.indices {
            for slot in points[index].indices {
                var (up, down) = (points, points)
                up[index][slot] += h
                down[index][slot] -= h
                let slope = (interpret(loss, at: up)[0] - interpret(loss, at: down)[0]) / (2 * h)
                expectClose(Double(program.output(index)[slot]), slope, "gradient of input \(index) at \(slot)")
            }
            func moved(_ step: Double) -> [[Double]] {
                zip(points, direction).map { zip($0, $1).map { $0 + step * $1 } }
            }
            let ahead = interpret(gradients[index], at: moved(h))
            let behind = interpret(gradients[index], at: moved(-h))
            for slot in points[index].indices {
                expectClose(
                    Double(program.output(inputs.count + index)[slot]), (ahead[slot] - behind[slot]) / (2 * h),
                    "second derivative of input \(index) at \(slot)")
            }
        }
    }

    private func expectClose(_ value: Double, _ expected: Double, _ what: String) {
        #expect(abs(value - expected) <= 2e-4 * (1 + abs(expected)), "\(what): \(value), not \(expected)")
    }

    @Test func thirdDerivative() throws {
        let x = Tensor(placeholder: [])
        var derivative = tanh(x)
        for _ in 0..<3 { derivative = gradient(of: derivative, withRespectTo: [x])[0] }
        let program = try Program(inputs: [x], outputs: [derivative])
        program.input(0)[0] = 0.3
        program.run()
        let t = 0.291_312_612_451_590_9
        let expected = (1 - t * t) * (6 * t * t - 2)
        #expect(abs(Double(program.output(0)[0]) - expected) < 1e-5)
    }

    @Test func parametersThatDoNotMatterHaveZeroGradients() throws {
        let (x, y) = (Tensor(placeholder: 3), Tensor(placeholder: 2))
        let program = try Program(inputs: [x, y], outputs: gradient(of: (x * x).sum(), withRespectTo: [x, y]))
        program.input(0)[1] = 4
        program.run()
        #expect(Array(program.output(0)) == [0, 8, 0])
        #expect(Array(program.output(1)) == [0, 0])
    }

    @Test func stoppedGradientsDoNotFlow() throws {
        let x = Tensor([2, 3], shape: [2])
        let gradients = gradient(of: (x * x.stoppingGradient).sum(), withRespectTo: [x])
        #expect(try gradients[0].evaluated() == [2, 3])
    }
}
