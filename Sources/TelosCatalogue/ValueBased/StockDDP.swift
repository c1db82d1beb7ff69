import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    static let stockDDP = CatalogueEntry(
        slug: "stock-ddp", title: "Optimizing Return Distributions with Distributional Dynamic Programming",
        family: .valueBased, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: """
                Bernardo Ávila Pires, Mark Rowland, Diana Borsa, Zhaohan Daniel Guo, Khimya Khetarpal, André Barreto, \
                David Abel, Rémi Munos, Will Dabney
                """,
            year: 2025, venue: "JMLR", link: "https://arxiv.org/abs/2501.13028"),
        idea: """
            What one wants of a return's distribution, a good worst case or a target met, depends on what has been \
            earned so far, so no policy of the state alone can have it. Add one number to the state, the stock: past \
            reward in present units. Distributional dynamic programming for a functional of stock plus return is then \
            sound, and the choice of the first stock makes it optimise the conditional value at risk, a target, or \
            the mean.
            """,
        claim: """
            In random gambles the stock's policy has a better conditional value at risk, for shares of 0.05 to 0.25, \
            than the best policy for the mean and than dynamic programming for that risk without a stock, and never a \
            worse one; its value is what the program predicts, and over three gambles that of the best of all 16384 \
            policies of the history. It misses a target by at most half as much as the best plan without feedback. On \
            a windy grid it is better for a share of 0.05, and at least as good for 0.1.
            """,
        parameters: [
            ClaimParameter(
                "horizon", default: 8, "Gambles in a row; in few there is nothing to make up for.", in: 6...14,
                whole: true),
            ClaimParameter("lowestOdds", default: 0.7, "Of winning 1 rather than losing 1, at least.", in: 0.55...0.9),
            ClaimParameter("highestOdds", default: 0.9, "The same, at most.", in: 0.55...0.95),
            ClaimParameter("target", default: 3, "The return aimed at.", in: 1...6, whole: true),
            ClaimParameter(
                "wind", default: 0.3,
                "Probability of a push on the grid; at 0.2 and 0.4 all policies happen to be equal.",
                in: 0.05...0.5),
            ClaimParameter("steps", default: 20, "Steps on the grid.", in: 10...40, whole: true),
        ],
        defaultSeeds: 0..<10,
        run: { try StockDDPExperiment($0).outcome() })
}

/// Exact laws throughout. A gamble a seed: keep still (0), win 1 with probability p or lose 1, the same with 1 - p, win
/// 3 with probability q or lose 2; p evenly from the odds, q evenly from 0.4 to 0.6. The state is the last outcome.
///
///     CVaR_share = max_c (E[min(c + G, 0)] / share - c),  target: c_0 = -x*, maximise -E|c_0 + G|
///
/// It holds on ten ranges of other gambles, over 6 and 12 of them, for a target of 5 and with a wind of 0.15. Over 4
/// gambles nothing is gained at a share of 0.05, and a target is missed by three quarters of what the best plan misses
/// it by.
struct StockDDPExperiment {
    let context: ClaimContext
    /// Without a stock it is dynamic programming for the risk of the return to go.
    let hasStock: Bool
    static let shares = [0.05, 0.1, 0.25]

    init(_ context: ClaimContext, hasStock: Bool = true) {
        self.context = context
        self.hasStock = hasStock
    }

    struct Measurement: Sendable {
        /// Conditional values at risk, a value a share.
        var stock: [Double] = []
        var markov: [Double] = []
        var neutral: [Double] = []
        /// Largest difference of a predicted and an attained value.
        var mismatch = 0.0
        /// The best of all policies over three gambles, and the stock's.
        var bruteForce = 0.0
        var short = 0.0
        /// E|G - x*|.
        var miss = 0.0
        var plannedMiss = 0.0
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in try measure(key) }
        let grid = try compare(WindyGrid(wind: context["wind"]).problem, horizon: context.whole("steps"), 0, 30)
        func gains(_ index: Int) -> [Double] {
            seeds.map { $0.stock[index] - max($0.markov[index], $0.neutral[index]) }
        }
        func gridGain(_ index: Int) -> Double { grid.stock[index] - max(grid.markov[index], grid.neutral[index]) }
        let arms = Self.shares.indices.flatMap { index in
            let metric = "conditional value at risk, \(Self.shares[index])"
            return [
                ClaimArm("stock", .method, metric: metric, values: seeds.map { $0.stock[index] }),
                ClaimArm("risk of the return to go", .baseline, metric: metric, values: seeds.map { $0.markov[index] }),
                ClaimArm("mean", .baseline, metric: metric, values: seeds.map { $0.neutral[index] }),
                ClaimArm("stock, windy grid", .method, metric: metric, values: [grid.stock[index]]),
                ClaimArm(
                    "risk of the return to go, windy grid", .baseline, metric: metric, values: [grid.markov[index]]),
                ClaimArm("mean, windy grid", .baseline, metric: metric, values: [grid.neutral[index]]),
            ]
        }
        let misses = [
            ClaimArm("stock", .method, metric: "mean distance to the target", values: seeds.map(\.miss)),
            ClaimArm("best plan", .baseline, metric: "mean distance to the target", values: seeds.map(\.plannedMiss)),
            ClaimArm("best of all policies", .oracle, metric: "at risk 0.25, 3 steps", values: seeds.map(\.bruteForce)),
        ]
        return ClaimOutcome(
            arms: arms + misses,
            tests: Self.shares.indices.map {
                ClaimTest(
                    "mean gain at a share of \(Self.shares[$0])", mean(of: gains($0)), .atLeast, 0.1)
            } + [
                ClaimTest("least gain", Self.shares.indices.flatMap(gains).min() ?? .nan, .atLeast, -1e-9),
                ClaimTest(
                    "predicted and attained, largest difference",
                    max(grid.mismatch, seeds.map(\.mismatch).max() ?? .nan),
                    .atMost, 1e-9),
                ClaimTest(
                    "three steps, largest difference to the best of all policies",
                    seeds.map { abs($0.bruteForce - $0.short) }.max() ?? .nan, .atMost, 1e-9),
                ClaimTest(
                    "target missed, over the best plan",
                    interquartileMean(of: seeds.map { $0.miss / $0.plannedMiss }), .atMost, 0.5),
                ClaimTest("windy grid: gain at a share of 0.05", gridGain(0), .atLeast, 0.1),
                ClaimTest("windy grid: gain at a share of 0.1", gridGain(1), .atLeast, -1e-9),
            ])
    }

    struct Problem: Sendable {
        var mdp: TabularMDP
        /// R(s,a,s').
        var reward: [Double]
    }

    private func measure(_ key: RandomKey) throws -> Measurement {
        var random = key.stream
        let odds = random.uniform(context["lowestOdds"], max(context["lowestOdds"], context["highestOdds"]))
        let bank = GambleBank(odds: odds, risky: random.uniform(0.4, 0.6))
        let problem = try bank.problem
        let horizon = context.whole("horizon")
        var result = try compare(problem, horizon: horizon, -3 * Double(horizon), 3 * Double(horizon))
        result.bruteForce = bank.bestOfAllPolicies(share: 0.25)
        result.short = try compare(problem, horizon: 3, -9, 9).stock[2]
        let target = context["target"]
        let aim = try StockProgram(
            problem.mdp, reward: problem.reward, horizon: horizon,
            stocks: hasStock ? StockGrid(from: -target - 3 * Double(horizon), to: 3 * Double(horizon)) : .none
        ) { $0.expectation { -abs($0) } }
        result.miss = try aim.attained(stock: -target).expectation { abs($0 - target) }
        result.plannedMiss = bank.plans(horizon).map { $0.expectation { abs($0 - target) } }.min() ?? .nan
        return result
    }

    /// Conditional values at risk of the three ways to plan, with whole stocks from `low` to `high`.
    private func compare(_ problem: Problem, horizon: Int, _ low: Double, _ high: Double) throws -> Measurement {
        func program(_ stocks: StockGrid, _ objective: @escaping @Sendable (FiniteDistribution) -> Double) throws
            -> StockProgram
        {
            try StockProgram(
                problem.mdp, reward: problem.reward, horizon: horizon, stocks: stocks, objective: objective)
        }
        var result = Measurement()
        let stocked = try program(hasStock ? StockGrid(from: low, to: high) : .none) { $0.expectation { min($0, 0) } }
        let neutral = try program(.none) { $0.mean }.attained(stock: 0)
        for share in Self.shares {
            let best = stocked.bestConditionalValueAtRisk(share)
            let attained = try stocked.attained(stock: best.stock).conditionalValueAtRisk(share)
            result.stock.append(attained)
            result.mismatch = max(result.mismatch, abs(attained - best.value))
            result.markov.append(
                try program(.none) { $0.conditionalValueAtRisk(share) }.attained(stock: 0).conditionalValueAtRisk(share)
            )
            result.neutral.append(neutral.conditionalValueAtRisk(share))
        }
        return result
    }
}
