import TelosTensor

/// A small MLP whose weights another MLP makes from a context: y = f(x; g(z)), a set of weights for each row of z.
/// (Ha, Dai and Le, *HyperNetworks*, 2017.)
///
/// The generator's last layer starts with zero weights and, as bias, the weights of an ordinary MLP, so that training
/// begins from that MLP for every context (Beck, Jackson, Vuorio and Whiteson, *Hypernetworks in meta-reinforcement
/// learning*, 2022: Bias-HyperInit).
public struct HyperMLP: TensorContainer {
    public var generator: MLP
    /// Extents of the made network, from input to output.
    public var sizes: [Int]
    public var activation: Activation

    /// - Parameters:
    ///   - context: extent of z.
    ///   - generatorHidden: extents of the generator's hidden layers.
    public init(
        _ sizes: [Int], context: Int, generatorHidden: [Int] = [64], activation: Activation = .tanh, key: RandomKey
    ) {
        let base = MLP(sizes, activation: activation, key: key.derived("base"))
        let first = Tensor.concatenate(base.tensors.map { $0.reshaped($0.count) }, axis: 0)
        generator = MLP(
            [context] + generatorHidden + [first.count], activation: .relu, output: .zeros,
            key: key.derived("generator"))
        generator.layers[generator.layers.count - 1].bias = first
        self.sizes = sizes
        self.activation = activation
    }

    /// x [batch, inputs] or [batch, n, inputs], z [batch, context] -> [batch, outputs] or [batch, n, outputs].
    public func callAsFunction(_ x: Tensor, context z: Tensor) -> Tensor {
        guard z.rank == 2, x.rank == 2 || x.rank == 3, x.shape[0] == z.shape[0] else {
            return .misuse(
                "hyper-network", "needs x [batch, (n,) inputs] and z [batch, context], not \(x.shape) and \(z.shape)")
        }
        let batch = x.shape[0]
        let weights = generator(z)
        var value = x.rank == 2 ? x.reshaped(batch, 1, x.shape[1]) : x
        var start = 0
        for index in 0..<(sizes.count - 1) {
            let (inputs, outputs) = (sizes[index], sizes[index + 1])
            func part(_ count: Int, _ rows: Int) -> Tensor {
                defer { start += count }
                return weights.sliced(axis: 1, start, start + count).reshaped(batch, rows, outputs)
            }
            value = matmul(value, part(inputs * outputs, inputs)) + part(outputs, 1)
            if index < sizes.count - 2 { value = activation(value) }
        }
        return x.rank == 2 ? value.reshaped(batch, -1) : value
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        generator.visitTensors(path.appending(part: "generator"), visit)
    }
}
