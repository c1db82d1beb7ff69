import CTelosKernels
import TelosNN
import TelosTensor

/// What the networks of an actor-critic look like.
public struct NetworkDesign: Sendable, Hashable, Codable {
    public var kind = NetworkKind.mlp
    public var hiddenSizes = [64, 64]
    public var activation = Activation.tanh
    /// Whether policy and critic have the same hidden layers.
    public var sharesLayers = false
    /// Gains of the orthogonal first weights.
    public var hiddenGain = 1.414_213_6
    public var policyGain = 0.01
    public var valueGain = 1.0
    public var initialLogDeviation = 0.0
    /// Whether the deviation is an output of the network, rather than a number for all states.
    public var hasStateDependentDeviation = false
    /// Whether log deviations are kept within -5 ... 2 by a hyperbolic tangent.
    public var boundsDeviation = false

    public init() {}

    var hasTrunk: Bool { kind.isRecurrent || sharesLayers }
}

/// Rows of observations with what a policy needs beside them.
public struct ActorInput {
    /// [time * sequences, encoded width], time-major.
    public var observations: Tensor
    /// [time * sequences, choices], 1 where a choice is possible; nil where all always are.
    public var mask: Tensor?
    /// Before the first step, [sequences, memoryWidth]; nil for a policy without memory, or for zeros.
    public var memory: Tensor?
    /// [time, sequences], 1 where the step begins an episode; nil for none.
    public var resets: Tensor?
    /// Steps in each sequence.
    public var time = 1

    public init(
        _ observations: Tensor, mask: Tensor? = nil, memory: Tensor? = nil, resets: Tensor? = nil, time: Int = 1
    ) {
        self.observations = observations
        self.mask = mask
        self.memory = memory
        self.resets = resets
        self.time = time
    }
}

/// Policy and value networks, separate or with common hidden layers, with a memory or without.
public struct ActorCritic: TensorContainer {
    public var policy: MLP
    public var logDeviation: Tensor?
    public var value: MLP
    /// The hidden layers before `policy`, where they are not its own; with shared layers before `value` too.
    var policyTrunk: Trunk?
    var valueTrunk: Trunk?
    let encoding: ObservationEncoding
    let head: ActionHead
    let design: NetworkDesign

    /// - valueHeads: how many returns the critic predicts.
    public init(
        encoding: ObservationEncoding, head: ActionHead, valueHeads: Int, design: NetworkDesign, key: RandomKey
    ) {
        self.encoding = encoding
        self.head = head
        self.design = design
        let (policyKey, valueKey) = (key.derived("policy"), key.derived("value"))
        func trunk(_ key: RandomKey) -> Trunk {
            Trunk(
                design.kind, inputs: encoding.features, sizes: design.hiddenSizes, activation: design.activation,
                gain: Float(design.hiddenGain), key: key.derived("trunk"))
        }
        func network(_ outputs: Int, gain: Double, key: RandomKey) -> MLP {
            let width = design.hiddenSizes.last ?? encoding.features
            return MLP(
                design.hasTrunk ? [width, outputs] : [encoding.features] + design.hiddenSizes + [outputs],
                activation: design.activation, hidden: .orthogonal(gain: Float(design.hiddenGain)),
                output: .orthogonal(gain: Float(gain)), key: key)
        }
        if design.hasTrunk {
            policyTrunk = trunk(policyKey)
            if !design.sharesLayers { valueTrunk = trunk(valueKey) }
        }
        let stateDependent = design.hasStateDependentDeviation ? head.deviations : 0
        policy = network(head.outputs + stateDependent, gain: design.policyGain, key: policyKey)
        value = network(valueHeads, gain: design.valueGain, key: valueKey)
        if head.deviations > 0 {
            let initial = Array(repeating: Float(design.rawLogDeviation), count: head.deviations)
            logDeviation = Tensor(initial, shape: [head.deviations])
        }
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        policy.visitTensors(path.appending(part: "policy"), visit)
        logDeviation.visitTensors(path.appending(part: "logDeviation"), visit)
        value.visitTensors(path.appending(part: "value"), visit)
        policyTrunk.visitTensors(path.appending(part: "policyTrunk"), visit)
        valueTrunk.visitTensors(path.appending(part: "valueTrunk"), visit)
    }

    /// Floats of memory a row; the policy's part comes first.
    public var memoryWidth: Int { policyMemoryWidth + (valueTrunk?.memoryWidth ?? 0) }
    public var policyMemoryWidth: Int { policyTrunk?.memoryWidth ?? 0 }

    /// The distribution over actions, the values [rows, heads] and the memory after the last step (nil without one).
    public func callAsFunction(_ input: ActorInput) -> (any ActionDistribution, values: Tensor, memory: Tensor?) {
        let features = encoding(input.observations)
        let (policyRows, policyMemory) = rows(features, through: policyTrunk, input, from: 0)
        let (valueRows, valueMemory) =
            design.sharesLayers ? (policyRows, []) : rows(features, through: valueTrunk, input, from: policyMemoryWidth)
        let memory = policyMemory + valueMemory
        return (
            distribution(of: policy(policyRows), mask: input.mask), value(valueRows),
            memory.isEmpty ? nil : .concatenate(memory, axis: -1)
        )
    }

    /// The policy's part alone: the distribution over actions and its memory after the last step.
    public func acting(_ input: ActorInput) -> (distribution: any ActionDistribution, memory: Tensor?) {
        let (rows, memory) = rows(encoding(input.observations), through: policyTrunk, input, from: 0)
        return (distribution(of: policy(rows), mask: input.mask), memory.first)
    }

    public func distribution(_ input: ActorInput) -> any ActionDistribution { acting(input).distribution }

    /// observations [batch, encoded width], each the first of its episode where the policy has a memory.
    public func distribution(_ observations: Tensor) -> any ActionDistribution {
        distribution(ActorInput(observations))
    }

    /// What the policy's last layer reads, [rows, width]: where a head beside the policy may be put.
    public func policyFeatures(_ input: ActorInput) -> Tensor {
        let (rows, _) = rows(encoding(input.observations), through: policyTrunk, input, from: 0)
        return policy.layers.dropLast().reduce(rows) { policy.activation($1($0)) }
    }

    /// [rows, heads]
    public func values(_ input: ActorInput) -> Tensor {
        let shared = design.sharesLayers
        let (rows, _) = rows(
            encoding(input.observations), through: shared ? policyTrunk : valueTrunk, input,
            from: shared ? 0 : policyMemoryWidth)
        return value(rows)
    }

    private func rows(
        _ features: Tensor, through trunk: Trunk?, _ input: ActorInput, from column: Int
    ) -> (rows: Tensor, memory: [Tensor]) {
        guard let trunk else { return (features, []) }
        let memory = input.memory.map { memory in
            trunk.memoryWidth == memory.shape.last
                ? memory : memory.sliced(axis: -1, column, column + trunk.memoryWidth)
        }
        return trunk(features, memory: memory, resets: input.resets, time: input.time)
    }

    private func distribution(of outputs: Tensor, mask: Tensor?) -> any ActionDistribution {
        guard var deviation = logDeviation else { return head.distribution(outputs, logDeviation: nil, mask: mask) }
        var means = outputs
        if design.hasStateDependentDeviation {
            means = outputs.sliced(axis: -1, 0, head.outputs)
            deviation = deviation + outputs.sliced(axis: -1, head.outputs, head.outputs + head.deviations)
        }
        if design.boundsDeviation { deviation = 3.5 * tanh(deviation) - 1.5 }
        return head.distribution(means, logDeviation: deviation, mask: mask)
    }

    /// What the policy alone depends on; with shared layers, what both do too.
    struct PolicyPart: TensorContainer {
        var policy: MLP
        var logDeviation: Tensor?
        var trunk: Trunk?

        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            policy.visitTensors(path.appending(part: "policy"), visit)
            logDeviation.visitTensors(path.appending(part: "logDeviation"), visit)
            trunk.visitTensors(path.appending(part: "trunk"), visit)
        }
    }

    var policyPart: PolicyPart {
        get { PolicyPart(policy: policy, logDeviation: logDeviation, trunk: policyTrunk) }
        set { (policy, logDeviation, policyTrunk) = (newValue.policy, newValue.logDeviation, newValue.trunk) }
    }
}

extension NetworkDesign {
    /// The parameter that the initial log deviation is a function of: itself, or u with 3.5 tanh(u) - 1.5.
    fileprivate var rawLogDeviation: Double {
        guard boundsDeviation else { return initialLogDeviation }
        let share = min(max((initialLogDeviation + 1.5) / 3.5, -0.999), 0.999)
        return 0.5 * (telos_log64(1 + share) - telos_log64(1 - share))
    }
}
