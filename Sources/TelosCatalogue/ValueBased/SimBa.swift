import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    static let simBa = CatalogueEntry(
        slug: "simba",
        title: "SimBa: Simplicity Bias for Scaling Up Parameters in Deep Reinforcement Learning",
        family: .valueBased, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: """
                Hojoon Lee, Dongyoon Hwang, Donghu Kim, Hyunseung Kim, Jun Jet Tai, Kaushik Subramanian, \
                Peter R. Wurman, Jaegul Choo, Peter Stone, Takuma Seno
                """,
            year: 2025, venue: "ICLR 2025", link: "https://arxiv.org/abs/2410.09754"),
        idea: """
            Change nothing but the networks: observations normalised by running statistics, residual blocks with a \
            layer norm before each, and a layer norm before the head. Input and output stay linked by a linear path, \
            such networks begin as simple functions, and actor and critic can be made larger without the usual \
            collapse.
            """,
        claim: """
            DDPG steering a point whose observations have scales from 0.03 to 30: over the last fifth of training the \
            policies' cost with SimBa's networks is at most a fifth of a plain network's, at two widths, and less in \
            at least four of five seeds; the wider does not cost a fifth more than the narrower (256 units after 128 \
            need half the step size and twice the steps for that). Where all scales are one, the gap is smaller. Most \
            of the gain here is the normalisation: a plain network with it is reported beside.
            """,
        parameters: [
            ClaimParameter("width", default: 128, "Units of the wider critics.", in: 16...512, whole: true),
            ClaimParameter("narrowWidth", default: 64, "Units of the narrower critics.", in: 8...256, whole: true),
            ClaimParameter("axes", default: 3, "Dimensions the point moves in.", in: 1...4, whole: true),
            ClaimParameter(
                "spread", default: 30, "Largest scale of an observation's elements, and one over the least.",
                in: 1...1000),
            ClaimParameter("steps", default: 10_000, "Environment steps of a run.", in: 1000...100_000, whole: true),
            ClaimParameter("learningRate", default: 1e-4, "Adam's step size.", in: 1e-5...1e-2),
        ],
        defaultSeeds: 0..<5,
        run: { try SimBaExperiment($0).outcome() })
}

/// DDPG with one critic, batches of 64, the paper's step size, one update a step after 400 random ones, discount 0.95;
/// nothing but the networks and the normalisation differs between arms. Critics have two blocks or hidden layers,
/// actors a quarter of their width (32 units at least) in one block, as the paper's, or two hidden layers. The metric
/// is the mean return of 200 episodes without noise, over the policies of the last fifth of training, since a single
/// one swings by half; doing nothing earns about -350, and pushing outwards, which plain networks often end with,
/// several thousand less.
///
/// The step size goes with the width. Over 10,000 steps at 1e-4, 256 units cost 0.68 times as much as 64 (seeds
/// 2600..2604) but 1.5 times as much as 128 (2000..2004), where the comparison of widths fails: they are as quick to
/// come near the best, then swing more. At 5e-5 over 20,000 steps it is 0.87 times (2800..2804), and everything holds.
/// Blocks have to begin at the scale of the paper's, which are He's normal weights: from half of it 256 units cost 1.5
/// times as much as 128 on seeds 340..344, from the whole 1.04 times. A plain network with normalised observations
/// takes most of the gap, at 1.5 to 4.5 times SimBa's cost. Nine arms of 10,000 updates are more than two minutes'
/// work: 200 s on two cores, 19 minutes on one with 256 units.
struct SimBaExperiment {
    let context: ClaimContext
    /// What the arms named SimBa are; a plain network switches the method off.
    let method: NetworkArchitecture

    init(_ context: ClaimContext, method: NetworkArchitecture = .simba) {
        self.context = context
        self.method = method
    }

    struct Arm: Hashable, Sendable {
        var name: String
        var role: ClaimRole
        var isSimBa = false
        var normalizes = false
        var isWide = true
        var isMixed = true
    }

    static let arms = [
        Arm(name: "SimBa, narrow", role: .method, isSimBa: true, normalizes: true, isWide: false),
        Arm(name: "SimBa, wide", role: .method, isSimBa: true, normalizes: true),
        Arm(name: "plain, narrow", role: .baseline, isWide: false),
        Arm(name: "plain, wide", role: .baseline),
        Arm(name: "plain and normalised, narrow", role: .baseline, normalizes: true, isWide: false),
        Arm(name: "plain and normalised, wide", role: .baseline, normalizes: true),
        Arm(name: "SimBa without normalising, narrow", role: .baseline, isSimBa: true, isWide: false),
        Arm(name: "SimBa, wide, scales 1", role: .control, isSimBa: true, normalizes: true, isMixed: false),
        Arm(name: "plain, wide, scales 1", role: .control, isMixed: false),
    ]

    func outcome() throws -> ClaimOutcome {
        let (narrowWidth, width) = (context.whole("narrowWidth"), context.whole("width"))
        guard narrowWidth < width else {
            throw CatalogueError(
                "simba: narrowWidth \(narrowWidth) is not below width \(width); write for example \(width / 2)")
        }
        let seeds = try context.perSeed { _, key in try Self.arms.map { try run($0, key) } }
        let arms = Self.arms.enumerated().map { index, arm in
            ClaimArm(arm.name, arm.role, metric: "return of an episode", values: seeds.map { $0[index] })
        }
        func values(_ name: String) -> [Double] { arms.first { $0.name == name }?.values ?? [] }
        func cost(_ name: String) -> Double { -interquartileMean(of: values(name)) }
        let narrow = cost("plain, narrow") / cost("SimBa, narrow")
        let wide = cost("plain, wide") / cost("SimBa, wide")
        let better = zip(values("SimBa, wide"), values("plain, wide")).map { $0 > $1 ? 1.0 : 0 }
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("cost, plain over SimBa, least of both widths", min(narrow, wide), .atLeast, 5),
                ClaimTest("share of seeds in which SimBa is better, wide", mean(of: better), .atLeast, 0.8),
                ClaimTest("cost of SimBa, wide over narrow", cost("SimBa, wide") / cost("SimBa, narrow"), .atMost, 1.2),
                ClaimTest(
                    "cost, plain over SimBa, scales 1 over mixed",
                    cost("plain, wide, scales 1") / cost("SimBa, wide, scales 1") / wide, .below, 1),
            ])
    }

    private func run(_ arm: Arm, _ key: RandomKey) throws -> Double {
        let point = ScaledPoint(axes: context.whole("axes"), spread: arm.isMixed ? context["spread"] : 1)
        let task = try point.task()
        var configuration = DDPGConfiguration()
        let width = context.whole(arm.isWide ? "width" : "narrowWidth")
        let network = arm.isSimBa ? method : .mlp
        let actorWidth = max(32, width / 4)
        configuration.options.network = network
        configuration.options.hiddenSizes = [width, width]
        configuration.options.actorHiddenSizes = network == .simba ? [actorWidth] : [actorWidth, actorWidth]
        configuration.options.normalizeObservations = arm.normalizes && (method == .simba || !arm.isSimBa)
        configuration.options.batchSize = 64
        configuration.options.learningStarts = 400
        configuration.options.learningRate = context["learningRate"]
        configuration.options.explorationNoise = 0.2
        configuration.options.discount = 0.95
        configuration.options.stepsPerIteration = 200
        let steps = context.whole("steps")
        guard let ddpg = Learners.named("ddpg") else { return .nan }
        let learner = try ddpg.make(
            LearnerContext(task: task, key: key.derived("learner"), plannedSteps: steps), configuration.json)
        func judged() throws -> Double {
            try evaluate(learner.policy(), on: task, episodes: 200, key: key.derived("evaluation")).meanReturn
        }
        var returns: [Double] = []
        do {
            while learner.steps < steps {
                _ = try learner.iterate()
                if 5 * learner.steps > 4 * steps { returns.append(try judged()) }
            }
        } catch is LearnerError {
            // It diverged; what it has become by then is judged.
            return try judged()
        }
        return mean(of: returns)
    }
}
