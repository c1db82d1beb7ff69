import TelosTensor

/// Reads the layer graph of a multi-layer perceptron and writes all its weights (Zhang, Ren and Urtasun, *Graph
/// hypernetworks for neural architecture search*, 2019; for policies: Hegde, Huang and Sukhatme, *HyperPPO: a scalable
/// method for finding small policies for robotic control*, 2024).
///
/// The graph is the chain input, W_1, b_1, ..., W_out, b_out. Node j begins as x_j = shape_j a + c, shape_j the width of
/// its layer in units of the largest (0 for the input). One sweep forward and one backward pass messages,
/// x_j <- GRU(MLP(x_before), x_j), and after a layer norm decoders make of each node a matrix or a bias, of which the
/// part that the layer has is used: W sqrt(2 / fan-in), and tanh(b / 5).
public struct GraphHyperNetwork: TensorContainer {
    public var shape: Linear
    public var message: MLP
    public var update: GRUCell
    public var norm: LayerNorm
    public var matrix: MLP
    public var bias: MLP
    public let inputs: Int
    public let outputs: Int
    /// Most hidden layers, and most units of one.
    public let depth: Int
    public let width: Int
    /// Factor of the output layer's weights.
    public let outputScale: Float

    /// - Parameters:
    ///   - inputs, outputs: at most `width`.
    ///   - hidden: extent of a node's state.
    public init(
        inputs: Int, outputs: Int, depth: Int, width: Int, hidden: Int = 16, outputScale: Float = 0.1, key: RandomKey
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.depth = depth
        self.width = width
        self.outputScale = outputScale
        shape = Linear(1, hidden, key: key.derived("shape"))
        message = MLP([hidden, hidden, hidden], activation: .relu, key: key.derived("message"))
        update = GRUCell(hidden, hidden, key: key.derived("update"))
        norm = LayerNorm(hidden)
        matrix = MLP(
            [hidden, 4 * hidden, 8 * hidden, width * width], activation: .relu, key: key.derived("matrix"))
        bias = MLP([hidden, 4 * hidden, width], activation: .relu, key: key.derived("bias"))
    }

    /// The networks of `widths` [networks, depth]: units of each hidden layer, those that exist first, 0 for the others.
    public func callAsFunction(_ widths: Tensor) -> PaddedMLP {
        let count = widths.shape.first ?? 0
        guard widths.shape == [count, depth], inputs <= width, outputs <= width else {
            let error = Tensor.misuse(
                "graph hypernetwork",
                "needs widths [networks, \(depth)], not \(widths.shape), and at most \(width) inputs and outputs, "
                    + "not \(inputs) and \(outputs)")
            return PaddedMLP(weights: [error], biases: [error])
        }
        let layers = (0..<depth).map { widths.sliced(axis: 1, $0, $0 + 1) }
        let output = Tensor(Float(outputs)).broadcast(to: [count, 1])
        let nodes = states(of: layers + [output])
        let all = nodes.count / 2
        func decoded(_ decoder: MLP, _ offset: Int) -> Tensor {
            decoder(.concatenate((0..<all).map { nodes[2 * $0 + offset] }, axis: 0))
        }
        let matrices = decoded(matrix, 0).reshaped(all, count, width, width)
        let biases = tanh(decoded(bias, 1) * 0.2).reshaped(all, count, 1, width)
        var fanIn = Tensor(Float(inputs)).broadcast(to: [count, 1])
        var network = PaddedMLP(weights: [], biases: [])
        for layer in 0..<all {
            let isLast = layer == all - 1
            let scale = sqrt(2 / fanIn).reshaped(count, 1, 1) * (isLast ? outputScale : 1)
            let (rows, columns) = (layer == 0 ? inputs : width, isLast ? outputs : width)
            network.weights.append(
                matrices.element(layer).sliced(axis: 1, 0, rows).sliced(axis: 2, 0, columns) * scale)
            network.biases.append(biases.element(layer).sliced(axis: 2, 0, columns))
            if !isLast { fanIn = select(layers[layer] .> Tensor(0), layers[layer], fanIn) }
        }
        return network
    }

    /// The final states [networks, hidden] of W_1, b_1, ..., W_out, b_out; layers of width 0 are passed by.
    private func states(of layers: [Tensor]) -> [Tensor] {
        let count = layers[0].shape[0]
        let sizes = layers.flatMap { [$0, $0] }
        let exists = sizes.map { $0 .> Tensor(0) }
        var nodes = sizes.map { shape($0 / Float(width)) }
        func sweep(_ order: some Sequence<Int>, from first: Tensor) -> Tensor {
            var before = first
            for index in order {
                let (_, next) = update(message(before), state: nodes[index])
                let here = exists[index].broadcast(to: next.shape)
                nodes[index] = select(here, next, nodes[index])
                before = select(here, next, before)
            }
            return before
        }
        _ = sweep(nodes.indices, from: shape(.zeros(count, 1)))
        _ = sweep(nodes.indices.dropLast().reversed(), from: nodes[nodes.count - 1])
        return nodes.map { norm($0) }
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        shape.visitTensors(path.appending(part: "shape"), visit)
        message.visitTensors(path.appending(part: "message"), visit)
        update.visitTensors(path.appending(part: "update"), visit)
        norm.visitTensors(path.appending(part: "norm"), visit)
        matrix.visitTensors(path.appending(part: "matrix"), visit)
        bias.visitTensors(path.appending(part: "bias"), visit)
    }
}
