import TelosEnvironments
import TelosEvaluation
import TelosFeedback
import TelosTensor

extension Catalogue {
    static let regretPreference = CatalogueEntry(
        slug: "regret-preference", title: "Models of human preference for learning reward functions",
        family: .preferences, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "W. Bradley Knox, Stephane Hatgis-Kessell, Serena Booth, Scott Niekum, Peter Stone, "
                + "Alessandro Allievi", year: 2024, venue: "TMLR 2024", link: "https://arxiv.org/abs/2206.02231"),
        idea: """
            Learning rewards from comparisons of segments usually assumes that people compare what the segments were \
            paid. Assume instead that they compare regret, how far each falls short of the best behaviour, and fit the \
            reward under that model, with optimal values approximated from the successor features of known policies. \
            Labels by regret tell rewards apart that labels by return cannot.
            """,
        claim: """
            On random delivery grids, from 30 and from 100 comparisons by regret, noiseless or logistic, the regret model \
            gives a nearly optimal policy on at least 0.1 more of the grids than the partial-return model; each on its own \
            kind of noiseless labels, it does so on 0.05 more. In a lottery and under a constant shift of the reward, \
            labels by return stay the same though the optimal behaviour changes; labels by regret do not.
            """,
        parameters: [
            ClaimParameter("mdps", default: 10, "Grids a seed; more make steadier shares.", in: 1...200, whole: true),
            ClaimParameter(
                "length", default: 3, "Steps of a segment; longer ones tell more of where they lead.", in: 1...12,
                whole: true),
            ClaimParameter(
                "policies", default: 60, "Known policies, each optimal for a random reward.", in: 5...300, whole: true),
            ClaimParameter(
                "steps", default: 150, "Gradient steps of a fit by regret; more fit better.", in: 50...5000,
                whole: true),
        ],
        run: { try RegretPreferenceExperiment($0).outcome() })
}

/// Shares of random grids on which a fitted reward gives a policy that scores above 0.9, where the best policy scores 1 and
/// the uniform one 0, for two kinds of labels and two models.
///
/// On labels by return neither model is surely ahead, which is reported and not tested.
///
/// It holds with segments of one step and with 20 known policies. With segments of six steps, which show more of where they
/// lead, the gains on regret labels shrink to 0.06 to 0.2.
struct RegretPreferenceExperiment {
    let context: ClaimContext
    /// False fits the partial-return model in the regret model's place.
    let countsRegret: Bool

    static let sizes = [10, 30, 100]
    /// Of the partial-return model, on the sum of losses.
    static let ridge = 1e-3

    init(_ context: ClaimContext, countsRegret: Bool = true) {
        self.context = context
        self.countsRegret = countsRegret
    }

    /// What labels are made by, and what model is fitted to them.
    enum Kind: String, CaseIterable { case regret, partialReturn = "return" }
    struct Condition: Hashable {
        var labels: Kind
        var model: Kind
        var isExact: Bool
        var size: Int
        var name: String { "\(labels.rawValue) labels\(isExact ? "" : ", logistic"): \(model.rawValue) model" }
    }

    static let conditions: [Condition] = Kind.allCases.flatMap { labels in
        Kind.allCases.flatMap { model in
            [true, false].flatMap { isExact in
                sizes.map { Condition(labels: labels, model: model, isExact: isExact, size: $0) }
            }
        }
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in try shares(key) }
        func share(_ labels: Kind, _ model: Kind, _ isExact: Bool, _ size: Int) -> Double {
            let condition = Condition(labels: labels, model: model, isExact: isExact, size: size)
            let index = Self.conditions.firstIndex(of: condition)!
            return mean(of: seeds.map { $0[index] })
        }
        var arms: [ClaimArm] = []
        for start in stride(from: 0, to: Self.conditions.count, by: Self.sizes.count) {
            let condition = Self.conditions[start]
            let role: ClaimRole =
                condition.labels == .partialReturn ? .control : condition.model == .regret ? .method : .baseline
            arms.append(
                ClaimArm(
                    condition.name, role, metric: "share of nearly optimal grids, mean over 10, 30 and 100 pairs",
                    values: seeds.map { mean(of: Array($0[start..<(start + Self.sizes.count)])) }))
        }
        var tests: [ClaimTest] = []
        for isExact in [true, false] {
            for size in [30, 100] {
                tests.append(
                    ClaimTest(
                        "regret minus return model, \(size) \(isExact ? "exact" : "logistic") regret labels",
                        share(.regret, .regret, isExact, size) - share(.regret, .partialReturn, isExact, size),
                        .atLeast,
                        0.1))
            }
        }
        let matched = Self.sizes.map {
            share(.regret, .regret, true, $0) - share(.partialReturn, .partialReturn, true, $0)
        }
        tests.append(
            ClaimTest("each on its own exact labels: regret minus return", mean(of: matched), .atLeast, 0.05))
        return ClaimOutcome(arms: arms, tests: try tests + lottery() + constantShift())
    }

    private func shares(_ key: RandomKey) throws -> [Double] {
        var counts = [Double](repeating: 0, count: Self.conditions.count)
        for number in 0..<context.whole("mdps") {
            let key = key.derived("grid", number)
            var random = key.stream
            let grid = try DeliveryGrid(using: &random)
            let mdp = grid.mdp
            var known = try SuccessorFeatures(
                mdp, features: grid.features, width: DeliveryGrid.features.count, discount: DeliveryGrid.discount)
            for _ in 0..<context.whole("policies") {
                let weights = (0..<known.width).map { _ in random.normal() }
                try known.append(
                    mdp.policyIteration(reward: known.reward(weights), discount: DeliveryGrid.discount).policy)
            }
            func segment() -> TabularSegment {
                mdp.segment(
                    from: grid.openStates[random.index(below: grid.openStates.count)],
                    length: context.whole("length"), using: &random)
            }
            let pairs = (0..<Self.sizes.max()!).map { _ in (segment(), segment()) }
            let solution = try mdp.policyIteration(reward: grid.reward, discount: DeliveryGrid.discount)
            for (index, condition) in Self.conditions.enumerated() {
                let rationality = condition.isExact ? Double.infinity : 1
                let tie = condition.isExact ? 1e-9 : nil
                let rater: ScoreLabeller<TabularSegment> =
                    condition.labels == .regret
                    ? .regret(
                        in: mdp, values: solution.values, q: solution.q, rationality: rationality, equalThreshold: tie)
                    : .partialReturn(in: mdp, reward: grid.reward, rationality: rationality, equalThreshold: tie)
                var answers = key.derived("answers \(condition.labels.rawValue)").stream
                let preferences = rater.preferences(between: pairs.prefix(condition.size), using: &answers)
                let weights = try fit(condition.model, preferences, grid, known, key: key.derived("fit"))
                if try grid.score(of: known.reward(weights)) > 0.9 { counts[index] += 1 }
            }
        }
        return counts.map { $0 / context["mdps"] }
    }

    private func fit(
        _ model: Kind, _ preferences: [Preference<TabularSegment>], _ grid: DeliveryGrid, _ known: SuccessorFeatures,
        key: RandomKey
    ) throws -> [Double] {
        if model == .regret, countsRegret {
            var options = RegretRewardModel.Options()
            options.steps = context.whole("steps")
            return try RegretRewardModel.fit(
                preferences, in: grid.mdp, policies: known, options: options, key: key
            ).weights
        }
        func sum(_ segment: TabularSegment) -> [Double] {
            grid.mdp.featureSum(of: segment, features: grid.features, width: known.width)
        }
        return try LinearRewardModel.fit(
            differences: preferences.map { zip(sum($0.first), sum($0.second)).map { $0 - $1 } },
            targets: preferences.map(\.target), ridge: Self.ridge
        ).weights
    }

    // MARK: Rewards that labels by return cannot tell apart

    /// A safe option pays 0, a risky one `prize` or -10, as often; prizes of 5 and 20 make a different one the best.
    private func lottery() throws -> [ClaimTest] {
        var transitions = [Double](repeating: 0, count: 4 * 2 * 4)
        transitions[1] = 1
        (transitions[4 + 2], transitions[4 + 3]) = (0.5, 0.5)
        for state in 1..<4 {
            for action in 0..<2 { transitions[(state * 2 + action) * 4 + state] = 1 }
        }
        let mdp = try TabularMDP(
            stateCount: 4, actionCount: 2, transitions: transitions, terminal: [false, true, true, true],
            start: [1, 0, 0, 0])
        let segments = [(0, 1), (1, 2), (1, 3)].map { TabularSegment(states: [0, $0.1], actions: [$0.0]) }
        return try changes("lottery", mdp, segments, discount: 1, between: (5, 20)) { prize in
            mdp.fullReward { _, _, next in next == 2 ? prize : next == 3 ? -10 : 0 }
        }
    }

    /// Three cells and a goal that ends the way; -1 a step makes it best to go there, 1 a step to stay away.
    private func constantShift() throws -> [ClaimTest] {
        let mdp = try TabularMDP.chain(states: 4)
        var segments: [TabularSegment] = []
        for state in 0..<3 {
            for actions in [[0, 0], [0, 1], [1, 0], [1, 1]] {
                var states = [state]
                for action in actions { states.append(mdp.successors(of: states.last!, action: action)[0].state) }
                // Of equal length: the goal at the end or not at all.
                if states[1] != 3 { segments.append(TabularSegment(states: states, actions: actions)) }
            }
        }
        return try changes("shift", mdp, segments, discount: DeliveryGrid.discount, between: (0, 2)) { shift in
            [Double](repeating: -1 + shift, count: 8)
        }
    }

    /// What changes between two rewards: the best first action, labels by return, labels by regret.
    private func changes(
        _ name: String, _ mdp: TabularMDP, _ segments: [TabularSegment], discount: Double,
        between ends: (Double, Double),
        reward: (Double) -> [Double]
    ) throws -> [ClaimTest] {
        typealias Answers = (best: Int, returns: [AnswerProbabilities], regrets: [AnswerProbabilities])
        func answers(_ parameter: Double) throws -> Answers {
            let reward = reward(parameter)
            let solution = try mdp.policyIteration(reward: reward, discount: discount)
            let byReturn = ScoreLabeller<TabularSegment>.partialReturn(in: mdp, reward: reward, equalThreshold: 1e-9)
            let byRegret = ScoreLabeller<TabularSegment>.regret(
                in: mdp, values: solution.values, q: solution.q, equalThreshold: 1e-9)
            let pairs = segments.indices.flatMap { i in (0..<i).map { (segments[i], segments[$0]) } }
            return (
                solution.actions[0], pairs.map { byReturn.probabilities($0, $1) },
                pairs.map { countsRegret ? byRegret.probabilities($0, $1) : byReturn.probabilities($0, $1) }
            )
        }
        let (one, other) = (try answers(ends.0), try answers(ends.1))
        func differing(_ a: [AnswerProbabilities], _ b: [AnswerProbabilities]) -> Double {
            Double(zip(a, b).filter { $0 != $1 }.count)
        }
        return [
            ClaimTest("\(name): best first action changes", one.best == other.best ? 0 : 1, .atLeast, 1),
            ClaimTest("\(name): labels by return that change", differing(one.returns, other.returns), .atMost, 0),
            ClaimTest("\(name): labels by regret that change", differing(one.regrets, other.regrets), .atLeast, 1),
        ]
    }
}
