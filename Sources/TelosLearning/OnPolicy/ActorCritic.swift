import TelosEnvironments
import TelosNN
import TelosTensor

/// How a network reads encoded observations.
public enum ObservationEncoding: Sendable, Hashable, Codable {
    /// Real numbers, normalised before they reach the network.
    case real(Int)
    /// A discrete index as a one-hot row.
    case oneHot(Int)

    public init?(_ space: Space) {
        switch space {
        case .discrete(let count): self = .oneHot(count)
        case .box, .binary: self = .real(space.width)
        default: return nil
        }
    }

    /// Floats of an encoded observation, and inputs of the network.
    public var width: Int { if case .real(let width) = self { width } else { 1 } }
    public var features: Int {
        switch self {
        case .real(let width), .oneHot(let width): width
        }
    }

    public func callAsFunction(_ observations: Tensor) -> Tensor {
        switch self {
        case .real: observations
        case .oneHot(let count): observations.reshaped(observations.count).oneHot(count)
        }
    }
}

/// How a network's outputs become a distribution over actions.
public enum ActionHead: Sendable, Hashable, Codable {
    case categorical(Int)
    /// A normal with state-independent deviation; actions are clipped to the bounds where the environment receives them.
    case gaussian(low: [Float], high: [Float])

    public init?(_ space: Space) {
        switch space {
        case .discrete(let count): self = .categorical(count)
        case .box(let low, let high, _): self = .gaussian(low: low, high: high)
        default: return nil
        }
    }

    /// Floats of an encoded action, and outputs of the network.
    public var width: Int { if case .gaussian(let low, _) = self { low.count } else { 1 } }
    public var outputs: Int {
        switch self {
        case .categorical(let count): count;
        case .gaussian(let low, _): low.count
        }
    }

    /// Fills the noise that `ActionDistribution.sample` turns into actions.
    func fillNoise(_ noise: UnsafeMutableBufferPointer<Float>, using random: inout RandomStream) {
        switch self {
        case .categorical: random.fillUniform(noise)
        case .gaussian: random.fillNormal(noise)
        }
    }

    /// What the environment receives for what the policy drew.
    func bounded(_ actions: UnsafeBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>) {
        guard case .gaussian(let low, let high) = self else {
            _ = result.update(fromContentsOf: actions)
            return
        }
        for index in actions.indices {
            result[index] = min(high[index % low.count], max(low[index % low.count], actions[index]))
        }
    }
}

/// Separate policy and value networks.
public struct ActorCritic: TensorContainer {
    public var policy: MLP
    public var logDeviation: Tensor?
    public var value: MLP
    let encoding: ObservationEncoding
    let head: ActionHead

    /// - valueHeads: how many returns the critic predicts.
    public init(
        encoding: ObservationEncoding, head: ActionHead, valueHeads: Int, hiddenSizes: [Int], activation: Activation,
        initialLogDeviation: Double, key: RandomKey
    ) {
        self.encoding = encoding
        self.head = head
        policy = MLP(
            [encoding.features] + hiddenSizes + [head.outputs], activation: activation,
            output: .orthogonal(gain: 0.01), key: key.derived("policy"))
        value = MLP(
            [encoding.features] + hiddenSizes + [valueHeads], activation: activation, key: key.derived("value"))
        if case .gaussian(let low, _) = head {
            logDeviation = Tensor(Array(repeating: Float(initialLogDeviation), count: low.count), shape: [low.count])
        }
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        policy.visitTensors(path.appending(part: "policy"), visit)
        logDeviation.visitTensors(path.appending(part: "logDeviation"), visit)
        value.visitTensors(path.appending(part: "value"), visit)
    }

    /// observations [batch, encoded width]
    public func distribution(_ observations: Tensor) -> any ActionDistribution {
        let outputs = policy(encoding(observations))
        switch head {
        case .categorical: return Categorical(logits: outputs)
        case .gaussian: return DiagonalGaussian(mean: outputs, logDeviation: logDeviation ?? Tensor(0))
        }
    }

    /// [batch, heads]
    public func values(_ observations: Tensor) -> Tensor { value(encoding(observations)) }
}

/// An actor with its normaliser, frozen.
public final class ActorPolicy: Policy {
    let parameters: Parameters<ActorCritic>
    let normalizer: FrozenNormalizer?
    private var programs: [ProgramKey: Program] = [:]

    private struct ProgramKey: Hashable {
        var count: Int
        var deterministic: Bool
    }

    public convenience init(copying model: ActorCritic, normalizer: ObservationNormalizer?) throws {
        try self.init(copying: model, frozen: normalizer?.frozen)
    }

    init(copying model: ActorCritic, frozen normalizer: FrozenNormalizer?) throws {
        parameters = try Parameters(model)
        self.normalizer = normalizer
    }

    public func act(
        on observations: UnsafeBufferPointer<Float>, count: Int, into actions: UnsafeMutableBufferPointer<Float>,
        deterministic: Bool, using random: inout RandomStream
    ) {
        let head = parameters.traced.head
        let program = self.program(ProgramKey(count: count, deterministic: deterministic))
        if let normalizer {
            normalizer.apply(observations, into: program.input(0))
        } else {
            _ = program.input(0).update(fromContentsOf: observations)
        }
        if !deterministic { head.fillNoise(program.input(1), using: &random) }
        program.run()
        head.bounded(program.output(0), into: actions)
    }

    private func program(_ key: ProgramKey) -> Program {
        if let program = programs[key] { return program }
        let model = parameters.traced
        let observations = Tensor(placeholder: key.count, model.encoding.width)
        let noise = Tensor(placeholder: key.count, model.head.outputs)
        let distribution = model.distribution(observations)
        // The model was compiled with these shapes when it was trained, so this cannot fail.
        let program = try! Program(
            inputs: [observations, noise],
            outputs: [key.deterministic ? distribution.mode : distribution.sample(noise: noise)])
        programs[key] = program
        return program
    }
}
