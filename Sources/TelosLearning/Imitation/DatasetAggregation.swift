import TelosFeedback
import TelosTensor

extension OfflineLearner {
    /// Follows the present policy, has an expert say what it would have done in every state visited, adds that to the
    /// dataset and learns on; `rounds` times. With behaviour cloning this is DAgger; the first policy is the clone, and
    /// later ones act alone.
    ///
    /// (Ross, Gordon and Bagnell, *A reduction of imitation learning and structured prediction to no-regret online
    /// learning*, 2011.)
    /// - Parameters:
    ///   - episodes: whole ones, a round.
    ///   - updates: gradient steps, a round.
    public func aggregate(
        expert: any Policy, on task: TaskDefinition, rounds: Int, episodes: Int, updates: Int, key: RandomKey
    ) throws {
        for round in 0..<rounds {
            try append(
                .collecting(policy(), on: task, episodes: episodes, labels: expert, key: key.derived("round", round)))
            try learn(updates)
        }
    }
}
