import TelosNN
import TelosTensor

/// Predicts `width` numbers about each action's return: one for its mean, or those of its distribution.
public struct QNetwork: TensorContainer, SequenceReader {
    /// What the network is made of.
    public struct Shape: Sendable, Hashable, Codable {
        var encoding: ObservationEncoding
        var actions: Int
        var model: ReturnModel
        /// Atoms or quantiles; 1 for the mean.
        var width: Int
        var hiddenSizes: [Int]
        var activation: Activation
        var layerNorm: Bool
        var duelling: Bool
        var noisy: Bool
        /// Files of before networks could remember have none.
        var network: NetworkKind?
        /// Levels whose quantiles are averaged to choose an action, for implicit quantiles; nil for `evenLevels`.
        var actionLevels: [Float]?

        /// The network of implicit quantiles: Z_t(s, a) = f(psi(s) * phi(t))_a, psi the hidden layers, f linear.
        public static func implicitQuantiles(
            encoding: ObservationEncoding, actions: Int, hiddenSizes: [Int], activation: Activation = .relu
        ) -> Shape {
            Shape(
                encoding: encoding, actions: actions, model: .implicitQuantile, width: 1, hiddenSizes: hiddenSizes,
                activation: activation, layerNorm: false, duelling: false, noisy: false)
        }

        static let evenLevels = ReturnLoss.midpoints(32)
        static let cosines = 64
        var features: Int { hiddenSizes.last ?? encoding.features }
        /// Numbers that a head gives an action.
        var headWidth: Int { model == .implicitQuantile ? 1 : width }
        var noiseCount: Int {
            guard noisy else { return 0 }
            return features + actions * headWidth + (duelling ? features + headWidth : 0)
        }
    }

    private var trunk: [Linear]
    private var norms: [LayerNorm]
    /// After `trunk`, where the network remembers.
    private var recurrence: Trunk?
    private var advantage: Linear?
    private var value: Linear?
    private var noisyAdvantage: NoisyLinear?
    private var noisyValue: NoisyLinear?
    private var levelEmbedding: Linear?
    let shape: Shape

    public init(_ shape: Shape, key: RandomKey) {
        self.shape = shape
        let kind = shape.network ?? .mlp
        // A recurrent cell is the last hidden layer; a state-space layer follows them.
        let isCell = kind == .gru || kind == .lstm
        let hiddenSizes = isCell ? Array(shape.hiddenSizes.dropLast()) : shape.hiddenSizes
        let sizes = [shape.encoding.features] + hiddenSizes
        trunk = sizes.indices.dropLast().map {
            Linear(sizes[$0], sizes[$0 + 1], key: key.derived("trunk", $0))
        }
        norms = shape.layerNorm ? hiddenSizes.map { LayerNorm($0) } : []
        if kind.isRecurrent {
            recurrence = Trunk(
                kind, inputs: sizes[sizes.count - 1], sizes: isCell ? [shape.features] : [],
                activation: shape.activation, gain: 1, key: key.derived("recurrence"))
        }
        let (features, outputs) = (shape.features, shape.actions * shape.headWidth)
        if shape.noisy {
            noisyAdvantage = NoisyLinear(features, outputs, key: key.derived("advantage"))
            if shape.duelling { noisyValue = NoisyLinear(features, shape.headWidth, key: key.derived("value")) }
        } else {
            advantage = Linear(features, outputs, key: key.derived("advantage"))
            if shape.duelling { value = Linear(features, shape.headWidth, key: key.derived("value")) }
        }
        if shape.model == .implicitQuantile {
            levelEmbedding = Linear(Shape.cosines, features, key: key.derived("levels"))
        }
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        trunk.visitTensors(path.appending(part: "trunk"), visit)
        norms.visitTensors(path.appending(part: "norms"), visit)
        recurrence.visitTensors(path.appending(part: "recurrence"), visit)
        advantage.visitTensors(path.appending(part: "advantage"), visit)
        value.visitTensors(path.appending(part: "value"), visit)
        noisyAdvantage.visitTensors(path.appending(part: "noisyAdvantage"), visit)
        noisyValue.visitTensors(path.appending(part: "noisyValue"), visit)
        levelEmbedding.visitTensors(path.appending(part: "levelEmbedding"), visit)
    }

    /// Floats of memory a row.
    var memoryWidth: Int { recurrence?.memoryWidth ?? 0 }

    /// What the heads read, [rows, `shape.features`], and the memory after the last step (nil without one).
    func features(_ input: ActorInput) -> (rows: Tensor, memory: Tensor?) {
        var hidden = shape.encoding(input.observations)
        for (index, layer) in trunk.enumerated() {
            hidden = layer(hidden)
            if !norms.isEmpty { hidden = norms[index](hidden) }
            hidden = shape.activation(hidden)
        }
        guard let recurrence else { return (hidden, nil) }
        let (rows, after) = recurrence(hidden, memory: input.memory, resets: input.resets, time: input.time)
        return (rows, after.first)
    }

    /// - noise: [noiseCount], where the network is noisy.
    /// - levels: [batch, n] of the quantiles wanted, or [1, n] for all rows alike, for implicit quantiles.
    /// - Returns: [batch, actions, width], width n for implicit quantiles.
    public func callAsFunction(_ observations: Tensor, noise: Tensor? = nil, levels: Tensor? = nil) -> Tensor {
        returns(of: features(ActorInput(observations)).rows, noise: noise, levels: levels)
    }

    /// The same of features [batch, `shape.features`].
    func returns(of hidden: Tensor, noise: Tensor?, levels: Tensor?) -> Tensor {
        let batch = hidden.shape[0]
        guard let levels, let levelEmbedding else {
            return heads(hidden, noise: noise).reshaped(batch, shape.actions, shape.headWidth)
        }
        // psi(t) = relu(W (cos(pi i t))), i < 64, multiplied into the features.
        let (rows, count) = (levels.shape[0], levels.shape[1])
        let multiples = Tensor((0..<Shape.cosines).map { Float.pi * Float($0) }, shape: [1, Shape.cosines])
        let embedded = relu(levelEmbedding(cos(levels.reshaped(rows * count, 1) * multiples)))
            .reshaped(rows, count, shape.features)
        let joint = (embedded * hidden.reshaped(batch, 1, shape.features)).reshaped(batch * count, shape.features)
        return heads(joint, noise: noise).reshaped(batch, count, shape.actions).transposed(0, 2, 1)
    }

    /// Advantages, or value + advantage - mean advantage (Wang and others, *Dueling network architectures for deep
    /// reinforcement learning*, 2016): [rows, actions * headWidth].
    private func heads(_ hidden: Tensor, noise: Tensor?) -> Tensor {
        let rows = hidden.shape[0]
        let (features, outputs) = (shape.features, shape.actions * shape.headWidth)
        let advantages: Tensor
        var baseline: Tensor?
        if let noise, let noisyAdvantage {
            advantages = noisyAdvantage(hidden, noise: noise.sliced(axis: 0, 0, features + outputs))
            baseline = noisyValue.map {
                $0(hidden, noise: noise.sliced(axis: 0, features + outputs, shape.noiseCount))
            }
        } else {
            // A noisy network without noise acts by its means.
            let layer = advantage ?? noisyAdvantage!.mean
            advantages = layer(hidden)
            baseline = (value ?? noisyValue?.mean).map { $0(hidden) }
        }
        guard let baseline else { return advantages }
        let shaped = advantages.reshaped(rows, shape.actions, shape.headWidth)
        let centred = shaped - shaped.mean(axis: 1, keepingAxis: true)
        return (centred + baseline.reshaped(rows, 1, shape.headWidth)).reshaped(rows, outputs)
    }

    /// E[R] of each action from what the network gives, [batch, actions].
    func means(_ outputs: Tensor, support: ClosedRange<Float>) -> Tensor {
        switch shape.model {
        case .mean: outputs.reshaped(outputs.shape[0], shape.actions)
        case .categorical: (outputs.softmax() * ReturnLoss.atoms(shape.width, support)).sum(axis: 2)
        case .quantile, .implicitQuantile: outputs.mean(axis: 2)
        }
    }
}
