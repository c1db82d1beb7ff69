import TelosTensor

/// Gradient steps on one loss: parameters, the optimiser's memory, and a program that moves both.
///
/// The loss may read what other parameters hold (their `traced` tensors); those stay as they are.
public final class Descent<Model: TensorContainer> {
    public let parameters: Parameters<Model>
    private let program: Program
    private let rate: Int

    /// - Parameters:
    ///   - inputs: placeholders of the loss; fill them through `input`.
    ///   - gradientLimit: the largest Euclidean norm of a step's gradient; longer ones are shortened. None where nil.
    ///   - loss: of the traced model, a scalar.
    /// - Throws: where the program cannot be compiled, as for tensors of shapes that do not fit.
    public convenience init<Rule: Optimizer>(
        _ model: Model, inputs: [Tensor] = [], by rule: Rule = Adam(), gradientLimit: Float? = nil,
        loss: (Model) throws -> Tensor
    ) throws {
        try self.init(
            moving: try Parameters(model), inputs: inputs, by: rule, gradientLimit: gradientLimit, loss: loss)
    }

    /// Moves parameters that others read too.
    public init<Rule: Optimizer>(
        moving parameters: Parameters<Model>, inputs: [Tensor] = [], by rule: Rule = Adam(),
        gradientLimit: Float? = nil, loss: (Model) throws -> Tensor
    ) throws {
        self.parameters = parameters
        let theta = parameters.traced.tensors
        let memory = try Parameters(rule.initialState(for: theta))
        let learningRate = Tensor(placeholder: [])
        let value = try loss(parameters.traced)
        let slope = gradient(of: value, withRespectTo: theta)
        let step = rule.step(
            theta, gradients: gradientLimit.map { clippingGlobalNorm(slope, to: $0).gradients } ?? slope,
            state: memory.traced, learningRate: learningRate)
        rate = inputs.count
        program = try Program(
            inputs: inputs + [learningRate], outputs: [value, sqrt(dot(slope, slope))],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state))
    }

    public func input(_ index: Int) -> UnsafeMutableBufferPointer<Float> { program.input(index) }

    /// Writes one of the inputs.
    public func fill(_ index: Int, _ values: [Double]) {
        for (place, value) in values.enumerated() { program.input(index)[place] = Float(value) }
    }

    /// One step, with the loss before it.
    @discardableResult public func step(learningRate: Double) -> Double {
        program.input(rate)[0] = Float(learningRate)
        program.run()
        return Double(program.output(0)[0])
    }

    /// The Euclidean norm of the last step's gradient, before it was shortened.
    public var gradientNorm: Double { Double(program.output(1)[0]) }
}
