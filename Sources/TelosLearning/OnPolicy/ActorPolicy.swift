import TelosNN
import TelosTensor

/// An actor with its normaliser, frozen.
public final class ActorPolicy: Policy {
    let parameters: Parameters<ActorCritic>
    let normalizer: FrozenNormalizer?
    let bounds: ActionBounds
    let isMasked: Bool
    private var programs: [ProgramKey: Program] = [:]

    private struct ProgramKey: Hashable {
        var count: Int
        var deterministic: Bool
    }

    init(copying model: ActorCritic, normalizer: FrozenNormalizer?, bounds: ActionBounds, isMasked: Bool) throws {
        parameters = try Parameters(model)
        self.normalizer = normalizer
        self.bounds = bounds
        self.isMasked = isMasked
    }

    /// Its networks as they are, for diagnostics; a policy that was read from a file has no critic.
    public var networks: ActorCritic { parameters.value }

    public var memoryWidth: Int { parameters.traced.policyMemoryWidth }

    public func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
        using random: inout RandomStream
    ) {
        let program = self.program(ProgramKey(count: input.count, deterministic: deterministic))
        if let normalizer {
            normalizer.apply(input.observations, into: program.input(0))
        } else {
            _ = program.input(0).update(fromContentsOf: input.observations)
        }
        if !deterministic { parameters.traced.head.fillNoise(program.input(1), using: &random) }
        if isMasked { program.input(2).fill(input.mask, otherwise: 1) }
        let position = isMasked ? 3 : 2
        if memoryWidth > 0 {
            program.input(position).fill(input.memory.map { UnsafeBufferPointer($0) }, otherwise: 0)
        }
        program.run()
        bounds.apply(program.output(0), into: actions)
        if memoryWidth > 0, let memory = input.memory { _ = memory.update(fromContentsOf: program.output(1)) }
    }

    private func program(_ key: ProgramKey) -> Program {
        if let program = programs[key] { return program }
        let model = parameters.traced
        var input = ActorInput(Tensor(placeholder: key.count, model.encoding.width))
        let noise = Tensor(placeholder: key.count, model.head.outputs)
        if isMasked { input.mask = Tensor(placeholder: key.count, model.head.outputs) }
        if memoryWidth > 0 { input.memory = Tensor(placeholder: key.count, memoryWidth) }
        let (distribution, memory) = model.acting(input)
        let actions = key.deterministic ? distribution.mode : distribution.sample(noise: noise)
        // The model was compiled with these shapes when it was trained, so this cannot fail.
        let program = try! Program(
            inputs: [input.observations, noise] + [input.mask, input.memory].compactMap(\.self),
            outputs: [actions] + [memory].compactMap(\.self))
        programs[key] = program
        return program
    }
}
