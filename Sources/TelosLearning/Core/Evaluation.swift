import TelosEnvironments
import TelosTensor

/// Episodes of a frozen policy, judged by the primary reward.
public struct EvaluationResult: Sendable {
    public var episodes: [EpisodeRecord]
    /// Pictures of the first episode, where asked for.
    public var drawings: [Drawing]

    public var meanReturn: Double {
        episodes.isEmpty ? 0 : episodes.reduce(0) { $0 + $1.primaryReturn } / Double(episodes.count)
    }

    /// Mean over episodes of each term's sum.
    public var meanTerms: [Double] {
        guard let first = episodes.first else { return [] }
        return first.terms.indices.map { term in
            episodes.reduce(0) { $0 + $1.terms[term] } / Double(episodes.count)
        }
    }
}

/// Runs whole episodes of `policy`: the first `episodes` to start, one an environment, so that short episodes are not
/// over-represented.
/// - maximumSteps: where an environment without a horizon is cut off, as truncation.
/// - threads: how many the environments may be divided among, where their steps are costly.
public func evaluate(
    _ policy: any Policy, on task: TaskDefinition, episodes: Int, deterministic: Bool = true, key: RandomKey,
    recordingFirst: Bool = false, maximumSteps: Int = 10_000, threads: Int = 1
) throws -> EvaluationResult {
    let environments = try task.makeEnvironments(
        count: episodes, key: key.derived("environments"), threads: threads)
    let rewards = try TaskRewards(task, specification: environments.specification, count: episodes, discount: 1)
    var random = key.derived("policy").stream
    let actions = Buffer<Float>(count: episodes * environments.specification.action.width, repeating: 0)
    var records = [EpisodeRecord?](repeating: nil, count: episodes)
    var returns = [Double](repeating: 0, count: episodes)
    var terms = [Double](repeating: 0, count: rewards.termNames.count * episodes)
    var drawings = recordingFirst ? [environments.draw(0)] : []
    let mask = ActionMask(environments.specification)
    let maskRows = Buffer<Float>(count: episodes * (mask?.width ?? 0), repeating: 0)
    let memory = Buffer<Float>(count: episodes * policy.memoryWidth, repeating: 0)
    var step = 0
    while records.contains(where: { $0 == nil }), step < maximumSteps {
        mask?.write(environments.signals, count: episodes, into: maskRows.all)
        policy.act(
            on: PolicyInput(
                observations: environments.observations, count: episodes, mask: mask.map { _ in maskRows.readOnly },
                memory: memory.all),
            into: actions.all, deterministic: deterministic, using: &random)
        environments.step(actions: actions.readOnly)
        step += 1
        let transitions = environments.transitions
        let values = rewards.evaluate(transitions)
        for index in 0..<episodes where records[index] == nil {
            returns[index] += values.channels[index]
            for term in rewards.termNames.indices {
                terms[term * episodes + index] += values.terms[term * episodes + index]
            }
            var end = transitions.ends[index]
            if end == .ongoing, step == maximumSteps { end = .truncated }
            if end != .ongoing {
                records[index] = EpisodeRecord(
                    step: step, length: step, primaryReturn: returns[index],
                    terms: rewards.termNames.indices.map { terms[$0 * episodes + index] }, end: end)
            }
        }
        for index in 0..<episodes where transitions.ends[index] != .ongoing {
            memory.rows(from: index * policy.memoryWidth, count: policy.memoryWidth).update(repeating: 0)
        }
        if recordingFirst, records[0] == nil { drawings.append(environments.draw(0)) }
    }
    if let failure = task.environment.failure() { throw failure }
    return EvaluationResult(episodes: records.compactMap { $0 }, drawings: drawings)
}
