import TelosEnvironments
import TelosEvaluation
import TelosNN
import TelosTensor

extension Catalogue {
    static let polyakPG = CatalogueEntry(
        slug: "polyak-pg",
        title: "Enhancing Policy Gradient with the Polyak Step-Size Adaption",
        family: .policyGradient, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: """
                Yunxiang Li, Rui Yuan, Chen Fan, Mark Schmidt, Samuel Horvath, Robert M. Gower, Martin Takac
                """, year: 2024, venue: "arXiv", link: "https://arxiv.org/abs/2404.07525"),
        idea: """
            The policy gradient's step is the gap to the optimal value over the gradient's squared norm. Since the \
            optimal value is unknown, two policies learn side by side, and the better estimate of the two stands for it.
            """,
        claim: """
            Without any tuning twin policies close 85% of the gap to the optimum of random MDPs whatever the unit of \
            the reward, exactly alike, while a fixed rate depends on that unit by 0.4 and more, and Adam at its usual \
            0.001 stays 0.5 behind. Given the true optimum instead, sampled gradients make the steps explode unless \
            they are capped. The best tuned rate is better than the twins.
            """,
        parameters: [
            ClaimParameter("states", default: 10, "States of the MDPs.", in: 3...40, whole: true),
            ClaimParameter("actions", default: 4, "Actions of the MDPs.", in: 2...10, whole: true),
            ClaimParameter("horizon", default: 20, "Steps of an episode.", in: 5...100, whole: true),
            ClaimParameter(
                "episodes", default: 20, "Episodes a gradient; fewer shorten the steps, for noise swells the norm.",
                in: 3...200, whole: true),
            ClaimParameter(
                "batches", default: 300, "Gradients of a run; twins use two an iteration.", in: 50...2000, whole: true),
            ClaimParameter("constant", default: 1, "c, by which steps are divided.", in: 0.2...4),
        ],
        run: { try PolyakExperiment($0).outcome() })
}

/// How a gradient becomes a step.
enum StepRule: Sendable, Hashable {
    case fixed(Double)
    case adam(Double)
    /// The gap to the true optimum over constant |g|^2, at most `cap`.
    case polyak(constant: Double, cap: Double = .infinity)
    /// Two policies, each of which takes the better estimate for the optimum.
    case twins(constant: Double)
}

/// REINFORCE with batch baselines (GPOMDP) on random finite-horizon MDPs, softmax tables of logits.
///
/// The same with 5 or 20 states, 6 actions, 5 or 50 episodes a gradient.
struct PolyakExperiment {
    let context: ClaimContext
    /// What is claimed to need no tuning.
    let method: StepRule

    /// Powers of two, by which numbers scale without rounding.
    static let scales = [0.0625, 1, 16]
    static let rates = [0.03, 0.3, 3, 30]
    static let adamRates = [0.001, 0.01, 0.1, 1]
    static let cap = 10.0

    init(_ context: ClaimContext, method: StepRule? = nil) {
        self.context = context
        self.method = method ?? .twins(constant: context["constant"])
    }

    func outcome() throws -> ClaimOutcome {
        var runs: [(name: String, role: ClaimRole, rule: StepRule, scale: Double)] = []
        for scale in Self.scales {
            runs.append(("twins, rewards times \(shortNumber(scale))", .method, method, scale))
        }
        for rate in Self.rates {
            for scale in Self.scales {
                runs.append(
                    (
                        "rate \(shortNumber(rate)), rewards times \(shortNumber(scale))", .baseline, .fixed(rate), scale
                    ))
            }
        }
        for rate in Self.adamRates { runs.append(("Adam \(shortNumber(rate))", .baseline, .adam(rate), 1)) }
        runs.append(("true optimum, capped", .oracle, .polyak(constant: 1, cap: Self.cap), 1))
        runs.append(("true optimum, no cap", .control, .polyak(constant: 1), 1))

        let all = runs
        let seeds = try context.perSeed { _, key in
            let problem = try EpisodicProblem(context, key: key.derived("mdp"))
            return try all.map { try problem.finalScore($0.rule, scale: $0.scale, key: key.derived("episodes")) }
        }
        let arms = runs.enumerated().map { index, run in
            ClaimArm(
                run.name, run.role, metric: "share of the gap to optimal, last 10 points",
                values: seeds.map { $0[index] })
        }
        let scores = arms.map { interquartileMean(of: $0.values) }
        let twins = 0..<Self.scales.count
        let apart = seeds.map { row in
            (row[twins].max()! - row[twins].min()!)
        }
        let spreads = Self.rates.indices.map { index -> Double in
            let first = Self.scales.count * (1 + index)
            let row = scores[first..<(first + Self.scales.count)]
            return row.max()! - row.min()!
        }
        let adam = Self.scales.count * (1 + Self.rates.count)
        let tests = [
            ClaimTest("twins, least over the rewards' scales", scores[twins].min()!, .atLeast, 0.85),
            ClaimTest("twins, largest difference between scales in a seed", apart.max()!, .atMost, 1e-6),
            ClaimTest("a fixed rate, largest difference between scales", spreads.max()!, .above, 0.4),
            ClaimTest("twins minus Adam 0.001", scores[1] - scores[adam], .above, 0.5),
            ClaimTest(
                "true optimum, capped minus not capped", scores[scores.count - 2] - scores[scores.count - 1], .atLeast,
                0.2),
        ]
        return ClaimOutcome(arms: arms, tests: tests)
    }
}
