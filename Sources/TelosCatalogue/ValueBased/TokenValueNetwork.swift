import TelosNN
import TelosTensor

/// Action values of a picture [batch, 8, 8, 3]: two convolutions 3x3 to 16 channels (ReLU), what is in question over the
/// 4 x 4 x 16 map that is left, a linear head.
struct TokenValueNetwork: TensorContainer {
    /// What comes before the head.
    enum Layer: Sendable, Hashable {
        /// The flattened map to `scale` times the hidden units, ReLU.
        case dense(scale: Int)
        /// A token a position; as many slots as tokens, in all.
        case soft(experts: Int)
        case topOne(experts: Int)
        /// The whole map as one token: each slot reads it as it is.
        case wholeMap(experts: Int)
    }

    private var first: Convolution2D
    private var second: Convolution2D
    private var dense: Linear?
    private var soft: SoftMixtureOfExperts?
    private var hard: TopOneMixtureOfExperts?
    private var head: Linear
    private let layer: Layer
    static let (tokens, channels, actions) = (16, 16, 4)

    init(_ layer: Layer, hidden: Int, key: RandomKey) {
        self.layer = layer
        first = Convolution2D(3, Self.channels, kernel: 3, key: key.derived("convolution", 0))
        second = Convolution2D(Self.channels, Self.channels, kernel: 3, key: key.derived("convolution", 1))
        let flat = Self.tokens * Self.channels
        var outputs = flat
        let own = key.derived("layer")
        func capacity(_ experts: Int) -> Int { (Self.tokens + experts - 1) / experts }
        switch layer {
        case .dense(let scale):
            outputs = hidden * scale
            dense = Linear(flat, outputs, initializer: .orthogonal(gain: 1.414_213_6), key: own)
        case .soft(let experts):
            soft = SoftMixtureOfExperts(
                width: Self.channels, experts: experts, slotsPerExpert: capacity(experts), hidden: hidden,
                activation: .relu, key: own)
        case .wholeMap(let experts):
            soft = SoftMixtureOfExperts(
                width: flat, experts: experts, slotsPerExpert: 1, hidden: hidden, activation: .relu, key: own)
        case .topOne(let experts):
            hard = TopOneMixtureOfExperts(
                width: Self.channels, experts: experts, capacity: capacity(experts), hidden: hidden, activation: .relu,
                key: own)
        }
        head = Linear(outputs, Self.actions, key: key.derived("head"))
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let tokens = tokens(x)
        let mixed = soft?(tokens) ?? hard?(tokens) ?? hiddenUnits(x)
        return head(mixed.reshaped(x.shape[0], head.weight.shape[0]))
    }

    /// Activations of the layer's hidden units, [rows, units]; of an expert with hard routing 0 where it does not take
    /// the token.
    func hiddenUnits(_ x: Tensor) -> Tensor {
        let tokens = tokens(x)
        if let dense { return relu(dense(tokens.reshaped(x.shape[0], -1))) }
        func sideBySide(_ units: Tensor) -> Tensor {
            units.transposed(1, 0, 2).reshaped(units.shape[1], units.shape[0] * units.shape[2])
        }
        if let soft { return sideBySide(relu(soft.experts.network.layers[0](soft.slotInputs(tokens)))) }
        guard let hard else { return tokens }
        let rows = tokens.reshaped(-1, Self.channels)
        let taken = hard.routing(tokens).transposed()
        return sideBySide(
            relu(hard.experts.network.layers[0](rows)) * taken.reshaped(taken.shape[0], taken.shape[1], 1))
    }

    /// [batch, positions, channels]
    private func tokens(_ x: Tensor) -> Tensor {
        let map = relu(second(relu(first(x))))
        if case .wholeMap = layer { return map.reshaped(x.shape[0], 1, Self.tokens * Self.channels) }
        return map.reshaped(x.shape[0], Self.tokens, Self.channels)
    }

    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        first.visitTensors(path.appending(part: "first"), visit)
        second.visitTensors(path.appending(part: "second"), visit)
        dense.visitTensors(path.appending(part: "dense"), visit)
        soft.visitTensors(path.appending(part: "soft"), visit)
        hard.visitTensors(path.appending(part: "hard"), visit)
        head.visitTensors(path.appending(part: "head"), visit)
    }
}
