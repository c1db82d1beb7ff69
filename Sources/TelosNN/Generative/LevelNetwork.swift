import CTelosKernels
import TelosTensor

/// A perceptron on a noisy sample and its level, which it sees as sines and cosines of 2^k pi t / 2T, k = 0, 1, ...
public struct LevelNetwork: TensorContainer {
    public var network: MLP
    /// [levels + 1, 2 frequencies]; constant.
    private let features: Tensor

    /// - Parameters:
    ///   - width: d, of samples.
    ///   - levels: T.
    ///   - hidden: units of each hidden layer.
    ///   - frequencies: more tell neighbouring levels apart better.
    public init(
        width: Int, levels: Int, hidden: [Int] = [128, 128], frequencies: Int = 4, activation: Activation = .silu,
        key: RandomKey
    ) {
        let angles = (0...levels).map { Double.pi * Double($0) / Double(2 * levels) }
        features = Tensor(
            angles.flatMap { angle in
                (0..<frequencies).flatMap { k in
                    [Float(telos_sin64(Double(1 << k) * angle)), Float(telos_cos64(Double(1 << k) * angle))]
                }
            }, shape: [levels + 1, 2 * frequencies])
        network = MLP(
            [width + 2 * frequencies] + hidden + [width], activation: activation, hidden: .uniformFanIn,
            output: .uniformFanIn, key: key)
    }

    /// x [batch, d], level [batch] -> [batch, d].
    public func callAsFunction(_ x: Tensor, _ level: Tensor) -> Tensor {
        network(Tensor.concatenate([x, features.gatheringRows(level)], axis: -1))
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        network.visitTensors(path.appending(part: "network"), visit)
    }
}
