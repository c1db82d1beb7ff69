import TelosEnvironments
import TelosEvaluation
import TelosFeedback
import TelosNN
import TelosTensor

extension Catalogue {
    static let prunedNetworks = CatalogueEntry(
        slug: "pruned-networks", title: "In deep reinforcement learning, a pruned network is a good network",
        family: .valueBased, kind: .analysis, scope: .core,
        reference: CatalogueReference(
            authors: "Johan Obando-Ceron, Aaron Courville, Pablo Samuel Castro", year: 2024, venue: "ICML 2024",
            link: "https://arxiv.org/abs/2402.12479"),
        idea: """
            Take a value network that is far too wide, and while it trains set its smallest weights to zero, more and more \
            of them on a cubic schedule, until a twentieth is left. Nothing else changes. What is left does better than \
            the dense network, the more so the wider it began and the more often each sample is used.
            """,
        claim: """
            Deep Q-learning on a small fixed data set, from observations that are half noise: at three widths the pruned \
            network's policy is worth at least as much as the dense one's, at the largest by 0.05 or more of discounted \
            return, and its values vary at least three times less with the noise. Pruning at random does not do it: at the \
            largest width magnitudes beat random masks by 0.05 as well.
            """,
        parameters: [
            ClaimParameter(
                "width", default: 256, "Units of the widest network's layers; the others have half and a quarter.",
                in: 64...512, whole: true),
            ClaimParameter("distractors", default: 16, "Elements of noise in an observation.", in: 4...64, whole: true),
            ClaimParameter("transitions", default: 3000, "Size of the data set.", in: 500...20_000, whole: true),
            ClaimParameter("rewardNoise", default: 0.1, "Standard deviation of the noise on rewards.", in: 0...1),
            ClaimParameter(
                "updates", default: 4000, "Gradient steps; more use each sample more.", in: 500...50_000, whole: true),
            ClaimParameter(
                "sparsity", default: 0.95, "Share of weights pruned in the end; 0 prunes none.", in: 0...0.99),
        ],
        defaultSeeds: 0..<5,
        run: { try PrunedNetworksExperiment($0).outcome() })
}

/// DQN on transitions of a random policy in a 4 x 4 grid, goal in the far corner (+1, then it is over; otherwise -0.02,
/// and noise on both), a tenth of the moves random. Observations are the cell as one-hot and noise, drawn anew each
/// time.
///
/// Every matrix has the sparsity s_t = s (1 - (1 - (t - 0.2 T) / 0.6 T)^3), its masks are renewed every T / 80 steps
/// and applied after every step of Adam, whose moments are kept; biases stay. The optimum, and what a policy is worth,
/// are exact but for the noise a policy reacts to, which is sampled 256 times a cell.
///
/// Unlike in the paper's convolutional networks the effective rank falls and the share of dormant units rises, since
/// units whose weights are all gone count: both are reported, nothing is claimed. A small dense network with as many
/// weights as are kept does better than the large dense one, and less well than the pruned one. A network of 32 units
/// is too narrow for a sparsity of 0.95: a few output weights are left, and some seeds lose to the dense network. At a
/// sparsity of 0.9 random masks do as well as magnitudes (0.72 both at the largest width).
struct PrunedNetworksExperiment {
    let context: ClaimContext

    init(_ context: ClaimContext) { self.context = context }

    enum Arm: String, CaseIterable {
        case pruned, dense
        case random = "random masks"
        /// As many weights as the pruned one keeps.
        case small = "small dense"

        var role: ClaimRole { self == .pruned ? .method : .baseline }
    }

    var widths: [Int] { [context.whole("width") / 4, context.whole("width") / 2, context.whole("width")] }

    func outcome() throws -> ClaimOutcome {
        let problem = try DistractorGrid(distractors: context.whole("distractors"))
        let seeds = try context.perSeed { _, key in
            let data = try problem.transitions(
                count: context.whole("transitions"), rewardNoise: context["rewardNoise"], key: key.derived("data"))
            return try widths.map { width in
                try Arm.allCases.map { try run($0, width, problem, data, key.derived("width", width)) }
            }
        }
        var arms: [ClaimArm] = []
        for (position, width) in widths.enumerated() {
            for (index, arm) in Arm.allCases.enumerated() {
                arms.append(
                    ClaimArm(
                        "\(arm.rawValue), width \(width)", arm.role, metric: "discounted return",
                        values: seeds.map { $0[position][index].value }))
            }
        }
        arms.append(
            ClaimArm(
                "optimum", .oracle, metric: "discounted return", values: seeds.map { _ in problem.optimum }))
        func score(_ width: Int, _ arm: Arm, _ figure: (PrunedFigures) -> Double = { $0.value }) -> Double {
            interquartileMean(of: seeds.map { figure($0[width][Arm.allCases.firstIndex(of: arm)!]) })
        }
        let gaps = widths.indices.map { score($0, .pruned) - score($0, .dense) }
        let spreads = widths.indices.map { score($0, .dense) { $0.spread } / score($0, .pruned) { $0.spread } }
        func diagnostics(_ arm: Arm) -> String {
            let figures = widths.indices.map { width in
                "\(shortNumber(score(width, arm) { $0.dormant })), \(shortNumber(score(width, arm) { $0.rank }))"
                    + ", \(shortNumber(score(width, arm) { $0.spread }))"
            }
            return "\(arm.rawValue): " + figures.joined(separator: "; ")
        }
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("pruned less dense, least over widths", gaps.min() ?? .nan, .atLeast, 0),
                ClaimTest("pruned less dense, largest width", gaps[2], .atLeast, 0.05),
                ClaimTest("spread of values, dense over pruned, least over widths", spreads.min() ?? .nan, .atLeast, 3),
                ClaimTest(
                    "pruned less random masks, largest width", score(2, .pruned) - score(2, .random), .atLeast, 0.05),
            ],
            notes: [
                "Dormant share, effective rank and spread of values by width. "
                    + Arm.allCases.map(diagnostics).joined(separator: ". ") + "."
            ])
    }

    private func run(
        _ arm: Arm, _ width: Int, _ problem: DistractorGrid, _ data: TransitionDataset, _ key: RandomKey
    ) throws -> PrunedFigures {
        let inputs = problem.width
        let sparsity = context["sparsity"]
        var hidden = width
        if arm == .small {
            func weights(_ h: Int) -> Double { Double(inputs * h + h * h + h * problem.actions) }
            let kept = (1 - sparsity) * weights(width) + Double(2 * width)
            while hidden > 1, weights(hidden) + Double(2 * hidden) > kept { hidden -= 1 }
        }
        let network = try PrunedValueLearner(
            [inputs, hidden, hidden, problem.actions], key: key.derived("network"))
        let updates = context.whole("updates")
        let schedule = PruningSchedule(
            sparsity: arm == .pruned || arm == .random ? sparsity : 0, begin: updates / 5, end: updates * 4 / 5)
        // The batches are the same for all arms.
        var random = key.derived("batches").stream
        let interval = max(1, updates / 80)
        for update in 0..<updates {
            network.update(data, using: &random)
            if (update + 1) % interval == 0 {
                network.prune(to: schedule(update + 1), atRandom: arm == .random)
            }
        }
        return try network.figures(problem, key: key.derived("evaluation"))
    }
}
