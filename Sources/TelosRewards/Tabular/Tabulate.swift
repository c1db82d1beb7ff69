import TelosEnvironments
import TelosTensor

/// R(s, a, s') of every transition of a finite model, at `(s * actionCount + a) * stateCount + s'`: the index of
/// `TabularMDP.transitions`.
///
/// 0 where the transition has probability 0, and from terminal states, where nothing is collected. A transition into a
/// terminal state is `terminated`; none is `truncated`, since a model has no horizon.
///
/// - Throws: `RewardError` for a reward with memory, which is no function of (s, a, s').
public func tabulate(reward: any BoundReward, over model: FiniteModel) throws -> [Double] {
    guard reward.memoryWidth == 0 else {
        throw RewardError("a reward with memory is no function of a transition alone and has no table")
    }
    let (mdp, width) = (model.mdp, model.observationWidth)
    var table = [Double](repeating: 0, count: mdp.transitions.count)
    var positions: [Int] = []
    for state in 0..<mdp.stateCount where !mdp.terminal[state] {
        for action in 0..<mdp.actionCount {
            mdp.forEachSuccessor(of: state, action: action) { next, _ in
                positions.append((state * mdp.actionCount + action) * mdp.stateCount + next)
            }
        }
    }
    let blockSize = 1024
    for start in stride(from: 0, to: positions.count, by: blockSize) {
        let block = positions[start..<min(start + blockSize, positions.count)]
        let count = block.count
        let before = Buffer<Double>(count: model.signalCount * count, repeating: 0)
        let after = Buffer<Double>(count: model.signalCount * count, repeating: 0)
        let observations = Buffer<Float>(count: width * count, repeating: 0)
        let nextObservations = Buffer<Float>(count: width * count, repeating: 0)
        let actions = Buffer<Float>(count: count, repeating: 0)
        let ends = Buffer<EpisodeEnd>(count: count, repeating: .ongoing)
        for (e, position) in block.enumerated() {
            let next = position % mdp.stateCount
            let state = position / mdp.stateCount / mdp.actionCount
            actions[e] = Float(position / mdp.stateCount % mdp.actionCount)
            if mdp.terminal[next] { ends[e] = .terminated }
            for k in 0..<model.signalCount {
                before[k * count + e] = model.signals[state * model.signalCount + k]
                after[k * count + e] = model.signals[next * model.signalCount + k]
            }
            for k in 0..<width {
                observations[e * width + k] = model.observations[state * width + k]
                nextObservations[e * width + k] = model.observations[next * width + k]
            }
        }
        let rewards = Buffer<Double>(count: count, repeating: 0)
        let terms = Buffer<Double>(count: count * reward.termNames.count, repeating: 0)
        reward.evaluate(
            TransitionBatch(
                count: count, specification: model.specification, signalsBefore: before.readOnly,
                signalsAfter: after.readOnly, actions: actions.readOnly, observations: observations.readOnly,
                nextObservations: nextObservations.readOnly, ends: ends.readOnly),
            memory: .init(start: nil, count: 0), rewards: rewards.all, terms: terms.all)
        for (e, position) in block.enumerated() { table[position] = rewards[e] }
    }
    return table
}
