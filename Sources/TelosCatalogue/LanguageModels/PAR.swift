import TelosEvaluation
import TelosLearning
import TelosRewards
import TelosTensor

extension Catalogue {
    /// What was measured is in `disputed`.
    static let par = CatalogueEntry(
        slug: "par",
        title: "Reward Shaping to Mitigate Reward Hacking in RLHF",
        family: .languageModelReinforcementLearning, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Jiayi Fu, Xuandong Zhao, Chengyuan Yao, Heng Wang, Qi Han, Yanghua Xiao", year: 2025,
            venue: "arXiv", link: "https://arxiv.org/abs/2502.18770"),
        idea: """
            A reward model's score pays without bound for going beyond anything it was trained on. Preference as reward \
            pays sigmoid(score - score of a reference response) instead, the model's own probability that the response is \
            preferred: steep where the policy begins, flat once it is better, so that little is gained by exploiting it.
            """,
        claim: """
            Trained by PPO on the raw, standardised, clipped or centred score of a reward model that has not seen what it \
            is led to, gold reward rises, then falls below -4 reference deviations. Bounded shapes that saturate \
            (preference as reward, tanh, log-sigmoid, sigmoid) end above 0.4, preference as reward within 0.5 of its \
            peak, with 1, 5 or 10 references alike (0.15), and above the raw score with a divergence penalty 60 or 200 \
            times as large. It does not rank the bounded shapes.
            """,
        parameters: [
            ClaimParameter(
                "length", default: 16, "Tokens of a response. Higher: further to go wrong.", in: 6...40, whole: true),
            ClaimParameter("penalty", default: 0.005, "Price of a nat of divergence.", in: 0...1),
            ClaimParameter(
                "pairs", default: 300, "Comparisons of the reward model. With many, nothing is exploited.",
                in: 50...5000, whole: true),
            ClaimParameter("iterations", default: 400, "PPO's.", in: 20...2000, whole: true),
            ClaimParameter("cap", default: 4, "Uses of the token that help; more of them harm.", in: 1...10),
        ],
        defaultSeeds: 0..<5,
        disputed: """
            The effect appears in every range of five seeds measured (0, 300, 1000, 1010, 1020): raw, standardised, clipped \
            and centred scores rise to 0.8 to 0.95 and end at -3 to -6.2, bounded shapes end at 0.65 to 1.03, and preference \
            as reward is 0.7 to 2.3 above the raw score with the better of two larger penalties. Two sizes fixed \
            beforehand are not met: a fall below -4 (-3.0 to -3.9 in three ranges of five, because some reward models are \
            not exploitable: one seed in five keeps its gold) and a spread of 0.15 over the number of references (0.17 and \
            0.26 in two ranges; five seeds are too few to tell). A reward model of tanh units, which cannot go on rising, \
            is exploited less: raw ends at -0.7. Other sizes: with 200 pairs and with 24 tokens of which 7 help all but the spread \
            over references is met (0.23, 0.17; raw ends at -10.8 with 24 tokens). Where the reward model has seen what too many \
            uses do, with 24 tokens of which 4 help or 16 of which 3 do, nothing is exploited (raw ends at 0.9 and 0.3), and 24 \
            of which 5 do are in between (-0.7). With a penalty of 0.02 the raw score with the better penalty is as good.
            """,
        run: { try PARExperiment($0).outcome() })
}

/// Six prompts, responses of 16 tokens out of 8: see `HackableTask`. PPO: 128 responses an iteration, two epochs, clip
/// 0.2, Adam 0.03, divergence a token in the reward, baseline the batch's mean at each place, standardised advantages.
struct PARExperiment {
    let context: ClaimContext
    /// What is used in the place of preference as reward.
    let method: ScoreShaping

    private struct Arm {
        var name: String
        var role: ClaimRole
        var shaping: ScoreShaping
        var references = 1
        /// Times the penalty.
        var penalty = 1.0
    }

    init(_ context: ClaimContext, method: ScoreShaping = .preference) {
        self.context = context
        self.method = method
    }

    private var arms: [Arm] {
        [
            Arm(name: "preference as reward, 1 reference", role: .method, shaping: method),
            Arm(name: "preference as reward, 5 references", role: .method, shaping: method, references: 5),
            Arm(name: "preference as reward, 10 references", role: .method, shaping: method, references: 10),
            Arm(name: "tanh of centred", role: .method, shaping: .tanhCentred, references: 10),
            Arm(name: "log-sigmoid of centred", role: .method, shaping: .logSigmoidCentred, references: 10),
            Arm(name: "sigmoid", role: .method, shaping: .sigmoid),
            Arm(name: "raw", role: .baseline, shaping: .raw),
            Arm(name: "standardised", role: .baseline, shaping: .standardized),
            Arm(name: "clipped", role: .baseline, shaping: .clipped),
            Arm(name: "centred", role: .baseline, shaping: .centred, references: 10),
            Arm(name: "raw, penalty x 60", role: .baseline, shaping: .raw, penalty: 60),
            Arm(name: "raw, penalty x 200", role: .baseline, shaping: .raw, penalty: 200),
        ]
    }

    func outcome() throws -> ClaimOutcome {
        let arms = arms
        let seeds = try context.perSeed { _, key in
            let task = try HackableTask(
                length: context.whole("length"), cap: context["cap"], pairs: context.whole("pairs"),
                key: key.derived("task"))
            return try arms.map { arm -> OverOptimizationMonitor in
                try task.train(
                    ScoreShaper(arm.shaping), references: arm.references, penalty: context["penalty"] * arm.penalty,
                    iterations: context.whole("iterations"), key: key.derived("training"))
            }
        }
        func middle(_ arm: Int, _ value: (OverOptimizationMonitor) -> Double) -> Double {
            interquartileMean(of: seeds.map { value($0[arm]) })
        }
        func end(_ arm: Int) -> Double { middle(arm) { $0.points.last?.gold ?? .nan } }
        let reported = arms.enumerated().map { index, arm in
            ClaimArm(
                arm.name, arm.role, metric: "gold reward in the end, reference deviations",
                values: seeds.map { $0[index].points.last?.gold ?? .nan })
        }
        var tests = [6, 7, 8, 9].map { ClaimTest("\(arms[$0].name): gold in the end", end($0), .below, -4) }
        tests += [
            ClaimTest("raw: highest gold", middle(6) { $0.peak?.gold ?? .nan }, .above, 0.4),
            ClaimTest(
                "raw: share of seeds in which the proxy rose as gold fell by 1",
                Double(seeds.filter { $0[6].isExploited(tolerance: 1) }.count) / Double(seeds.count), .above, 0.5),
        ]
        tests += [0, 3, 4, 5].map { ClaimTest("\(arms[$0].name): gold in the end", end($0), .above, 0.4) }
        let spread = (0..<3).map(end)
        tests += [
            ClaimTest("\(arms[0].name): fall from the peak", middle(0, \.fall), .below, 0.5),
            ClaimTest(
                "1, 5, 10 references: largest minus least gold", (spread.max() ?? .nan) - (spread.min() ?? .nan),
                .below, 0.15),
            ClaimTest("1 reference minus raw with the better penalty", end(0) - max(end(10), end(11)), .above, 0),
        ]
        let notes = [0, 6].map { index in
            "\(arms[index].name): proxy \(shortNumber(middle(index) { $0.points.last?.proxy ?? .nan })), KL "
                + "\(shortNumber(middle(index) { $0.points.last?.divergence ?? .nan })) in the end."
        }
        return ClaimOutcome(arms: reported, tests: tests, notes: notes)
    }
}
