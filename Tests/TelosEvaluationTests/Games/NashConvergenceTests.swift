import TelosEnvironments
import TelosEvaluation
import TelosTensor
import Testing

@Suite struct NashConvergenceTests {
    @Test func knownEquilibria() throws {
        let third = [1.0 / 3, 1.0 / 3, 1.0 / 3]
        let rockPaperScissors = try NormalFormGame(zeroSum: [[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
        #expect(try abs(rockPaperScissors.nashConvergence(of: [third, third])) < 1e-12)
        #expect(try rockPaperScissors.nashConvergence(of: [[1, 0, 0], [1, 0, 0]]) == 2)
        // Prisoners: to defect is best whatever the other does.
        let prisoners = try NormalFormGame(rows: [[-1, -3], [0, -2]], columns: [[-1, 0], [-3, -2]])
        #expect(try prisoners.nashConvergence(of: [[0, 1], [0, 1]]) == 0)
        #expect(try prisoners.nashConvergence(of: [[1, 0], [1, 0]]) == 2)
        // Of the battle of the sexes, each their own preference with 2/3.
        let battle = try NormalFormGame(rows: [[2, 0], [0, 1]], columns: [[1, 0], [0, 2]])
        #expect(try abs(battle.nashConvergence(of: [[2.0 / 3, 1.0 / 3], [1.0 / 3, 2.0 / 3]])) < 1e-12)
        // Three players, paid where all agree.
        let three = try NormalFormGame(
            actionCounts: [2, 2, 2], payoffs: Array(repeating: [1, 0, 0, 0, 0, 0, 0, 1], count: 3))
        #expect(try three.nashConvergence(of: [[1, 0], [1, 0], [1, 0]]) == 0)
        #expect(try three.expectedPayoffs([[0.5, 0.5], [0.5, 0.5], [1, 0]]) == [0.25, 0.25, 0.25])
        #expect(throws: TabularError.self) { try prisoners.nashConvergence(of: [[1], [1]]) }
        #expect(throws: TabularError.self) { try NormalFormGame(zeroSum: [[1, 2], [3]]) }
    }

    /// The best worst case of a random zero-sum game: both sides' agree, and together they are an equilibrium.
    @Test(arguments: 0..<5) func maximinIsAnEquilibrium(seed: Int) throws {
        var random = RandomKey(seed: seed).stream
        let rows = (0..<3).map { _ in (0..<4).map { _ in random.normal() } }
        let game = try NormalFormGame(zeroSum: rows)
        let other = try NormalFormGame(zeroSum: (0..<4).map { column in rows.map { -$0[column] } })
        let (first, second) = (try game.maximin(), try other.maximin())
        #expect(abs(first.value + second.value) < 1e-8)
        #expect(try abs(game.nashConvergence(of: [first.strategy, second.strategy])) < 1e-8)
    }

    /// Kuhn's equilibria, one for each share a of bluffs: the first player loses 1/18. Uniform play has a NashConv of
    /// 11/12, as OpenSpiel gives.
    @Test func kuhnPoker() {
        let game = KuhnPoker()
        #expect(game.informationSets == [[2, 2, 2, 2, 2, 2], [2, 2, 2, 2, 2, 2]])
        func bet(_ probability: Double) -> [Double] { [1 - probability, probability] }
        for a in [0, 0.2, 1.0 / 3] {
            let profile: BehaviorProfile = [
                [bet(a), bet(0), bet(0), bet(a + 1.0 / 3), bet(3 * a), bet(1)],
                [bet(1.0 / 3), bet(0), bet(0), bet(1.0 / 3), bet(1), bet(1)],
            ]
            #expect(abs(game.expectedPayoffs(profile)[0] + 1.0 / 18) < 1e-12)
            #expect(abs(game.nashConvergence(of: profile)) < 1e-12)
        }
        #expect(abs(game.nashConvergence(of: game.uniformProfile) - 11.0 / 12) < 1e-12)
    }

    /// Both forms of a game have the same payoffs and gains.
    @Test func formsAgree() throws {
        var random = RandomKey(seed: 9).stream
        for _ in 0..<5 {
            let game = try NormalFormGame(
                actionCounts: [2, 3, 2], payoffs: (0..<3).map { _ in (0..<12).map { _ in random.normal() } })
            let profile = game.actionCounts.map { count in
                TabularPolicy.softmax((0..<count).map { _ in random.normal() }, actionCount: count)
            }
            let form = SequentialForm(game)
            let expected = try game.expectedPayoffs(profile)
            #expect(zip(form.expectedPayoffs(profile.map { [$0] }), expected).allSatisfy { abs($0 - $1) < 1e-12 })
            let gains = form.nashConvergence(of: profile.map { [$0] })
            #expect(abs(gains - (try game.nashConvergence(of: profile))) < 1e-12)
        }
    }
}
