import TelosEnvironments
import TelosNN
import TelosTensor

/// Maps [-1, 1] to a box's bounds and back, element by element.
struct ActionScale: Hashable, Codable {
    let low: [Float]
    let high: [Float]

    var width: Int { low.count }
    private var middle: Tensor { Tensor(zip(low, high).map { ($0 + $1) / 2 }, shape: [width]) }
    private var half: Tensor { Tensor(zip(low, high).map { ($1 - $0) / 2 }, shape: [width]) }

    func toEnvironment(_ actions: Tensor) -> Tensor { middle + half * actions }
    func fromEnvironment(_ actions: Tensor) -> Tensor { ((actions - middle) / half).clipped(-1, 1) }
}

/// How an actor's outputs become actions.
enum ActorHead: Hashable, Codable {
    /// A squashed Gaussian over a box.
    case gaussian(ActionScale)
    /// One action in a box, varied by a normal of this deviation (in half-widths) where it explores.
    case deterministic(ActionScale, noise: Float)
    case categorical(Int)

    init?(_ space: Space, _ kind: ActorKind) {
        switch (space, kind) {
        case (.box(let low, let high, _), .soft): self = .gaussian(ActionScale(low: low, high: high))
        case (.box(let low, let high, _), .deterministic(let noise, _, _)):
            self = .deterministic(ActionScale(low: low, high: high), noise: Float(noise))
        case (.discrete(let count), .soft): self = .categorical(count)
        default: return nil
        }
    }

    /// Floats of an encoded action.
    var width: Int {
        switch self {
        case .gaussian(let scale), .deterministic(let scale, _): scale.width
        case .categorical: 1
        }
    }

    /// Numbers that the network gives.
    var outputs: Int {
        switch self {
        case .gaussian(let scale): 2 * scale.width
        case .deterministic(let scale, _): scale.width
        case .categorical(let count): count
        }
    }

    /// Random numbers of an action.
    var noiseWidth: Int { if case .categorical(let count) = self { count } else { width } }

    func fillNoise(_ values: UnsafeMutableBufferPointer<Float>, using random: inout RandomStream) {
        if case .categorical = self { random.fillUniform(values) } else { random.fillNormal(values) }
    }

    /// What critics read of the environment's actions; nil where they value every action at once.
    func criticInput(_ actions: Tensor) -> Tensor? {
        switch self {
        case .gaussian(let scale), .deterministic(let scale, _): scale.fromEnvironment(actions)
        case .categorical: nil
        }
    }
}

/// A policy: a squashed Gaussian or one action over [-1, 1]^d, or probabilities of discrete actions.
struct Actor: TensorContainer, SequenceReader {
    private var memory: Trunk?
    private var network: FeedForward
    let encoding: ObservationEncoding
    let head: ActorHead
    let shape: FeedForward.Shape

    init(encoding: ObservationEncoding, head: ActorHead, _ shape: FeedForward.Shape, key: RandomKey) {
        self.encoding = encoding
        self.head = head
        self.shape = shape
        memory = shape.memory(encoding, key: key)
        network = FeedForward(shape.inputs(encoding), head.outputs, shape, key: key)
    }

    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        memory.visitTensors(path.appending(part: "memory"), visit)
        network.visitTensors(path, visit)
    }

    var memoryWidth: Int { memory?.memoryWidth ?? 0 }

    func features(_ input: ActorInput) -> (rows: Tensor, memory: Tensor?) {
        input.read(through: memory, encoding)
    }

    private func outputs(_ features: Tensor) -> Tensor { network(features).outputs }

    /// Of a box, from features; log deviations are kept in -20 ... 2.
    func gaussian(_ features: Tensor) -> SquashedGaussian {
        let outputs = outputs(features)
        return SquashedGaussian(
            mean: outputs.sliced(axis: 1, 0, head.width),
            logDeviation: outputs.sliced(axis: 1, head.width, 2 * head.width).clipped(-20, 2))
    }

    /// Of discrete actions, from features.
    /// - mask: [batch, count], 1 where an action is possible; nil where all are.
    func categorical(_ features: Tensor, mask: Tensor?) -> Categorical {
        let logits = outputs(features)
        return mask.map { Categorical(logits: logits, mask: $0) } ?? Categorical(logits: logits)
    }

    /// The one action of a deterministic actor in [-1, 1]^d, [batch, width], from features.
    func action(_ features: Tensor) -> Tensor { tanh(outputs(features)) }

    /// Exploring actions as the environment takes them, or the mode; from features.
    /// - noise: [batch, `head.noiseWidth`], filled by `head.fillNoise`.
    func actions(_ features: Tensor, noise: Tensor, mask: Tensor?, deterministic: Bool) -> Tensor {
        switch head {
        case .gaussian(let scale):
            let distribution = gaussian(features)
            return scale.toEnvironment(deterministic ? distribution.mode : distribution.sample(noise: noise))
        case .deterministic(let scale, let deviation):
            let action = action(features)
            return scale.toEnvironment(deterministic ? action : (action + deviation * noise).clipped(-1, 1))
        case .categorical:
            let distribution = categorical(features, mask: mask)
            return deterministic ? distribution.mode : distribution.sample(noise: noise)
        }
    }
}

/// An actor by itself, with its normaliser, frozen.
final class OffPolicyActor: Policy {
    let parameters: Parameters<Actor>
    let normalizer: FrozenNormalizer?
    let isMasked: Bool
    private var programs: [ProgramKey: Program] = [:]

    private struct ProgramKey: Hashable {
        var count: Int
        var deterministic: Bool
    }

    init(copying actor: Actor, normalizer: FrozenNormalizer? = nil, isMasked: Bool) {
        // A copy of parameters that are already compiled elsewhere; there is nothing left to get wrong.
        parameters = try! Parameters(actor)
        self.normalizer = normalizer
        self.isMasked = isMasked
    }

    var memoryWidth: Int { parameters.traced.memoryWidth }

    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
        using random: inout RandomStream
    ) {
        let program = self.program(ProgramKey(count: input.count, deterministic: deterministic))
        program.input(0).fill(input.observations, through: normalizer)
        if isMasked { program.input(2).fill(input.mask, otherwise: 1) }
        if memoryWidth > 0 {
            program.input(isMasked ? 3 : 2).fill(input.memory.map { UnsafeBufferPointer($0) }, otherwise: 0)
        }
        if !deterministic { parameters.traced.head.fillNoise(program.input(1), using: &random) }
        program.run()
        _ = actions.update(fromContentsOf: program.output(0))
        if memoryWidth > 0, let memory = input.memory { _ = memory.update(fromContentsOf: program.output(1)) }
    }

    private func program(_ key: ProgramKey) -> Program {
        if let program = programs[key] { return program }
        let actor = parameters.traced
        let noise = Tensor(placeholder: key.count, actor.head.noiseWidth)
        let mask = isMasked ? Tensor(placeholder: key.count, actor.head.outputs) : nil
        let input = ActorInput(
            Tensor(placeholder: key.count, actor.encoding.width),
            memory: memoryWidth > 0 ? Tensor(placeholder: key.count, memoryWidth) : nil)
        let (features, after) = actor.features(input)
        let program = try! Program(
            inputs: [input.observations, noise] + [mask, input.memory].compactMap(\.self),
            outputs: [actor.actions(features, noise: noise, mask: mask, deterministic: key.deterministic)]
                + [after].compactMap(\.self))
        programs[key] = program
        return program
    }
}
