import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosTensor

extension Catalogue {
    static let trpo = CatalogueEntry(
        slug: "trpo",
        title: "Trust Region Policy Optimization",
        family: .policyGradient, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "John Schulman, Sergey Levine, Philipp Moritz, Michael Jordan, Pieter Abbeel", year: 2015,
            venue: "ICML 2015", link: "https://arxiv.org/abs/1502.05477"),
        idea: """
            Each update maximises an importance-weighted surrogate of the return within a small mean divergence of the \
            old policy from the new: conjugate gradients with the Fisher matrix give the direction, the bound the \
            length, and a line search makes sure of both. It is the practical form of a lower bound on the return \
            whose maximisation never makes a policy worse.
            """,
        claim: """
            On CartPole every update stays within its bound, the last iterations reach 350 steps with bounds over a \
            range of 33, and rescaling the policy's features changes nothing; plain gradients reach that with at most \
            one rate in a range of 1000 and with none once rescaled, at divergences that span orders of magnitude. \
            With exact advantages the return never falls and the published lower bound holds at every update.
            """,
        parameters: [
            ClaimParameter(
                "episodes", default: 10, "Episodes a batch; fewer make updates noisier.", in: 5...50, whole: true),
            ClaimParameter(
                "iterations", default: 30, "Updates of a CartPole run; with fewer the smallest bound is not there yet.",
                in: 10...200, whole: true),
            ClaimParameter(
                "repeats", default: 3, "CartPole runs a seed, averaged; single runs vary by a hundred steps.",
                in: 1...20, whole: true),
            ClaimParameter(
                "distortion", default: 10, "Largest factor by which features are rescaled; 1 rescales none.",
                in: 1...30),
            ClaimParameter("states", default: 10, "States of the exact MDPs.", in: 2...50, whole: true),
            ClaimParameter("actions", default: 4, "Actions of the exact MDPs.", in: 2...10, whole: true),
            ClaimParameter(
                "updates", default: 200, "Updates of an exact run; the smallest bound needs most of them.",
                in: 20...2000, whole: true),
        ],
        run: { try TRPOExperiment($0).outcome() })
}

/// CartPole at several bounds and rates, twice: the second time the same policies are parameterised badly. And exact
/// trust regions on random MDPs.
///
/// Damping makes the step depend on the parameterisation again, and is 0 here.
///
/// The same with 20 episodes a batch and with features rescaled by up to 20.
struct TRPOExperiment {
    let context: ClaimContext
    /// The step that is to hold a bound; another one where the method is switched off.
    let step: @Sendable (_ divergence: Double) -> PolicyStep

    static let bounds = [0.003, 0.01, 0.03, 0.1]
    static let gradientRates = [0.01, 0.1, 1, 10]
    static let naturalRates = [0.01, 0.1, 1]
    /// What counts as having learned: mean episode length over the last iterations, of 500.
    static let success = 350.0

    init(
        _ context: ClaimContext,
        step: @escaping @Sendable (_ divergence: Double) -> PolicyStep = { .trustRegion(divergence: $0) }
    ) {
        self.context = context
        self.step = step
    }

    func outcome() throws -> ClaimOutcome {
        let learning = try cartPole()
        let exact = try exactTrustRegions()
        return ClaimOutcome(
            arms: learning.arms + exact.arms, tests: learning.tests + exact.tests, notes: learning.notes)
    }

    // MARK: CartPole

    private struct Run: Sendable {
        var length: Double
        var divergences: [Double]
    }

    func cartPole() throws -> ClaimOutcome {
        let d = Float(context["distortion"])
        let scales: [[Float]] = [[1, 1, 1, 1, 1], [d, 1, 1 / d, 1, d.squareRoot()]]
        let steps =
            Self.bounds.map(step) + Self.gradientRates.map { .gradient(rate: $0) }
            + Self.naturalRates.map { .naturalGradient(rate: $0) }
        let names =
            Self.bounds.map { "bound \(shortNumber($0))" } + Self.gradientRates.map { "gradient \(shortNumber($0))" }
            + Self.naturalRates.map { "natural gradient \(shortNumber($0))" }
        // Fixed natural gradients go the same way under both scales, as trust regions do.
        let counts = [steps.count, Self.bounds.count + Self.gradientRates.count]
        let seeds = try context.perSeed { _, key in
            let learner = try CartPoleLearner()
            return try scales.enumerated().map { variant, scale in
                try steps.prefix(counts[variant]).map { step -> Run in
                    let settings = CartPoleLearner.Settings(
                        step: step, episodes: context.whole("episodes"), iterations: context.whole("iterations"),
                        valueSteps: 40, scale: scale)
                    // What is tested of the plain rates is too plain to need repeating.
                    let repeats = Self.bounds.map(self.step).contains(step) ? context.whole("repeats") : 1
                    let curves = try (0..<repeats).map {
                        try learner.run(settings, key: key.derived("cart pole", $0))
                    }
                    return Run(
                        length: mean(of: curves.map { $0.final(5) }), divergences: curves.flatMap(\.divergences))
                }
            }
        }
        var arms: [ClaimArm] = []
        for (variant, suffix) in ["", ", rescaled"].enumerated() {
            for (index, name) in names.prefix(counts[variant]).enumerated() {
                arms.append(
                    ClaimArm(
                        name + suffix, index < Self.bounds.count ? .method : .baseline,
                        metric: "mean episode length, last 5 iterations",
                        values: seeds.map { $0[variant][index].length }))
            }
        }
        func score(_ variant: Int, _ index: Int) -> Double {
            interquartileMean(of: arms[variant * names.count + index].values)
        }
        let trusted = Self.bounds.indices
        let plain = Self.bounds.count..<(Self.bounds.count + Self.gradientRates.count)
        let natural = plain.upperBound..<names.count
        let excess = seeds.flatMap { variants in
            variants.flatMap { runs in
                trusted.flatMap { index in runs[index].divergences.map { $0 / Self.bounds[index] } }
            }
        }
        let meanDivergences = plain.map { index in
            median(of: seeds.map { mean(of: $0[0][index].divergences) })
        }
        let lengths = [0, 1].map { variant in mean(of: trusted.map { score(variant, $0) }) }
        let tests = [
            ClaimTest("divergence of an update over its bound, largest", excess.max() ?? .nan, .atMost, 1),
            ClaimTest("mean length, least of the bounds", trusted.map { score(0, $0) }.min()!, .atLeast, Self.success),
            ClaimTest(
                "the same, rescaled", trusted.map { score(1, $0) }.min()!, .atLeast, Self.success),
            ClaimTest(
                "relative change by rescaling, mean of the bounds", abs(lengths[1] / lengths[0] - 1), .below, 0.15),
            ClaimTest(
                "rates at which plain gradients reach 350",
                Double(plain.filter { score(0, $0) >= Self.success }.count), .atMost, 1),
            ClaimTest(
                "the same, rescaled", Double(plain.filter { score(1, $0) >= Self.success }.count), .atMost, 0),
            ClaimTest(
                "plain gradients: largest mean divergence of an update over the least",
                meanDivergences.max()! / meanDivergences.min()!, .atLeast, 100),
            ClaimTest(
                "fixed natural gradients: mean length, least of the rates", natural.map { score(0, $0) }.min()!, .below,
                Self.success),
        ]
        let rows = meanDivergences.map(shortNumber).joined(separator: ", ")
        return ClaimOutcome(
            arms: arms, tests: tests, notes: ["Mean divergence of a plain gradient's update, by rate: \(rows)."])
    }

    // MARK: Exact trust regions

    private func exactTrustRegions() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in
            var random = key.derived("exact").stream
            let mdp = try TabularMDP.dirichlet(
                states: context.whole("states"), actions: context.whole("actions"), concentration: 0.3, using: &random)
            let reward = (0..<(mdp.stateCount * mdp.actionCount)).map { _ in random.normal() }
            return try Self.bounds.map {
                try ExactTrustRegion(mdp, reward: reward, discount: 0.9, bound: $0, step: step($0))
                    .run(updates: context.whole("updates"))
            }
        }
        let all = seeds.flatMap { $0 }
        return ClaimOutcome(
            arms: Self.bounds.indices.map { index in
                ClaimArm(
                    "exact, bound \(shortNumber(Self.bounds[index]))", .method, metric: "share of the gap to optimal",
                    values: seeds.map { $0[index].gapClosed })
            },
            tests: [
                ClaimTest("exact: largest divergence over its bound", all.map(\.largestDivergence).max()!, .atMost, 1),
                ClaimTest("exact: updates that lower the return", all.map(\.decreases).reduce(0, +), .atMost, 0),
                ClaimTest("exact: updates that break the lower bound", all.map(\.violations).reduce(0, +), .atMost, 0),
                ClaimTest(
                    "exact: gap closed, least of the bounds",
                    Self.bounds.indices.map { index in interquartileMean(of: seeds.map { $0[index].gapClosed }) }
                        .min()!,
                    .atLeast, 0.95),
            ])
    }
}
