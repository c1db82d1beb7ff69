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

    func act(
        on observations: UnsafeBufferPointer<Float>, count: Int, into actions: UnsafeMutableBufferPointer<Float>,
        deterministic: Bool, using random: inout RandomStream
    ) {
        act(
            on: PolicyInput(observations: observations, count: count), into: actions, deterministic: deterministic,
            using: &random)
    }

    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
        using random: inout RandomStream
    ) {
        let program = self.program(input.count)
        program.input(0).fill(input.observations, through: normalizer)
        if isMasked { program.input(1).fill(input.mask, otherwise: 1) }
        program.run()
        _ = actions.update(fromContentsOf: program.output(0))
        guard !deterministic else { return }
        PossibleChoices(count: parameters.traced.shape.actions, mask: input.mask)
            .explore(actions, epsilon: epsilon, using: &random)
    }

    private func program(_ count: Int) -> Program {
        if let program = programs[count] { return program }
        let model = parameters.traced
        let observations = Tensor(placeholder: count, model.shape.encoding.width)
        let mask = isMasked ? Tensor(placeholder: count, model.shape.actions) : nil
        let program = try! Program(
            inputs: [observations] + [mask].compactMap(\.self),
            outputs: [DQNAgent.greedy(model, observations, noise: nil, mask: mask, support)])
        programs[count] = program
        return program
    }
}
