import Testing

@testable import TelosNN
@testable import TelosTensor

@Suite struct GraphHyperNetworkTests {
    static let architectures = [[3], [5, 2], [4, 1, 5]]

    static func widths(_ architectures: [[Int]], depth: Int = 3) -> Tensor {
        Tensor(
            architectures.flatMap { hidden in (0..<depth).map { Float($0 < hidden.count ? hidden[$0] : 0) } },
            shape: [architectures.count, depth])
    }

    /// The network at `index` by itself: existing parts cut out, plain loops.
    static func output(_ network: PaddedMLP, _ index: Int, hidden: [Int], x: [[Double]]) throws -> [[Double]] {
        var h = x
        for layer in 0...hidden.count {
            let isLast = layer == hidden.count
            let slot = isLast ? network.weights.count - 1 : layer
            let outputs = isLast ? network.weights[slot].shape[2] : hidden[layer]
            let weight = try LayerSupport.matrix(network.weights[slot].element(index))
            let bias = try LayerSupport.vector(network.biases[slot].element(index))
            h = h.map { row in
                (0..<outputs).map { column in
                    let sum = row.indices.reduce(bias[column]) { $0 + row[$1] * weight[$1][column] }
                    return isLast ? sum : tanhOf(sum)
                }
            }
        }
        return h
    }

    private static func tanhOf(_ x: Double) -> Double { 2 * LayerSupport.sigmoid(2 * x) - 1 }

    @Test func paddedNetworksAreThemselves() throws {
        // Numbers in the padding too: they must not matter.
        let count = Self.architectures.count
        let shapes = [[2, 5], [5, 5], [5, 5], [5, 2]]
        let network = PaddedMLP(
            weights: shapes.enumerated().map { LayerSupport.normal(count, $1[0], $1[1], seed: 10 + $0) },
            biases: shapes.enumerated().map { LayerSupport.normal(count, 1, $1[1], seed: 20 + $0) })
        let x = LayerSupport.normal(count, 4, 2, seed: 1)
        let result = try network(x, widths: Self.widths(Self.architectures)).evaluated()
        var expected: [Double] = []
        for (index, hidden) in Self.architectures.enumerated() {
            let rows = try LayerSupport.matrix(x.element(index))
            expected += try Self.output(network, index, hidden: hidden, x: rows).flatMap { $0 }
        }
        expectClose(result, expected)
        try expectGradients(of: network, inputs: [x], second: false) {
            $0($1[0], widths: Self.widths(Self.architectures)).squared.sum()
        }
        #expect(PaddedMLP.parameterCount(inputs: 4, hidden: [4], outputs: 1) == 25)
        #expect(PaddedMLP.parameterCount(inputs: 4, hidden: [8, 16], outputs: 1) == 40 + 144 + 17)
    }

    /// What is written for an architecture depends neither on the others in the batch nor on how deep the family is.
    @Test func weightsBelongToTheArchitecture() throws {
        let hyper = GraphHyperNetwork(inputs: 2, outputs: 1, depth: 3, width: 5, hidden: 6, key: RandomKey(seed: 3))
        let all = hyper(Self.widths(Self.architectures))
        let alone = hyper(Self.widths([Self.architectures[1]]))
        for (one, other) in zip(all.tensors, alone.tensors) {
            #expect(try one.element(1).evaluated() == other.element(0).evaluated())
        }
        #expect(try all.weights[0].element(0).evaluated() != all.weights[0].element(1).evaluated())
        let shallow = GraphHyperNetwork(inputs: 2, outputs: 1, depth: 1, width: 5, hidden: 6, key: RandomKey(seed: 3))
        let single = shallow(Self.widths([[3]], depth: 1))
        #expect(try single.weights[0].evaluated() == all.weights[0].element(0).evaluated())
        #expect(try single.weights[1].evaluated() == all.weights[3].element(0).evaluated())
        #expect(try single.biases[1].evaluated() == all.biases[3].element(0).evaluated())
    }

    /// The equations on a chain of one hidden layer, written out.
    @Test func theChainFollowsItsEquations() throws {
        var hyper = GraphHyperNetwork(
            inputs: 2, outputs: 1, depth: 1, width: 4, hidden: 5, outputScale: 0.5, key: RandomKey(seed: 4))
        // Without a bias the input's node is 0, where the message's ReLU has no derivative.
        hyper.shape.bias = LayerSupport.normal(5, seed: 6)
        let shape = hyper.shape
        func node(_ width: Float) -> Tensor { shape(Tensor([width / 4], shape: [1, 1])) }
        var nodes = [node(3), node(3), node(1), node(1)]
        var before = node(0)
        for index in 0..<4 {
            nodes[index] = hyper.update(hyper.message(before), state: nodes[index]).state
            before = nodes[index]
        }
        for index in [2, 1, 0] {
            nodes[index] = hyper.update(hyper.message(nodes[index + 1]), state: nodes[index]).state
        }
        let made = hyper(Self.widths([[3]], depth: 1))
        let matrices = try [0, 2].map { try LayerSupport.matrix(hyper.matrix(hyper.norm(nodes[$0])).reshaped(4, 4)) }
        let scales = [1.0, 0.5 * (2.0 / 3).squareRoot()]
        expectClose(try made.weights[0].evaluated(), matrices[0].prefix(2).flatMap { $0 })
        expectClose(try made.weights[1].evaluated(), matrices[1].map { $0[0] * scales[1] })
        expectClose(
            try made.biases[0].evaluated(), try LayerSupport.vector(tanh(hyper.bias(hyper.norm(nodes[1])) * 0.2)))
        try expectGradients(of: hyper, second: false) { hyper, _ in
            hyper(Self.widths([[3]], depth: 1)).tensors.reduce(Tensor(0)) { $0 + $1.squared.sum() }
        }
    }

    @Test func misuseIsAnError() {
        let hyper = GraphHyperNetwork(inputs: 9, outputs: 1, depth: 2, width: 4, key: RandomKey(seed: 4))
        #expect(hyper(Self.widths([[3]], depth: 2)).weights[0].error != nil)
        let network = PaddedMLP(weights: [.zeros(1, 2, 2)], biases: [.zeros(1, 1, 2)])
        #expect(network(.zeros(2, 2), widths: .zeros(1, 0)).error != nil)
    }
}
