import Testing

@testable import TelosTensor

/// Hessian-vector products of small networks against their explicit Hessians: those of the engine, row by row, and
/// those of second differences of the loss in double precision, which use no derivative of the engine at all.
@Suite struct HessianTests {
    /// A network of two layers on fixed data; every parameter takes part.
    struct Network: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var loss: @Sendable (_ parameters: [Tensor], _ x: Tensor, _ random: inout RandomStream) -> Tensor

        static let samples = 7
        static let shapes = [[3, 4], [4], [4, 2], [2]]

        static func targets(_ random: inout RandomStream) -> Tensor {
            Tensor((0..<2 * samples).map { _ in Float(random.normal()) }, shape: [samples, 2])
        }

        static func output(_ p: [Tensor], _ x: Tensor, _ activation: (Tensor) -> Tensor) -> Tensor {
            matmul(activation(matmul(x, p[0]) + p[1]), p[2]) + p[3]
        }
    }

    static let networks = [
        Network(testDescription: "tanh, squared error, decay") { p, x, random in
            let target = Network.targets(&random)
            let error = (Network.output(p, x) { tanh($0) } - target).squared.mean()
            return error + (p[0].squared.sum() + p[2].squared.sum()) * 0.05
        },
        Network(testDescription: "softplus, cross-entropy") { p, x, random in
            let labels = Tensor(
                (0..<Network.samples).map { _ in Float(random.index(below: 2)) }, shape: [Network.samples])
            return -Network.output(p, x) { softplus($0) }.logSoftmax().gatheringLast(labels).mean()
        },
        Network(testDescription: "sine of a product, exponential error") { p, x, random in
            let target = Network.targets(&random)
            return exp((Network.output(p, x) { sin($0) } - target) * 0.3).mean()
        },
    ]

    @Test(arguments: networks) func productsMatchExplicitHessians(_ network: Network) throws {
        var random = RandomKey(seed: 8).derived(network.testDescription).stream
        let x = Tensor((0..<3 * Network.samples).map { _ in Float(random.normal()) }, shape: [Network.samples, 3])
        let parameters = Network.shapes.map { Tensor(placeholder: $0) }
        let loss = network.loss(parameters, x, &random)
        let counts = parameters.map(\.count), size = counts.reduce(0, +)
        let point = (0..<size).map { _ in Double(Float(random.normal() * 0.5)) }
        let vector = (0..<size).map { _ in Float(random.normal()) }

        func split<T>(_ flat: [T]) -> [[T]] {
            var parts: [[T]] = [], start = 0
            for count in counts {
                parts.append(Array(flat[start..<start + count]))
                start += count
            }
            return parts
        }

        // Row r of the Hessian is the gradient of element r of the gradient.
        let gradients = gradient(of: loss, withRespectTo: parameters)
        var outputs = hessianVectorProduct(
            of: loss, withRespectTo: parameters,
            vector: zip(split(vector), Network.shapes).map { Tensor($0, shape: $1) })
        for (slope, count) in zip(gradients, counts) {
            for slot in 0..<count {
                let element = slope.reshaped(count).sliced(axis: 0, slot, slot + 1).sum()
                outputs += gradient(of: element, withRespectTo: parameters)
            }
        }
        let program = try Program(inputs: parameters, outputs: outputs)
        for (index, values) in split(point).enumerated() {
            for (slot, value) in values.enumerated() { program.input(index)[slot] = Float(value) }
        }
        program.run()
        func row(_ r: Int) -> [Double] {
            parameters.indices.flatMap { part in program.output(r * parameters.count + part).map(Double.init) }
        }
        let product = row(0)
        let hessian = (0..<size).map { row($0 + 1) }

        func value(_ point: [Double]) -> Double {
            var interpreter = ReferenceInterpreter()
            for (parameter, values) in zip(parameters, split(point)) { interpreter.bind(parameter, values) }
            return interpreter.evaluate(loss)[0]
        }
        func secondDifference(_ i: Int, _ j: Int) -> Double {
            let h = 1e-4
            func moved(_ a: Double, _ b: Double) -> Double {
                var point = point
                point[i] += a * h
                point[j] += b * h
                return value(point)
            }
            return (moved(1, 1) - moved(1, -1) - moved(-1, 1) + moved(-1, -1)) / (4 * h * h)
        }
        let largest = hessian.joined().map(\.magnitude).max()!
        #expect(largest > 0.05)
        for i in 0..<size {
            let explicit = zip(hessian[i], vector).reduce(0) { $0 + $1.0 * Double($1.1) }
            #expect(abs(product[i] - explicit) < 5e-6 * (1 + largest), "product \(i): \(product[i]), not \(explicit)")
            for j in i..<size {
                let difference = secondDifference(i, j)
                #expect(abs(hessian[i][j] - hessian[j][i]) < 1e-6 * (1 + largest), "entries \(i), \(j) and \(j), \(i)")
                #expect(
                    abs(hessian[i][j] - difference) < 2e-6 * (1 + largest),
                    "entry \(i), \(j): \(hessian[i][j]), not \(difference)")
            }
        }
    }

    /// The vector may be a function of the parameters, as the gradient is: H g of sum x^4 is 12 x^2 * 4 x^3.
    @Test func theVectorIsNotDifferentiated() throws {
        let values: [Float] = [-1.5, 0.5, 2]
        let x = try Parameters(Tensor(values, shape: [3]))
        let loss = x.traced.squared.squared.sum()
        let product = hessianVectorProduct(
            of: loss, withRespectTo: [x.traced], vector: gradient(of: loss, withRespectTo: [x.traced]))
        for (one, x) in zip(try product[0].evaluated(), values) { #expect(abs(one - 48 * x * x * x * x * x) < 1e-2) }
    }
}
