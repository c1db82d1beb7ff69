import TelosEvaluation
import TelosTensor

extension Catalogue {
    static let parameterNoise = CatalogueEntry(
        slug: "parameter-noise", title: "Parameter Space Noise for Exploration",
        family: .explorationAndSkills, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Matthias Plappert, Rein Houthooft, Prafulla Dhariwal, Szymon Sidor, Richard Y. Chen, Xi Chen, "
                + "Tamim Asfour, Pieter Abbeel, Marcin Andrychowicz", year: 2018, venue: "ICLR 2018",
            link: "https://arxiv.org/abs/1706.01905"),
        idea: """
            Instead of shaking actions, perturb the weights of the policy once an episode and act greedily \
            with them: exploration is then consistent over the episode and depends on the state. Layers \
            are normalised, so one scale of noise does for all, and it is adapted so that the perturbed \
            policy differs from the greedy one by as much as an epsilon-greedy one would.
            """,
        claim: """
            On a long chain whose only large reward is at the far end, with networks that at first prefer \
            the wrong way, DQN with adaptive parameter noise learns the way in at least seven of ten runs; \
            with epsilon-greedy actions, or with noise of a fixed tiny scale, in less than half of them. \
            Drawing the noise anew at every step rather than every episode loses at least a fifth of the \
            runs.
            """,
        parameters: [
            ClaimParameter("states", default: 20, "Length of the chain; more are harder.", in: 8...60, whole: true),
            ClaimParameter(
                "bias", default: 0.3,
                "By how much the heads prefer the wrong way at first. At 0 a greedy network often walks right by luck "
                    + "and the comparison says nothing.", in: 0...1),
            ClaimParameter("width", default: 16, "Hidden units of a layer.", in: 4...128, whole: true),
            ClaimParameter("episodes", default: 600, "Episodes of a run.", in: 50...5000, whole: true),
            ClaimParameter("scale", default: 0.05, "First scale of the noise.", in: 0...1),
            ClaimParameter(
                "factor", default: 1.01,
                "Of an adaptation of the scale, ten an episode. With 1 and a scale of 0.001 the claim must fail.",
                in: 1...1.5),
        ],
        run: { try ParameterNoiseExperiment($0).outcome() })
}

/// Deep Q-learning on a chain, under four ways to explore.
///
/// States 0 ..< n, start 1, left or right, n + 9 steps; 1 a step in the last state, 0.001 in the first. The input of
/// state s is 1 up to s, 0 beyond. A common layer, then a head of values and one of the policy, which learns by
/// cross-entropy to choose what is greedy in the values; noise is on the common layer and the policy's.
///
/// It holds on chains of 14 and of 30 states and with 32 units.
struct ParameterNoiseExperiment {
    let context: ClaimContext

    init(_ context: ClaimContext) { self.context = context }

    enum Explorer: String, CaseIterable {
        case adaptive = "parameter noise"
        case tiny = "parameter noise, fixed at 0.001"
        case everyStep = "parameter noise, drawn every step"
        case epsilonGreedy = "epsilon-greedy"
    }

    func outcome() throws -> ClaimOutcome {
        let episodes = context.whole("episodes")
        let seeds = try context.perSeed { _, key in
            try Explorer.allCases.map { explorer in
                let run = try ChainRun(context, explorer: explorer, key: key.derived(explorer.rawValue))
                return run.episodesToSolve(of: episodes)
            }
        }
        func values(_ explorer: Explorer) -> [Int?] { seeds.map { $0[Explorer.allCases.firstIndex(of: explorer)!] } }
        func solved(_ explorer: Explorer) -> Double { mean(of: values(explorer).map { $0 == nil ? 0 : 1 }) }
        let arms = Explorer.allCases.map { explorer in
            ClaimArm(
                explorer.rawValue, explorer == .adaptive ? .method : explorer == .epsilonGreedy ? .baseline : .control,
                metric: "episodes until the way is learned, \(episodes) where it is not",
                values: values(explorer).map { Double($0 ?? episodes) })
        }
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("runs solved: parameter noise", solved(.adaptive), .atLeast, 0.7),
                ClaimTest("runs solved: epsilon-greedy", solved(.epsilonGreedy), .below, 0.5),
                ClaimTest("runs solved: fixed tiny noise", solved(.tiny), .below, 0.5),
                ClaimTest(
                    "runs solved: an episode's noise minus a step's", solved(.adaptive) - solved(.everyStep), .atLeast,
                    0.2),
            ])
    }
}
