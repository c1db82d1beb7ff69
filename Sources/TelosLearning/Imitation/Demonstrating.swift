import TelosEnvironments
import TelosFeedback
import TelosTensor

/// Whole episodes of a policy as demonstrations: the first `episodes` to start, one an environment.
/// - labels: another policy's actions in the place of those that were taken, as DAgger asks for; nil for what was done.
/// - maximumSteps: where an environment without a horizon is cut off.
/// - Throws: what making the environments throws, and `FeedbackError` for numbers that are not finite.
public func demonstrate(
    _ policy: any Policy, on task: TaskDefinition, episodes: Int, deterministic: Bool = true,
    labels: (any Policy)? = nil, key: RandomKey, maximumSteps: Int = 10_000
) throws -> [Segment] {
    let environments = try task.makeEnvironments(count: episodes, key: key.derived("environments"))
    let specification = environments.specification
    let (width, actionWidth) = (specification.observation.width, specification.action.width)
    var random = key.derived("policy").stream
    let actions = Buffer<Float>(count: episodes * actionWidth, repeating: 0)
    let shown = Buffer<Float>(count: episodes * actionWidth, repeating: 0)
    let maskFor = ActionMask(specification)
    let mask = Buffer<Float>(count: episodes * (maskFor?.width ?? 0), repeating: 0)
    let memories = [policy, labels].compactMap(\.self).map {
        Buffer<Float>(count: episodes * $0.memoryWidth, repeating: 0)
    }
    var observed: [[[Float]]] = (0..<episodes).map { [row(environments.observations, $0, width)] }
    var done: [[[Float]]] = Array(repeating: [], count: episodes)
    var segments = [Segment?](repeating: nil, count: episodes)
    var step = 0
    while segments.contains(where: { $0 == nil }), step < maximumSteps {
        maskFor?.write(environments.signals, count: episodes, into: mask.all)
        func act(_ policy: any Policy, _ memory: Buffer<Float>, into target: Buffer<Float>) {
            policy.act(
                on: PolicyInput(
                    observations: environments.observations, count: episodes, mask: maskFor.map { _ in mask.readOnly },
                    memory: memory.all),
                into: target.all, deterministic: deterministic, using: &random)
        }
        act(policy, memories[0], into: actions)
        if let labels {
            act(labels, memories[1], into: shown)
        } else {
            _ = shown.all.update(fromContentsOf: actions.readOnly)
        }
        environments.step(actions: actions.readOnly)
        step += 1
        let transitions = environments.transitions
        for index in 0..<episodes where segments[index] == nil {
            done[index].append(row(shown.readOnly, index, actionWidth))
            observed[index].append(row(transitions.nextObservations, index, width))
            let end = transitions.ends[index]
            if end != .ongoing || step == maximumSteps {
                segments[index] = try Segment(
                    observations: observed[index], actions: done[index], isTerminated: end == .terminated)
            }
        }
        for index in 0..<episodes where transitions.ends[index] != .ongoing {
            for memory in memories {
                let width = memory.count / episodes
                memory.rows(from: index * width, count: width).update(repeating: 0)
            }
        }
    }
    return segments.compactMap(\.self)
}

private func row(_ block: UnsafeBufferPointer<Float>, _ index: Int, _ width: Int) -> [Float] {
    Array(block[(index * width)..<((index + 1) * width)])
}
