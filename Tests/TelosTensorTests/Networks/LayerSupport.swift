import Foundation
import Testing

@testable import TelosNN
@testable import TelosTensor

/// Random numbers and plain loops in double precision that the layers' tests compare with.
enum LayerSupport {
    static func normals(_ count: Int, seed: Int, scale: Double = 1) -> [Float] {
        var random = RandomKey(seed: seed).derived("normals").stream
        return (0..<count).map { _ in Float(scale * random.normal()) }
    }

    static func normal(_ shape: Int..., seed: Int, scale: Double = 1) -> Tensor {
        Tensor(normals(shape.reduce(1, *), seed: seed, scale: scale), shape: shape)
    }

    /// Rows of [batch, inputs] times [inputs, outputs], plus a row.
    static func linear(_ x: [[Double]], _ layer: Linear) throws -> [[Double]] {
        let (weight, bias) = (try matrix(layer.weight), try vector(layer.bias))
        return x.map { row in
            bias.indices.map { column in
                row.indices.reduce(bias[column]) { $0 + row[$1] * weight[$1][column] }
            }
        }
    }

    static func vector(_ tensor: Tensor) throws -> [Double] { try tensor.evaluated().map(Double.init) }

    static func matrix(_ tensor: Tensor) throws -> [[Double]] {
        let values = try vector(tensor)
        let width = tensor.shape.last!
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<($0 + width)]) }
    }

    /// The sum of `term` over 0 ..< count.
    static func sum(_ count: Int, _ term: (Int) -> Double) -> Double { (0..<count).reduce(0) { $0 + term($1) } }

    static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}

func expectClose(
    _ values: [Float], _ expected: [Double], tolerance: Double = 1e-5, _ what: String = "",
    location: SourceLocation = #_sourceLocation
) {
    #expect(values.count == expected.count, "\(what): counts", sourceLocation: location)
    for (index, (value, target)) in zip(values, expected).enumerated() {
        let isClose = abs(Double(value) - target) <= tolerance * (1 + abs(target))
        #expect(isClose, "\(what)[\(index)]: \(value), not \(target)", sourceLocation: location)
        if !isClose { return }
    }
}

/// Compares the engine's gradient with central differences of a double-precision interpreter, along one random
/// direction for each tensor of the model and each input; with `second`, also the derivative of the gradient along it.
func expectGradients<Model: TensorContainer>(
    of model: Model, inputs values: [Tensor] = [], second: Bool = true, tolerance: Double = 5e-4,
    location: SourceLocation = #_sourceLocation, _ loss: (Model, [Tensor]) -> Tensor
) throws {
    let parameters = try Parameters(model)
    let inputs = try Parameters(values)
    let variables = parameters.traced.tensors + inputs.traced
    let names = parameters.names + inputs.names.map { "input \($0)" }
    let loss = loss(parameters.traced, inputs.traced)
    let gradients = gradient(of: loss, withRespectTo: variables)
    let directions = variables.enumerated().map { LayerSupport.normals($1.count, seed: 100 + $0) }
    let points = variables.map { variable in
        (0..<variable.count).map { Double(variable.node.memory![variable.node.memoryOffset + $0]) }
    }
    func interpret(_ tensors: [Tensor], moving index: Int, by step: Double) -> [[Double]] {
        var interpreter = ReferenceInterpreter()
        let moved = zip(points[index], directions[index]).map { $0 + step * Double($1) }
        interpreter.bind(variables[index], moved)
        return tensors.map { interpreter.evaluate($0) }
    }
    func product(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    let vectors = directions.indices.map { Tensor(directions[$0], shape: variables[$0].shape) }
    var mixed: [Tensor] = []
    if second {
        mixed = variables.indices.map { index in
            let slope = dot([gradients[index]], [vectors[index]])
            return dot(gradient(of: slope, withRespectTo: variables), vectors)
        }
    }
    let program = try Program(inputs: [], outputs: gradients + mixed)
    program.run()
    let h = 1e-5
    for index in variables.indices {
        let slope = product(Array(program.output(index)), directions[index])
        let (up, down) = (interpret([loss], moving: index, by: h), interpret([loss], moving: index, by: -h))
        let expected = (up[0][0] - down[0][0]) / (2 * h)
        #expect(
            abs(slope - expected) <= tolerance * (1 + abs(expected)),
            "gradient of \(names[index]): \(slope), not \(expected)", sourceLocation: location)
        guard second else { continue }
        let (ahead, behind) = (interpret(gradients, moving: index, by: h), interpret(gradients, moving: index, by: -h))
        var bend = 0.0
        for (slot, direction) in directions.enumerated() {
            for (k, d) in direction.enumerated() { bend += (ahead[slot][k] - behind[slot][k]) / (2 * h) * Double(d) }
        }
        let value = Double(program.output(variables.count + index)[0])
        #expect(
            abs(value - bend) <= 10 * tolerance * (1 + abs(bend)),
            "second derivative along \(names[index]): \(value), not \(bend)", sourceLocation: location)
    }
}

/// A training loop with Adam, the gradient's norm clipped where `maximumNorm` says so: the losses of each step.
final class Trainer<Model: TensorContainer> {
    let parameters: Parameters<Model>
    let program: Program

    init(
        _ model: Model, inputs: [Tensor], learningRate: Float, maximumNorm: Float = .infinity,
        instructionSet: InstructionSet = .best, threads: Int = 1, loss: (Model) -> Tensor
    ) throws {
        parameters = try Parameters(model)
        let (value, gradient) = valueAndGradient(parameters.traced, loss)
        let gradients =
            maximumNorm.isFinite ? clippingGlobalNorm(gradient.tensors, to: maximumNorm).gradients : gradient.tensors
        let solver = Adam()
        let memory = try Parameters(solver.initialState(for: parameters.traced.tensors))
        let step = solver.step(
            parameters.traced.tensors, gradients: gradients, state: memory.traced, learningRate: Tensor(learningRate))
        program = try Program(
            inputs: inputs, outputs: [value],
            updates: zip(parameters.traced.tensors, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state), instructionSet: instructionSet, threads: threads)
    }

    @discardableResult func step(_ fill: (Program) -> Void) -> Float {
        fill(program)
        program.run()
        return program.output(0)[0]
    }
}
