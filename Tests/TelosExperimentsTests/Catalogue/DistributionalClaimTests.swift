import TelosEnvironments
import TelosLearning
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct DistributionalClaimTests {
    static func context(
        _ slug: String, seeds: Range<Int>, set settings: [String: Double] = [:]
    ) throws -> ClaimContext {
        ClaimContext(
            slug: slug, parameters: try Catalogue.entry(slug).parameterValues(set: settings), seeds: Array(seeds),
            threads: 2)
    }

    @Test func stockHoldsAndFailsWithoutOne() throws {
        let context = try Self.context("stock-ddp", seeds: 100..<106)
        #expect(try StockDDPExperiment(context).outcome().holds)
        let without = try StockDDPExperiment(context, hasStock: false).outcome()
        for name in ["mean gain", "three steps", "target missed", "windy grid: gain at a share of 0.05"] {
            #expect(without.tests.first { $0.name.hasPrefix(name) }?.passed == false, "\(name)")
        }
    }

    /// Plans that nothing changes: all of them, with the mean of their gambles.
    @Test func plansAreComplete() throws {
        let bank = GambleBank(odds: 0.8, risky: 0.5)
        let plans = bank.plans(4)
        #expect(plans.count == 35)  // 4 of 4 kinds with repetition: 7 choose 3
        #expect(abs((plans.map(\.mean).max() ?? 0) - 4 * 0.6) < 1e-12)
        let problem = try bank.problem
        let neutral = try problem.mdp.backwardInduction(reward: problem.reward, horizon: 4)
        #expect(abs(neutral.values[0][0] - 2.4) < 1e-12)
    }

    /// Published in the sheet of the gambles with odds 0.8 and 0.5, eight in a row: 0.449, 1.062, 2.010.
    @Test func gamblesAreThoseThatWereTried() throws {
        let problem = try GambleBank(odds: 0.8, risky: 0.5).problem
        let program = try StockProgram(
            problem.mdp, reward: problem.reward, horizon: 8, stocks: StockGrid(from: -24, to: 24)
        ) { $0.expectation { min($0, 0) } }
        for (share, value, stock) in [(0.05, 0.449, -1.0), (0.1, 1.062, -2), (0.25, 2.010, -4), (0.5, 3.106, -5)] {
            let best = program.bestConditionalValueAtRisk(share)
            #expect(abs(best.value - value) < 1e-3 && best.stock == stock)
        }
    }
}
