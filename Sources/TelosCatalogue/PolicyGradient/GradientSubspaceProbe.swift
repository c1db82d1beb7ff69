import TelosEnvironments
import TelosLearning
import TelosNN
import TelosTensor

/// What was measured of one network at one checkpoint.
struct SubspaceFigures: Sendable {
    /// k / n.
    var chance: Double
    var space: CurvatureSubspace
    var randomSpace: CurvatureSubspace
    /// Share of the gradient on all samples, mean share of those on minibatches.
    var precise: Double
    var minibatch: Double
    /// Share of the precise gradient in the directions of the largest eigenvalues, and in random ones.
    var algebraic: Double
    var byChance: Double
}

struct CheckpointFigures: Sendable {
    var actor: SubspaceFigures
    var critic: SubspaceFigures
    /// Of the policy as it explores.
    var meanReturn: Double
}

/// A frozen actor-critic's fresh episodes in Pendulum, and the losses that PPO would begin to follow on them.
///
/// Actor: -mean(r A), r = pi(a|s) / pi_old(a|s), which is what the clipped objective is where pi = pi_old; A is
/// standardised. Critic: mean((V(s) - R)^2), R = A + V.
struct PendulumProbe {
    static let discount = 0.95
    static let lambda = 0.95
    private static let horizon = 200

    let meanReturn: Double
    private let networks: ActorCritic
    private let minibatch: Int
    private let key: RandomKey
    private var observations: [Float] = []
    private var actions: [Float] = []
    private var logProbabilities: [Float] = []
    private var advantages: [Float] = []
    private var targets: [Float] = []
    private var rows: Int { actions.count }

    init(_ networks: ActorCritic, episodes: Int, minibatch: Int, key: RandomKey) throws {
        self.networks = networks
        self.minibatch = minibatch
        self.key = key
        var random = key.derived("episodes").stream
        let pendulum = Pendulum()
        let seen = Tensor(placeholder: episodes, 3)
        let noise = Tensor(placeholder: episodes, 1)
        let distribution = networks.distribution(seen)
        let drawn = distribution.sample(noise: noise)
        let program = try Program(
            inputs: [seen, noise],
            outputs: [drawn, distribution.logProbability(drawn), networks.values(ActorInput(seen))])
        var states = (0..<episodes).map { _ in pendulum.reset(using: &random) }
        var (rewards, values, nextValues): ([Float], [Float], [Float]) = ([], [], [])
        func look() {
            for (index, state) in states.enumerated() {
                pendulum.observe(state, into: .init(rebasing: program.input(0)[(3 * index)..<(3 * index + 3)]))
            }
            random.fillNormal(program.input(1))
            program.run()
        }
        for _ in 0..<Self.horizon {
            look()
            observations += program.input(0)
            actions += program.output(0)
            logProbabilities += program.output(1)
            values += program.output(2)
            for index in states.indices {
                let torque = min(2, max(-2, 2 * program.output(0)[index]))
                let angle = states[index].x.remainder(dividingBy: 2 * Double.pi)
                let speed = states[index].y
                rewards.append(Float(-0.1 * (angle * angle + 0.1 * speed * speed) - 0.0001 * Double(torque * torque)))
                [torque].withUnsafeBufferPointer {
                    _ = pendulum.step(&states[index], action: Action($0.baseAddress!), using: &random)
                }
            }
        }
        look()
        nextValues = Array(values.dropFirst(episodes)) + program.output(2)
        let ends = rewards.indices.map { $0 < rewards.count - episodes ? EpisodeEnd.ongoing : .truncated }
        var estimates = [Float](repeating: 0, count: rewards.count)
        generalizedAdvantages(
            rewards: rewards, values: values, nextValues: nextValues, ends: ends, steps: Self.horizon,
            environments: episodes, discount: Float(Self.discount), lambda: Float(Self.lambda), into: &estimates)
        targets = zip(estimates, values).map(+)
        let mean = estimates.reduce(0.0) { $0 + Double($1) } / Double(estimates.count)
        let variance =
            estimates.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(estimates.count)
        advantages = estimates.map { Float((Double($0) - mean) / (variance.squareRoot() + 1e-8)) }
        // The task's reward is a tenth of the environment's usual one.
        meanReturn = rewards.reduce(0.0) { $0 + Double($1) } * 10 / Double(episodes)
    }

    func figures(share: Double, basis: GradientSubspacesExperiment.Basis) throws -> CheckpointFigures {
        CheckpointFigures(
            actor: try figures(
                share, basis, order: .magnitude,
                inputs: [(observations, 3), (actions, 1), (logProbabilities, 1), (advantages, 1)], "actor"
            ) {
                let variables = $0.policy.tensors + [$0.logDeviation].compactMap(\.self)
                let ratio = exp($0.distribution($1[0]).logProbability($1[1]) - $1[2].reshaped($1[2].count))
                return (variables, -(ratio * $1[3].reshaped($1[3].count)).mean())
            },
            critic: try figures(share, basis, order: .algebraic, inputs: [(observations, 3), (targets, 1)], "critic") {
                ($0.value.tensors, ($0.values(ActorInput($1[0])) - $1[1]).squared.mean())
            }, meanReturn: meanReturn)
    }

    /// - loss: the variables and the loss of a traced model on placeholders [rows, width].
    private func figures(
        _ share: Double, _ basis: GradientSubspacesExperiment.Basis, order: CurvatureSubspace.Order,
        inputs: [(values: [Float], width: Int)], _ name: String,
        loss: (ActorCritic, [Tensor]) -> (variables: [Tensor], loss: Tensor)
    ) throws -> SubspaceFigures {
        let key = key.derived(name)
        let model = try Parameters(networks).traced
        func curvature(rows: Int) throws -> LossCurvature {
            let placeholders = inputs.map { Tensor(placeholder: rows, $0.width) }
            let (variables, loss) = loss(model, placeholders)
            return try LossCurvature(of: loss, withRespectTo: variables, inputs: placeholders)
        }
        let whole = try curvature(rows: rows)
        for (index, input) in inputs.enumerated() { whole.fill(index, from: input.values) }
        let count = max(1, Int((share * Double(whole.size)).rounded()))
        let randomSpace = CurvatureSubspace.random(dimension: count, size: whole.size, key: key.derived("random"))
        let largest = try whole.subspace(dimension: count, order: .algebraic, key: key.derived("largest"))
        var space = largest
        if order == .magnitude {
            space = try whole.subspace(dimension: count, order: order, key: key.derived("largest"))
        }
        if basis == .random { space = .random(dimension: count, size: whole.size, key: key.derived("basis")) }
        let precise = whole.gradient()
        let part = try curvature(rows: minibatch)
        var random = key.derived("minibatches").stream
        var sum = 0.0
        let minibatches = 20
        for _ in 0..<minibatches {
            let chosen = (0..<minibatch).map { _ in random.index(below: rows) }
            for (index, input) in inputs.enumerated() {
                part.fill(index, from: chosen.flatMap { input.values[($0 * input.width)..<(($0 + 1) * input.width)] })
            }
            sum += space.share(of: part.gradient())
        }
        return SubspaceFigures(
            chance: Double(count) / Double(whole.size), space: space, randomSpace: randomSpace,
            precise: space.share(of: precise), minibatch: sum / Double(minibatches),
            algebraic: largest.share(of: precise), byChance: randomSpace.share(of: precise))
    }
}
