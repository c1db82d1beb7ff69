import TelosEnvironments
import TelosFeedback
import TelosNN
import TelosTensor

/// A policy that does what demonstrations did, fitted as a regression: squared errors of actions in a box (as shares of
/// its half-widths), cross-entropy of discrete ones.
///
/// (Pomerleau, *ALVINN: an autonomous land vehicle in a neural network*, 1989.)
public final class BehaviorCloning {
    public struct Options: Sendable, Hashable {
        public var hiddenSizes = [64, 64]
        public var activation = Activation.relu
        public var learningRate = 1e-3
        /// Rows of an update.
        public var batchSize = 128

        public init() {}
    }

    public let options: Options
    public private(set) var demonstrations: Demonstrations
    private let actor: Parameters<Actor>
    private let memory: Parameters<Adam.State>
    private let program: Program

    /// - Throws: `LearnerError` for spaces it cannot read, `FeedbackError` for demonstrations of another width.
    public init(
        _ demonstrations: Demonstrations, specification: EnvironmentSpecification, options: Options = Options(),
        key: RandomKey, threads: Int = 1
    ) throws {
        let kind: ActorKind
        if case .discrete = specification.action {
            kind = .soft(temperature: 0, targetEntropyScale: nil)
        } else {
            kind = .deterministic(explorationNoise: 0, targetNoise: 0, targetNoiseClip: 0)
        }
        guard let encoding = ObservationEncoding(specification.observation),
            let head = ActorHead(specification.action, kind)
        else {
            throw LearnerError("\(specification.name)'s observations or actions are not of a kind this learner reads")
        }
        guard demonstrations.observationWidth == encoding.width, demonstrations.actionWidth == head.width else {
            throw FeedbackError(
                "the demonstrations have \(demonstrations.observationWidth) and \(demonstrations.actionWidth) numbers, "
                    + "\(specification.name) has \(encoding.width) and \(head.width)")
        }
        self.options = options
        self.demonstrations = demonstrations
        actor = try Parameters(
            Actor(
                encoding: encoding, head: head,
                FeedForward.Shape(
                    architecture: .mlp, hiddenSizes: options.hiddenSizes, activation: options.activation), key: key))
        memory = try Parameters(Adam().initialState(for: actor.traced.tensors))
        let model = actor.traced
        let observations = Tensor(placeholder: options.batchSize, encoding.width)
        let actions = Tensor(placeholder: options.batchSize, head.width)
        let features = model.features(ActorInput(observations)).rows
        let loss =
            switch head {
            case .gaussian(let scale), .deterministic(let scale, _):
                (model.action(features) - scale.fromEnvironment(actions)).squared.sum(axis: 1).mean()
            case .categorical(let count):
                -(model.categorical(features, mask: nil).logProbabilities
                    * actions.reshaped(options.batchSize).oneHot(count)).sum(axis: 1).mean()
            }
        let step = Adam().step(
            model.tensors, gradients: gradient(of: loss, withRespectTo: model.tensors), state: memory.traced,
            learningRate: Tensor(Float(options.learningRate)))
        program = try Program(
            inputs: [observations, actions], outputs: [loss],
            updates: Program.Update.all(model, to: model.replacingTensors(step.parameters))
                + Program.Update.all(memory.traced, to: step.state), threads: threads)
    }

    /// Takes gradient steps on batches drawn with replacement, and gives their mean loss.
    @discardableResult
    public func fit(updates: Int, using random: inout RandomStream) -> Double {
        var sum = 0.0
        for _ in 0..<updates {
            for row in 0..<options.batchSize {
                demonstrations.copy(
                    random.index(below: demonstrations.count), toRow: row, observations: program.input(0),
                    actions: program.input(1))
            }
            program.run()
            sum += Double(program.output(0)[0])
        }
        return sum / Double(max(1, updates))
    }

    /// The present policy, frozen.
    public func policy() -> any Policy { OffPolicyActor(copying: actor.value, isMasked: false) }

    /// Follows the present policy, has an expert say what it would have done in every state visited, adds that to the
    /// demonstrations and fits on; `rounds` times.
    ///
    /// (Ross, Gordon and Bagnell, *A reduction of imitation learning and structured prediction to no-regret online
    /// learning*, 2011; the first policy is the clone, and later ones act alone.)
    /// - episodes: whole ones, a round.
    /// - updates: a round.
    public func aggregate(
        expert: any Policy, on task: TaskDefinition, rounds: Int, episodes: Int, updates: Int, key: RandomKey
    ) throws {
        for round in 0..<rounds {
            let key = key.derived("round", round)
            for segment in try demonstrate(policy(), on: task, episodes: episodes, labels: expert, key: key) {
                try demonstrations.append(segment)
            }
            var random = key.derived("fit").stream
            fit(updates: updates, using: &random)
        }
    }
}
