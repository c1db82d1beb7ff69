import TelosEnvironments
import TelosNN
import TelosTensor

/// Options of random network distillation beside those of PPO.
///
/// Burda, Edwards, Storkey and Klimov, *Exploration by random network distillation*, 2019.
public struct RNDOptions: LearnerConfiguration {
    public var bonusCoefficient = 1.0
    public var rewardCoefficient = 2.0
    public var bonusDiscount = 0.99
    public var predictorLearningRate = 1e-3
    public var predictorShare = 0.25
    public var predictorSizes = [64, 64]
    public var predictorOutputs = 32

    public init() {}

    public static let options = [
        OptionDescription(
            "bonusCoefficient", "weight of the advantages of what is new", raising: "explores more",
            lowering: "nearer to plain PPO (0)", range: 0...1e6),
        OptionDescription(
            "rewardCoefficient", "weight of the advantages of the task's reward",
            raising: "exploits more",
            lowering: "explores more (0: for its own sake)", range: 0...1e6),
        OptionDescription(
            "bonusDiscount", "gamma of bonuses, whose returns go on across episodes",
            raising: "seeks what is new further ahead", lowering: "nearer by", range: 0...1),
        OptionDescription(
            "predictorLearningRate", "step size of the predictor", raising: "the new grows old sooner",
            lowering: "later", range: 0...10),
        OptionDescription(
            "predictorShare", "share of a rollout's states that the predictor learns from",
            raising: "the new grows old sooner", lowering: "later", range: 0...1),
        OptionDescription(
            "predictorSizes", "units of each hidden layer of target and predictor",
            raising: "finer differences, slower", lowering: "coarser, faster", range: OnPolicyOption.widths),
        OptionDescription(
            "predictorOutputs", "random features that are predicted",
            raising: "a less noisy bonus, slower",
            lowering: "faster", range: 1...65_536),
    ]
}

public typealias RNDConfiguration = JointConfiguration<PPOConfiguration, RNDOptions>

extension RNDConfiguration {
    var settings: OnPolicySettings {
        var settings = base.settings
        settings.distillation = own
        return settings
    }
}

/// Rewards what is new: a state's bonus is how badly a network that learns predicts another's random features of it.
///
/// b_t = mean((f(s_{t+1}) - g(s_{t+1}))^2), g random and fixed, f fitted to it on the states visited; divided by the
/// running deviation of its discounted sums. Features of states are standardised by running moments and clipped to
/// +-5. Bonuses have a value head of their own, and their returns go on where an episode ends, so that an end is not
/// feared for the bonuses it cuts off.
///
/// The moments begin with the first rollout, in the place of the paper's steps at random before training.
final class RandomNetworkDistillation {
    /// c_r A_r + c_b A_b of every row.
    let blendedAdvantages: Buffer<Float>
    private let options: RNDOptions
    private let lambda: Double
    private let minibatchSize: Int
    private let width: Int
    private let target: Parameters<MLP>
    private let predictor: Parameters<MLP>
    private let memory: Parameters<Adam.State>
    private let encoding: Program
    private let judging: Program
    private let fitting: Program
    private let observations: Buffer<Float>
    private let ends: Buffer<EpisodeEnd>
    private var moments: RunningMoments
    private var scaling: RewardNormalizer
    private var random: RandomStream

    init(
        _ options: RNDOptions, encoding: ObservationEncoding, rollout: Rollout,
        settings: OnPolicySettings,
        key: RandomKey, threads: Int
    ) throws {
        self.options = options
        lambda = settings.gaeLambda
        minibatchSize = settings.minibatchSize
        width = encoding.width
        let (rows, features) = (rollout.rows, encoding.features)
        let sizes = [features] + options.predictorSizes
        let last = sizes[sizes.count - 1]
        target = try Parameters(
            MLP(sizes + [options.predictorOutputs], activation: .relu, key: key.derived("target")))
        predictor = try Parameters(
            MLP(
                sizes + [last, options.predictorOutputs], activation: .relu, key: key.derived("predictor")))
        memory = try Parameters(Adam().initialState(for: predictor.traced.tensors))
        let (predictor, target) = (predictor.traced, target.traced)
        func errors(_ states: Tensor) -> Tensor {
            (predictor(states) - target(states)).squared.mean(axis: 1)
        }
        let raw = Tensor(placeholder: rows, width)
        self.encoding = try Program(inputs: [raw], outputs: [encoding(raw)], threads: threads)
        let states = Tensor(placeholder: rows, features)
        judging = try Program(inputs: [states], outputs: [errors(states)], threads: threads)
        let part = Tensor(placeholder: minibatchSize, features)
        let weights = Tensor(placeholder: minibatchSize)
        let learningRate = Tensor(placeholder: [])
        let loss = (weights * errors(part)).sum() / maximum(weights.sum(), Tensor(1))
        let theta = predictor.tensors
        let step = Adam().step(
            theta, gradients: gradient(of: loss, withRespectTo: theta), state: memory.traced,
            learningRate: learningRate)
        fitting = try Program(
            inputs: [part, weights, learningRate], outputs: [loss],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state), threads: threads)
        observations = Buffer(count: rows * width, repeating: 0)
        ends = Buffer(count: rows, repeating: .ongoing)
        blendedAdvantages = Buffer(count: rows, repeating: 0)
        moments = RunningMoments(width: features)
        scaling = RewardNormalizer(environments: rollout.environments, discount: options.bonusDiscount)
        random = key.derived("minibatches").stream
    }

    /// Takes in the observations that a step led to, which are rows from `row` on.
    func observe(_ rows: UnsafeBufferPointer<Float>, row: Int) {
        (observations.pointer + row * width).update(from: rows.baseAddress!, count: rows.count)
    }

    /// Pays a rollout's bonuses into its second head, blends the advantages of both, and fits the predictor.
    /// - lastValues: of the states the rollout ended in, [environments, 2].
    func reward(_ rollout: Rollout, lastValues: UnsafeBufferPointer<Float>) throws -> [Metric] {
        standardizeStates()
        judging.run()
        let (rows, count, errors) = (rollout.rows, rollout.environments, judging.output(0))
        for step in 0..<rollout.steps {
            scaling.observe(UnsafeBufferPointer(rebasing: errors[(step * count)..<((step + 1) * count)])) { _ in false }
        }
        let scale = scaling.scale
        for row in 0..<rows {
            rollout.rewards[rows + row] = errors[row] * scale
            rollout.nextValues[rows + row] =
                row + count < rows
                ? rollout.values[rows + row + count] : lastValues[(row + count - rows) * 2 + 1]
        }
        generalizedAdvantages(
            rewards: rollout.rewards.pointer + rows, values: rollout.values.pointer + rows,
            nextValues: rollout.nextValues.pointer + rows, ends: ends.pointer, steps: rollout.steps,
            environments: count, discount: Float(options.bonusDiscount), lambda: Float(lambda),
            into: rollout.advantages.pointer + rows)
        for row in 0..<rows {
            rollout.returns[rows + row] = rollout.advantages[rows + row] + rollout.values[rows + row]
            blendedAdvantages[row] =
                Float(options.rewardCoefficient) * rollout.advantages[row] + Float(options.bonusCoefficient)
                * rollout.advantages[rows + row]
        }
        let error = errors.reduce(0.0) { $0 + Double($1) } / Double(rows)
        guard error.isFinite else {
            throw LearnerError(
                "training diverged: the bonus is \(error). Try a smaller predictorLearningRate")
        }
        return [
            Metric("bonus", error * Double(scale)), Metric("predictionError", error),
            Metric("predictorLoss", fit()),
        ]
    }

    /// Fills `judging` with standardised features of the rollout's states, which are among what the moments are of.
    private func standardizeStates() {
        _ = encoding.input(0).update(fromContentsOf: observations.readOnly)
        encoding.run()
        moments.merge(rows: encoding.output(0))
        let features = moments.width
        let scales = moments.variance.map { Float(1 / ($0 + 1e-8).squareRoot()) }
        let (source, states) = (encoding.output(0), judging.input(0))
        for index in source.indices {
            let column = index % features
            states[index] = min(
                5, max(-5, (source[index] - Float(moments.mean[column])) * scales[column]))
        }
    }

    /// One pass over the states; gives the mean loss.
    private func fit() -> Double {
        let (features, states) = (moments.width, judging.input(0))
        var order = Array(0..<(states.count / features))
        order.shuffle(using: &random)
        fitting.input(2)[0] = Float(options.predictorLearningRate)
        var sum = 0.0
        for start in stride(from: 0, to: order.count, by: minibatchSize) {
            for slot in 0..<minibatchSize {
                (fitting.input(0).baseAddress! + slot * features).update(
                    from: states.baseAddress! + order[start + slot] * features, count: features)
                fitting.input(1)[slot] = random.uniform() < options.predictorShare ? 1 : 0
            }
            fitting.run()
            sum += Double(fitting.output(0)[0])
        }
        return sum / Double(order.count / minibatchSize)
    }

    // MARK: State

    var programs: [(name: String, program: Program)] {
        [("encoding", encoding), ("judging", judging), ("fitting", fitting)]
    }

    private struct State: Codable {
        var moments: RunningMoments
        var scaling: RewardNormalizer
        var random: RandomStream
    }

    func save(to checkpoint: inout Checkpoint) throws {
        checkpoint.store(target, as: "distillation/target")
        checkpoint.store(predictor, as: "distillation/predictor")
        checkpoint.store(memory, as: "distillation/optimizer")
        try checkpoint.store(
            State(moments: moments, scaling: scaling, random: random), as: "distillation")
    }

    func load(from checkpoint: Checkpoint) throws {
        let state: State = try checkpoint.load(from: "distillation")
        try checkpoint.load(target, from: "distillation/target")
        try checkpoint.load(predictor, from: "distillation/predictor")
        try checkpoint.load(memory, from: "distillation/optimizer")
        (moments, scaling, random) = (state.moments, state.scaling, state.random)
    }
}

extension Learners {
    static let rnd = LearnerEntry(
        name: "rnd", family: "on-policy",
        summary: "PPO with a bonus for what is new: the error in predicting a random network",
        reference:
            "Burda, Edwards, Storkey and Klimov, Exploration by random network distillation, 2019",
        notes: LearnerNotes(
            equations: """
                b_t = mean((f(x) - g(x))^2) / sigma,  x = clip((s_{t+1} - mean) / deviation, +-5)
                g random and fixed, f fitted to it; sigma the running deviation of sum_k gamma_b^k b_{t-k}
                A_b from b as below but across ends of episodes, with gamma_b and a value head of its own
                A = c_r A_r + c_b A_b    in PPO's loss:

                """ + LearnerNotes.ppo.equations,
            metrics: LearnerNotes.gradientMetrics + [
                MetricDescription(
                    "bonus",
                    "mean b; falls as the world grows familiar, and rises where something new is found"),
                MetricDescription(
                    "predictionError", "mean squared error of f before it is divided by sigma"),
                MetricDescription(
                    "predictorLoss", "the same over the states that f is fitted to, while it is"),
            ]),
        configuration: RNDConfiguration.self, capabilities: onPolicyCapabilities,
        refusal: onPolicyRefusal,
        make: { try OnPolicyLearner($0, $1.settings) })
}
