import TelosEnvironments
import TelosFeedback
import TelosTensor

/// Acts at random, every possible choice or every place of a box equally often.
public final class UniformPolicy: Policy {
    private let space: Space

    /// - Throws: `LearnerError` for actions that are neither one discrete choice nor a box.
    public init(_ space: Space) throws {
        switch space {
        case .discrete, .box: self.space = space
        default: throw LearnerError("a uniform policy needs one discrete choice or a box of actions")
        }
    }

    public func act(
        on observations: UnsafeBufferPointer<Float>, count: Int, into actions: UnsafeMutableBufferPointer<Float>,
        deterministic: Bool, using random: inout RandomStream
    ) {
        act(
            on: PolicyInput(observations: observations, count: count), into: actions, deterministic: deterministic,
            using: &random)
    }

    public func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
        using random: inout RandomStream
    ) {
        switch space {
        case .box(let low, let high, _):
            for index in 0..<(input.count * low.count) {
                actions[index] = Float(
                    random.uniform(Double(low[index % low.count]), Double(high[index % low.count])))
            }
        case .discrete(let count):
            let choices = PossibleChoices(count: count, mask: input.mask)
            for row in 0..<input.count { actions[row] = choices.random(row, using: &random) }
        default: break
        }
    }
}

extension TransitionDataset {
    /// What `policy` does in a task, paid by its primary reward, with all signals kept.
    ///
    /// Steps of one environment lie together; those of the next follow. The last of each is cut off.
    /// - Parameters:
    ///   - count: steps in all.
    ///   - environments: how many are stepped side by side; each gets as many of the steps, but for a remainder.
    ///   - deterministic: the policy's most probable actions rather than drawn ones.
    /// - Throws: what making the environments and binding the reward throw; `LearnerError` for no steps.
    public static func collecting(
        _ policy: any Policy, on task: TaskDefinition, count: Int, environments: Int = 8, deterministic: Bool = false,
        source: String? = nil, key: RandomKey
    ) throws -> TransitionDataset {
        guard count > 0, environments > 0 else {
            throw LearnerError("a dataset of \(count) steps from \(environments) environments; write 1 or more of both")
        }
        let environments = min(environments, count)
        let batch = try task.makeEnvironments(count: environments, key: key.derived("environments"))
        let specification = batch.specification
        let rewards = try TaskRewards(task, specification: specification, count: environments, discount: 1)
        let (width, actionWidth) = (specification.observation.width, specification.action.width)
        let names = specification.signals.map(\.name)
        var random = key.derived("policy").stream
        var parts = Array(
            repeating: TransitionDataset(
                observationWidth: width, actionWidth: actionWidth, signalNames: names,
                source: source ?? specification.name), count: environments)
        let actions = Buffer<Float>(count: environments * actionWidth, repeating: 0)
        let memory = Buffer<Float>(count: environments * policy.memoryWidth, repeating: 0)
        let mask = ActionMask(specification)
        let maskRows = Buffer<Float>(count: environments * (mask?.width ?? 0), repeating: 0)
        /// Of environment e, the first ones getting what is left of the division.
        func share(_ environment: Int) -> Int {
            count / environments + (environment < count % environments ? 1 : 0)
        }
        for step in 0..<share(0) {
            mask?.write(batch.signals, count: environments, into: maskRows.all)
            policy.act(
                on: PolicyInput(
                    observations: batch.observations, count: environments, mask: mask.map { _ in maskRows.readOnly },
                    memory: policy.memoryWidth > 0 ? memory.all : nil),
                into: actions.all, deterministic: deterministic, using: &random)
            batch.step(actions: actions.readOnly)
            let transitions = batch.transitions
            let paid = rewards.evaluate(transitions)
            func row(_ values: UnsafeBufferPointer<Float>, _ environment: Int, _ width: Int) -> [Float] {
                Array(values[(environment * width)..<((environment + 1) * width)])
            }
            func signals(_ values: UnsafeBufferPointer<Double>, _ environment: Int) -> [Float] {
                names.indices.map { Float(values[$0 * environments + environment]) }
            }
            for environment in 0..<environments where step < share(environment) {
                let end = transitions.ends[environment]
                try parts[environment].append(
                    LoggedTransition(
                        observation: row(transitions.observations, environment, width),
                        action: row(transitions.actions, environment, actionWidth),
                        reward: Float(paid.channels[environment]),
                        nextObservation: row(transitions.nextObservations, environment, width),
                        end: end == .ongoing && step == share(environment) - 1 ? .truncated : end,
                        signals: signals(transitions.signalsBefore, environment),
                        nextSignals: signals(transitions.signalsAfter, environment)))
                if end != .ongoing {
                    memory.rows(from: environment * policy.memoryWidth, count: policy.memoryWidth).update(repeating: 0)
                }
            }
        }
        var dataset = parts[0]
        for part in parts.dropFirst() { try dataset.append(contentsOf: part) }
        return dataset
    }
}
