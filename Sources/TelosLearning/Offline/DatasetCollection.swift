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
    ///   - source: the environment's name where nil.
    /// - Throws: what making the environments and binding the reward throw; `LearnerError` for no steps.
    public static func collecting(
        _ policy: any Policy, on task: TaskDefinition, count: Int, environments: Int = 8, deterministic: Bool = false,
        source: String? = nil, key: RandomKey
    ) throws -> TransitionDataset {
        guard count > 0, environments > 0 else {
            throw LearnerError("a dataset of \(count) steps from \(environments) environments; write 1 or more of both")
        }
        let environments = min(environments, count)
        var collection = try Collection(
            policy, on: task, environments: environments, deterministic: deterministic, source: source, key: key)
        // The first ones get what is left of the division.
        for step in 0..<((count + environments - 1) / environments) {
            try collection.step { environment, _ in
                let share = count / environments + (environment < count % environments ? 1 : 0)
                return step < share - 1 ? .keep : step == share - 1 ? .keepAsLast : .skip
            }
        }
        return try collection.dataset()
    }

    /// Whole episodes of a policy, one after another: the first of each of `episodes` environments.
    /// - Parameters:
    ///   - labels: another policy, whose actions stand in the place of those that were taken, as DAgger asks for.
    ///   - maximumSteps: where an environment without a horizon is cut off.
    /// - Throws: what making the environments and binding the reward throw; `LearnerError` for no episodes.
    public static func collecting(
        _ policy: any Policy, on task: TaskDefinition, episodes: Int, deterministic: Bool = true,
        labels: (any Policy)? = nil, source: String? = nil, key: RandomKey, maximumSteps: Int = 10_000
    ) throws -> TransitionDataset {
        guard episodes > 0, maximumSteps > 0 else {
            throw LearnerError("a dataset of \(episodes) episodes of \(maximumSteps) steps; write 1 or more of both")
        }
        var collection = try Collection(
            policy, on: task, environments: episodes, deterministic: deterministic, labels: labels, source: source,
            key: key)
        var isDone = [Bool](repeating: false, count: episodes)
        for step in 0..<maximumSteps where isDone.contains(false) {
            try collection.step { environment, end in
                if isDone[environment] { return .skip }
                isDone[environment] = end != .ongoing
                return step == maximumSteps - 1 ? .keepAsLast : .keep
            }
        }
        return try collection.dataset()
    }
}

/// A policy at work in several environments, and what was kept of it.
private struct Collection {
    enum Choice { case keep, keepAsLast, skip }

    private let batch: any BatchEnvironment
    private var rewards: TaskRewards
    private let policies: [(policy: any Policy, memory: Buffer<Float>, actions: Buffer<Float>)]
    private let deterministic: Bool
    private let mask: ActionMask?
    private let maskRows: Buffer<Float>
    private let count: Int
    private var random: RandomStream
    private var parts: [TransitionDataset]

    init(
        _ policy: any Policy, on task: TaskDefinition, environments: Int, deterministic: Bool,
        labels: (any Policy)? = nil, source: String?, key: RandomKey
    ) throws {
        (count, self.deterministic) = (environments, deterministic)
        batch = try task.makeEnvironments(count: environments, key: key.derived("environments"))
        let specification = batch.specification
        rewards = try TaskRewards(task, specification: specification, count: environments, discount: 1)
        random = key.derived("policy").stream
        parts = Array(
            repeating: TransitionDataset(
                observationWidth: specification.observation.width, actionWidth: specification.action.width,
                signalNames: specification.signals.map(\.name), source: source ?? specification.name),
            count: environments)
        policies = [policy, labels].compactMap(\.self).map {
            (
                $0, Buffer<Float>(count: environments * $0.memoryWidth, repeating: 0),
                Buffer<Float>(count: environments * specification.action.width, repeating: 0)
            )
        }
        mask = ActionMask(specification)
        maskRows = Buffer<Float>(count: environments * (mask?.width ?? 0), repeating: 0)
    }

    /// One step of all; `choose` says what becomes of an environment's.
    mutating func step(_ choose: (_ environment: Int, _ end: EpisodeEnd) -> Choice) throws {
        mask?.write(batch.signals, count: count, into: maskRows.all)
        for (policy, memory, actions) in policies {
            policy.act(
                on: PolicyInput(
                    observations: batch.observations, count: count, mask: mask.map { _ in maskRows.readOnly },
                    memory: policy.memoryWidth > 0 ? memory.all : nil),
                into: actions.all, deterministic: deterministic, using: &random)
        }
        batch.step(actions: policies[0].actions.readOnly)
        let transitions = batch.transitions
        let paid = rewards.evaluate(transitions)
        let (width, actionWidth) = (parts[0].observationWidth, parts[0].actionWidth)
        let shown = policies[policies.count - 1].actions.readOnly
        func row(_ values: UnsafeBufferPointer<Float>, _ environment: Int, _ width: Int) -> [Float] {
            Array(values[(environment * width)..<((environment + 1) * width)])
        }
        func signals(_ values: UnsafeBufferPointer<Double>, _ environment: Int) -> [Float] {
            parts[0].signalNames.indices.map { Float(values[$0 * count + environment]) }
        }
        for environment in 0..<count {
            let end = transitions.ends[environment]
            let choice = choose(environment, end)
            if choice != .skip {
                try parts[environment].append(
                    LoggedTransition(
                        observation: row(transitions.observations, environment, width),
                        action: row(shown, environment, actionWidth), reward: Float(paid.channels[environment]),
                        nextObservation: row(transitions.nextObservations, environment, width),
                        end: end == .ongoing && choice == .keepAsLast ? .truncated : end,
                        signals: signals(transitions.signalsBefore, environment),
                        nextSignals: signals(transitions.signalsAfter, environment)))
            }
            guard end != .ongoing else { continue }
            for (policy, memory, _) in policies {
                memory.rows(from: environment * policy.memoryWidth, count: policy.memoryWidth).update(repeating: 0)
            }
        }
    }

    /// The steps of one environment after those of another.
    func dataset() throws -> TransitionDataset {
        var dataset = parts[0]
        for part in parts.dropFirst() { try dataset.append(contentsOf: part) }
        return dataset
    }
}
