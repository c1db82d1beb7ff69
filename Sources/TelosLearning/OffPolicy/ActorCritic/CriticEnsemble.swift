import TelosNN
import TelosTensor

/// Several independent networks for Q(s, a), a in [-1, 1]^d, or for Q(s, .) of discrete actions: the mean return, or
/// quantiles of it.
struct CriticEnsemble: TensorContainer {
    /// All networks side by side.
    var network: FeedForward
    let encoding: ObservationEncoding

    /// - outputs: numbers of each network: quantiles, or discrete actions.
    init(
        count: Int, outputs: Int, encoding: ObservationEncoding, head: ActorHead, _ shape: FeedForward.Shape,
        key: RandomKey
    ) {
        self.encoding = encoding
        let inputs = Self.inputs(encoding, head)
        network = .ensemble(
            (0..<count).map { FeedForward(inputs, outputs, shape, key: key.derived("critic", $0)) })
    }

    private static func inputs(_ encoding: ObservationEncoding, _ head: ActorHead) -> Int {
        if case .categorical = head { encoding.features } else { encoding.features + head.width }
    }

    /// First running moments of batch renormalisation; none without it.
    static func moments(
        count: Int, encoding: ObservationEncoding, head: ActorHead, _ shape: FeedForward.Shape
    ) -> [BatchRenorm.Moments] {
        .ensemble((0..<count).map { _ in FeedForward.moments(inputs(encoding, head), shape) })
    }

    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        network.visitTensors(path, visit)
    }

    /// - actions: [batch, width] in [-1, 1]; nil where they are discrete.
    /// - Returns: [networks, batch, outputs], and the running moments after a pass in training.
    func callAsFunction(
        _ observations: Tensor, _ actions: Tensor?, _ mode: FeedForward.Mode
    ) -> (outputs: Tensor, moments: [BatchRenorm.Moments]) {
        let encoded = encoding(observations)
        return network(actions.map { .concatenate([encoded, $0], axis: 1) } ?? encoded, mode)
    }
}
