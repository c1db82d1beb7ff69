import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct StockProgramTests {
    /// A random problem with rewards -1, 0 and 1 and one terminal state.
    private func problem(_ seed: Int) throws -> (mdp: TabularMDP, reward: [Double]) {
        var stream = RandomKey(seed: seed).stream
        let base = try TabularMDP.garnet(states: 4, actions: 2, branching: 2, start: [1, 0, 0, 0], using: &stream)
        var transitions = base.transitions
        for action in 0..<2 {
            for next in 0..<4 { transitions[(3 * 2 + action) * 4 + next] = next == 3 ? 1 : 0 }
        }
        let mdp = try TabularMDP(
            stateCount: 4, actionCount: 2, transitions: transitions, terminal: [false, false, false, true],
            start: base.start)
        return (mdp, mdp.fullReward { _, _, _ in Double(stream.index(below: 3) - 1) })
    }

    /// For expected utilities the laws are superfluous: W_H(s, c) = u(c), W_t(s, c) = max_a E[W_{t+1}(s', c + R)].
    private func scalar(
        _ mdp: TabularMDP, _ reward: [Double], _ state: Int, _ stock: Double, _ left: Int, _ utility: (Double) -> Double
    ) -> Double {
        guard left > 0, !mdp.terminal[state] else { return utility(stock) }
        return (0..<mdp.actionCount).map { action in
            mdp.successors(of: state, action: action).reduce(0) {
                let gain = reward[(state * mdp.actionCount + action) * mdp.stateCount + $1.state]
                return $0 + $1.probability * scalar(mdp, reward, $1.state, stock + gain, left - 1, utility)
            }
        }.max()!
    }

    @Test(arguments: 0..<4) func agreesWithTheScalarRecursion(seed: Int) throws {
        let (mdp, reward) = try problem(seed)
        let utilities: [@Sendable (Double) -> Double] = [
            { min($0, 0) }, { -abs($0) }, { -$0 * $0 }, { $0 > 1 ? 1 : 0 },
        ]
        for utility in utilities {
            let program = try StockProgram(
                mdp, reward: reward, horizon: 5, stocks: StockGrid(from: -9, to: 9)
            ) { $0.expectation(of: utility) }
            let values = program.values()
            for stock in -3...3 {
                let expected = scalar(mdp, reward, 0, Double(stock), 5, utility)
                #expect(abs(values[stock + 9] - expected) < 1e-9)
                let attained = try program.attained(stock: Double(stock)).moved(by: Double(stock))
                #expect(abs(attained.expectation(of: utility) - expected) < 1e-9)
            }
        }
    }

    /// With the mean as objective stocks do not matter, and it is backward induction.
    @Test func meansAreThoseOfBackwardInduction() throws {
        let (mdp, reward) = try problem(7)
        let expected = try mdp.backwardInduction(reward: reward, horizon: 6, discount: 0.9).values[0][0]
        for stocks in [StockGrid.none, try StockGrid(from: -4, to: 4, spacing: 0.5)] {
            let program = try StockProgram(mdp, reward: reward, discount: 0.9, horizon: 6, stocks: stocks) { $0.mean }
            for index in stocks.values.indices {
                #expect(abs(program.predicted(stock: index).mean - expected) < 1e-9)
            }
        }
    }

    /// What is predicted is attained, and no policy of state and step alone, of all there are, has a better risk.
    @Test(arguments: 0..<3) func riskIsBest(seed: Int) throws {
        let (mdp, reward) = try problem(20 + seed)
        let program = try StockProgram(
            mdp, reward: reward, horizon: 3, stocks: StockGrid(from: -6, to: 6)
        ) { $0.expectation { min($0, 0) } }
        for share in [0.1, 0.3, 1] {
            let (stock, value) = program.bestConditionalValueAtRisk(share)
            #expect(abs(try program.attained(stock: stock).conditionalValueAtRisk(share) - value) < 1e-9)
            var best = -Double.infinity
            for code in 0..<(1 << 9) {
                let law = try mdp.returnDistribution(reward: reward, discount: 1, horizon: 3) { step, state, _ in
                    state == 3 ? 0 : code >> (3 * step + state) & 1
                }
                best = max(best, law.conditionalValueAtRisk(share))
            }
            #expect(value >= best - 1e-9)
            // For the whole, the mean, a Markov policy is best.
            if share == 1 { #expect(abs(value - best) < 1e-9) }
        }
    }

    /// With a discount stocks fall between those of the grid; a finer grid comes nearer to what is predicted.
    @Test func finerGridsPredictBetter() throws {
        let (mdp, reward) = try problem(3)
        func mismatch(_ spacing: Double) throws -> Double {
            let program = try StockProgram(
                mdp, reward: reward, discount: 0.9, horizon: 6, stocks: StockGrid(from: -8, to: 8, spacing: spacing),
                projection: .quantiles(400)
            ) { $0.expectation { min($0, 0) } }
            let (stock, value) = program.bestConditionalValueAtRisk(0.2)
            return abs(try program.attained(stock: stock).conditionalValueAtRisk(0.2) - value)
        }
        #expect(try mismatch(0.1) < 0.05)
        #expect(throws: TabularError.self) { try StockGrid(from: 1, to: 0) }
        #expect(throws: TabularError.self) {
            try StockProgram(mdp, reward: reward, discount: 0, horizon: 1, stocks: .none) { $0.mean }
        }
    }
}
