import TelosEnvironments
import TelosNN
import TelosTensor

/// What a policy computes when it acts deterministically, from observations as the environment gives them (the
/// normaliser is part of it) to actions as the environment takes them (clipped and scaled).
///
/// Inputs: `observation` [rows, width]; `mask` [rows, choices] where choices may be impossible, 1 for those that are
/// possible; `memory` [rows, memoryWidth] of a policy that remembers, zeros where an episode begins. Outputs: `action`
/// [rows, width]; `next_memory`; and what the action was chosen by: `logits`, `mean` and `log_deviation`, or `q`.
extension NamedComputation {
    /// - memory: before the step and after it, of a policy that remembers.
    fileprivate init(
        observation: Tensor, mask: Tensor?, memory: (before: Tensor, after: Tensor)?, action: Tensor,
        _ parameters: [NamedTensor]
    ) {
        self.init(
            inputs: [NamedTensor("observation", observation, "What the environment shows, as it shows it.")],
            outputs: [NamedTensor("action", action, "The action to take, as the environment takes it.")] + parameters)
        if let mask {
            inputs.append(NamedTensor("mask", mask, "1 where a choice is possible, otherwise 0."))
        }
        if let memory {
            inputs.append(
                NamedTensor("memory", memory.before, "What the policy remembers; zeros where an episode begins."))
            outputs.append(NamedTensor("next_memory", memory.after, "What the policy remembers after this step."))
        }
    }
}

extension PolicyFile {
    /// What a policy computes when it acts deterministically, for that many rows. Throws `CheckpointError` for a
    /// policy that computes nothing that could be written down.
    public static func actingGraph(_ policy: any Policy, rows: Int) throws -> NamedComputation {
        guard let policy = policy as? any StorablePolicy else {
            throw CheckpointError(
                "a policy of type \(type(of: policy)) is not a computation that could be written down")
        }
        return policy.actingGraph(rows: rows)
    }
}

extension FrozenNormalizer {
    /// The same as `apply`, on rows [rows, width].
    func callAsFunction(_ rows: Tensor) -> Tensor {
        let normalized = ((rows - Tensor(mean, shape: [mean.count])) * Tensor(scale, shape: [scale.count]))
            .clipped(-10, 10)
        guard scale.contains(0) else { return normalized }
        return select(Tensor(scale.map { $0 == 0 ? 0 : 1 }, shape: [scale.count]), normalized, rows)
    }
}

/// The parameters of a distribution with the names exports have for them: `logits` for a categorical choice, `mean` and
/// `log_deviation` for a normal; those of part k of several end in `_k`.
private func distributionParameters(of distribution: some ActionDistribution) -> [NamedTensor] {
    zip(distribution.tensorNames, distribution.tensors).map { path, tensor in
        var parts = path.split(separator: ".").map(String.init)
        let (name, summary) =
            switch parts.popLast() {
            case "logProbabilities": ("logits", "Log-probability of each choice.")
            case "logits": ("logits", "Logit of each bit being 1.")
            case "mean": ("mean", "Mean of the normal that the action is drawn from.")
            case "logDeviation": ("log_deviation", "Log standard deviation of that normal.")
            case let other: (other ?? "parameters", "A parameter of the distribution of actions.")
            }
        return NamedTensor(([name] + parts).joined(separator: "_"), tensor, summary)
    }
}

extension ActorPolicy {
    public func actingGraph(rows: Int) -> NamedComputation {
        let model = parameters.traced
        let observation = Tensor(placeholder: rows, model.encoding.width)
        var input = ActorInput(normalizer?(observation) ?? observation)
        if isMasked { input.mask = Tensor(placeholder: rows, model.head.outputs) }
        if memoryWidth > 0 { input.memory = Tensor(placeholder: rows, memoryWidth) }
        let (distribution, after) = model.acting(input)
        return NamedComputation(
            observation: observation, mask: input.mask,
            memory: input.memory.flatMap { before in
                after.map { (before, $0) }
            },
            action: bounds(distribution.mode), distributionParameters(of: distribution))
    }
}

extension OffPolicyActor {
    func actingGraph(rows: Int) -> NamedComputation {
        let actor = parameters.traced
        let observation = Tensor(placeholder: rows, actor.encoding.width)
        let mask = isMasked ? Tensor(placeholder: rows, actor.head.outputs) : nil
        let before = memoryWidth > 0 ? Tensor(placeholder: rows, memoryWidth) : nil
        let (features, after) = actor.features(ActorInput(normalizer?(observation) ?? observation, memory: before))
        let parameters: [NamedTensor] =
            switch actor.head {
            case .gaussian: distributionParameters(of: actor.gaussian(features))
            case .deterministic: []
            case .categorical: distributionParameters(of: actor.categorical(features, mask: mask))
            }
        // A deterministic action reads no noise.
        let noise = Tensor.zeros(rows, actor.head.noiseWidth)
        return NamedComputation(
            observation: observation, mask: mask, memory: before.flatMap { before in after.map { (before, $0) } },
            action: actor.actions(features, noise: noise, mask: mask, deterministic: true), parameters)
    }
}

extension GreedyPolicy {
    func actingGraph(rows: Int) -> NamedComputation {
        let model = parameters.traced
        let observation = Tensor(placeholder: rows, model.shape.encoding.width)
        let mask = isMasked ? Tensor(placeholder: rows, model.shape.actions) : nil
        let before = memoryWidth > 0 ? Tensor(placeholder: rows, memoryWidth) : nil
        let (values, after) = DQNAgent.values(
            model, normalizer?(observation) ?? observation, noise: nil, memory: before, support)
        return NamedComputation(
            observation: observation, mask: mask, memory: before.flatMap { before in after.map { (before, $0) } },
            action: values.restricted(to: mask).argmax().reshaped(rows, 1),
            [NamedTensor("q", values, "What each action is worth, in units of the discounted return.")])
    }
}

extension TablePolicy {
    public func actingGraph(rows: Int) -> NamedComputation {
        let observation = Tensor(placeholder: rows, 1)
        let state = observation.reshaped(rows)
        let greedy = Tensor(greedyActions, shape: [greedyActions.count, 1])
        let table = Tensor(values.map { Float($0) }, shape: [greedyActions.count, actionCount])
        return NamedComputation(
            observation: observation, mask: nil, memory: nil, action: greedy.gatheringRows(state),
            [
                NamedTensor(
                    "q", table.gatheringRows(state), "What each action is worth, in units of the discounted return.")
            ])
    }
}
