import TelosTensor

/// x + contract(activation(expand(norm(x)))): the residual block of SimBa (Lee et al., *SimBa: simplicity bias for
/// scaling up parameters in deep reinforcement learning*, 2025), x [..., width].
public struct ResidualBlock: TensorContainer {
    public var norm: LayerNorm
    public var expand: Linear
    public var contract: Linear
    public var activation: Activation

    public init(width: Int, expansion: Int = 4, activation: Activation = .relu, key: RandomKey) {
        norm = LayerNorm(width)
        expand = Linear(width, expansion * width, initializer: .heNormal, key: key.derived("expand"))
        contract = Linear(expansion * width, width, initializer: .heNormal, key: key.derived("contract"))
        self.activation = activation
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { x + contract(activation(expand(norm(x)))) }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        norm.visitTensors(path.appending(part: "norm"), visit)
        expand.visitTensors(path.appending(part: "expand"), visit)
        contract.visitTensors(path.appending(part: "contract"), visit)
    }
}

/// SimBa's encoder and head: a linear embedding, pre-norm residual blocks, a final norm, a linear output
/// (Lee et al., 2025). x [..., inputs] -> [..., outputs]; inputs should be normalised by running statistics.
///
/// Blocks begin He-normal, embedding and head orthogonal, biases at zero, as the paper's.
public struct ResidualMLP: TensorContainer {
    public var embed: Linear
    public var blocks: [ResidualBlock]
    public var norm: LayerNorm
    public var head: Linear

    public init(
        _ inputs: Int, _ outputs: Int, width: Int = 128, blocks count: Int = 1, expansion: Int = 4,
        activation: Activation = .relu, key: RandomKey
    ) {
        embed = Linear(inputs, width, initializer: .orthogonal(gain: 1), key: key.derived("embed"))
        blocks = (0..<count).map {
            ResidualBlock(
                width: width, expansion: expansion, activation: activation, key: key.derived("block", $0))
        }
        norm = LayerNorm(width)
        head = Linear(width, outputs, initializer: .orthogonal(gain: 1), key: key.derived("head"))
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { head(features(x)) }

    /// What the head reads, [..., width].
    public func features(_ x: Tensor) -> Tensor { norm(blocks.reduce(embed(x)) { $1($0) }) }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        embed.visitTensors(path.appending(part: "embed"), visit)
        blocks.visitTensors(path.appending(part: "blocks"), visit)
        norm.visitTensors(path.appending(part: "norm"), visit)
        head.visitTensors(path.appending(part: "head"), visit)
    }
}
