import TelosEnvironments
import TelosEvaluation
import TelosRewards
import TelosTensor

extension Catalogue {
    static let starc = CatalogueEntry(
        slug: "starc",
        title: "STARC: A General Framework For Quantifying Differences Between Reward Functions",
        family: .rewardDesign, kind: .framework, scope: .core,
        reference: CatalogueReference(
            authors: "Joar Skalse, Lucy Farnik, Sumeet Ramesh Motwani, Erik Jenner, Adam Gleave, Alessandro Abate",
            year: 2024, venue: "ICLR 2024", link: "https://arxiv.org/abs/2309.15257"),
        idea: """
            Two rewards that differ by potential shaping, by scale, or only in how a reward is spread over next \
            states order all policies alike. A STARC distance maps each reward to a canonical form that forgets these \
            differences, scales it to norm one, and measures what is left. Such a distance is bounded from above and \
            below by the worst regret of optimising one reward in place of the other, which EPIC and DARD are not: \
            they look at transitions that cannot happen.
            """,
        claim: """
            On random MDPs and scrambled pairs of rewards, STARC distances (value-adjusted levelling, minimal L2) of \
            equivalent rewards are 0 and rank pairs by regret better than EPIC and DARD; without redistribution over \
            next states EPIC does nearly as well. EPIC puts a harmless pair of rewards farther apart than a pair with \
            regret 1.
            """,
        parameters: [
            ClaimParameter("states", default: 16, "States of each MDP.", in: 8...64, whole: true),
            ClaimParameter("actions", default: 4, "Actions of each MDP.", in: 2...8, whole: true),
            ClaimParameter(
                "branching", default: 4, "Next states of an action; the more, the less EPIC is misled.", in: 2...8,
                whole: true),
            ClaimParameter("discount", default: 0.9, "How much later rewards count.", in: 0.5...0.97),
            ClaimParameter(
                "mdps", default: 25, "MDPs a seed; more make steadier correlations.", in: 2...200, whole: true),
            ClaimParameter(
                "pairs", default: 16, "Pairs of rewards an MDP, from equal to unrelated.", in: 4...64, whole: true),
            ClaimParameter(
                "redistribution", default: 3, "Largest size of the redistribution over next states.", in: 1...30),
            ClaimParameter("shaping", default: 3, "Size of the shaping potential.", in: 0...30),
        ],
        run: { try StarcExperiment($0).outcome() })
}

/// Correlations of distances with regret, and two constructed pairs.
struct StarcExperiment {
    let context: ClaimContext
    /// The canonical forms that are put forward.
    let methods: [(name: String, form: RewardCanonicalization)]

    static let baselines: [(name: String, form: RewardCanonicalization)] = [
        ("EPIC", .epic), ("DARD", .dard), ("no canonical form", .none),
    ]

    init(
        _ context: ClaimContext,
        methods: [(name: String, form: RewardCanonicalization)] = [
            ("value-adjusted levelling", .valueAdjustedLevelling), ("minimal L2", .minimalL2),
        ]
    ) {
        self.context = context
        self.methods = methods
    }

    private var forms: [(name: String, form: RewardCanonicalization)] { methods + Self.baselines }

    /// What one seed measured. Arrays follow `forms`.
    struct Measurement: Sendable {
        var spearman: [Double] = []
        /// The same pairs without redistribution over next states.
        var spearmanPlain: [Double] = []
        /// The mean and the largest distance of equivalent rewards.
        var meanOfEquivalent: [Double] = []
        var largestOfEquivalent: [Double] = []
        /// Distances of the opposite and of the harmless pair.
        var opposite: [Double] = []
        var harmless: [Double] = []
        var oppositeRegret = 0.0
        var harmlessRegret = 0.0
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in try measure(key) }
        func values(_ field: KeyPath<Measurement, [Double]>, _ index: Int) -> [Double] {
            seeds.map { $0[keyPath: field][index] }
        }
        let epic = methods.count
        var arms: [ClaimArm] = []
        for (index, form) in forms.enumerated() {
            let role: ClaimRole = index < methods.count ? .method : .baseline
            arms.append(
                ClaimArm(form.name, role, metric: "Spearman correlation with regret", values: values(\.spearman, index))
            )
        }
        for index in [0, epic] {
            arms.append(
                ClaimArm(
                    forms[index].name + ", no redistribution", .control, metric: "Spearman correlation with regret",
                    values: values(\.spearmanPlain, index)))
        }
        for index in 0...epic {
            let role: ClaimRole = index < methods.count ? .method : .baseline
            arms.append(
                ClaimArm(
                    forms[index].name + ", equivalent rewards", role, metric: "mean distance, 0 to 2",
                    values: values(\.meanOfEquivalent, index)))
        }
        for index in [0, epic] {
            let role: ClaimRole = index < methods.count ? .method : .baseline
            arms.append(
                ClaimArm(
                    forms[index].name + ", opposite pair", role, metric: "distance, 0 to 2",
                    values: values(\.opposite, index)))
            arms.append(
                ClaimArm(
                    forms[index].name + ", harmless pair", role, metric: "distance, 0 to 2",
                    values: values(\.harmless, index)))
        }

        var tests: [ClaimTest] = []
        let key = RandomKey(seed: 0).derived("starc statistics")
        for index in methods.indices {
            let name = forms[index].name
            tests.append(
                ClaimTest(
                    "\(name): largest distance of equivalent rewards",
                    values(\.largestOfEquivalent, index).max() ?? .nan, .below, 1e-9))
            for other in [epic, epic + 1] {
                let improvement = try probabilityOfImprovement(
                    values(\.spearman, index), over: values(\.spearman, other), key: key)
                tests.append(
                    ClaimTest(
                        "\(name) over \(forms[other].name): probability of a better correlation, lower bound",
                        improvement.lower, .above, 0.9))
            }
        }
        let levelled = values(\.spearman, 0)
        let change = zip(levelled, values(\.spearmanPlain, 0)).map { abs($0 - $1) }
        let gap = zip(values(\.spearmanPlain, 0), values(\.spearmanPlain, epic)).map { abs($0 - $1) }
        tests += [
            ClaimTest("\(forms[0].name): correlation", interquartileMean(of: levelled), .above, 0.85),
            ClaimTest(
                "\(forms[0].name): largest change of the correlation by redistribution", change.max() ?? .nan, .below,
                0.01),
            ClaimTest(
                "EPIC: mean distance of equivalent rewards",
                interquartileMean(of: values(\.meanOfEquivalent, epic)), .above, 0.5),
            ClaimTest("control: gap to EPIC without redistribution", interquartileMean(of: gap), .below, 0.1),
            ClaimTest("opposite pair: least regret", seeds.map(\.oppositeRegret).min() ?? .nan, .above, 0.999),
            ClaimTest("harmless pair: largest regret", seeds.map(\.harmlessRegret).max() ?? .nan, .below, 1e-9),
            ClaimTest(
                "\(forms[0].name): opposite minus harmless distance, least",
                zip(values(\.opposite, 0), values(\.harmless, 0)).map { $0 - $1 }.min() ?? .nan, .above, 1.999),
            ClaimTest(
                "EPIC: opposite minus harmless distance, largest",
                zip(values(\.opposite, epic), values(\.harmless, epic)).map { $0 - $1 }.max() ?? .nan, .below, 0),
        ]
        return ClaimOutcome(arms: arms, tests: tests)
    }

    private func measure(_ key: RandomKey) throws -> Measurement {
        let discount = context["discount"]
        let pairCount = context.whole("pairs")
        var regrets: [Double] = []
        var distances = [[Double]](repeating: [], count: forms.count)
        var plainDistances = distances
        var equivalent = distances
        for number in 0..<context.whole("mdps") {
            var random = key.derived("mdp", number).stream
            let mdp = try TabularMDP.garnet(
                states: context.whole("states"), actions: context.whole("actions"),
                branching: context.whole("branching"), using: &random)
            func noise() -> [Double] { mdp.transitions.map { _ in random.normal() } }
            let (start, target) = (noise(), noise())
            for step in 0..<pairCount {
                let share = Double(step) / Double(pairCount - 1)
                let mixed = zip(start, target).map { (1 - share) * $0 + share * $1 }
                var plain: [[Double]] = []
                var scrambled: [[Double]] = []
                for reward in [start, mixed] {
                    let potential = (0..<mdp.stateCount).map { _ in context["shaping"] * random.normal() }
                    let size = context["redistribution"] * random.uniform()
                    let scale = random.uniform(0.1, 10)
                    let change = noise().map { size * $0 }
                    let shaped = try mdp.shaped(reward, potential: potential, discount: discount)
                    plain.append(shaped.map { scale * $0 })
                    scrambled.append(try mdp.redistributed(shaped, by: change).map { scale * $0 })
                }
                guard let regret = try mdp.regret(between: scrambled[0], and: scrambled[1], discount: discount) else {
                    continue
                }
                regrets.append(withoutRounding(regret.symmetric))
                for (index, form) in forms.enumerated() {
                    let distance = try mdp.starcDistance(scrambled[0], scrambled[1], by: form.form, discount: discount)
                    distances[index].append(withoutRounding(distance))
                    if step == 0 { equivalent[index].append(distance) }
                    let plainDistance = try mdp.starcDistance(plain[0], plain[1], by: form.form, discount: discount)
                    plainDistances[index].append(withoutRounding(plainDistance))
                }
            }
        }
        var result = Measurement()
        for index in forms.indices {
            result.spearman.append(try spearmanCorrelation(distances[index], regrets))
            result.spearmanPlain.append(try spearmanCorrelation(plainDistances[index], regrets))
            result.meanOfEquivalent.append(mean(of: equivalent[index]))
            result.largestOfEquivalent.append(equivalent[index].max() ?? .nan)
        }
        try measureConstructedPairs(key, into: &result)
        return result
    }

    /// With two next states an action: the opposite reward on what can happen and the same on what cannot; and the
    /// same on what can happen and something unrelated on what cannot.
    private func measureConstructedPairs(_ key: RandomKey, into result: inout Measurement) throws {
        let discount = context["discount"]
        var random = key.derived("constructed pairs").stream
        let mdp = try TabularMDP.garnet(
            states: context.whole("states"), actions: context.whole("actions"), branching: 2, using: &random)
        let reward = mdp.transitions.map { _ in random.normal() }
        let other = mdp.transitions.map { _ in random.normal() }
        let opposite = reward.indices.map { mdp.transitions[$0] > 0 ? -reward[$0] : reward[$0] }
        let harmless = reward.indices.map { mdp.transitions[$0] > 0 ? reward[$0] : other[$0] }
        result.oppositeRegret = try mdp.regret(between: reward, and: opposite, discount: discount)?.symmetric ?? .nan
        result.harmlessRegret = try mdp.regret(between: reward, and: harmless, discount: discount)?.symmetric ?? .nan
        for form in forms {
            result.opposite.append(try mdp.starcDistance(reward, opposite, by: form.form, discount: discount))
            result.harmless.append(try mdp.starcDistance(reward, harmless, by: form.form, discount: discount))
        }
    }

    /// Rounding error would put an order on what is equal, and a rank correlation would count it.
    private func withoutRounding(_ value: Double) -> Double { (value * 1e9).rounded() * 1e-9 }
}
