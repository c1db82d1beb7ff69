import TelosEnvironments
import TelosNN
import TelosTensor

/// A reward that is linear in features, fitted to comparisons that are taken to be by regret: how far a segment falls short
/// of the best behaviour, not what it was paid.
///
/// P(first) = sigmoid(regret_2 - regret_1), regret = V~(s_0) - (w . Phi + V~(s_k)), Phi the segment's summed features and V~
/// the best value among known policies for the candidate w (`SuccessorFeatures.improvement`), so that w is moved by
/// gradients without solving an MDP. For deterministic transitions; where chance matters regret is
/// sum over t of V~(s_t) - q~(s_t,a_t). (Knox and others, *Models of human preference for learning reward functions*, 2024.)
public struct RegretRewardModel: Sendable, Hashable {
    public struct Options: Sendable, Hashable {
        /// Of Adam, over all comparisons at once.
        public var learningRate = 0.1
        public var steps = 1500
        /// Starts from small random weights; the one that ends with the lowest loss is kept. The loss is not convex.
        public var restarts = 2
        /// Of the maximum over policies.
        public var temperature = 1e-3
        /// How often the policy that is optimal for the fitted reward joins the known ones and the fit is resumed. Where the
        /// known policies are poor, V~ is too low.
        public var refinements = 1

        public init() {}
    }

    /// w.
    public let weights: [Double]
    /// The mean of -(y log P + (1 - y) log(1 - P)) at w.
    public let loss: Double

    /// - Parameters:
    ///   - policies: the known ones. They need not be good for the true reward, but some should be for any w.
    ///   - key: the starts.
    /// - Throws: `FeedbackError` for no comparisons; what solving for the fitted reward throws.
    public static func fit(
        _ preferences: [Preference<TabularSegment>], in mdp: TabularMDP, policies: SuccessorFeatures,
        options: Options = Options(), key: RandomKey
    ) throws -> RegretRewardModel {
        guard !preferences.isEmpty else { throw FeedbackError("there are no comparisons to fit a reward to") }
        var best: RegretRewardModel?
        for restart in 0..<max(options.restarts, 1) {
            var random = key.derived("start", restart).stream
            var known = policies
            let start = (0..<policies.width).map { _ in 0.1 * random.normal() }
            var model = descend(from: start, preferences, mdp, known, options)
            for _ in 0..<options.refinements {
                try known.append(
                    mdp.policyIteration(reward: known.reward(model.weights), discount: known.discount).policy)
                model = descend(from: model.weights, preferences, mdp, known, options)
            }
            if model.loss < best?.loss ?? .infinity { best = model }
        }
        return best!
    }

    private struct Pair {
        /// Phi_1 - Phi_2.
        var features: [Double]
        var starts: (Int, Int)
        var ends: (Int, Int)
        var target: Double
    }

    private static func descend(
        from start: [Double], _ preferences: [Preference<TabularSegment>], _ mdp: TabularMDP,
        _ policies: SuccessorFeatures, _ options: Options
    ) -> RegretRewardModel {
        let width = policies.width
        func sum(_ segment: TabularSegment) -> [Double] {
            mdp.featureSum(of: segment, features: policies.features, width: width)
        }
        let pairs = preferences.map { preference in
            Pair(
                features: zip(sum(preference.first), sum(preference.second)).map { $0 - $1 },
                starts: (preference.first.states[0], preference.second.states[0]),
                ends: (
                    preference.first.states[preference.first.stepCount],
                    preference.second.states[preference.second.stepCount]
                ), target: preference.target)
        }
        var weights = start
        var optimizer = AdamVector(count: width)
        var gradient = [Double](repeating: 0, count: width)
        var kept = RegretRewardModel(weights: weights, loss: .infinity)
        for step in 0...options.steps {
            let (values, slopes) = policies.improvement(weights, temperature: options.temperature)
            var loss = 0.0
            for index in 0..<width { gradient[index] = 0 }
            for pair in pairs {
                // regret_2 - regret_1
                var difference =
                    values[pair.ends.0] - values[pair.starts.0] - values[pair.ends.1] + values[pair.starts.1]
                for index in 0..<width { difference += weights[index] * pair.features[index] }
                loss += preferenceLoss(difference: difference, target: pair.target)
                let error = logistic(difference) - pair.target
                for index in 0..<width {
                    let slope =
                        pair.features[index] + slopes[pair.ends.0 * width + index]
                        - slopes[pair.starts.0 * width + index] - slopes[pair.ends.1 * width + index]
                        + slopes[pair.starts.1 * width + index]
                    gradient[index] += error * slope
                }
            }
            loss /= Double(pairs.count)
            if loss < kept.loss { kept = RegretRewardModel(weights: weights, loss: loss) }
            guard step < options.steps else { break }
            optimizer.step(
                &weights, gradient: gradient.map { $0 / Double(pairs.count) }, learningRate: options.learningRate)
        }
        return kept
    }
}
