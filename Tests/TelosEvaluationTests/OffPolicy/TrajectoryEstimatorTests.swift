import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosEvaluation

/// Every episode of a small process, each as often as it is likely: what is unbiased is then exact.
struct EnumeratedEpisodes {
    static let actionCount = 2
    static let discount = 0.9
    /// The evaluated policy in states 0 to 4, and in the terminal state.
    static let policy = [0.9, 0.1, 0.3, 0.7, 0.5, 0.5, 0.8, 0.2, 0.25, 0.75, 1, 0]
    static let behavior = [0.5, 0.5, 0.25, 0.75, 0.5, 0.5, 0.75, 0.25, 0.5, 0.5, 1, 0]
    static let reward = [1.0, -2, 3, 0.5, -1, 4, 2, 1, 0, -3, 0, 0]

    static let mdp: TabularMDP = {
        // (state, action): successors, of equal probability; 5 is terminal.
        let successors = [[1, 2], [2], [3], [3, 5], [3], [4], [5], [4], [5], [5], [5], [5]]
        var transitions = [Double](repeating: 0, count: 72)
        for (pair, states) in successors.enumerated() {
            for state in states { transitions[pair * 6 + state] += 1 / Double(states.count) }
        }
        return try! TabularMDP(
            stateCount: 6, actionCount: 2, transitions: transitions,
            terminal: [false, false, false, false, false, true], start: [0.5, 0.25, 0.25, 0, 0, 0])
    }()

    static let truth = try! mdp.expectedReturn(policy: policy, reward: reward, discount: discount)

    /// Probabilities are multiples of 2^-11.
    static let episodes: [LoggedEpisode] = {
        var all: [LoggedEpisode] = []
        func extend(_ states: [Int], _ actions: [Int], _ rewards: [Double], _ probability: Double) {
            let state = states[states.count - 1]
            guard !mdp.terminal[state] else {
                let episode = try! LoggedEpisode(
                    states: states, actions: actions, rewards: rewards, isTerminated: true, policy: policy,
                    behavior: behavior, actionCount: 2)
                let copies = probability * 2048
                precondition(copies.rounded() == copies && copies > 0)
                all += Array(repeating: episode, count: Int(copies))
                return
            }
            for action in 0..<2 {
                let pair = state * 2 + action
                for (next, chance) in mdp.successors(of: state, action: action) {
                    extend(
                        states + [next], actions + [action], rewards + [reward[pair]],
                        probability * behavior[pair] * chance)
                }
            }
        }
        for state in 0..<3 { extend([state], [], [], mdp.start[state]) }
        return all
    }()
}

@Suite struct TrajectoryEstimatorTests {
    private typealias Exact = EnumeratedEpisodes

    @Test func allAreExactOnEveryEpisode() throws {
        let (episodes, discount) = (Exact.episodes, Exact.discount)
        #expect(episodes.count == 2048)
        // Any model will do for the doubly robust ones.
        let wrong = episodes.map { episode in
            var copy = episode
            copy.actionValues = episode.actions.indices.map {
                EnumeratedEpisodes.reward[episode.states[$0] * 2 + episode.actions[$0]] * 3 + Double($0)
            }
            copy.stateValues = episode.actions.indices.map { step in
                (0..<2).reduce(0) {
                    let pair = episode.states[step] * 2 + $1
                    return $0 + EnumeratedEpisodes.policy[pair]
                        * (EnumeratedEpisodes.reward[pair] * 3 + Double(step))
                }
            }
            return copy
        }
        for estimator in TrajectoryEstimator.allCases {
            let value = try estimator.estimate(wrong, discount: discount)
            #expect(abs(value - Exact.truth) < 1e-9, "\(estimator): \(value) and \(Exact.truth)")
        }
        let marginal = try marginalizedImportanceSampling(episodes, stateCount: 6, discount: discount)
        #expect(abs(marginal - Exact.truth) < 1e-9)
        let model = try tabularFittedQEvaluation(
            episodes, policy: Exact.policy, actionCount: 2, horizon: 5, discount: discount)
        #expect(abs(model.value - Exact.truth) < 1e-9)
        let q = try Exact.mdp.actionValues(policy: Exact.policy, reward: Exact.reward, discount: discount)
        for pair in 0..<10 {
            #expect(abs(model.actionValue(pair / 2, pair % 2, step: 0) - q[pair]) < 1e-9)
        }
        let magic = try MAGIC().estimate(
            episodes.map { $0.valued(by: model) }, discount: discount, key: RandomKey(seed: 0))
        #expect(abs(magic.value - Exact.truth) < 1e-6)
        #expect(abs(Exact.mdp.expectedReturnOfBehavior - Exact.truth) > 0.1)
    }

    /// Three episodes by hand: ratios (2, 1/2), (1/2), (0, 3), rewards (1, 4), (2), (3, 5), discount 1/2.
    @Test func estimatesAgreeWithThoseByHand() throws {
        let episodes = [
            LoggedEpisode(rewards: [1, 4], ratios: [2, 0.5]), LoggedEpisode(rewards: [2], ratios: [0.5]),
            LoggedEpisode(rewards: [3, 5], ratios: [0, 3]),
        ]
        func value(_ estimator: TrajectoryEstimator) throws -> Double {
            try estimator.estimate(episodes, discount: 0.5)
        }
        // Whole products 1, 1/2, 0; returns 3, 2, 5.5.
        #expect(abs(try value(.importanceSampling) - 4 / 3.0) < 1e-12)
        #expect(abs(try value(.weightedImportanceSampling) - 4 / 1.5) < 1e-12)
        // Step 0: (2 + 1 + 0), step 1: 1/2 (1 × 4 + 0).
        #expect(abs(try value(.perDecision) - 5 / 3.0) < 1e-12)
        // Sums of products: 2.5 at step 0, 1.5 at step 1.
        #expect(abs(try value(.weightedPerDecision) - (3 / 2.5 + 2 / 1.5)) < 1e-12)
        // With q = 1 and v = 1 before each step: + sum of discount^t (u_(t-1) - u_t) over present steps.
        let modelled = episodes.map { episode in
            var copy = episode
            copy.actionValues = episode.rewards.map { _ in 1 }
            copy.stateValues = copy.actionValues
            return copy
        }
        let first: Double = (1 - 2) + (1 - 0.5) + (1 - 0)
        let second: Double = (2 - 1) + (0 - 0)
        let correction: Double = (first + 0.5 * second) / 3
        let robust = try TrajectoryEstimator.doublyRobust.estimate(modelled, discount: 0.5)
        #expect(abs(robust - (5 / 3.0 + correction)) < 1e-12)
        #expect(throws: StatisticsError.self) { try value(.doublyRobust) }
        #expect(throws: StatisticsError.self) { try TrajectoryEstimator.perDecision.estimate([]) }
        #expect(throws: StatisticsError.self) {
            try TrajectoryEstimator.perDecision.estimate([LoggedEpisode(rewards: [1], ratios: [])])
        }
    }

    @Test func onPolicyTheyAreTheMeanReturn() throws {
        var random = RandomKey(seed: 4).stream
        let episodes = try logEpisodes(
            50, in: Exact.mdp, reward: Exact.reward, behavior: Exact.behavior, policy: Exact.behavior, horizon: 10,
            rewardNoise: 0.5, using: &random)
        let returns = episodes.map { $0.discountedReturn(0.9) }
        for estimator in TrajectoryEstimator.allCases where !estimator.needsModel {
            #expect(abs(try estimator.estimate(episodes, discount: 0.9) - mean(of: returns)) < 1e-12)
        }
        let interval = try TrajectoryEstimator.perDecision.interval(
            episodes, discount: 0.9, replicates: 500, key: RandomKey(seed: 1))
        #expect(interval.lower < mean(of: returns) && mean(of: returns) < interval.upper)
    }

    @Test func loggedEpisodesFollowTheProcess() throws {
        var random = RandomKey(seed: 4).stream
        let episodes = try logEpisodes(
            20_000, in: Exact.mdp, reward: Exact.reward, behavior: Exact.behavior, policy: Exact.policy, horizon: 2,
            rewardNoise: 0.1, using: &random)
        #expect(episodes.allSatisfy { $0.length <= 2 && ($0.isTerminated == ($0.states.last == 5)) })
        let returns = episodes.map { $0.discountedReturn(1) }
        let expected = Exact.mdp.expectation(
            of: try Exact.mdp.policyValue(policy: Exact.behavior, reward: Exact.reward, discount: 1, horizon: 2))
        #expect(abs(mean(of: returns) - expected) < 4 * standardDeviation(of: returns) / 20_000.0.squareRoot())
        // What the behaviour policy never does cannot be evaluated.
        #expect(throws: StatisticsError.self) {
            try LoggedEpisode(
                states: [0, 5], actions: [0], rewards: [1], isTerminated: true, policy: [1, 0], behavior: [0, 1],
                actionCount: 2)
        }
    }

    /// One-hot features of pairs make it the tabular one.
    @Test func linearFittedQEvaluationIsTabularForOneHotFeatures() throws {
        let episodes = Exact.episodes
        let tabular = try tabularFittedQEvaluation(
            episodes, policy: Exact.policy, actionCount: 2, horizon: 3, discount: 0.9)
        var seen: [[Int]: Int] = [:]
        var transitions: [FeatureTransition] = []
        for episode in episodes {
            for step in 0..<episode.length {
                let (state, next) = (episode.states[step], episode.states[step + 1])
                // Each transition 1 in 16 times: rewards are a function of the pair, and shares stay.
                seen[[state, episode.actions[step], next], default: 0] += 1
                guard seen[[state, episode.actions[step], next]]! % 16 == 0 else { continue }
                var (features, following) = ([Double](repeating: 0, count: 10), [Double](repeating: 0, count: 10))
                features[state * 2 + episode.actions[step]] = 1
                for action in 0..<2 where next < 5 { following[next * 2 + action] = Exact.policy[next * 2 + action] }
                transitions.append(
                    FeatureTransition(features: features, reward: episode.rewards[step], nextFeatures: following))
            }
        }
        let weights = try linearFittedQEvaluation(transitions, horizon: 3, discount: 0.9, ridge: 1e-9)
        for pair in 0..<10 {
            #expect(abs(weights[2][pair] - tabular.actionValue(pair / 2, pair % 2, step: 0)) < 1e-6)
            #expect(abs(weights[0][pair] - Exact.reward[pair]) < 1e-6)
        }
        #expect(throws: StatisticsError.self) { try linearFittedQEvaluation([], horizon: 3) }
    }

    /// For independent estimates the weights are in inverse proportion to the variances.
    @Test func magicBlendsByMeanSquaredError() throws {
        let x = leastOnSimplex([1, 0, 0, 0, 2, 0, 0, 0, 4], 3)
        for (weight, expected) in zip(x, [4.0 / 7, 2.0 / 7, 1.0 / 7]) { #expect(abs(weight - expected) < 1e-6) }
        // A second that is worse and goes along with the first gets nothing.
        #expect(leastOnSimplex([1, 2, 2, 5], 2) == [1, 0])
        var random = RandomKey(seed: 4).stream
        let episodes = try logEpisodes(
            60, in: Exact.mdp, reward: Exact.reward, behavior: Exact.behavior, policy: Exact.policy, horizon: 10,
            using: &random)
        let model = try tabularFittedQEvaluation(
            episodes, policy: Exact.policy, actionCount: 2, horizon: 10, discount: 0.9)
        let result = try MAGIC().estimate(
            episodes.map { $0.valued(by: model) }, discount: 0.9, key: RandomKey(seed: 1))
        #expect(abs(result.blend.reduce(0, +) - 1) < 1e-9 && result.blend.allSatisfy { $0 >= 0 })
        #expect(result.lengths.first == -1 && result.lengths.last == episodes.map(\.length).max()! - 1)
        #expect(abs(result.value - Exact.truth) < 1)
    }
}

extension TabularMDP {
    /// What the behaviour policy earns, which is not what is asked for.
    fileprivate var expectedReturnOfBehavior: Double {
        (try? expectedReturn(
            policy: EnumeratedEpisodes.behavior, reward: EnumeratedEpisodes.reward,
            discount: EnumeratedEpisodes.discount)) ?? .nan
    }
}
