import TelosTensor

/// y = x W + b, x [..., inputs], W [inputs, outputs], b [outputs].
public struct Linear: TensorContainer {
    public var weight: Tensor
    public var bias: Tensor

    public init(_ inputs: Int, _ outputs: Int, initializer: Initializer = .uniformFanIn, key: RandomKey) {
        weight = initializer(inputs: inputs, outputs: outputs, key: key)
        bias = initializer.bias(inputs: inputs, outputs: outputs, key: key.derived("bias"))
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        if x.error != nil { return x }
        if weight.rank == 3 {
            // Several layers side by side: see `ensemble`.
            return matmul(x.rank == 2 ? x.broadcast(to: [weight.shape[0]] + x.shape) : x, weight) + bias
        }
        if x.rank == 2 { return matmul(x, weight) + bias }
        let rows = matmul(x.reshaped(-1, x.shape.last ?? 1), weight) + bias
        return rows.reshaped(to: x.shape.dropLast() + [weight.shape[1]])
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        weight.visitTensors(path.appending(part: "weight"), visit)
        bias.visitTensors(path.appending(part: "bias"), visit)
    }
}

/// A function between layers.
public enum Activation: String, Sendable, Codable, CaseIterable {
    case tanh, relu, sigmoid, softplus, silu, gelu, identity

    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .tanh: TelosTensor.tanh(x)
        case .relu: TelosTensor.relu(x)
        case .sigmoid: TelosTensor.sigmoid(x)
        case .softplus: TelosTensor.softplus(x)
        case .silu: x * TelosTensor.sigmoid(x)
        // x times the standard normal distribution function at x.
        case .gelu: x * (erf(x * 0.707_106_77) * 0.5 + 0.5)
        case .identity: x
        }
    }
}

/// A multi-layer perceptron: linear layers with an activation between them, none after the last.
public struct MLP: TensorContainer {
    public var layers: [Linear]
    public var activation: Activation

    /// - sizes: extents from input to output.
    /// - hidden, output: initialisers of the inner layers and of the last one.
    public init(
        _ sizes: [Int], activation: Activation = .tanh, hidden: Initializer = .orthogonal(gain: 1.414_213_6),
        output: Initializer = .orthogonal(gain: 1), key: RandomKey
    ) {
        layers = sizes.indices.dropLast().map { index in
            Linear(
                sizes[index], sizes[index + 1], initializer: index == sizes.count - 2 ? output : hidden,
                key: key.derived("layer", index))
        }
        self.activation = activation
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        layers.dropLast().reduce(x) { activation($1($0)) }.applying(layers.last)
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        layers.visitTensors(path.appending(part: "layers"), visit)
    }
}

extension Tensor {
    fileprivate func applying(_ layer: Linear?) -> Tensor { layer.map { $0(self) } ?? self }
}
