import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    static let pgRainbow = CatalogueEntry(
        slug: "pg-rainbow",
        title: "PG-Rainbow: Using Distributional Reinforcement Learning in Policy Gradient Methods",
        family: .valueBased, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "WooJae Jeon, KangJun Lee, Jeewoo Lee", year: 2024, venue: "arXiv",
            link: "https://arxiv.org/abs/2407.13146"),
        idea: """
            PPO keeps its actor, but its critic sees more than means: an implicit quantile network learns \
            off-policy from past rollouts, its quantiles at a state go through a small network, and the \
            result is multiplied into the critic's features before its last layers.
            """,
        claim: """
            On a grid with heavy-tailed rewards and exactly known values, at two levels of noise: the \
            critic with quantiles has a lower error than PPO's, the return while learning is higher than \
            PPO's and than that of a critic gated by noise, and the learned quantiles lie within a fifth \
            of the returns' standard deviation of sampled ones.
            """,
        parameters: [
            ClaimParameter("size", default: 4, "Rows and columns of the grid.", in: 3...8, whole: true),
            ClaimParameter("updates", default: 30, "Rollouts of PPO.", in: 6...300, whole: true),
            ClaimParameter("environments", default: 8, "Walks side by side.", in: 1...64, whole: true),
            ClaimParameter("rolloutSteps", default: 64, "Steps of each between updates.", in: 16...512, whole: true),
            ClaimParameter(
                "quantiles", default: 32, "Quantiles an action that the critic sees.", in: 4...64, whole: true),
            ClaimParameter(
                "quantileUpdates", default: 60,
                "Updates of the quantile network a rollout.", in: 0...500, whole: true),
        ],
        disputed: """
            Only the quantiles are as claimed: 0.15 and 0.18 of the standard deviation from sampled ones \
            at noise 0.3 and 0.5 (20 seeds). The critic's error is higher than PPO's, 0.212 against 0.195 \
            (2 standard errors) and 0.342 against 0.284 (7), also with quantiles of the policy's own \
            return (0.208 and 0.339), and the return while learning is the same: 0.160 against 0.162, \
            0.020 against 0.029, gated by noise 0.163 and 0.016. With a quarter of the samples an update \
            (4 x 32, 60 updates, 8 seeds) errors are 0.26 against 0.26 and 0.35 against 0.41, returns \
            -0.09 against -0.11 and -0.32 against -0.28, and noise does as well. Reasons: with known cells \
            a critic by rollouts already averages the noise, the quantile network's own error enters by a \
            product, and what it learns changes under the critic every rollout. The paper's gains are \
            curves on Atari, where features must be learned; nothing here speaks about those. Network \
            sizes and schedules are not the paper's.
            """,
        run: { try PGRainbowExperiment($0).outcome() })
}

/// A walk to the corner of an open grid with heavy-tailed rewards, where the exact values of every policy are known.
///
/// A step pays -0.05, the goal 1, and every reward has noise sigma T, T of Student's law with 2.5 degrees of freedom.
/// Episodes start anywhere. The error of the critic is the root mean square over cells, averaged over the updates from
/// the sixth on; the return is the exact value of the policy in the corner opposite the goal, averaged over updates.
struct PGRainbowExperiment {
    let context: ClaimContext
    let noises = [0.3, 0.5]

    init(_ context: ClaimContext) { self.context = context }

    func outcome() throws -> ClaimOutcome {
        let gates = PGRainbowRun.Gate.allCases
        let seeds = try context.perSeed { _, key in
            try noises.map { noise in
                try gates.map {
                    try PGRainbowRun(context, gate: $0, noise: noise, key: key.derived("run", Int(100 * noise)))
                        .measure()
                }
            }
        }
        typealias Figure = (PGRainbowRun.Measurement) -> Double
        func values(_ level: Int, _ gate: PGRainbowRun.Gate, _ figure: Figure) -> [Double] {
            seeds.map { figure($0[level][gates.firstIndex(of: gate)!]) }
        }
        /// The mean difference to another arm, in standard errors over seeds.
        func lead(_ level: Int, over gate: PGRainbowRun.Gate, _ figure: Figure) -> Double {
            let differences = zip(values(level, .quantiles, figure), values(level, gate, figure)).map { $0 - $1 }
            let error = standardDeviation(of: differences) / Double(differences.count).squareRoot()
            return mean(of: differences) / error
        }
        var arms: [ClaimArm] = []
        var tests: [ClaimTest] = []
        for (level, noise) in noises.enumerated() {
            let suffix = ", noise \(shortNumber(noise))"
            for gate in gates {
                let role: ClaimRole = gate == .none ? .baseline : gate == .quantiles ? .method : .control
                arms.append(
                    ClaimArm(
                        gate.rawValue + suffix, role, metric: "error of the critic",
                        values: values(level, gate, \.valueError)))
                arms.append(
                    ClaimArm(
                        gate.rawValue + suffix, role, metric: "return while learning",
                        values: values(level, gate, \.meanReturn)))
            }
            tests += [
                ClaimTest(
                    "distance of quantiles over the spread of returns" + suffix,
                    interquartileMean(of: values(level, .quantiles, \.quantileError)), .atMost, 0.2),
                ClaimTest(
                    "critic's error minus PPO's, in standard errors" + suffix,
                    lead(level, over: .none, \.valueError), .below, -1.5),
                ClaimTest(
                    "return minus PPO's, in standard errors" + suffix, lead(level, over: .none, \.meanReturn), .above,
                    1.5),
                ClaimTest(
                    "return minus that under noise, in standard errors" + suffix,
                    lead(level, over: .noise, \.meanReturn), .above, 1.5),
            ]
        }
        return ClaimOutcome(arms: arms, tests: tests)
    }
}
