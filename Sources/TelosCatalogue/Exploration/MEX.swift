import CTelosKernels
import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    static let mex = CatalogueEntry(
        slug: "mex",
        title: "One Objective to Rule Them All: A Maximization Objective Fusing Estimation and Planning for "
            + "Exploration",
        family: .policyGradient, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Zhihan Liu, Miao Lu, Wei Xiong, Han Zhong, Hao Hu, Shenao Zhang, Sirui Zheng, Zhuoran Yang, "
                + "Zhaoran Wang", year: 2023, venue: "NeurIPS 2023", link: "https://arxiv.org/abs/2305.18258"),
        idea: """
            Optimism without confidence sets or posteriors: of all value functions take the one whose own \
            promise at the start, less eta times its misfit to the data, is largest, and act greedily by it. \
            The promise pushes the estimate up where the data say little.
            """,
        claim: """
            In a deep sea, whose treasure is found by chance with probability 2^-size, MEX finds it in every \
            run with eta 1, 10 and 100, in a number of episodes that grows at most like the square of the \
            size, sooner than UCB, and pays almost no regret afterwards; acting greedily on the estimate and \
            epsilon-greedy Q-learning never find it. Where moves slip it has at most half of the regret of \
            epsilon-greedy Q-learning.
            """,
        parameters: [
            ClaimParameter(
                "size", default: 20,
                "The deepest sea; 6 and 10 are run besides. Below 18 epsilon-greedy finds its treasure now and then.",
                in: 14...25, whole: true),
            ClaimParameter(
                "slipperySize", default: 8, "Size of the sea in which moves slip with probability 1 / size.",
                in: 4...12, whole: true),
            ClaimParameter(
                "rounds", default: 3,
                "How often MEX improves policy and bonus in turn. With 0 there is no bonus and the claim must fail.",
                in: 0...20, whole: true),
        ],
        defaultSeeds: 0..<5,
        run: { try MEXExperiment($0).outcome() })
}

/// Seven ways to explore a deep sea: the number of episodes is 5 size^2 and at least 400. It holds at size 18 as well; at 15
/// epsilon-greedy finds the treasure by luck in some ranges of seeds.
struct MEXExperiment {
    let context: ClaimContext

    init(_ context: ClaimContext) { self.context = context }

    enum Explorer: CaseIterable {
        case mex1, mex10, mex100, upperConfidenceBound, posteriorSampling, greedy, epsilonGreedy

        var name: String {
            switch self {
            case .mex1: "MEX, eta 1"
            case .mex10: "MEX, eta 10"
            case .mex100: "MEX, eta 100"
            case .upperConfidenceBound: "UCB"
            case .posteriorSampling: "PSRL"
            case .greedy: "greedy on the estimate"
            case .epsilonGreedy: "epsilon-greedy Q-learning"
            }
        }

        var role: ClaimRole {
            switch self {
            case .mex1, .mex10, .mex100: .method
            case .greedy: .control
            default: .baseline
            }
        }
    }

    /// What came of a run: the episode that first found the treasure, and the regret of every episode.
    struct Run {
        var found: Int?
        var regrets: [Double]

        mutating func add(_ steps: [DeepSeaDive.Step], optimum: Double) {
            if found == nil, steps.contains(where: \.isTreasure) { found = regrets.count + 1 }
            regrets.append(optimum - steps.reduce(0) { $0 + $1.reward })
        }

        var episodesToFind: Double { Double(found ?? regrets.count) }
        var regret: Double { regrets.reduce(0, +) }
    }

    func outcome() throws -> ClaimOutcome {
        let sizes = [6, 10, context.whole("size")]
        let slippery = context.whole("slipperySize")
        let seeds = try context.perSeed { _, key in
            func runs(size: Int, slips: Bool) throws -> [Run] {
                let key = key.derived(slips ? "slippery" : "sure", size)
                let sea = try DeepSeaDive(size: size, slips: slips, key: key.derived("sea"))
                return Explorer.allCases.map { explore(sea, $0, key: key.derived($0.name)) }
            }
            return (
                sure: try sizes.map { try runs(size: $0, slips: false) },
                slippery: try runs(size: slippery, slips: true)
            )
        }
        func sure(_ explorer: Explorer, _ size: Int) -> [Run] {
            seeds.map { $0.sure[size][Explorer.allCases.firstIndex(of: explorer)!] }
        }
        func slipping(_ explorer: Explorer) -> [Run] {
            seeds.map { $0.slippery[Explorer.allCases.firstIndex(of: explorer)!] }
        }
        func found(_ explorer: Explorer, _ size: Int) -> Double {
            mean(of: sure(explorer, size).map { $0.found == nil ? 0 : 1 })
        }
        let last = sizes.count - 1
        let deepest = "size \(sizes[last])"
        var arms = Explorer.allCases.map { explorer in
            ClaimArm(
                explorer.name, explorer.role, metric: "episodes until the treasure is found, \(deepest)",
                values: sure(explorer, last).map(\.episodesToFind))
        }
        arms += Explorer.allCases.map { explorer in
            ClaimArm(
                "\(explorer.name), slippery", explorer.role, metric: "regret, size \(slippery), slipping",
                values: slipping(explorer).map(\.regret))
        }
        let episodes = sizes.indices.map { size in mean(of: sure(.mex10, size).map(\.episodesToFind)) }
        let growth =
            telos_log64(episodes[last] / episodes[0]) / telos_log64(Double(sizes[last]) / Double(sizes[0]))
        let ratios = zip(sure(.upperConfidenceBound, last), sure(.mex10, last)).map {
            $0.episodesToFind / $1.episodesToFind
        }
        let interval = try bootstrapInterval(
            of: .mean, ratios, key: RandomKey(seed: 0).derived("mex statistics"))
        let late = sure(.mex10, last).map { run in run.regrets.suffix(run.regrets.count / 4).reduce(0, +) / run.regret }
        var tests = [Explorer.mex1, .mex10, .mex100].map { explorer in
            ClaimTest(
                "runs that find the treasure at every size: \(explorer.name)",
                sizes.indices.map { found(explorer, $0) }.min()!, .atLeast, 1)
        }
        tests += [
            ClaimTest("the same at \(deepest): greedy", found(.greedy, last), .atMost, 0),
            ClaimTest("the same at \(deepest): epsilon-greedy", found(.epsilonGreedy, last), .atMost, 0),
            ClaimTest("power of the size in MEX's episodes", growth, .atMost, 2),
            ClaimTest("UCB's episodes over MEX's, lower bound", interval.lower, .above, 1),
            ClaimTest("share of MEX's regret in the last quarter", mean(of: late), .atMost, 0.1),
            ClaimTest(
                "slippery: MEX's regret over epsilon-greedy's",
                mean(of: slipping(.mex10).map(\.regret)) / mean(of: slipping(.epsilonGreedy).map(\.regret)), .atMost,
                0.5),
        ]
        return ClaimOutcome(arms: arms, tests: tests)
    }

    private func explore(_ sea: DeepSeaDive, _ explorer: Explorer, key: RandomKey) -> Run {
        let size = sea.size
        let episodes = max(400, 5 * size * size)
        var random = key.stream
        var model = EpisodicModel(horizon: size, stateCount: size, actionCount: 2)
        var q = [Double](repeating: 0, count: model.entryCount)
        let pairs = Double(2 * size * size * episodes)
        let mex = { (eta: Double) in MaximizeToExplore(misfitWeight: eta, cap: 1, rounds: context.whole("rounds")) }
        var run = Run(found: nil, regrets: [])
        for episode in 0..<episodes {
            let plan: EpisodicPlan
            switch explorer {
            case .mex1: plan = mex(1).plan(model, from: 0, using: &random)
            case .mex10: plan = mex(10).plan(model, from: 0, using: &random)
            case .mex100: plan = mex(100).plan(model, from: 0, using: &random)
            case .upperConfidenceBound:
                let bonus = model.visits.map { visits in
                    visits == 0 ? 1 : CountBonus.hoeffding(visits: visits, scale: 0.1, delta: 1 / pairs)
                }
                plan = model.plan(bonus: bonus, cap: 1, using: &random)
            case .posteriorSampling:
                // Rewards are sure once seen, and normal before.
                let drawn = model.sampledTransitions(prior: 1 / Double(size), using: &random)
                let rewards = model.visits.map { $0 == 0 ? random.normal() : 0 }
                plan = model.plan(transitions: drawn, bonus: rewards, cap: 1, using: &random)
            case .greedy:
                let none = [Double](repeating: 0, count: model.entryCount)
                plan = model.plan(bonus: none, cap: 1, using: &random)
            case .epsilonGreedy:
                let share = min(1, Double(episode) / Double(max(1, episodes / 4)))
                let steps = sea.dive(&random) { step, column, random in
                    let row = model.entry(step: step, state: column, action: 0)
                    return ActionValues.epsilonGreedy(q, row..<(row + 2), epsilon: 1 - 0.95 * share, &random)
                }
                for step in steps.reversed() {
                    let entry = model.entry(step: step.step, state: step.column, action: step.action)
                    var following = 0.0
                    if let next = step.next {
                        let row = model.entry(step: step.step + 1, state: next, action: 0)
                        following = max(q[row], q[row + 1])
                    }
                    q[entry] += 0.5 * (step.reward + following - q[entry])
                }
                run.add(steps, optimum: sea.optimum)
                continue
            }
            let steps = sea.dive(&random) { step, column, _ in plan.actions[step * size + column] }
            for step in steps {
                model.record(
                    step: step.step, state: step.column, action: step.action, reward: step.reward, next: step.next)
            }
            run.add(steps, optimum: sea.optimum)
        }
        return run
    }
}
