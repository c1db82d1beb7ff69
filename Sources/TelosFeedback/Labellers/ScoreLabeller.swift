import CTelosKernels
import TelosEnvironments

/// A rater with a score for every option, rational to a degree: P(first) = sigmoid(rationality (score_1 - score_2)).
///
/// Scores that differ by at most `equalThreshold` are called a tie; where both scores are below `skipThreshold` the rater
/// gives no answer. With the score a segment's partial return this is the model of Bradley and Terry (*Rank analysis of
/// incomplete block designs*, 1952) and of Christiano and others (*Deep reinforcement learning from human preferences*,
/// 2017), and with thresholds and myopia the simulated teachers of Lee, Smith, Dragan and Abbeel, *B-Pref: benchmarking
/// preference-based reinforcement learning*, 2021; `MistakenLabeller` adds their mistakes.
public struct ScoreLabeller<Option: Sendable>: Labeller {
    /// How good an option is to this rater.
    public var score: @Sendable (Option) -> Double
    /// Raising it makes answers follow the scores more surely; infinite: the higher score always, either way at equal
    /// scores; 0: blindly.
    public var rationality: Double
    /// The largest difference of scores that is called a tie; nil: there are no ties.
    public var equalThreshold: Double?
    /// Below it for both options there is no answer.
    public var skipThreshold: Double

    /// - Precondition: `rationality` and `equalThreshold` are not negative.
    public init(
        rationality: Double = .infinity, equalThreshold: Double? = nil, skipThreshold: Double = -.infinity,
        score: @escaping @Sendable (Option) -> Double
    ) {
        precondition(rationality >= 0 && (equalThreshold ?? 0) >= 0, "a rationality or a threshold is negative")
        self.score = score
        self.rationality = rationality
        self.equalThreshold = equalThreshold
        self.skipThreshold = skipThreshold
    }

    public func probabilities(_ first: Option, _ second: Option) -> AnswerProbabilities {
        let scores = (score(first), score(second))
        if max(scores.0, scores.1) < skipThreshold { return .certain(nil) }
        let difference = scores.0 - scores.1
        if let equalThreshold, abs(difference) <= equalThreshold { return .certain(.tie) }
        let chance = difference == 0 ? 0.5 : 1 / (1 + telos_exp64(-rationality * difference))
        return AnswerProbabilities(first: chance, second: 1 - chance)
    }
}

extension ScoreLabeller<Segment> {
    /// Compares what segments were paid, by the rewards that they carry.
    /// - Parameter myopia: how much a step counts beside the one after it (B-Pref's gamma); below 1 the end of a segment
    ///   decides.
    public static func partialReturn(
        myopia: Double = 1, rationality: Double = .infinity, equalThreshold: Double? = nil,
        skipThreshold: Double = -.infinity
    ) -> ScoreLabeller {
        ScoreLabeller(rationality: rationality, equalThreshold: equalThreshold, skipThreshold: skipThreshold) {
            $0.partialReturn(myopia: myopia)
        }
    }
}

extension ScoreLabeller<TabularSegment> {
    /// Compares what segments are paid by `reward`, r(s,a) or R(s,a,s').
    /// - Parameter myopia: how much a step counts beside the one after it; below 1 the end of a segment decides.
    public static func partialReturn(
        in mdp: TabularMDP, reward: [Double], myopia: Double = 1, rationality: Double = .infinity,
        equalThreshold: Double? = nil, skipThreshold: Double = -.infinity
    ) -> ScoreLabeller {
        ScoreLabeller(rationality: rationality, equalThreshold: equalThreshold, skipThreshold: skipThreshold) {
            mdp.partialReturn(of: $0, reward: reward, myopia: myopia)
        }
    }

    /// Compares how far segments fall short of the best behaviour, the lower regret being the better one:
    /// P(first) = sigmoid(rationality (regret_2 - regret_1)). (Knox and others, *Models of human preference for learning
    /// reward functions*, 2024.)
    /// - Parameters:
    ///   - values: V*(s) of the rater's reward.
    ///   - q: q*(s,a) of it, at `s * actionCount + a`.
    public static func regret(
        in mdp: TabularMDP, values: [Double], q: [Double], rationality: Double = .infinity,
        equalThreshold: Double? = nil
    ) -> ScoreLabeller {
        ScoreLabeller(rationality: rationality, equalThreshold: equalThreshold) {
            -mdp.regret(of: $0, values: values, q: q)
        }
    }
}
