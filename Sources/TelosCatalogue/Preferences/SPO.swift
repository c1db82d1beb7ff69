import TelosEvaluation
import TelosFeedback
import TelosNN
import TelosTensor

extension Catalogue {
    static let spo = CatalogueEntry(
        slug: "spo", title: "A Minimaximalist Approach to Reinforcement Learning from Human Feedback",
        family: .preferences, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Gokul Swamy, Christoph Dann, Rahul Kidambi, Zhiwei Steven Wu, Alekh Agarwal", year: 2024,
            venue: "ICML 2024", link: "https://arxiv.org/abs/2401.04056"),
        idea: """
            Look for the policy whose behaviour no other's is preferred to, the minimax winner, which exists for \
            preferences of any kind. As the game is symmetric, one policy that learns against itself is enough: the \
            reward of a piece of behaviour is how often it is preferred to recent ones of the same policy, and no reward \
            model is fitted.
            """,
        claim: """
            In games of 3, 5, 7 and 15 options with circles, with right answers and with a fifth of them wrong, the average \
            policy of self-play is exploitable by less than 0.03, that of a reward model on as many answers by more than \
            0.1. On a ring where walks are preferred that spend half their time in a zone, self-play ends nearer to half \
            than a reward model of steps. Where a sum of rewards explains preferences, the reward model learns faster.
            """,
        parameters: [
            ClaimParameter(
                "wrong", default: 0.2, "Share of wrong answers in the noisy half of the runs.", in: 0...0.35),
            ClaimParameter(
                "queue", default: 256, "Recent options that win rates are taken against.", in: 16...4096, whole: true),
            ClaimParameter(
                "iterations", default: 2000, "Of learning in the games, 256 answers each.", in: 100...20_000,
                whole: true),
            ClaimParameter("walkIterations", default: 400, "Of learning on the ring.", in: 50...2000, whole: true),
            ClaimParameter(
                "opponents", default: 1,
                "1: options are compared with the queue; 0: scored by a reward model, where the claim must fail.",
                in: 0...1,
                whole: true),
        ],
        defaultSeeds: 0..<20,
        run: { try SPOExperiment($0).outcome() })
}

/// Self-play and a reward model, each on as many answers, in matrix games and on a ring.
///
/// It holds with a queue of 64. With three in ten answers wrong the games hold, and on the ring the two are level: the lead
/// of 0.006 there is small.
struct SPOExperiment {
    let context: ClaimContext
    static let sizes = [3, 5, 7, 15]

    init(_ context: ClaimContext) { self.context = context }

    private struct Measurement: Sendable {
        /// Of each game, right answers then wrong ones: exploitability of averages, and of the last policies.
        var play: [Double] = []
        var reward: [Double] = []
        var lastPlay: [Double] = []
        var lastReward: [Double] = []
        var early: [Double] = []
        /// |share - 1/2| at the end, right answers and wrong ones.
        var balancePlay: [Double] = []
        var balanceReward: [Double] = []
        /// Payment after an eighth of the iterations, right answers.
        var paymentPlay = 0.0
        var paymentReward = 0.0
    }

    private var usesOpponents: Bool { context["opponents"] == 1 }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in try measure(key) }
        let games = "exploitability of the average policy, mean of the games"
        let balance = "distance of the share in the zone from 1/2"
        func averaged(_ field: KeyPath<Measurement, [Double]>) -> [Double] {
            seeds.map { mean(of: $0[keyPath: field]) }
        }
        let arms = [
            ClaimArm("self-play, games", .method, metric: games, values: averaged(\.play)),
            ClaimArm("reward model, games", .baseline, metric: games, values: averaged(\.reward)),
            ClaimArm("self-play, games, last policy", .control, metric: games, values: averaged(\.lastPlay)),
            ClaimArm("reward model, games, last policy", .control, metric: games, values: averaged(\.lastReward)),
            ClaimArm("self-play, ring", .method, metric: balance, values: seeds.map { $0.balancePlay[0] }),
            ClaimArm("reward model, ring", .baseline, metric: balance, values: seeds.map { $0.balanceReward[0] }),
            ClaimArm(
                "self-play, ring, wrong answers", .method, metric: balance, values: seeds.map { $0.balancePlay[1] }),
            ClaimArm(
                "reward model, ring, wrong answers", .baseline, metric: balance,
                values: seeds.map { $0.balanceReward[1] }),
            ClaimArm(
                "self-play, ring that pays", .control, metric: "payment after an eighth of the iterations",
                values: seeds.map(\.paymentPlay)),
            ClaimArm(
                "reward model, ring that pays", .control, metric: "payment after an eighth of the iterations",
                values: seeds.map(\.paymentReward)),
        ]
        let gain = zip(averaged(\.balanceReward), averaged(\.balancePlay)).map { $0 - $1 }
        let interval = try bootstrapInterval(of: .mean, gain, key: RandomKey(seed: 0).derived("spo statistics"))
        // A game's value is its mean over seeds: single runs of a reward model may stop near the middle by luck.
        func perGame(_ field: KeyPath<Measurement, [Double]>) -> [Double] {
            (0..<(2 * Self.sizes.count)).map { game in mean(of: seeds.map { $0[keyPath: field][game] }) }
        }
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("games: self-play's average, largest", perGame(\.play).max()!, .below, 0.03),
                ClaimTest(
                    "games: self-play's average at the end minus at a tenth, largest",
                    zip(perGame(\.play), perGame(\.early)).map { $0 - $1 }.max()!, .below, 0),
                ClaimTest("games: reward model's average, least", perGame(\.reward).min()!, .above, 0.1),
                ClaimTest("games: reward model's last policy, least", perGame(\.lastReward).min()!, .above, 0.1),
                ClaimTest("ring: reward model minus self-play, right and wrong answers", interval.point, .above, 0),
                ClaimTest("the same, lower bound", interval.lower, .above, 0),
                ClaimTest(
                    "ring that pays: reward model minus self-play, early",
                    mean(of: seeds.map { $0.paymentReward - $0.paymentPlay }), .above, 0),
            ])
    }

    private func measure(_ key: RandomKey) throws -> Measurement {
        var result = Measurement()
        for wrong in [0, context["wrong"]] {
            for size in Self.sizes {
                let key = key.derived("game \(size)", wrong == 0 ? 0 : 1)
                var random = key.derived("game").stream
                let game =
                    size == 3
                    ? try PreferenceGame.rockPaperScissors()
                    : try PreferenceGame.cycle(size, strengths: 0.6...0.95, using: &random)
                let start = SimplexPolicy(logits: (0..<size).map { _ in 0.5 * random.normal() })
                let play = learn(game, wrong, start, opponents: usesOpponents, key.derived("play"))
                let reward = learn(game, wrong, start, opponents: false, key.derived("reward"))
                result.play.append(game.exploitability(of: play.last.average))
                result.early.append(game.exploitability(of: play.early))
                result.reward.append(game.exploitability(of: reward.last.average))
                result.lastPlay.append(game.exploitability(of: play.last.policy.probabilities))
                result.lastReward.append(game.exploitability(of: reward.last.policy.probabilities))
            }
        }
        let iterations = context.whole("walkIterations")
        for (index, wrong) in [0, context["wrong"]].enumerated() {
            let rater = ScoreLabeller<RingWalk>(equalThreshold: 1e-9) { -abs($0.shareInZone - 0.5) }.mistaken(wrong)
            for (name, opponents) in [("play", usesOpponents), ("reward", false)] {
                let walks = walk(rater, opponents: opponents, iterations, key.derived("ring \(name)", index))
                let distance = mean(of: walks.map { abs($0.shareInZone - 0.5) })
                if name == "play" { result.balancePlay.append(distance) } else { result.balanceReward.append(distance) }
            }
        }
        let rater = ScoreLabeller<RingWalk>(equalThreshold: 1e-9) { $0.payment }
        func payment(_ name: String, opponents: Bool) -> Double {
            mean(of: walk(rater, opponents: opponents, iterations / 8, key.derived("payment \(name)")).map(\.payment))
        }
        result.paymentPlay = payment("play", opponents: usesOpponents)
        result.paymentReward = payment("reward", opponents: false)
        return result
    }

    /// 32 options an iteration, 8 answers each; the gain of an option is the mean of its rewards less 1/2 over its
    /// probability, at least 0.001. Without opponents options are compared with one another, a Bradley-Terry reward is
    /// fitted to all answers so far, and its sigmoid, less the batch's mean, is the reward.
    private func learn(
        _ game: PreferenceGame, _ wrong: Double, _ start: SimplexPolicy, opponents: Bool, _ key: RandomKey
    ) -> (last: SelfPlay, early: [Double]) {
        let (batch, comparisons) = (32, 8)
        let rater = game.mistaken(wrong)
        var random = key.stream
        var play = SelfPlay(start, logitRange: 6)
        var early: [Double] = []
        var queue = OpponentQueue<Int>(capacity: context.whole("queue"))
        for _ in 0..<queue.capacity { queue.append(random.index(weights: start.probabilities)) }
        var model = OptionRewardModel(count: game.count)
        let iterations = context.whole("iterations")
        for iteration in 0..<iterations {
            if iteration == iterations / 10 { early = play.average }
            let policy = play.policy.probabilities
            let options = (0..<batch).map { _ in random.index(weights: policy) }
            var rewards: [Double]
            if opponents {
                rewards = options.map {
                    queue.winRate(of: $0, comparisons: comparisons, rater: rater, using: &random) - 0.5
                }
                for option in options { queue.append(option) }
            } else {
                for option in options {
                    for _ in 0..<comparisons {
                        let other = options[random.index(below: batch)]
                        model.append(option, other, rater.answer(option, other, using: &random)!)
                    }
                }
                model.fit(steps: 5)
                rewards = options.map { logistic(model.scores[$0]) }
                let center = mean(of: rewards)
                rewards = rewards.map { $0 - center }
            }
            var gains = [Double](repeating: 0, count: game.count)
            for (option, reward) in zip(options, rewards) {
                gains[option] += reward / max(policy[option], 1e-3) / Double(batch)
            }
            play.step(gains, stepSize: 0.1)
        }
        return (play, early)
    }

    /// The walks of the policy after so many iterations of 16 walks, 4 answers each, and REINFORCE. Rates, and the scale
    /// and fit of the reward model, were tuned alike.
    private func walk(
        _ rater: some Labeller<RingWalk>, opponents: Bool, _ iterations: Int, _ key: RandomKey
    ) -> [RingWalk] {
        let (batch, comparisons) = (16, 4)
        var random = key.stream
        var policy = RingPolicy()
        var queue = OpponentQueue<RingWalk>(capacity: context.whole("queue"))
        for _ in 0..<batch { queue.append(policy.walk(using: &random)) }
        var model = RingRewardModel(capacity: 50 * batch * comparisons, learningRate: 0.05)
        for _ in 0..<iterations {
            let walks = (0..<batch).map { _ in policy.walk(using: &random) }
            var advantages: [[Double]]
            if opponents {
                let rates = walks.map {
                    queue.winRate(of: $0, comparisons: comparisons, rater: rater, using: &random)
                }
                for walk in walks { queue.append(walk) }
                let center = mean(of: rates)
                advantages = rates.map { Array(repeating: $0 - center, count: RingWalk.length) }
            } else {
                let pairs = walks.flatMap { walk in
                    (0..<comparisons).map { _ in (walk, walks[random.index(below: batch)]) }
                }
                for preference in rater.preferences(between: pairs, using: &random) { model.append(preference) }
                model.fit(steps: 15, batch: 128, using: &random)
                advantages = walks.map(model.rewardsToGo)
                for step in 0..<RingWalk.length {
                    let center = mean(of: advantages.map { $0[step] })
                    for walk in walks.indices { advantages[walk][step] -= center }
                }
                let spread = standardDeviation(of: advantages.flatMap { $0 })
                advantages = advantages.map { $0.map { 0.6 * $0 / max(spread, 1e-9) } }
            }
            policy.improve(walks, advantages: advantages, rate: opponents ? 8 : 4)
        }
        return (0..<500).map { _ in policy.walk(using: &random) }
    }
}
