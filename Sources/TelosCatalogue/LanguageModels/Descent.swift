import TelosNN
import TelosTensor

/// Gradient steps on one loss: parameters, the optimiser's memory, and a program that moves both.
final class Descent<Model: TensorContainer> {
    let parameters: Parameters<Model>
    private let program: Program
    private let rate: Int

    /// - Parameters:
    ///   - inputs: placeholders of the loss; fill them through `input`.
    ///   - loss: of the traced model.
    init<Rule: Optimizer>(
        _ model: Model, inputs: [Tensor] = [], by rule: Rule = Adam(), loss: (Model) -> Tensor
    ) throws {
        parameters = try Parameters(model)
        let theta = parameters.traced.tensors
        let memory = try Parameters(rule.initialState(for: theta))
        let learningRate = Tensor(placeholder: [])
        let value = loss(parameters.traced)
        let step = rule.step(
            theta, gradients: gradient(of: value, withRespectTo: theta), state: memory.traced,
            learningRate: learningRate)
        rate = inputs.count
        program = try Program(
            inputs: inputs + [learningRate], outputs: [value],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state))
    }

    func input(_ index: Int) -> UnsafeMutableBufferPointer<Float> { program.input(index) }

    /// Writes one of the inputs.
    func fill(_ index: Int, _ values: [Double]) {
        for (place, value) in values.enumerated() { program.input(index)[place] = Float(value) }
    }

    /// One step, with the loss before it.
    @discardableResult func step(learningRate: Double) -> Double {
        program.input(rate)[0] = Float(learningRate)
        program.run()
        return Double(program.output(0)[0])
    }
}
