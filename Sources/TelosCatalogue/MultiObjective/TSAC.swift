import TelosEvaluation
import TelosTensor

extension Catalogue {
    static let tsac = CatalogueEntry(
        slug: "tsac", title: "Two-Stage Constrained Actor-Critic for Short Video Recommendation",
        family: .multiObjectiveAndConstrained, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: """
                Qingpeng Cai, Zhenghai Xue, Chi Zhang, Wanqi Xue, Shuchang Liu, Ruohan Zhan, Xueliang Wang, Tianyou \
                Zuo, Wentao Xie, Dong Zheng, Peng Jiang, Kun Gai
                """,
            year: 2023, venue: "WWW 2023", link: "https://arxiv.org/abs/2302.01680"),
        idea: """
            Watch time is dense, likes and shares are rare, and a critic of their sum hardly sees the rare ones. So \
            train an actor and a critic for each rare response first, with a discount of its own; then train the main \
            actor for watch time near all of those, which has a closed form: a geometric mean of them, tilted by the \
            advantage.
            """,
        claim: """
            From logs of simulated sessions whose watch time conflicts with likes and shares, plain and with little \
            noisy data, two-stage actors watch more than the behaviour with neither likes nor shares below it in at \
            least two thirds of the worlds. No other method that watches more (watch time alone, sums, multipliers, \
            the second stage without the first) keeps both in more than a third; multipliers watch still more, at or \
            beyond the bound.
            """,
        parameters: [
            ClaimParameter(
                "multiplier", default: 0.25, "Of each response's nearness; raising it gives watch time less say.",
                in: 0.01...10),
            ClaimParameter("conflict", default: 0.48, "Of watch time with likes and shares.", in: 0...1),
            ClaimParameter(
                "likes", default: 0.03, "Probability of a like; shares have a third of it.", in: 0.001...0.1),
            ClaimParameter(
                "rows", default: 20_000, "Of the log; a fifth of it in the noisy setting.", in: 500...1e6, whole: true),
            ClaimParameter(
                "noise", default: 3, "Standard deviation of watch time; four times it in the noisy setting.",
                in: 0.1...20),
            ClaimParameter(
                "firstStage", default: 1,
                "0: the behaviour in place of the actors of likes and shares; the claim must fail.", in: 0...1,
                whole: true),
        ],
        defaultSeeds: 0..<24,
        disputed: """
            Over ten ranges of 24 worlds the bounds hold in ten where data are plain (both kept in 0.75 to 1 of the \
            worlds at 6 to 13% more watch time), and all together in four: where data are noisy two stages keep both \
            in 0.46 to 0.83 at 2 to 5%, and a sum with weight 30 in up to 0.38 at 10%. Multipliers alone sit beyond \
            the bound at three times the watch time; asked for half as much again of likes and shares, they give what \
            two stages give where data are plain (0.79 at 12%, in seeds 0 to 23), and more watch time in fewer worlds \
            where they are noisy (0.38 at 10%, against 0.58 at 3%). Rare responses are not swamped in a table, whose \
            critic of a sum is the sum of critics. What two stages have is a smooth trade-off by one number, without a \
            multiplier that must settle.
            """,
        run: { try TSACExperiment($0).outcome() })
}

/// Critics are exact on the log's empirical model and actors are tables, so that methods differ in what they ask for
/// and in nothing else. Watch time's cut at 0 takes a third of its differences away in the noisy setting.
///
/// The closed form of the second stage is iterated with its own advantages, half way in logits each time. The
/// multiplier is tuned on seeds 300 to 309, as are the weights and margins beside, all of which are reported.
///
/// It holds with three times the rows. With half the noise the noisy setting keeps both in 0.58 of the worlds. At a
/// conflict of 0.8 two stages watch 4% less than the behaviour; at 0.2, or with likes twice as frequent, sums keep both
/// as well.
struct TSACExperiment {
    let context: ClaimContext

    init(_ context: ClaimContext) { self.context = context }

    private enum Method: Hashable {
        case sum(Double)
        case multipliers(step: Double, margin: Double)
        case twoStage(Double, hasFirstStage: Bool)

        var name: String {
            switch self {
            case .sum(0): "watch time alone"
            case .sum(let weight): "sum, likes and shares times \(shortNumber(weight))"
            case .multipliers(let step, 0): "multipliers, step \(shortNumber(step))"
            case .multipliers(let step, let margin):
                "multipliers, step \(shortNumber(step)), margin \(shortNumber(margin))"
            case .twoStage(let multiplier, true): "two stages, \(shortNumber(multiplier))"
            case .twoStage(let multiplier, false): "second stage alone, \(shortNumber(multiplier))"
            }
        }
    }

    private var methods: [(method: Method, role: ClaimRole)] {
        let (multiplier, hasFirstStage) = (context["multiplier"], context["firstStage"] == 1)
        return [
            (.twoStage(multiplier, hasFirstStage: hasFirstStage), .method),
            (.twoStage(0.75 * multiplier, hasFirstStage: hasFirstStage), .control),
            (.twoStage(1.5 * multiplier, hasFirstStage: hasFirstStage), .control),
            (.twoStage(multiplier, hasFirstStage: false), .control),
            (.sum(0), .baseline), (.sum(10), .baseline), (.sum(30), .baseline), (.sum(100), .baseline),
            (.sum(300), .baseline), (.multipliers(step: 10, margin: 0), .baseline),
            (.multipliers(step: 300, margin: 0), .baseline), (.multipliers(step: 10, margin: 0.1), .baseline),
            (.multipliers(step: 10, margin: 0.25), .baseline), (.multipliers(step: 10, margin: 0.5), .baseline),
        ]
    }

    /// Which of `methods` the claim compares with: those from here on, but for multipliers with a margin.
    private static let firstRival = 3

    /// Changes of watch time, likes and shares against the behaviour, as shares of it.
    private typealias Changes = [Double]

    func outcome() throws -> ClaimOutcome {
        let methods = methods
        let settings = [("plain", 1.0, 1), ("noisy", 4, 5)]
        let seeds = try context.perSeed { _, key in
            try settings.map { try measure(noise: $0.1 * context["noise"], part: $0.2, key.derived($0.0)) }
        }
        var arms: [ClaimArm] = []
        var tests: [ClaimTest] = []
        for (index, setting) in settings.enumerated() {
            let name = setting.0
            func values(_ method: Int, _ value: (Changes) -> Double) -> [Double] {
                seeds.map { value($0[index][method]) }
            }
            func watch(_ method: Int) -> [Double] { values(method) { $0[0] } }
            func feasible(_ method: Int) -> [Double] { values(method) { $0[1] >= 0 && $0[2] >= 0 ? 1 : 0 } }
            for (number, (method, role)) in methods.enumerated() {
                arms.append(
                    ClaimArm(
                        "\(name): \(method.name)", role, metric: "change of watch time, share of the behaviour's",
                        values: watch(number)))
                arms.append(
                    ClaimArm(
                        "\(name): \(method.name)", role, metric: "1 where likes and shares are kept",
                        values: feasible(number)))
            }
            tests.append(ClaimTest("\(name): share of worlds that keep both", mean(of: feasible(0)), .atLeast, 2.0 / 3))
            tests.append(ClaimTest("\(name): change of watch time", mean(of: watch(0)), .above, 0))
            let rivals = methods.indices.dropFirst(Self.firstRival).filter { number in
                if case .multipliers(_, let margin) = methods[number].method, margin > 0 { return false }
                return mean(of: watch(number)) > 0
            }
            tests.append(
                ClaimTest(
                    "\(name): the same, most of others that watch more",
                    rivals.map { mean(of: feasible($0)) }.max() ?? .nan, .atMost, 1.0 / 3))
        }
        return ClaimOutcome(arms: arms, tests: tests)
    }

    private func measure(noise: Double, part: Int, _ key: RandomKey) throws -> [Changes] {
        var random = key.stream
        let world = try ShortVideoSessions(
            conflict: context["conflict"], watchNoise: noise, likeRate: context["likes"], using: &random)
        let log = world.log(rows: context.whole("rows") / part, watchNoise: noise, using: &random)
        let learner = try LoggedActorCritic(log, terminal: world.mdp.terminal, start: world.mdp.start)
        let discount = ShortVideoSessions.discount
        let usual = try world.returns(of: learner.behavior)
        return try methods.map { method, _ in
            let policy =
                switch method {
                case .sum(let weight): try learner.actor(discount: discount) { _ in [1, weight, weight] }
                case .multipliers(let step, let margin):
                    try learner.constrainedActor(discount: discount, margin: margin, step: step)
                case .twoStage(let multiplier, let hasFirstStage):
                    try learner.twoStageActor(
                        discount: discount, multipliers: [multiplier, multiplier], hasFirstStage: hasFirstStage)
                }
            return zip(try world.returns(of: policy), usual).map { $0 / $1 - 1 }
        }
    }
}
