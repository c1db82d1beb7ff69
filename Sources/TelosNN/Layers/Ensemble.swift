import TelosTensor

/// k linear layers side by side: y[i] = x[i] W[i] + b[i], one batched product.
public struct EnsembleLinear: TensorContainer {
    /// [k, inputs, outputs]
    public var weight: Tensor
    /// [k, 1, outputs]
    public var bias: Tensor

    public init(_ members: [Linear]) {
        weight = .stack(members.map(\.weight))
        bias = Tensor.stack(members.map(\.bias)).reshaped(members.count, 1, -1)
    }

    /// x [k, batch, inputs], or [batch, inputs] for all members alike -> [k, batch, outputs].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let input = x.rank == 2 ? x.broadcast(to: [weight.shape[0]] + x.shape) : x
        return matmul(input, weight) + bias
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        weight.visitTensors(path.appending(part: "weight"), visit)
        bias.visitTensors(path.appending(part: "bias"), visit)
    }
}

/// k multi-layer perceptrons of one architecture as one network: critics of an ensemble, models of the dynamics, heads.
public struct EnsembleMLP: TensorContainer {
    public var layers: [EnsembleLinear]
    public var activation: Activation

    /// Members are `MLP`s with the keys key.derived("member", i), and so differ only in their initial weights.
    public init(
        count: Int, _ sizes: [Int], activation: Activation = .relu,
        hidden: Initializer = .orthogonal(gain: 1.414_213_6), output: Initializer = .orthogonal(gain: 1),
        key: RandomKey
    ) {
        self.init(
            (0..<count).map {
                MLP(sizes, activation: activation, hidden: hidden, output: output, key: key.derived("member", $0))
            })
    }

    /// - members: at least one, all with the same sizes and activation.
    public init(_ members: [MLP]) {
        activation = members.first?.activation ?? .identity
        layers = (members.first?.layers ?? []).indices.map { index in
            EnsembleLinear(members.map { $0.layers[index] })
        }
    }

    /// x [batch, inputs] for all members alike, or [k, batch, inputs] -> [k, batch, outputs].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var value = x
        for (index, layer) in layers.enumerated() {
            value = layer(value)
            if index < layers.count - 1 { value = activation(value) }
        }
        return value
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        layers.visitTensors(path.appending(part: "layers"), visit)
    }
}
