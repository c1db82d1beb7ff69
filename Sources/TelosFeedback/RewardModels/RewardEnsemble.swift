import TelosNN
import TelosTensor

/// Several networks that score options, trained on the same comparisons and different in their first weights and in the
/// order of their batches: P(first) = sigmoid(R(first) - R(second)), R the sum of a network's output over the steps.
///
/// One member is a plain reward model; what several disagree on tells where none should be trusted. (Christiano and others,
/// *Deep reinforcement learning from human preferences*, 2017.)
public final class RewardEnsemble {
    public struct Options: Sendable, Hashable {
        /// Networks. More tell better where they disagree; each costs as much as the first.
        public var memberCount = 1
        /// Units of each hidden layer; none makes the reward linear in the features.
        public var hiddenSizes = [64, 64]
        public var activation = Activation.relu
        public var learningRate: Float = 3e-3
        /// Decoupled; raising it makes smoother rewards.
        public var weightDecay: Float = 0.01
        /// Of the mean squared score of a pair's options, which keeps scores near 0. Comparisons say nothing of it.
        public var scorePenalty: Float = 0
        /// Pairs of a gradient step.
        public var batchSize = 64

        public init() {}
    }

    public let options: Options
    public let featureCount: Int
    private let networks: Parameters<EnsembleMLP>
    private let memory: Parameters<Adam.State>
    private var random: RandomStream
    private var training: [Int: Program] = [:]
    private var scoring: Program?
    /// What `normalize` found: a score's mean and spread, of each member.
    public private(set) var means: [Double]
    public private(set) var spreads: [Double]

    private static let chunk = 512

    /// - Throws: `FeedbackError` for a count or a size below 1.
    public init(featureCount: Int, options: Options = Options(), key: RandomKey) throws {
        let sizes = [featureCount] + options.hiddenSizes + [1]
        guard options.memberCount > 0, options.batchSize > 0, sizes.allSatisfy({ $0 > 0 }) else {
            throw FeedbackError("a reward model needs at least one member, pair a batch, feature and unit a layer")
        }
        self.options = options
        self.featureCount = featureCount
        networks = try Parameters(
            EnsembleMLP(
                count: options.memberCount, sizes, activation: options.activation, hidden: .uniformFanIn,
                output: .uniformFanIn, key: key.derived("networks")))
        memory = try Parameters(Adam().initialState(for: networks.traced.tensors))
        random = key.derived("batches").stream
        means = Array(repeating: 0, count: options.memberCount)
        spreads = Array(repeating: 1, count: options.memberCount)
    }

    /// Takes `steps` steps of AdamW on the loss of pairs drawn anew for each member.
    /// - Returns: the mean loss of each step, penalty included.
    /// - Throws: `FeedbackError` for no pairs, or features of another width.
    @discardableResult
    public func train(_ data: ComparisonFeatures, steps: Int) throws -> [Double] {
        guard data.pairCount > 0 else { throw FeedbackError("there are no comparisons to train on") }
        guard data.featureCount == featureCount else {
            throw FeedbackError("the options have \(data.featureCount) features, the reward model \(featureCount)")
        }
        let program = try trainingProgram(stepCount: data.stepCount)
        let size = data.stepCount * featureCount
        return data.first.withUnsafeBufferPointer { first in
            data.second.withUnsafeBufferPointer { second in
                (0..<steps).map { _ in
                    for slot in 0..<(options.memberCount * options.batchSize) {
                        let pair = random.index(below: data.pairCount)
                        for (index, source) in [first, second].enumerated() {
                            (program.input(index).baseAddress! + slot * size).update(
                                from: source.baseAddress! + pair * size, count: size)
                        }
                        program.input(2)[slot] = data.targets[pair]
                    }
                    program.run()
                    return Double(program.output(0)[0])
                }
            }
        }
    }

    private func trainingProgram(stepCount: Int) throws -> Program {
        if let program = training[stepCount] { return program }
        let (members, batch) = (options.memberCount, options.batchSize)
        let options = (0..<2).map { _ in Tensor(placeholder: members, batch * stepCount, featureCount) }
        let target = Tensor(placeholder: members, batch)
        let scores = options.map { networks.traced($0).reshaped(members, batch, stepCount).sum(axis: 2) }
        let penalty = 0.5 * self.options.scorePenalty * (scores[0].squared + scores[1].squared)
        let loss = (preferenceLoss(difference: scores[0] - scores[1], target: target) + penalty).mean()
        let theta = networks.traced.tensors
        // The mean over members would make each one's gradient smaller the more there are.
        let optimizer = AdamW(weightDecay: self.options.weightDecay)
        let step = optimizer.step(
            theta, gradients: gradient(of: loss * Float(members), withRespectTo: theta), state: memory.traced,
            learningRate: Tensor(self.options.learningRate))
        let program = try Program(
            inputs: options + [target], outputs: [loss],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state))
        training[stepCount] = program
        return program
    }

    /// The network's output for each row of `featureCount` numbers, [member][row], in the scale of `normalize`.
    public func scores(_ features: [Float]) throws -> [[Double]] {
        precondition(features.count % featureCount == 0, "rows of \(featureCount) features")
        let x = Tensor(placeholder: Self.chunk, featureCount)
        let program =
            try scoring ?? Program(inputs: [x], outputs: [networks.traced(x).reshaped(options.memberCount, Self.chunk)])
        scoring = program
        let rows = features.count / featureCount
        var result = Array(repeating: [Double](), count: options.memberCount)
        for start in stride(from: 0, to: rows, by: Self.chunk) {
            let count = min(Self.chunk, rows - start)
            _ = program.input(0).update(
                fromContentsOf: features[(start * featureCount)..<((start + count) * featureCount)])
            program.run()
            for member in 0..<options.memberCount {
                let (mean, spread) = (means[member], spreads[member])
                result[member] += program.output(0)[(member * Self.chunk)..<(member * Self.chunk + count)].lazy.map {
                    (Double($0) - mean) / spread
                }
            }
        }
        return result
    }

    /// The scores of options: of each `stepCount` rows the sum, [member][option].
    public func scores(_ features: [Float], stepCount: Int) throws -> [[Double]] {
        try scores(features).map { steps in
            stride(from: 0, to: steps.count, by: stepCount).map { steps[$0..<($0 + stepCount)].reduce(0, +) }
        }
    }

    /// Makes each member's scores of these rows have mean 0 and standard deviation 1, so that members can be compared.
    public func normalize(on features: [Float]) throws {
        means = Array(repeating: 0, count: options.memberCount)
        spreads = Array(repeating: 1, count: options.memberCount)
        let raw = try scores(features)
        for (member, values) in raw.enumerated() where !values.isEmpty {
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            means[member] = mean
            spreads[member] = variance > 0 ? variance.squareRoot() : 1
        }
    }

    /// P(first) of every pair, by each member: [member][pair].
    public func probabilities(_ data: ComparisonFeatures) throws -> [[Double]] {
        let first = try scores(data.first, stepCount: data.stepCount)
        let second = try scores(data.second, stepCount: data.stepCount)
        return zip(first, second).enumerated().map { member, scores in
            zip(scores.0, scores.1).map { logistic(spreads[member] * ($0 - $1)) }
        }
    }
}
