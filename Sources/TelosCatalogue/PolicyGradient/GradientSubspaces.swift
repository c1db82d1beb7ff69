import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosNN
import TelosRewards
import TelosTensor

extension Catalogue {
    static let gradientSubspaces = CatalogueEntry(
        slug: "gradient-subspaces", title: "Identifying Policy Gradient Subspaces",
        family: .policyGradient, kind: .analysis, scope: .core,
        reference: CatalogueReference(
            authors: """
                Jan Schneider, Pierre Schumacher, Simon Guist, Le Chen, Daniel Häufle, Bernhard Schölkopf, Dieter Büchler
                """,
            year: 2024, venue: "ICLR 2024", link: "https://arxiv.org/abs/2401.06604"),
        idea: """
            Do the gradients that a policy gradient method follows lie in a small subspace of the parameters, and does it \
            last although policy and data change? Take the span of the eigenvectors of the loss's Hessian with the largest \
            eigenvalues, and measure the gradient's squared length inside it, for actor and critic apart, and the overlap \
            of the spans of two checkpoints.
            """,
        claim: """
            While PPO learns to swing up a pendulum, 2% of the directions hold at least 0.8 of the critic's gradient at \
            every checkpoint, and of the actor's at least half and ten times as much as a random subspace; \
            gradients of 64 samples lie there too. From one late checkpoint to the next the critic's subspace keeps at \
            least 0.4 of itself, ten times what a random one does. Random directions hold no more than their number.
            """,
        parameters: [
            ClaimParameter("width", default: 16, "Units of both hidden layers.", in: 4...32, whole: true),
            ClaimParameter(
                "share", default: 0.02, "Directions of the subspace, as a share of all; more hold more.",
                in: 0.005...0.2),
            ClaimParameter("iterations", default: 100, "Rollouts of PPO, of 2048 steps.", in: 20...500, whole: true),
            ClaimParameter(
                "episodes", default: 20, "Episodes of 200 steps for a precise gradient and Hessian.", in: 5...200,
                whole: true),
            ClaimParameter(
                "minibatch", default: 64, "Samples of an estimated gradient; fewer are noisier.", in: 8...1000,
                whole: true),
        ],
        defaultSeeds: 0..<5,
        run: { try GradientSubspacesExperiment($0).outcome() })
}

/// PPO on Pendulum with separate networks 3 - width - width - 1 (tanh), analysed at four checkpoints.
///
/// S(g, U) = |U^T g|^2 / |g|^2 and overlap(U, V) = |U^T V|_F^2 / k, U the k eigenvectors of the Hessian on a large batch
/// of fresh episodes. The critic's are those of the largest eigenvalues. The actor's loss curves down about as strongly
/// as up (a smallest eigenvalue of several times the largest was seen), so its are those farthest from 0; what the
/// largest alone hold is reported and nothing is claimed of it.
///
/// It holds for 24 units a layer (critic 0.99), for 1% of the directions and for minibatches of 32 to 256 too. With 10
/// units, where 2% are three directions, those hold half of the critic's gradient at the first checkpoint, 0.9 later.
struct GradientSubspacesExperiment {
    /// What spans the subspaces; random directions switch the method off.
    enum Basis { case curvature, random }

    let context: ClaimContext
    let basis: Basis
    static let checkpoints = [0.05, 0.3, 0.6, 1]

    init(_ context: ClaimContext, basis: Basis = .curvature) {
        self.context = context
        self.basis = basis
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in try measure(key) }
        /// A value a seed: the mean over checkpoints.
        func means(_ value: (CheckpointFigures) -> Double) -> [Double] { seeds.map { mean(of: $0.map(value)) } }
        func overlaps(_ space: (CheckpointFigures) -> CurvatureSubspace) -> [Double] {
            // The first checkpoint is from before the task was learned.
            seeds.map { figures in
                let spaces = figures.dropFirst().map(space)
                return mean(of: zip(spaces, spaces.dropFirst()).map { $0.overlap(with: $1) })
            }
        }
        let share = "share of the gradient's squared length"
        let overlap = "mean overlap of consecutive late checkpoints"
        let arms = [
            ClaimArm("critic, precise gradient", .method, metric: share, values: means(\.critic.precise)),
            ClaimArm("critic, minibatches", .method, metric: share, values: means(\.critic.minibatch)),
            ClaimArm("critic, random subspace", .control, metric: share, values: means(\.critic.byChance)),
            ClaimArm("actor, precise gradient", .method, metric: share, values: means(\.actor.precise)),
            ClaimArm("actor, minibatches", .method, metric: share, values: means(\.actor.minibatch)),
            ClaimArm("actor, largest eigenvalues only", .baseline, metric: share, values: means(\.actor.algebraic)),
            ClaimArm("actor, random subspace", .control, metric: share, values: means(\.actor.byChance)),
            ClaimArm("critic, overlap", .method, metric: overlap, values: overlaps(\.critic.space)),
            ClaimArm("actor, overlap", .method, metric: overlap, values: overlaps(\.actor.space)),
            ClaimArm("random, overlap", .control, metric: overlap, values: overlaps(\.critic.randomSpace)),
        ]
        func score(_ name: String) -> Double {
            arms.first { $0.name == name }.map { interquartileMean(of: $0.values) } ?? .nan
        }
        let critic = Self.checkpoints.indices.map { index in
            interquartileMean(of: seeds.map { $0[index].critic.precise })
        }
        let gain = seeds.map { $0[$0.count - 1].meanReturn - $0[0].meanReturn }
        let chance = seeds[0][0].critic.chance
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("critic, precise: least over checkpoints", critic.min() ?? .nan, .atLeast, 0.8),
                ClaimTest("critic, minibatches", score("critic, minibatches"), .atLeast, 0.5),
                ClaimTest("actor, precise", score("actor, precise gradient"), .atLeast, 0.5),
                ClaimTest("actor, precise, over k / n", score("actor, precise gradient") / chance, .atLeast, 10),
                ClaimTest("critic, overlap", score("critic, overlap"), .atLeast, 0.4),
                ClaimTest("critic, overlap over k / n", score("critic, overlap") / chance, .atLeast, 10),
                ClaimTest("random subspace, critic, over k / n", score("critic, random subspace") / chance, .atMost, 3),
                ClaimTest("return gained between the checkpoints", interquartileMean(of: gain), .above, 300),
            ],
            notes: [
                "k / n is \(shortNumber(chance)). Critic by checkpoint: "
                    + critic.map(shortNumber).joined(separator: ", ") + "; actor: "
                    + Self.checkpoints.indices.map { index in
                        shortNumber(interquartileMean(of: seeds.map { $0[index].actor.precise }))
                    }.joined(separator: ", ") + "."
            ])
    }

    private func measure(_ key: RandomKey) throws -> [CheckpointFigures] {
        guard let entry = Environments.named("Pendulum"), let ppo = Learners.named("ppo") else { return [] }
        var task = try TaskDefinition(entry)
        task.primary = ScaledReward(task.primary, by: 0.1)
        var configuration = PPOConfiguration()
        configuration.environments = 16
        configuration.rolloutSteps = 128
        configuration.minibatchSize = 256
        configuration.learningRate = 1e-3
        configuration.discount = PendulumProbe.discount
        configuration.gaeLambda = PendulumProbe.lambda
        configuration.hiddenSizes = [context.whole("width"), context.whole("width")]
        configuration.rescaleActions = true
        let iterations = context.whole("iterations")
        let learner = try ppo.make(
            LearnerContext(task: task, key: key, plannedSteps: iterations * 2048), configuration.json)
        let stops = Self.checkpoints.map { max(1, Int(($0 * Double(iterations)).rounded())) }
        var result: [CheckpointFigures] = []
        for iteration in 1...iterations {
            _ = try learner.iterate()
            guard stops.contains(iteration), let policy = learner.policy() as? ActorPolicy else { continue }
            let probe = try PendulumProbe(
                policy.networks, episodes: context.whole("episodes"), minibatch: context.whole("minibatch"),
                key: key.derived("probe", iteration))
            result.append(try probe.figures(share: context["share"], basis: basis))
        }
        return result
    }
}
