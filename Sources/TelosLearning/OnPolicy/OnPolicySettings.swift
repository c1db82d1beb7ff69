import TelosNN

/// What the on-policy loop is told, whichever algorithm it runs. Each algorithm's configuration makes one.
struct OnPolicySettings {
    enum Solver {
        case adam(epsilon: Float)
        case rmsProp(decay: Float, epsilon: Float)
    }

    var environments: Int
    var rolloutSteps: Int
    var epochs: Int
    var minibatchSize: Int
    var solver: Solver
    var learningRate: Double
    var schedule: Schedule
    var discount: Double
    var gaeLambda: Double
    var entropyCoefficient: Double
    var valueCoefficient: Double
    var maximumGradientNorm: Double
    var network: NetworkDesign
    /// Steps of the stretches that a recurrent policy is trained on; 0 for the whole rollout.
    var sequenceLength: Int
    /// Whether a policy's -1 ... 1 is stretched to the bounds of the environment's actions.
    var rescalesActions: Bool
    var normalizeObservations: Bool
    var normalizeRewards: Bool
    var normalizeAdvantages: Bool
    /// Stops an update's epochs once the mean divergence from the old policy exceeds 1.5 times this.
    var targetDivergence: Double?
    var objective: any SurrogateObjective
    var alignmentInterval: Int
    var alignment: AlignmentSettings
    /// Which advantages are standardised together, where they are.
    var advantageScope = AdvantageScope.minibatch
    /// How far the critic may move from its old predictions before its gradient stops; nil for any distance.
    var valueClipRange: Double?
    /// The divergence from the old policy that the learning rate is adapted to; nil for a rate of its own.
    var adaptiveDivergence: Double?
    /// Decay of the average of policies that steps are held near; nil for the policy that acted.
    var proximalDecay: Double?
    /// Share of a minibatch that the surrogate counts; nil for all of it.
    var keptShare: Double?
    /// How what is new is rewarded; nil where it is not.
    var distillation: RNDOptions?
    /// Makes what an algorithm does with a rollout, where that is not gradient steps on `objective` alone.
    var makeUpdate: ((RolloutUpdateContext) throws -> any RolloutUpdate)?

    /// Steps of a stretch that programs read; 1 without memory.
    var stretch: Int { network.kind.isRecurrent ? (sequenceLength == 0 ? rolloutSteps : sequenceLength) : 1 }
}

/// Which advantages are standardised together.
public enum AdvantageScope: String, Sendable, Codable, CaseIterable {
    case minibatch, rollout
}

/// Why a learner cannot go on.
public struct LearnerError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

/// Descriptions of the options that on-policy learners share.
enum OnPolicyOption {
    static let environments = OptionDescription(
        "environments", "copies of the environment stepped together", raising: "more varied batches, faster stepping",
        lowering: "longer stretches of each episode per batch", range: 1...65_536)
    static let rolloutSteps = OptionDescription(
        "rolloutSteps", "steps of each environment between updates",
        raising: "less bias and noise per update, fewer updates",
        lowering: "more frequent, noisier updates", range: 1...1_000_000)
    static let learningRate = OptionDescription(
        "learningRate", "step size of the optimiser", raising: "faster, less stable learning",
        lowering: "slower, steadier learning", range: 0...10)
    static let learningRateSchedule = OptionDescription(
        "learningRateSchedule", "how the learning rate changes over the run", choices: Schedule.allCases.map(\.rawValue)
    )
    static let discount = OptionDescription(
        "discount", "gamma: worth of a reward one step later", raising: "looks further ahead, noisier",
        lowering: "prefers soon, easier to estimate", range: 0...1)
    static let gaeLambda = OptionDescription(
        "gaeLambda", "lambda of generalised advantage estimation",
        raising: "less bias from the critic, more variance (1: Monte Carlo)",
        lowering: "less variance, more bias (0: one-step)", range: 0...1)
    static let entropyCoefficient = OptionDescription(
        "entropyCoefficient", "weight of the policy's entropy in the objective",
        raising: "explores more, settles later",
        lowering: "settles sooner, may stop exploring", range: 0...10)
    static let valueCoefficient = OptionDescription(
        "valueCoefficient", "weight of the critic's squared error",
        raising: "larger critic steps under the joint gradient clip",
        lowering: "larger policy share of it", range: 0...100)
    static let maximumGradientNorm = OptionDescription(
        "maximumGradientNorm", "gradients are scaled down to this joint norm", raising: "rarer clipping",
        lowering: "smaller, safer steps", range: 0...1e9)
    static let hiddenSizes = OptionDescription(
        "hiddenSizes", "units of each hidden layer, for policy and critic alike", raising: "more capacity, slower",
        lowering: "less capacity, faster; [] is linear", range: widths)
    /// Units that a layer may have.
    static let widths = 1.0...65_536
    static let activation = OptionDescription(
        "activation", "function between layers", choices: Activation.allCases.map(\.rawValue))
    static let initialLogDeviation = OptionDescription(
        "initialLogDeviation", "log standard deviation of a continuous policy at the start",
        raising: "explores wider at first",
        lowering: "explores closer at first", range: -20...5)
    static let normalizeObservations = OptionDescription(
        "normalizeObservations",
        "whether observations are scaled by their running mean and deviation (part of the policy)")
    static let normalizeRewards = OptionDescription(
        "normalizeRewards", "whether learning rewards are divided by the running deviation of the discounted return")
    static let normalizeAdvantages = OptionDescription(
        "normalizeAdvantages", "whether advantages are standardised in each minibatch")
    static let network = OptionDescription(
        "network",
        "what policy and critic are made of: mlp, or with a memory (gru, lstm: the last hidden layer; s4d: a state-space "
            + "layer after them) that is trained by back-propagation through stretches of each environment's steps",
        choices: NetworkKind.allCases.map(\.rawValue))
    static let sequenceLength = OptionDescription(
        "sequenceLength", "steps that gradients of a memory go back at most; divides rolloutSteps, 0 is all of them",
        raising: "longer memories can be learned, slower", lowering: "faster, more varied minibatches",
        range: 0...1_000_000)
    static let rescaleActions = OptionDescription(
        "rescaleActions",
        "whether a continuous policy's -1 ... 1 is stretched to the bounds of the environment's actions")
    static let alignmentInterval = OptionDescription(
        "alignmentInterval", "iterations between updates of the blend under `combine: behavior-alignment`",
        raising: "the policy follows each blend further", lowering: "the blend adapts more often", range: 1...1_000_000)
    static let alignmentLearningRate = OptionDescription(
        "alignmentLearningRate", "step of the blend's own Adam", raising: "the blend adapts faster and noisier",
        lowering: "the blend stays nearer to the plain sum", range: 0...100)
    static let alignmentTerms = OptionDescription(
        "alignmentTerms", "terms of the Neumann series for the inverse Hessian; 0 is the identity",
        raising: "closer to the implicit gradient, slower", lowering: "cheaper, more approximate", range: 0...10_000)
    static let alignmentRegularization = OptionDescription(
        "alignmentRegularization", "weight l of -l |theta|^2 in the inner objective when the blend is adapted",
        raising: "a better conditioned, more cautious gradient", lowering: "closer to the unregularised one",
        range: 0...100)
    static let alignDiscount = OptionDescription(
        "alignDiscount", "whether the discount is part of what is adapted")

    /// A rollout is held in memory at once.
    static func checkRollout(environments: Int, steps: Int) throws {
        let limit = 10_000_000
        guard environments * steps <= limit else {
            throw ConfigurationError(
                option: "rolloutSteps",
                "\(steps) steps of \(environments) environments are more than the \(limit) a rollout may hold; write at "
                    + "most \(max(1, limit / environments))")
        }
    }

    /// A rollout is split into whole minibatches.
    static func checkMinibatches(of size: Int, environments: Int, steps: Int) throws {
        try checkRollout(environments: environments, steps: steps)
        let rows = environments * steps
        guard size <= rows, rows % size == 0 else {
            let nearest = (1...rows).filter { rows % $0 == 0 }.min { abs($0 - size) < abs($1 - size) } ?? rows
            throw ConfigurationError(
                option: "minibatchSize",
                "\(size) does not divide a rollout of \(environments) environments * \(steps) steps = \(rows); write for "
                    + "example \(nearest)")
        }
    }

    /// A recurrent policy is trained on whole stretches of steps.
    static func checkSequences(
        _ network: NetworkKind, length: Int, steps: Int, minibatchSize: Int, hiddenSizes: [Int]
    ) throws {
        guard network.isRecurrent else { return }
        guard !hiddenSizes.isEmpty else {
            throw ConfigurationError(
                option: "hiddenSizes", "network: \(network.rawValue) needs at least one size; write for example [64]")
        }
        let length = length == 0 ? steps : length
        guard length <= steps, steps % length == 0 else {
            let nearest = (1...steps).filter { steps % $0 == 0 }.min { abs($0 - length) < abs($1 - length) } ?? steps
            throw ConfigurationError(
                option: "sequenceLength",
                "\(length) does not divide a rollout of \(steps) steps; write for example \(nearest)")
        }
        guard minibatchSize % length == 0 else {
            throw ConfigurationError(
                option: "minibatchSize",
                "\(minibatchSize) rows are no whole number of stretches of \(length) steps, which a memory is trained on; "
                    + "write a multiple of \(length), or a sequenceLength that divides it")
        }
    }

    static let alignment = [
        alignmentInterval, alignmentLearningRate, alignmentTerms, alignmentRegularization, alignDiscount,
    ]
}
