import TelosTensor

/// Acts by a value network: greedily, or with a share of random actions where it is not to be deterministic.
final class GreedyPolicy: Policy {
    let parameters: Parameters<QNetwork>
    let support: ClosedRange<Float>
    let epsilon: Double
    let normalizer: FrozenNormalizer?
    let isMasked: Bool
    private var programs: [Int: Program] = [:]

    init(
        copying model: QNetwork, support: ClosedRange<Float>, epsilon: Double, normalizer: FrozenNormalizer? = nil,
        isMasked: Bool
    ) {
        // A copy of parameters that are already compiled elsewhere; there is nothing left to get wrong.
        parameters = try! Parameters(model)
        self.support = support
        self.epsilon = epsilon
        self.normalizer = normalizer
        self.isMasked = isMasked
    }

    var memoryWidth: Int { parameters.traced.memoryWidth }

    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
        using random: inout RandomStream
    ) {
        let program = self.program(input.count)
        program.input(0).fill(input.observations, through: normalizer)
        if isMasked { program.input(1).fill(input.mask, otherwise: 1) }
        if memoryWidth > 0 {
            let memory = input.memory.map { UnsafeBufferPointer($0) }
            program.input(isMasked ? 2 : 1).fill(memory, otherwise: 0)
        }
        program.run()
        _ = actions.update(fromContentsOf: program.output(0))
        if memoryWidth > 0, let memory = input.memory { _ = memory.update(fromContentsOf: program.output(1)) }
        guard !deterministic else { return }
        PossibleChoices(count: parameters.traced.shape.actions, mask: input.mask)
            .explore(actions, epsilon: epsilon, using: &random)
    }

    private func program(_ count: Int) -> Program {
        if let program = programs[count] { return program }
        let model = parameters.traced
        let observations = Tensor(placeholder: count, model.shape.encoding.width)
        let mask = isMasked ? Tensor(placeholder: count, model.shape.actions) : nil
        let memory = memoryWidth > 0 ? Tensor(placeholder: count, memoryWidth) : nil
        let (greedy, after) = DQNAgent.greedy(
            model, observations, noise: nil, mask: mask, memory: memory, support)
        let program = try! Program(
            inputs: [observations] + [mask, memory].compactMap(\.self),
            outputs: [greedy] + [after].compactMap(\.self))
        programs[count] = program
        return program
    }
}
