import TelosNN
import TelosTensor

/// Several independent networks for Q(s, a), a in [-1, 1]^d, or for Q(s, .) of discrete actions: the mean return, or
/// quantiles of it.
struct CriticEnsemble: TensorContainer, SequenceReader {
    /// Common to all networks.
    private var memory: Trunk?
    /// All networks side by side.
    private var network: FeedForward
    let encoding: ObservationEncoding

    /// - outputs: numbers of each network: quantiles, or discrete actions.
    init(
        count: Int, outputs: Int, encoding: ObservationEncoding, head: ActorHead, _ shape: FeedForward.Shape,
        key: RandomKey
    ) {
        self.encoding = encoding
        memory = shape.memory(encoding, key: key)
        let inputs = Self.inputs(encoding, head, shape)
        network = .ensemble(
            (0..<count).map { FeedForward(inputs, outputs, shape, key: key.derived("critic", $0)) })
    }

    private static func inputs(
        _ encoding: ObservationEncoding, _ head: ActorHead, _ shape: FeedForward.Shape
    ) -> Int {
        if case .categorical = head { shape.inputs(encoding) } else { shape.inputs(encoding) + head.width }
    }

    /// First running moments of batch renormalisation; none without it.
    static func moments(
        count: Int, encoding: ObservationEncoding, head: ActorHead, _ shape: FeedForward.Shape
    ) -> [BatchRenorm.Moments] {
        .ensemble((0..<count).map { _ in FeedForward.moments(inputs(encoding, head, shape), shape) })
    }

    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        memory.visitTensors(path.appending(part: "memory"), visit)
        network.visitTensors(path, visit)
    }

    var memoryWidth: Int { memory?.memoryWidth ?? 0 }

    func features(_ input: ActorInput) -> (rows: Tensor, memory: Tensor?) {
        input.read(through: memory, encoding)
    }

    /// - features: [batch, width], or [networks, batch, width].
    /// - actions: as features, in [-1, 1]; nil where they are discrete.
    /// - Returns: [networks, batch, outputs], and the running moments after a pass in training.
    func callAsFunction(
        _ features: Tensor, _ actions: Tensor?, _ mode: FeedForward.Mode
    ) -> (outputs: Tensor, moments: [BatchRenorm.Moments]) {
        network(actions.map { .concatenate([features, $0], axis: features.rank - 1) } ?? features, mode)
    }
}
