import Foundation
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosFeedback

@Suite struct LabellerTests {
    static let low = try! Segment(observations: [[0], [1], [2]], actions: [[0], [0]], rewards: [3, 0])
    static let high = try! Segment(observations: [[0], [1], [2]], actions: [[1], [0]], rewards: [0, 2])

    @Test func chancesFollowBradleyAndTerry() {
        let rater = ScoreLabeller<Segment>.partialReturn(rationality: 2)
        let chances = rater.probabilities(Self.low, Self.high)
        #expect(abs(chances.first - exp(6) / (exp(6) + exp(4))) < 1e-12)
        #expect(abs(chances.first + chances.second - 1) < 1e-12 && chances.tie == 0 && chances.skip == 0)
        #expect(ScoreLabeller<Segment>.partialReturn().probabilities(Self.low, Self.high) == .certain(.first))
        #expect(ScoreLabeller<Segment>.partialReturn(rationality: 0).probabilities(Self.low, Self.high).first == 0.5)
        #expect(ScoreLabeller<Segment>.partialReturn().probabilities(Self.low, Self.low).first == 0.5)
    }

    /// The same teachers as B-Pref's code: gamma^(H - t) weights, then skip, equal, a draw, a flip.
    @Test func thresholdsMyopiaAndMistakesFollowBPref() {
        // A myopic rater sees 3/2 and 2.
        #expect(
            ScoreLabeller<Segment>.partialReturn(myopia: 0.5).probabilities(Self.low, Self.high) == .certain(.second))
        #expect(
            ScoreLabeller<Segment>.partialReturn(equalThreshold: 1).probabilities(Self.low, Self.high) == .certain(.tie)
        )
        #expect(
            ScoreLabeller<Segment>.partialReturn(equalThreshold: 0.9).probabilities(Self.low, Self.high)
                == .certain(.first))
        #expect(
            ScoreLabeller<Segment>.partialReturn(skipThreshold: 3.5).probabilities(Self.low, Self.high) == .certain(nil)
        )
        let mistaken = ScoreLabeller<Segment>.partialReturn().mistaken(0.1).probabilities(Self.low, Self.high)
        #expect(abs(mistaken.first - 0.9) < 1e-12 && abs(mistaken.second - 0.1) < 1e-12)
        let tie = ScoreLabeller<Segment>.partialReturn(equalThreshold: 9).mistaken(0.5)
        #expect(tie.probabilities(Self.low, Self.high) == .certain(.tie))
    }

    @Test func answersAreDrawnInProportion() {
        struct Fixed: Labeller {
            func probabilities(_ first: Int, _ second: Int) -> AnswerProbabilities {
                AnswerProbabilities(first: 0.5, second: 0.2, tie: 0.2, skip: 0.1)
            }
        }
        var random = RandomKey(seed: 1).stream
        let answers = (0..<20_000).map { _ in Fixed().answer(0, 1, using: &random) }
        for (choice, share) in [(Choice?.some(.first), 0.5), (.second, 0.2), (.tie, 0.2), (nil, 0.1)] {
            let count = answers.filter { $0 == choice }.count
            #expect(abs(Double(count) / 20_000 - share) < 0.015)
        }
        let kept = Fixed().preferences(between: Array(repeating: (0, 1), count: 1000), annotator: "f", using: &random)
        #expect((850...950).contains(kept.count) && kept.allSatisfy { $0.annotator == "f" })
    }

    /// Three consistent members, Condorcet's paradox: 2/3 for each step round the circle.
    @Test func aPanelOfConsistentRatersGoesInCircles() {
        let orders = [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
        let panel = PanelLabeller<Int>(
            orders.map { order in ScoreLabeller<Int> { -Double(order.firstIndex(of: $0)!) } })
        for option in 0..<3 {
            #expect(abs(panel.probabilities(option, (option + 1) % 3).first - 2.0 / 3) < 1e-12)
        }
    }

    /// In a corridor of four cells with the goal at the right, -1 a step.
    @Test func regretCountsWhatIsLost() throws {
        let mdp = try TabularMDP.chain(states: 4)
        let reward = [Double](repeating: -1, count: 8)
        let solution = try mdp.valueIteration(reward: reward, discount: 1)
        let right = TabularSegment(states: [0, 1, 2, 3], actions: [1, 1, 1])
        let left = TabularSegment(states: [2, 1, 0, 0], actions: [0, 0, 0])
        #expect(abs(mdp.regret(of: right, values: solution.values, q: solution.q)) < 1e-9)
        // Each step left costs itself and a step back; the last, against the wall, itself.
        #expect(abs(mdp.regret(of: left, values: solution.values, q: solution.q) - 5) < 1e-9)
        for segment in [right, left] {
            let direct = mdp.deterministicRegret(of: segment, reward: reward, values: solution.values)
            #expect(abs(direct - mdp.regret(of: segment, values: solution.values, q: solution.q)) < 1e-9)
        }
        // By return alone the two are equal.
        #expect(mdp.partialReturn(of: right, reward: reward) == mdp.partialReturn(of: left, reward: reward))
        let rater = ScoreLabeller<TabularSegment>.regret(
            in: mdp, values: solution.values, q: solution.q, rationality: 1)
        #expect(abs(rater.probabilities(right, left).first - 1 / (1 + exp(-5))) < 1e-9)
        // What comes after the goal counts for nothing.
        let rest = TabularSegment(states: [2, 3, 3, 3], actions: [1, 0, 0])
        #expect(mdp.partialReturn(of: rest, reward: reward) == -1)
        #expect(mdp.visitCounts(of: rest).reduce(0, +) == 1)
        #expect(abs(mdp.regret(of: rest, values: solution.values, q: solution.q)) < 1e-9)
    }

    @Test func segmentsFollowThePolicyAndTheModel() throws {
        let mdp = try TabularMDP.chain(states: 5, slip: 0.2)
        var random = RandomKey(seed: 3).stream
        let right = TabularPolicy.deterministic(Array(repeating: 1, count: 5), actionCount: 2)
        var ups = 0
        for _ in 0..<4000 {
            let segment = mdp.segment(from: 1, length: 1, policy: right, using: &random)
            #expect(segment.actions == [1] && (segment.states[1] == 0 || segment.states[1] == 2))
            if segment.states[1] == 2 { ups += 1 }
        }
        #expect(abs(Double(ups) / 4000 - 0.9) < 0.02)
        let free = (0..<2000).map { _ in mdp.segment(from: 1, length: 1, using: &random).actions[0] }
        #expect(abs(Double(free.reduce(0, +)) / 2000 - 0.5) < 0.04)
        // Features of the pair, and of the transition, add up to the same reward.
        let segment = mdp.segment(from: 0, length: 6, policy: right, using: &random)
        let full = mdp.fullReward { state, action, next in Double(7 * state + 3 * action + next) }
        #expect(
            mdp.featureSum(of: segment, features: full, width: 1)[0] == mdp.partialReturn(of: segment, reward: full))
        let pairs = (0..<10).map { Double($0 * $0) }
        #expect(
            mdp.featureSum(of: segment, features: pairs, width: 1)[0]
                == zip(mdp.visitCounts(of: segment), pairs).reduce(0) { $0 + $1.0 * $1.1 })
    }
}
