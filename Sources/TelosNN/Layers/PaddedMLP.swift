import TelosTensor

/// Multi-layer perceptrons of different depths and widths as one network: all are padded to the largest, and what does
/// not exist is kept at zero or passed by. So one compiled program serves any architectures of a family.
///
/// h_l = phi(h_{l-1} W_l + b_l) m_l where layer l exists, else h_l = h_{l-1}; y = h_D W_out + b_out; m_l is 1 for the
/// units that exist. Values are those of the networks by themselves, whatever stands in the padding.
public struct PaddedMLP: TensorContainer {
    /// Hidden layers, then the output: [networks, inputs, width], [networks, width, width] ..., [networks, width,
    /// outputs].
    public var weights: [Tensor]
    /// [networks, 1, width] ..., [networks, 1, outputs].
    public var biases: [Tensor]
    public var activation: Activation

    public init(weights: [Tensor], biases: [Tensor], activation: Activation = .tanh) {
        self.weights = weights
        self.biases = biases
        self.activation = activation
    }

    /// - Parameters:
    ///   - x: [networks, rows, inputs].
    ///   - widths: units of each hidden layer, [networks, depth]; 0 for one that does not exist. Those that do come
    ///     first.
    /// - Returns: [networks, rows, outputs].
    public func callAsFunction(_ x: Tensor, widths: Tensor) -> Tensor {
        guard let depth = weights.indices.last, x.rank == 3, widths.shape == [x.shape[0], depth] else {
            return .misuse(
                "padded networks",
                "needs x [networks, rows, inputs] and widths [networks, \(weights.count - 1)], not \(x.shape) and "
                    + "\(widths.shape)")
        }
        var h = x
        for layer in 0..<depth {
            let width = widths.sliced(axis: 1, layer, layer + 1).reshaped(x.shape[0], 1, 1)
            let units = weights[layer].shape[2]
            let places = Tensor((0..<units).map(Float.init), shape: [1, 1, units])
            let next = activation(matmul(h, weights[layer]) + biases[layer]) * (places .< width)
            h = layer == 0 ? next : select((width .> Tensor(0)).broadcast(to: next.shape), next, h)
        }
        return matmul(h, weights[depth]) + biases[depth]
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        weights.visitTensors(path.appending(part: "weights"), visit)
        biases.visitTensors(path.appending(part: "biases"), visit)
    }

    /// Weights and biases of a network by itself, from input to output.
    public static func parameterCount(inputs: Int, hidden: [Int], outputs: Int) -> Int {
        zip([inputs] + hidden, hidden + [outputs]).reduce(0) { $0 + $1.0 * $1.1 + $1.1 }
    }
}
