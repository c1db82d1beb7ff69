import TelosEnvironments
import TelosEvaluation
import TelosTensor

extension Catalogue {
    static let ppoEWMA = CatalogueEntry(
        slug: "ppo-ewma", title: "Batch size-invariance for policy optimization",
        family: .policyGradient, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Jacob Hilton, Karl Cobbe, John Schulman", year: 2022, venue: "NeurIPS 2022",
            link: "https://arxiv.org/abs/2110.00641"),
        idea: """
            In proximal policy optimisation the old policy both corrects for who collected the data and \
            holds steps back. Only the first needs the policy that acted: hold steps near a moving average \
            of policies instead, and how fast the policy changes is a matter of samples, not of batches. A \
            smaller batch is then made good by rescaling the step size and the average's horizon, and data \
            may be old.
            """,
        claim: """
            On a noisy contextual bandit with a penalty on the divergence, learning curves with batches of \
            a quarter and a sixteenth stay within 0.02 of the full one's under PPO-EWMA with all its \
            rescaling; plain PPO's, and PPO-EWMA's without the average's rescaling, are at least five \
            times as far off at a sixteenth. With clipping in place of the penalty they are at least twice \
            as far, by exact gradients and by the shared PPO learner. From data sixteen batches old the \
            decoupled objective earns at least 0.2 more of the curve than the coupled one.
            """,
        parameters: [
            ClaimParameter("contexts", default: 8, "Contexts of the bandit.", in: 1...64, whole: true),
            ClaimParameter("arms", default: 6, "Actions in each.", in: 2...32, whole: true),
            ClaimParameter(
                "noise", default: 2, "Standard deviation of rewards; the step size's rescaling assumes much of it.",
                in: 0.5...10),
            ClaimParameter(
                "penalty", default: 32, "Weight of the divergence; with little it holds nothing.", in: 4...128),
            ClaimParameter(
                "halvings", default: 4, "Of the batch of 512: 4 make a sixteenth of it.", in: 2...6, whole: true),
            ClaimParameter(
                "decay", default: 2.0 / 3, "Of the average of policies at the full batch; a horizon of 2 steps.",
                in: 0.3...0.95),
            ClaimParameter("delay", default: 16, "Age of data in batches.", in: 1...40, whole: true),
            ClaimParameter("samples", default: 49_152, "Samples of a run.", in: 4096...500_000, whole: true),
        ],
        run: { context in
            let exact = try PPOEWMAExperiment(context).outcome()
            let learner = try PPOEWMALearnerExperiment(context).outcome()
            return ClaimOutcome(arms: exact.arms + learner.arms, tests: exact.tests + learner.tests)
        })
}

/// A policy table trained on sampled batches of a contextual bandit.
///
///     penalty:  L = mean(rho A - beta KL(pi_prox || pi))
///     clip:     L = mean(min(rho A, w clip(r, 1 - e, 1 + e) A)),  r = pi / pi_prox,  w = pi_prox / pi_behav
///     rho = pi / pi_behav = w r
///
/// pi_prox is the policy that acted (PPO) or has the average of parameters, theta' <- theta' + (theta - theta') / W with
/// W <- b W + 1 from 1 on. A batch smaller by c has the step size / sqrt(c) and, where rescaled, 1 - 1 / (1 + c m) for
/// b, m = 1 / (1 - b) - 1 being the centre of mass in steps, and c times the horizon of the advantages' moments. There
/// are always four minibatches.
///
/// It holds with 16 contexts of 3 arms, with a penalty of 8, and with one of 64 at a thirty-second of the batch. With
/// noise 6 learning is so slow that the clip hardly binds: the clipped contrasts fall to 1.4 and 1.2, the penalty's stays.
struct PPOEWMAExperiment {
    let context: ClaimContext
    let batch = 512
    /// Switched off, the average is that of PPO: the policy that acted.
    let averages: Bool

    init(_ context: ClaimContext, averages: Bool = true) {
        self.context = context
        self.averages = averages
    }

    /// How a run differs from plain PPO with a full batch.
    struct Variant: Sendable {
        var divisor = 1
        var averages = false
        var rescalesAverage = true
        var rescalesStep = true
        /// Nil for the penalty on the divergence.
        var clipRange: Double?
        var learningRate = 0.05
        var epochs = 1
        var noise: Double
        var samples: Int
        /// Batches wait for so many iterations.
        var delay = 0
        /// With waiting batches: whether steps are held near the policy of when they are used, not of when they acted.
        var isDecoupled = false
    }

    func outcome() throws -> ClaimOutcome {
        let (noise, samples, smallest) = (context["noise"], context.whole("samples"), 1 << context.whole("halvings"))
        func variant(_ change: (inout Variant) -> Void) -> Variant {
            var variant = Variant(noise: noise, samples: samples)
            change(&variant)
            return variant
        }
        let averages = averages
        // Each is compared with the same at the full batch.
        let gaps: [(name: String, role: ClaimRole, variant: Variant)] = [
            (
                "PPO-EWMA, batch / \(smallest / 4)", .method,
                variant { ($0.divisor, $0.averages) = (smallest / 4, averages) }
            ),
            ("PPO-EWMA, batch / \(smallest)", .method, variant { ($0.divisor, $0.averages) = (smallest, averages) }),
            ("PPO, batch / \(smallest)", .baseline, variant { $0.divisor = smallest }),
            (
                "average not rescaled, batch / \(smallest)", .control,
                variant { ($0.divisor, $0.averages, $0.rescalesAverage) = (smallest, averages, false) }
            ),
            (
                "step not rescaled, batch / \(smallest)", .control,
                variant { ($0.divisor, $0.averages, $0.rescalesStep) = (smallest, averages, false) }
            ),
            (
                "clipped PPO-EWMA, batch / \(smallest)", .method,
                variant { ($0.divisor, $0.averages, $0.clipRange) = (smallest, averages, 0.05) }
            ),
            ("clipped PPO, batch / \(smallest)", .baseline, variant { ($0.divisor, $0.clipRange) = (smallest, 0.05) }),
        ]
        // Data of long ago: another task, with more noise and larger steps.
        @Sendable func stale(_ isDecoupled: Bool) -> Variant {
            Variant(
                clipRange: 0.2, learningRate: 0.1, epochs: 2, noise: 1.5 * noise, samples: 120 * batch,
                delay: context.whole("delay"), isDecoupled: isDecoupled && averages)
        }
        let seeds = try context.perSeed { _, key -> [Double] in
            let bandit = ContextualBandit(
                contexts: context.whole("contexts"), arms: context.whole("arms"), key: key.derived("bandit"))
            func curve(_ variant: Variant, _ purpose: String) -> [Double] {
                run(bandit, variant, key.derived(purpose))
            }
            return gaps.map { gap in
                var reference = gap.variant
                reference.divisor = 1
                let whole = curve(reference, "full")
                return mean(of: zip(curve(gap.variant, gap.name), whole).map { abs($0 - $1) })
            } + [true, false].map { mean(of: curve(stale($0), "stale \($0)")) }
        }
        func values(_ index: Int) -> [Double] { seeds.map { $0[index] } }
        func middle(_ index: Int) -> Double { interquartileMean(of: values(index)) }
        let metric = "mean distance to the full batch's learning curve, 1 from uniform to best"
        let arms =
            gaps.enumerated().map { ClaimArm($1.name, $1.role, metric: metric, values: values($0)) }
            + [
                ClaimArm(
                    "old data, decoupled", .method, metric: "area under the learning curve", values: values(gaps.count)),
                ClaimArm(
                    "old data, coupled", .baseline, metric: "area under the learning curve",
                    values: values(gaps.count + 1)),
            ]
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("distance of PPO-EWMA, larger of both", max(middle(0), middle(1)), .atMost, 0.02),
                ClaimTest("distance of PPO over PPO-EWMA's", middle(2) / middle(1), .atLeast, 5),
                ClaimTest("distance with the average not rescaled over PPO-EWMA's", middle(3) / middle(1), .atLeast, 5),
                ClaimTest("clipped: distance of PPO over PPO-EWMA's", middle(6) / middle(5), .atLeast, 2),
                ClaimTest(
                    "old data: area decoupled minus coupled", middle(gaps.count) - middle(gaps.count + 1), .atLeast, 0.2
                ),
            ])
    }

    private struct Sample {
        var context: Int
        var arm: Int
        var probability: Double
        var advantage: Double
    }

    /// The value of the policy after every 2048 samples.
    private func run(_ bandit: ContextualBandit, _ variant: Variant, _ key: RandomKey) -> [Double] {
        var random = key.stream
        let c = Double(variant.divisor)
        let (size, minibatches) = (batch / variant.divisor, 4)
        let rate = variant.rescalesStep ? variant.learningRate / c.squareRoot() : variant.learningRate
        let centreOfMass = 1 / (1 - context["decay"]) - 1
        let decay = 1 - 1 / (1 + (variant.rescalesAverage ? c : 1) * centreOfMass)
        var theta = TableAdam(count: bandit.contexts * bandit.arms)
        var average = theta.values
        var weight = 1.0
        var moments = (count: 0.0, sum: 0.0, square: 0.0)
        var waiting: [[Sample]] = []
        var curve: [Double] = []
        var drawn = 0
        while drawn < variant.samples {
            let acting = bandit.policy(theta.values)
            var samples: [Sample] = []
            for _ in 0..<size {
                let context = random.index(below: bandit.contexts)
                let row = context * bandit.arms
                let arm = random.index(weights: acting[row..<(row + bandit.arms)])
                let reward = bandit.means[row + arm] + variant.noise * random.normal()
                samples.append(
                    Sample(
                        context: context, arm: arm, probability: acting[row + arm],
                        advantage: reward - bandit.value(of: acting, in: context)))
            }
            drawn += size
            waiting.append(samples)
            if waiting.count > variant.delay {
                let used = waiting.removeFirst()
                let keep = 1 - 1 / c
                moments.count = keep * moments.count + Double(size)
                moments.sum = keep * moments.sum + used.reduce(0) { $0 + $1.advantage }
                moments.square = keep * moments.square + used.reduce(0) { $0 + $1.advantage * $1.advantage }
                let center = moments.sum / moments.count
                let spread = max(moments.square / moments.count - center * center, 1e-12).squareRoot()
                // Of the policy that is about to be changed; a waiting batch acted by an older one.
                let current = variant.isDecoupled || variant.delay == 0 ? acting : nil
                for _ in 0..<variant.epochs {
                    for minibatch in 0..<minibatches {
                        let part = used[(minibatch * size / minibatches)..<((minibatch + 1) * size / minibatches)]
                        let policy = bandit.policy(theta.values)
                        let proximal = variant.averages ? bandit.policy(average) : current
                        var ascent = [Double](repeating: 0, count: policy.count)
                        for sample in part {
                            let advantage = (sample.advantage - center) / spread / Double(part.count)
                            let row = sample.context * bandit.arms
                            let chosen = row + sample.arm
                            let anchor = proximal?[chosen] ?? sample.probability
                            let ratio = policy[chosen] / sample.probability
                            var slope = ratio * advantage
                            if let range = variant.clipRange {
                                let near = policy[chosen] / anchor
                                if advantage > 0 ? near > 1 + range : near < 1 - range { slope = 0 }
                            }
                            for index in row..<(row + bandit.arms) {
                                ascent[index] += slope * ((index == chosen ? 1 : 0) - policy[index])
                                if variant.clipRange == nil, let proximal {
                                    ascent[index] -=
                                        context["penalty"] * (policy[index] - proximal[index]) / Double(part.count)
                                }
                            }
                        }
                        theta.ascend(ascent, rate: rate)
                        weight = decay * weight + 1
                        for index in average.indices {
                            average[index] += (theta.values[index] - average[index]) / weight
                        }
                    }
                }
            }
            if drawn % 2048 == 0 { curve.append(bandit.score(of: bandit.policy(theta.values))) }
        }
        return curve
    }
}
