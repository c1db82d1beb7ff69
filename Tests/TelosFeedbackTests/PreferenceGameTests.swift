import Foundation
import TelosTensor
import Testing

@testable import TelosFeedback

@Suite struct PreferenceGameTests {
    @Test func rockPaperScissorsIsSolvedByTheUniformPolicy() throws {
        let game = try PreferenceGame.rockPaperScissors(strength: 0.8)
        let (policy, exploitability) = try game.minimaxWinner()
        #expect(policy.allSatisfy { abs($0 - 1.0 / 3) < 1e-9 } && exploitability < 1e-9)
        #expect(abs(game.exploitability(of: [1, 0, 0]) - 0.3) < 1e-12)
        #expect(game.condorcetWinner == nil && game.bordaScores.allSatisfy { abs($0 - 0.5) < 1e-12 })
    }

    /// An uneven circle a > b > c > a with margins x, y, z has the minimax winner (y, z, x) / (x + y + z).
    @Test func unevenCirclesHaveTheKnownSolution() throws {
        let game = try PreferenceGame([0.5, 0.9, 0.3, 0.1, 0.5, 0.9, 0.7, 0.1, 0.5])
        let policy = try game.minimaxWinner().policy
        let expected = [0.4, 0.2, 0.4]
        #expect(zip(policy, expected).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    @Test func randomGamesAreSolvedToRounding() throws {
        var random = RandomKey(seed: 5).stream
        for count in [2, 3, 10, 50] {
            let game = PreferenceGame.random(count, using: &random)
            let (policy, exploitability) = try game.minimaxWinner()
            #expect(exploitability < 1e-9 && abs(policy.reduce(0, +) - 1) < 1e-12)
            #expect(abs(game.probability(of: policy, over: policy) - 0.5) < 1e-12)
        }
        let cycle = try PreferenceGame.cycle(7, strengths: 0.6...0.95, using: &random)
        #expect(try cycle.minimaxWinner().exploitability < 1e-9)
        for i in 0..<7 {
            for step in 1...3 { #expect(cycle.probabilities(i, (i + step) % 7).first >= 0.6) }
        }
    }

    @Test func transitiveGamesHaveTheBestOptionAsWinnerAndTheirScoresBack() throws {
        let scores = [0.3, -1, 2, 0.5]
        let game = PreferenceGame.bradleyTerry(scores)
        #expect(game.condorcetWinner == 2)
        #expect(try game.minimaxWinner().policy[2] > 1 - 1e-9)
        let fitted = try game.bradleyTerryScores(under: [0.1, 0.2, 0.3, 0.4])
        let mean = scores.reduce(0, +) / 4
        #expect(zip(fitted, scores).allSatisfy { abs($0 - $1 + mean) < 1e-4 })
        #expect(abs(game.mistaken(0.2).probabilities(2, 1).first - (0.8 * logistic(3) + 0.2 * logistic(-3))) < 1e-12)
    }

    @Test func impossibleGamesSayWhatIsWrong() {
        #expect(throws: FeedbackError("a preference game needs a square matrix; 3 values do not form one")) {
            try PreferenceGame([0.5, 0.5, 0.5])
        }
        #expect(throws: FeedbackError("P(1, 0) is 0.7 and P(0, 1) is 0.7; write probabilities that sum to 1")) {
            try PreferenceGame([0.5, 0.7, 0.7, 0.5])
        }
        #expect(throws: FeedbackError.self) { try PreferenceGame([0.4]) }
        #expect(throws: FeedbackError.self) { try PreferenceGame.rockPaperScissors(strength: 1.5) }
        var random = RandomKey(seed: 0).stream
        #expect(throws: FeedbackError.self) { try PreferenceGame.cycle(4, strengths: 0.6...0.9, using: &random) }
        let game = PreferenceGame.bradleyTerry([0, 1])
        #expect(throws: FeedbackError.self) { try RegularizedPreferenceGame(game, reference: [1, 0], temperature: 1) }
        #expect(throws: FeedbackError.self) {
            try RegularizedPreferenceGame(game, reference: [0.5, 0.5], temperature: 0)
        }
    }

    /// The regularised equilibrium by its fixed point, the exploitability by brute force over the simplex.
    @Test func regularizedEquilibriumIsItsOwnBestResponse() throws {
        let game = try PreferenceGame([0.5, 0.9, 0.3, 0.1, 0.5, 0.9, 0.7, 0.1, 0.5])
        let regularized = try RegularizedPreferenceGame(game, reference: [0.6, 0.3, 0.1], temperature: 0.1)
        let solution = try regularized.equilibrium()
        let response = regularized.bestResponse(to: solution)
        #expect(zip(solution.probabilities, response.probabilities).allSatisfy { abs($0 - $1) < 1e-5 })
        let policy = SimplexPolicy([0.2, 0.5, 0.3])
        var best = -Double.infinity
        for i in 1..<200 {
            for j in 1..<(200 - i) {
                let other = SimplexPolicy([Double(i), Double(j), Double(200 - i - j)])
                best = max(best, regularized.payoff(of: other, against: policy))
            }
        }
        let exploitability = regularized.exploitability(of: policy)
        #expect(best - 0.5 <= exploitability + 1e-12 && best - 0.5 > exploitability - 1e-3)
    }

    /// The theorem's bound at every step, and the last iterate near the equilibrium.
    @Test func nashMirrorDescentKeepsItsBound() throws {
        var random = RandomKey(seed: 6).stream
        for game in [try PreferenceGame.rockPaperScissors(), PreferenceGame.random(10, using: &random)] {
            let reference = (0..<game.count).map { _ in random.gamma(shape: 2) }
            let regularized = try RegularizedPreferenceGame(game, reference: reference, temperature: 0.2)
            let solution = try regularized.equilibrium()
            var policy = regularized.reference
            for step in 0..<2000 {
                policy = regularized.nashMirrorDescentStep(policy, stepSize: regularized.stepSize(at: step))
                #expect(solution.divergence(from: policy) <= 8 / (0.04 * Double(step + 2)))
            }
            #expect(regularized.exploitability(of: policy) < 1e-5)
        }
    }

    @Test func mirrorStepsMaximizeGainMinusDivergence() {
        let policy = SimplexPolicy([0.2, 0.3, 0.5])
        let gains = [0.9, 0.1, 0.4]
        func objective(_ next: SimplexPolicy) -> Double {
            0.7 * zip(next.probabilities, gains).reduce(0) { $0 + $1.0 * $1.1 } - next.divergence(from: policy)
        }
        let next = policy.mirrorStep(gains, stepSize: 0.7)
        for (i, j) in [(0, 1), (1, 2), (2, 0)] {
            for shift in [-1e-4, 1e-4] {
                var moved = next.probabilities
                moved[i] += shift
                moved[j] -= shift
                #expect(objective(SimplexPolicy(moved)) < objective(next))
            }
        }
        let mixture = policy.mixed(with: SimplexPolicy([1, 1, 1]), weight: 0.5).probabilities
        let roots = [0.2, 0.3, 0.5].map { $0.squareRoot() }
        #expect(zip(mixture, roots).allSatisfy { abs($0 - $1 / roots.reduce(0, +)) < 1e-12 })
        let direct = zip([0.2, 0.3, 0.5], next.probabilities).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
        #expect(abs(policy.divergence(from: next) - direct) < 1e-12 && policy.divergence(from: policy) == 0)
    }

    /// Hedge's guarantee: the average's exploitability is at most the regret a step.
    @Test func averagesOfSelfPlayApproachTheMinimaxWinner() throws {
        let game = try PreferenceGame([0.5, 0.9, 0.3, 0.1, 0.5, 0.9, 0.7, 0.1, 0.5])
        let steps = 4000
        let size = 2 * (log(3.0) / Double(steps)).squareRoot()
        var play = SelfPlay(SimplexPolicy([0.7, 0.2, 0.1]))
        for _ in 0..<steps { play.step(game.winRates(against: play.policy.probabilities), stepSize: size) }
        #expect(game.exploitability(of: play.average) < 2 * (log(3.0) / Double(steps)).squareRoot())
        #expect(game.exploitability(of: play.policy.probabilities) > 0.05)
        var bounded = SelfPlay(SimplexPolicy([1, 1, 1]), logitRange: 2)
        for _ in 0..<100 { bounded.step([1, 0, 0], stepSize: 1) }
        #expect(abs(bounded.policy.probabilities[1] / bounded.policy.probabilities[0] - exp(-2)) < 1e-9)
    }

    @Test func queuesHoldTheLatestOptions() throws {
        var queue = OpponentQueue<Int>(capacity: 3)
        for option in 0..<5 { queue.append(option) }
        var random = RandomKey(seed: 7).stream
        let drawn = (0..<3000).map { _ in queue.draw(using: &random) }
        for option in 2...4 { #expect((880...1120).contains(drawn.filter { $0 == option }.count)) }
        let game = PreferenceGame.bradleyTerry([0, 1, 2, 3, 4])
        let rate = queue.winRate(of: 3, comparisons: 30_000, rater: game, using: &random)
        // Against 2, 3 and 4: the first and the last average out.
        #expect(abs(rate - 0.5) < 0.015)
        let ties = ScoreLabeller<Int>(equalThreshold: 10) { Double($0) }
        #expect(queue.winRate(of: 3, comparisons: 10, rater: ties, using: &random) == 0.5)
    }
}
