import TelosTensor

/// Options of exploration by a share of random actions that falls in a straight line.
protocol EpsilonGreedy {
    var epsilon: Double { get }
    var finalEpsilon: Double { get }
    var explorationFraction: Double { get }
}

extension EpsilonGreedy {
    /// The share at `progress` in 0 ... 1 of the planned steps.
    func epsilon(at progress: Double) -> Double {
        guard explorationFraction > 0 else { return finalEpsilon }
        return epsilon + (finalEpsilon - epsilon) * min(1, progress / explorationFraction)
    }

    /// Puts a random one of the possible choices in the place of a share of greedy actions.
    func explore(
        _ actions: UnsafeMutableBufferPointer<Float>, among choices: PossibleChoices, progress: Double,
        using random: inout RandomStream
    ) {
        choices.explore(actions, epsilon: epsilon(at: progress), using: &random)
    }

    func checkExploration() throws {
        guard finalEpsilon <= epsilon else {
            throw ConfigurationError(
                option: "finalEpsilon", "\(finalEpsilon) is more than epsilon: \(epsilon); write at most \(epsilon)")
        }
    }
}

/// Their descriptions.
enum EpsilonGreedyOption {
    static let all = [
        OptionDescription(
            "epsilon", "share of random actions at the start", raising: "explores more at first",
            lowering: "exploits sooner", range: 0...1),
        OptionDescription(
            "finalEpsilon", "share of random actions once exploration has faded; at most epsilon",
            raising: "keeps finding better ways", lowering: "behaves as well as it can", range: 0...1),
        OptionDescription(
            "explorationFraction", "share of the planned steps over which epsilon falls, in a straight line",
            raising: "explores for longer", lowering: "settles sooner (0: finalEpsilon throughout)", range: 0...1),
    ]
}
