import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    /// Equations: `TallyingBandit` (the tally x(a), complete policy regret under repeated exposure optimality) and
    /// `SuccessiveElimination` (blocks, radius). Rewards are one minus the paper's losses.
    ///
    /// Held on ten of ten ranges of five fresh seeds, and with 5 arms, memories of 20 and 80, weights that fall by 0.95, and
    /// 300 000 rounds. Linear regret is less of a multiple in shorter runs and with more arms to warm up: 4.8 times after
    /// 50 000 rounds, 4 times with 20 arms (5 again after 300 000). With noise of 0.3 UCB1 came upon the practised arm late
    /// in one of five runs.
    static let tallyingBandits = CatalogueEntry(
        slug: "tallying-bandits",
        title: "Weighted Tallying Bandits: Overcoming Intractability via Repeated Exposure Optimality",
        family: .bandits, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Dhruv Malik, Conor Igoe, Yuanzhi Li, Aarti Singh", year: 2023, venue: "ICML 2023",
            link: "https://arxiv.org/abs/2305.02955"),
        idea: """
            What an arm pays depends on how often it was itself played lately. If some arm, played for ever, is as good \
            as any sequence of plays, successive elimination finds it with two changes: arms are played in blocks that \
            double, and the first plays of a block, a known bound of the memory, are not counted.
            """,
        claim: """
            With one arm that must be practised among arms that people tire of, successive elimination with warm-up keeps \
            that arm and stops paying regret; UCB1, EXP3 and round-robin elimination rotate among fresh arms and pay \
            linear regret, at least five times as much in all, explore-then-commit at least twice as much. Where decisions \
            are quick, elimination finds the arm with a warm-up of twice the memory and loses it for good with none. Where \
            plays leave no trace, UCB1 is better.
            """,
        parameters: [
            ClaimParameter("rounds", default: 100_000, "Plays of a run.", in: 20_000...2_000_000, whole: true),
            ClaimParameter("arms", default: 10, "Arms; more make every warm-up dearer.", in: 3...50, whole: true),
            ClaimParameter(
                "memory", default: 50, "Plays that count. Longer: a warm-up must be longer.", in: 6...500, whole: true),
            ClaimParameter("ratio", default: 1, "Weight of a play over that of the next one.", in: 0.5...1),
            ClaimParameter("noise", default: 0.1, "Standard deviation of a reward.", in: 0...0.5),
            ClaimParameter(
                "quickNoise", default: 0.05, "The same where decisions are quick, and known there.", in: 0.005...0.2),
        ],
        defaultSeeds: 0..<5,
        run: { try TallyingBanditsExperiment($0).outcome() })
}

/// Complete policy regret of several policies, of warm-ups of several lengths, and without tallies.
struct TallyingBanditsExperiment {
    let context: ClaimContext
    /// Plays that warm up in a block, over the memory.
    let warmUp: Double
    static let shares = [0, 0.2, 0.5, 1, 2]

    init(_ context: ClaimContext, warmUp: Double = 2) {
        self.context = context
        self.warmUp = warmUp
    }

    struct Measurement: Sendable {
        var runs: [BanditRun] = []
        /// Whether the method ended with the practised arm alone.
        var isFound = false
        /// With quick decisions, for each of `shares` (the last is replaced by `warmUp`): regret, and whether the
        /// practised arm remained.
        var quick: [(regret: Double, isKept: Bool)] = []
        /// Without tallies, of elimination and UCB1.
        var plain: [BanditRun] = []
    }

    private var rounds: Int { context.whole("rounds") }
    private var armCount: Int { context.whole("arms") }
    private var memory: Int { context.whole("memory") }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in try measure(key) }
        let names = policies.map { ($0.name, $0.role) }
        func middle(_ value: (Measurement) -> Double) -> Double { interquartileMean(of: seeds.map(value)) }
        func share(_ isTrue: (Measurement) -> Bool) -> Double {
            Double(seeds.filter(isTrue).count) / Double(seeds.count)
        }
        var arms = names.indices.map { index in
            ClaimArm(
                names[index].0, names[index].1, metric: "complete policy regret, low is good",
                values: seeds.map { $0.runs[index].regret })
        }
        let lengths = Self.shares.dropLast() + [warmUp]
        for (index, length) in lengths.enumerated() {
            arms.append(
                ClaimArm(
                    "quick decisions, warm-up of \(shortNumber(length)) memories",
                    index == lengths.count - 1 ? .method : .control, metric: "complete policy regret, low is good",
                    values: seeds.map { $0.quick[index].regret }))
        }
        for (index, name) in ["elimination", "UCB1"].enumerated() {
            arms.append(
                ClaimArm(
                    "\(name), no tallies", .control, metric: "regret, low is good",
                    values: seeds.map { $0.plain[index].regret }))
        }
        let regrets = names.indices.map { index in middle { $0.runs[index].regret } }
        func over(_ index: Int) -> Double { regrets[index] / regrets[0] }
        let luredRuns = seeds.flatMap { [$0.runs[1], $0.runs[2]] }
        let last = lengths.count - 1
        let tests = [
            ClaimTest("share of seeds that end with the practised arm", share(\.isFound), .atLeast, 1),
            ClaimTest(
                "largest share of the regret in the second half",
                seeds.map { 1 - $0.runs[0].regrets[1] / $0.runs[0].regret }.max() ?? .nan, .below, 0.01),
            ClaimTest("regret, UCB1 over elimination", over(1), .atLeast, 5),
            ClaimTest("regret, EXP3 over elimination", over(2), .atLeast, 5),
            ClaimTest("regret, round-robin elimination over elimination", over(3), .atLeast, 5),
            ClaimTest("regret, explore-then-commit over elimination", over(4), .atLeast, 2),
            // Growth like sqrt(T) gives 0.27.
            ClaimTest(
                "UCB1 and EXP3: least ratio of last to first quarter",
                luredRuns.map(\.lastOverFirstRegret).min() ?? .nan, .above, 0.6),
            ClaimTest(
                "UCB1: largest share of plays of the practised arm",
                seeds.map { Double($0.runs[1].plays[0]) / Double(rounds) }.max() ?? .nan, .below, 0.5),
            ClaimTest(
                "quick decisions: seeds that keep the arm with a warm-up", share { $0.quick[last].isKept }, .atLeast, 1),
            ClaimTest(
                "quick decisions: seeds that keep the arm without one", share { $0.quick[0].isKept }, .atMost, 0.1),
            ClaimTest(
                "quick decisions: regret without warm-up over with it",
                middle { $0.quick[0].regret } / middle { $0.quick[last].regret }, .above, 10),
            ClaimTest(
                "control, no tallies: elimination's regret over UCB1's",
                middle { $0.plain[0].regret } / middle { $0.plain[1].regret }, .above, 1),
        ]
        return ClaimOutcome(arms: arms, tests: tests)
    }

    private func measure(_ key: RandomKey) throws -> Measurement {
        var random = key.derived("problem").stream
        func bandit(noise: Double) throws -> TallyingBandit {
            try TallyingBandit.habituation(
                armCount: armCount, memory: memory, ratio: context["ratio"], noise: noise, using: &random)
        }
        var result = Measurement()
        let habituation = try bandit(noise: context["noise"])
        var method = elimination
        result.runs = [play(habituation, by: &method, rounds: rounds, key: key)]
        result.isFound = method.remaining == [0]
        result.runs += runs(of: habituation, by: Array(policies.dropFirst()), rounds: rounds, key: key)

        let quick = try bandit(noise: context["quickNoise"])
        for length in Self.shares.dropLast() + [warmUp] {
            var policy = SuccessiveElimination(
                armCount: armCount, horizon: rounds, width: 2 * context["quickNoise"], block: max(1, memory / 3),
                growth: 2, warmUp: Int((length * Double(memory)).rounded()))
            let run = play(quick, by: &policy, rounds: rounds, key: key.derived("quick"))
            result.quick.append((run.regret, policy.remaining.contains(0)))
        }
        let plain = try TallyingBandit(
            curves: habituation.curves.map { .init(fresh: $0.saturated, saturated: $0.saturated) }, weights: [1],
            noise: context["noise"])
        result.plain = runs(of: plain, by: Array(policies.prefix(2)), rounds: rounds, key: key.derived("no tallies"))
        return result
    }

    private var elimination: SuccessiveElimination {
        SuccessiveElimination(
            armCount: armCount, horizon: rounds, block: 32, growth: 2,
            warmUp: Int((warmUp * Double(memory)).rounded()))
    }

    private var policies: [NamedBanditPolicy] {
        let third = telos_exp64(telos_log64(Double(rounds)) / 3)
        let batch = Int(third)
        func exp3(rounds: Int) -> EXP3 {
            EXP3(armCount: armCount, learningRate: EXP3.learningRate(armCount: armCount, rounds: rounds))
        }
        return [
            NamedBanditPolicy("elimination with warm-up", .method, elimination),
            // Rewards of 0 ... 1 are sub-Gaussian with 1/2.
            NamedBanditPolicy("UCB1", .baseline, UCB1(armCount: armCount, exploration: 0.5)),
            NamedBanditPolicy("EXP3", .baseline, exp3(rounds: rounds)),
            NamedBanditPolicy(
                "round-robin elimination", .baseline, SuccessiveElimination(armCount: armCount, horizon: rounds)),
            NamedBanditPolicy(
                "explore-then-commit", .baseline,
                ExploreThenCommit(
                    armCount: armCount, plays: Int(third * third), warmUp: Int((warmUp * Double(memory)).rounded()))),
            NamedBanditPolicy(
                "mini-batched EXP3", .baseline, MiniBatched(exp3(rounds: rounds / batch), size: batch)),
        ]
    }
}
