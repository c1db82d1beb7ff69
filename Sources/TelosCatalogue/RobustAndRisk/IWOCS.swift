import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    static let iwocs = CatalogueEntry(
        slug: "iwocs", title: "Solving robust MDPs as a sequence of static RL problems",
        family: .robustAndRiskAware, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Adil Zouitine, Matthieu Geist, Emmanuel Rachelson", year: 2024, venue: "arXiv",
            link: "https://arxiv.org/abs/2410.06212"),
        idea: """
            For stationary policies and rectangular sets it does not matter whether an adversary changes the dynamics \
            at every step or once. So find the worst fixed model for the present policy, solve that ordinary problem, \
            act greedily on the minimum of all optimal values found so far, and repeat: when no model does more harm \
            than the minimum predicts, the policy is robustly optimal.
            """,
        claim: """
            In random corridors with winds, each its own or all one, the search finds the robust optimum, that of \
            brute force and of robust value iteration, in at most five static solutions, and certifies it; its \
            prediction never rises. The nominal optimum loses at least 2 on it in the worst wind. Where corridors can \
            be left backwards and winds are independent, the set is not rectangular: then an adversary who leaves \
            winds that are not met at rest gets the search stuck, uncertified, and one who does not is beaten.
            """,
        parameters: [
            ClaimParameter("levels", default: 5, "Levels of each independent wind.", in: 2...7, whole: true),
            ClaimParameter("sharedLevels", default: 21, "Levels of the shared wind.", in: 3...101, whole: true),
            ClaimParameter("discount", default: 0.98, "How much later steps count.", in: 0.9...0.995),
            ClaimParameter("strongest", default: 0.48, "The strongest wind of the short corridor.", in: 0.4...0.49),
        ],
        defaultSeeds: 0..<10,
        run: { try IWOCSExperiment($0).outcome() })
}

/// Random lengths and winds a seed; every return is exact.
///
/// The published example's shared wind blows with a, a^3 and a^6 in three corridors, a up to 0.5, as remembered, and
/// not checked.
///
/// It holds on ten ranges of other corridors, with 3 levels of wind, 51 of the shared one, a strongest wind of 0.42,
/// and a discount of 0.95.
struct IWOCSExperiment {
    let context: ClaimContext
    /// Without them every policy is greedy for the last worst model alone.
    let keepsModels: Bool

    init(_ context: ClaimContext, keepsModels: Bool = true) {
        self.context = context
        self.keepsModels = keepsModels
    }

    /// Worst returns of one set, the search's course, and what it should have found.
    struct Figures: Sendable {
        var search: IncrementalWorstCaseSearch.Result
        var nominal: Double
        var randomized: Double
        var bruteForce: Double
        var robust: Double

        var error: Double { max(abs(search.worstReturn - bruteForce), abs(search.worstReturn - robust)) }
        var largestRise: Double {
            zip(search.predictions, search.predictions.dropFirst()).map { $1 - $0 }.max() ?? 0
        }
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key -> [Figures] in
            var random = key.stream
            let short = 4 + random.index(below: 4)
            let middle = short + 1 + random.index(below: 3)
            let corridors = Corridors(
                lengths: [short, middle, middle + 2 + random.index(below: 5)], isReversible: false)
            let strongest = [
                context["strongest"], random.uniform(0.25, context["strongest"]), random.uniform(0, 0.1),
            ]
            let shared = Corridors(
                lengths: [short + 1, short + 3 + random.index(below: 2), short + 6 + random.index(below: 4)],
                isReversible: true)
            return [
                try figures(corridors, Self.independent(strongest, levels: context.whole("levels"))),
                try figures(shared, Self.shared(levels: context.whole("sharedLevels"))),
            ]
        }
        // The set without a rectangle, as the search with kind and unkind ties meets it.
        let reversible = Corridors(lengths: [6, 9, 14], isReversible: true)
        let winds = Self.independent([0.45, 0.3, 0.02], levels: 5)
        let kind = try search(reversible, winds, ties: .first).run()
        let unkind = try search(reversible, winds, ties: .last).run()
        let open = try reversible.bruteForce(over: reversible.models(winds), discount: context["discount"])

        var arms: [ClaimArm] = []
        for (index, name) in ["own winds", "one wind"].enumerated() {
            let metric = "worst return, \(name)"
            func values(_ figure: (Figures) -> Double) -> [Double] { seeds.map { figure($0[index]) } }
            arms += [
                ClaimArm("IWOCS", .method, metric: metric, values: values { $0.search.worstReturn }),
                ClaimArm("nominal optimum", .baseline, metric: metric, values: values(\.nominal)),
                ClaimArm("optimum of the mean model", .baseline, metric: metric, values: values(\.randomized)),
                ClaimArm("robust value iteration", .oracle, metric: metric, values: values(\.robust)),
                ClaimArm("best corridor", .oracle, metric: metric, values: values(\.bruteForce)),
                ClaimArm(
                    "IWOCS, \(name)", .method, metric: "static solutions",
                    values: values { Double($0.search.solved.count) }),
            ]
        }
        arms += [
            ClaimArm(
                "no rectangle, kind ties", .control, metric: "last worst return",
                values: [kind.worstReturns.last ?? .nan]),
            ClaimArm("no rectangle, unkind ties", .control, metric: "worst return", values: [unkind.worstReturn]),
        ]
        let all = seeds.flatMap { $0 }
        let falls = all.filter { !Self.rises($0.search.worstReturns) }.count
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("largest difference to either oracle", all.map(\.error).max() ?? .nan, .atMost, 1e-6),
                ClaimTest(
                    "share that is certified", mean(of: all.map { $0.search.isCertified ? 1 : 0 }), .atLeast, 1),
                ClaimTest(
                    "most static solutions", all.map { Double($0.search.solved.count) }.max() ?? .nan, .atMost, 5),
                ClaimTest("largest rise of a prediction", all.map(\.largestRise).max() ?? .nan, .atMost, 1e-9),
                ClaimTest(
                    "own winds: what the nominal optimum loses",
                    interquartileMean(of: seeds.map { $0[0].bruteForce - $0[0].nominal }), .atLeast, 2),
                ClaimTest(
                    "one wind: what the nominal optimum loses",
                    interquartileMean(of: seeds.map { $0[1].bruteForce - $0[1].nominal }), .atLeast, 2),
                ClaimTest("no rectangle, kind ties: certified", kind.isCertified ? 1 : 0, .atMost, 0),
                ClaimTest("no rectangle, unkind ties: certified", unkind.isCertified ? 1 : 0, .atLeast, 1),
                ClaimTest(
                    "no rectangle, unkind ties: worst return less the best corridor's", unkind.worstReturn - open,
                    .atLeast, -0.1),
            ],
            notes: [
                "Worst returns need not rise on the way: they fell in \(falls) of \(all.count) searches."
            ])
    }

    private static func rises(_ path: [Double]) -> Bool { zip(path, path.dropFirst()).allSatisfy { $0 <= $1 + 1e-9 } }

    private func search(
        _ corridors: Corridors, _ winds: [[Double]], ties: IncrementalWorstCaseSearch.Ties
    ) throws -> IncrementalWorstCaseSearch {
        let models = try winds.map { try corridors.mdp(winds: $0) }
        return try IncrementalWorstCaseSearch(
            models: models, reward: corridors.reward, discount: context["discount"], ties: ties,
            keepsModels: keepsModels)
    }

    private func figures(_ corridors: Corridors, _ winds: [[Double]]) throws -> Figures {
        let discount = context["discount"]
        let search = try search(corridors, winds, ties: .first)
        let mean = try corridors.mdp(
            winds: (0..<3).map { corridor in winds.reduce(0) { $0 + $1[corridor] } / Double(winds.count) })
        let randomized = try mean.valueIteration(reward: corridors.reward, discount: discount).policy
        let robust = try RobustMDP(search.models[0], uncertainty: .models(search.models)).valueIteration(
            reward: corridors.reward, discount: discount)
        let result = try search.run()
        return Figures(
            search: result, nominal: result.worstReturns[0],
            randomized: try search.worstCase(of: randomized).worstReturn,
            bruteForce: try corridors.bruteForce(over: search.models, discount: discount),
            robust: search.models[0].expectation(of: robust.values))
    }

    /// Every combination of levels from no wind to the strongest, the last wind changing fastest.
    static func independent(_ strongest: [Double], levels: Int) -> [[Double]] {
        (0..<(levels * levels * levels)).map { code in
            [code / (levels * levels), code / levels % levels, code % levels].enumerated().map {
                strongest[$0] * Double($1) / Double(levels - 1)
            }
        }
    }

    /// a, a^3 and a^6, a from 0 to 0.5.
    static func shared(levels: Int) -> [[Double]] {
        (0..<levels).map {
            let a = 0.5 * Double($0) / Double(levels - 1)
            return [a, a * a * a, a * a * a * a * a * a]
        }
    }
}

/// Three corridors from a start to a goal. A step costs 1.
///
/// At the start, action c enters corridor c. Within, 0 goes one cell ahead, or one back with the corridor's wind, 1
/// goes back, 2 stays. Back from a first cell leads to the start, or nowhere where corridors are not reversible.
struct Corridors: Sendable {
    let lengths: [Int]
    let isReversible: Bool

    private var stateCount: Int { lengths.reduce(2, +) }

    var reward: [Double] { Array(repeating: -1, count: stateCount * 3) }

    func models(_ winds: [[Double]]) throws -> [TabularMDP] { try winds.map { try mdp(winds: $0) } }

    func mdp(winds: [Double]) throws -> TabularMDP {
        let (count, goal) = (stateCount, stateCount - 1)
        var transitions = [Double](repeating: 0, count: count * 3 * count)
        func add(_ state: Int, _ action: Int, _ next: Int, _ probability: Double) {
            transitions[(state * 3 + action) * count + next] += probability
        }
        for action in 0..<3 { add(goal, action, goal, 1) }
        var first = 1
        for (corridor, length) in lengths.enumerated() {
            add(0, corridor, first, 1)
            for state in first..<(first + length) {
                let back = state > first ? state - 1 : isReversible ? 0 : state
                add(state, 0, state + 1 < first + length ? state + 1 : goal, 1 - winds[corridor])
                add(state, 0, back, winds[corridor])
                add(state, 1, back, 1)
                add(state, 2, state, 1)
            }
            first += length
        }
        var start = [Double](repeating: 0, count: count)
        start[0] = 1
        return try TabularMDP(
            stateCount: count, actionCount: 3, transitions: transitions, terminal: (0..<count).map { $0 == goal },
            start: start)
    }

    /// The best worst return of the three policies that enter a corridor and go ahead.
    func bruteForce(over models: [TabularMDP], discount: Double) throws -> Double {
        try (0..<3).map { corridor in
            let policy = TabularPolicy.deterministic(
                [corridor] + Array(repeating: 0, count: stateCount - 1), actionCount: 3)
            return try models.map { try $0.expectedReturn(policy: policy, reward: reward, discount: discount) }.min()!
        }.max()!
    }
}
