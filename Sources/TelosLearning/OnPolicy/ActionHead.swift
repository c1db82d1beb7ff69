import TelosEnvironments
import TelosNN
import TelosTensor

/// How a network's outputs become a distribution over actions.
public indirect enum ActionHead: Sendable, Hashable, Codable {
    case categorical(Int)
    /// Independent choices.
    case multiCategorical([Int])
    /// Independent bits.
    case bernoulli(Int)
    /// A normal; actions are clipped to the bounds where the environment receives them.
    case gaussian(low: [Float], high: [Float])
    /// Independent parts side by side, in the order of the flat encoding.
    case joint([ActionHead])

    /// Nil where a part is text tokens, or where there is nothing to choose.
    public init?(_ space: Space) {
        func joint(_ spaces: [Space]) -> ActionHead? {
            let heads = spaces.compactMap(ActionHead.init)
            return heads.isEmpty || heads.count < spaces.count ? nil : .joint(heads)
        }
        let head: ActionHead?
        switch space {
        case .discrete(let count): head = .categorical(count)
        case .multiDiscrete(let counts): head = .multiCategorical(counts)
        case .binary(let count): head = .bernoulli(count)
        case .box(let low, let high, _): head = .gaussian(low: low, high: high)
        case .tuple(let spaces): head = joint(spaces)
        case .dictionary(let spaces): head = joint(spaces.keys.sorted().compactMap { spaces[$0] })
        case .tokens: head = nil
        }
        guard let head, head.width > 0 else { return nil }
        self = head
    }

    /// Floats of an encoded action.
    public var width: Int {
        switch self {
        case .categorical: 1
        case .multiCategorical(let counts): counts.count
        case .bernoulli(let count): count
        case .gaussian(let low, _): low.count
        case .joint(let heads): heads.reduce(0) { $0 + $1.width }
        }
    }

    /// Outputs of the network, deviations not counted; also the floats of noise that a draw needs.
    public var outputs: Int {
        switch self {
        case .categorical(let count), .bernoulli(let count): count
        case .multiCategorical(let counts): counts.reduce(0, +)
        case .gaussian(let low, _): low.count
        case .joint(let heads): heads.reduce(0) { $0 + $1.outputs }
        }
    }

    /// Elements that are normally distributed and so have a deviation.
    public var deviations: Int {
        switch self {
        case .categorical, .multiCategorical, .bernoulli: 0
        case .gaussian(let low, _): low.count
        case .joint(let heads): heads.reduce(0) { $0 + $1.deviations }
        }
    }

    /// The bounds of each element of an encoded action; infinite where it is discrete.
    var bounds: (low: [Float], high: [Float]) {
        switch self {
        case .categorical, .multiCategorical, .bernoulli:
            (Array(repeating: -.infinity, count: width), Array(repeating: .infinity, count: width))
        case .gaussian(let low, let high): (low, high)
        case .joint(let heads): (heads.flatMap(\.bounds.low), heads.flatMap(\.bounds.high))
        }
    }

    /// The distribution that the network's outputs describe.
    /// - logDeviation: log standard deviations, [deviations] or [rows, deviations].
    /// - mask: [rows, outputs], 1 where a choice is possible; all are where nil. For discrete actions only.
    public func distribution(_ outputs: Tensor, logDeviation: Tensor?, mask: Tensor? = nil) -> any ActionDistribution {
        switch self {
        case .categorical:
            guard let mask else { return Categorical(logits: outputs) }
            return Categorical(logits: outputs, mask: mask)
        case .multiCategorical(let counts): return MultiCategorical(logits: outputs, sizes: counts, mask: mask)
        case .bernoulli: return Bernoulli(logits: outputs)
        case .gaussian: return DiagonalGaussian(mean: outputs, logDeviation: logDeviation ?? Tensor(0))
        case .joint(let heads):
            var (output, deviation) = (0, 0)
            return JointDistribution(
                heads.map { head in
                    defer {
                        output += head.outputs
                        deviation += head.deviations
                    }
                    return JointDistribution.Part(
                        head.distribution(
                            outputs.sliced(axis: -1, output, output + head.outputs),
                            logDeviation: head.deviations == 0
                                ? nil : logDeviation?.sliced(axis: -1, deviation, deviation + head.deviations)),
                        width: head.width)
                })
        }
    }

    /// Fills the noise that `ActionDistribution.sample` turns into actions.
    func fillNoise(_ noise: UnsafeMutableBufferPointer<Float>, using random: inout RandomStream) {
        switch self {
        case .categorical, .multiCategorical, .bernoulli: random.fillUniform(noise)
        case .gaussian, .joint: random.fillNormal(noise)
        }
    }
}

/// What the environment receives for what the policy drew: clipped to the bounds, where asked for after
/// a -> (low + high) / 2 + a (high - low) / 2.
struct ActionBounds: Sendable {
    private let low: [Float]
    private let high: [Float]
    private let isBounded: Bool
    let rescales: Bool

    /// - Throws: `ConfigurationError` where actions are to be rescaled to bounds that are infinite.
    init(_ head: ActionHead, rescales: Bool) throws {
        (low, high) = head.bounds
        isBounded = head.deviations > 0
        self.rescales = rescales && isBounded
        if self.rescales, zip(low, high).filter({ $0.isFinite && $1.isFinite }).count < head.deviations {
            throw ConfigurationError(
                option: "rescaleActions", "the environment's actions have no finite bounds; write false")
        }
    }

    /// The same as `apply`, on actions [rows, width].
    func callAsFunction(_ actions: Tensor) -> Tensor {
        guard isBounded else { return actions }
        let shape = [low.count]
        var actions = actions
        if rescales {
            let bounded = low.indices.map { low[$0].isFinite }
            let middle = low.indices.map { bounded[$0] ? (low[$0] + high[$0]) / 2 : 0 }
            let half = low.indices.map { bounded[$0] ? (high[$0] - low[$0]) / 2 : 1 }
            actions = Tensor(middle, shape: shape) + actions * Tensor(half, shape: shape)
        }
        return actions.clipped(Tensor(low, shape: shape), Tensor(high, shape: shape))
    }

    func apply(_ actions: UnsafeBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>) {
        guard isBounded else {
            _ = result.update(fromContentsOf: actions)
            return
        }
        let width = low.count
        for index in actions.indices {
            let (low, high) = (low[index % width], high[index % width])
            var action = actions[index]
            if rescales, low.isFinite { action = (low + high) / 2 + action * ((high - low) / 2) }
            result[index] = min(high, max(low, action))
        }
    }
}
