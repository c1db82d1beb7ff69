import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    static let ravl = CatalogueEntry(
        slug: "ravl", title: "The Edge-of-Reach Problem in Offline Model-Based Reinforcement Learning",
        family: .offline, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Anya Sims, Cong Lu, Jakob N. Foerster, Yee Whye Teh", year: 2024, venue: "NeurIPS 2024",
            link: "https://arxiv.org/abs/2402.12527"),
        idea: """
            Offline learners that roll a model out for k steps meet states that only the k-th step reaches: values are \
            bootstrapped from them and never corrected, and the maximum carries whatever they happen to be inward, even \
            when the model has no error. So be pessimistic about values and not about the model: bootstrap from the \
            least of an ensemble, whose members disagree just there.
            """,
        claim: """
            With the true dynamics as the model and rollouts of 5 steps, learners with one or two tables of values fail \
            in at least 0.9 of the seeds and think their start better than it could be; with the true values in place of \
            the edge's, and with ensembles of 10 and 30 (RAVL), they fail in none. Members disagree at \
            least ten times as much at the edge as inside. With rollouts of 60 steps, which have no edge, nobody fails.
            """,
        parameters: [
            ClaimParameter("length", default: 5, "k, steps of a rollout.", in: 2...20, whole: true),
            ClaimParameter("members", default: 10, "Of RAVL's smaller ensemble.", in: 1...50, whole: true),
            ClaimParameter("deviation", default: 5, "Of values that nothing was learned about.", in: 0.1...50),
            ClaimParameter("down", default: 3, "Rows from the middle to the goal.", in: -6...6, whole: true),
            ClaimParameter("right", default: 1, "Columns from the middle to the goal.", in: -6...6, whole: true),
            ClaimParameter("size", default: 31, "Rows and columns.", in: 15...61, whole: true),
            ClaimParameter("kept", default: 5, "Epochs for which rollouts are kept.", in: 1...150, whole: true),
        ],
        run: { try RAVLExperiment($0).outcome() })
}

/// Learners that share everything but the number of tables, and whether they know the edge's true values.
///
/// The diversity of slopes by the action (`gradientDiversity`) has no meaning for discrete actions: members differ by their
/// first values alone. With the true values at the edge, 1 of 20 tuning seeds failed still and none of 100 others: a cell that
/// is first reached late may hold a loop, such as staying, whose first value is its own target and wears off by a factor of
/// 0.975 a sweep.
///
/// It holds with rollouts of 3 steps, first values of deviation 20, a larger grid with the goal farther off, and rollouts
/// kept for ever; in one of ten ranges of seeds RAVL fails in one seed of ten. The problem shrinks where the edge is farther
/// from the best path or its values less wild: two tables fail in 0.7 of seeds with rollouts of 7, in none of 10; in 0.8 with
/// the goal one row from the middle; in 0.4 at a deviation of 1. Five tables are not enough: they fail in 0.2.
struct RAVLExperiment {
    let context: ClaimContext
    /// A learner fails where it earns this much less than the best.
    static let failure = 1.0

    init(_ context: ClaimContext) { self.context = context }

    private struct Arm: Sendable {
        var name: String
        var role: ClaimRole
        var options: BranchedLearner.Options
    }

    private struct Measurement: Sendable {
        var regret: Double
        var overestimation: Double
        var edgeSpread: Double
        var innerSpread: Double
        var edgeShare: Double
    }

    private var arms: [Arm] {
        func options(_ members: Int, length: Int? = nil, knowsEdges: Bool = false) -> BranchedLearner.Options {
            var options = BranchedLearner.Options(
                length: length ?? context.whole("length"), members: members, deviation: context["deviation"])
            options.kept = context.whole("kept")
            options.knowsEdges = knowsEdges
            return options
        }
        let members = context.whole("members")
        return [
            Arm(name: "one table", role: .baseline, options: options(1)),
            Arm(name: "two tables", role: .baseline, options: options(2)),
            Arm(name: "two tables, true values at the edge", role: .oracle, options: options(2, knowsEdges: true)),
            Arm(name: "RAVL, \(members) tables", role: .method, options: options(members)),
            Arm(name: "RAVL, 30 tables", role: .method, options: options(30)),
            Arm(name: "one table, rollouts of 60", role: .control, options: options(1, length: 60)),
            Arm(name: "two tables, rollouts of 60", role: .control, options: options(2, length: 60)),
        ]
    }

    func outcome() throws -> ClaimOutcome {
        let grid = EdgeOfReachGrid(size: context.whole("size"), goal: (context.whole("down"), context.whole("right")))
        let best = grid.bestValue
        let arms = arms
        let seeds = try context.perSeed { _, key in
            arms.indices.map { index in
                var random = key.derived("arm", index).stream
                let learner = BranchedLearner(grid, arms[index].options, using: &random)
                return Measurement(
                    regret: best - learner.value, overestimation: learner.overestimation,
                    edgeSpread: learner.edgeSpread, innerSpread: learner.innerSpread, edgeShare: learner.edgeShare)
            }
        }
        func values(_ arm: Int, _ field: KeyPath<Measurement, Double>) -> [Double] {
            seeds.map { $0[arm][keyPath: field] }
        }
        func failing(_ arm: Int) -> Double { mean(of: values(arm, \.regret).map { $0 > Self.failure ? 1 : 0 }) }
        let report = arms.indices.flatMap { arm in
            [
                ClaimArm(arms[arm].name, arms[arm].role, metric: "regret of 60 steps", values: values(arm, \.regret)),
                ClaimArm(
                    arms[arm].name, arms[arm].role, metric: "value of the start minus its optimum",
                    values: values(arm, \.overestimation)),
            ]
        }
        let tests = [
            ClaimTest("one table: share of seeds that fail", failing(0), .atLeast, 0.9),
            ClaimTest("two tables: share of seeds that fail", failing(1), .atLeast, 0.9),
            ClaimTest("two tables: overestimation of the start", mean(of: values(1, \.overestimation)), .above, 1),
            ClaimTest("true values at the edge: share that fails", failing(2), .atMost, 0),
            ClaimTest("RAVL: share that fails", failing(3), .atMost, 0),
            ClaimTest("RAVL, 30 tables: share that fails", failing(4), .atMost, 0),
            ClaimTest(
                "RAVL: overestimation of the start, size", abs(mean(of: values(3, \.overestimation))), .atMost, 0.1),
            ClaimTest(
                "RAVL: spread at the edge over spread inside",
                mean(of: values(3, \.edgeSpread)) / max(1e-9, mean(of: values(3, \.innerSpread))), .atLeast, 10),
            ClaimTest("one table, rollouts of 60: share that fails", failing(5), .atMost, 0),
            ClaimTest("two tables, rollouts of 60: share that fails", failing(6), .atMost, 0),
        ]
        let share = mean(of: values(1, \.edgeShare))
        return ClaimOutcome(
            arms: report, tests: tests,
            notes: [
                "The best policy earns \(shortNumber(best)). Of the states that two tables bootstrap from at the end, "
                    + "\(shortNumber(share)) are at the edge."
            ])
    }
}
