import Foundation
import Testing

@testable import TelosNN
@testable import TelosTensor

/// Networks side by side, networks that make networks, residual and convolutional ones.
@Suite struct MixtureTests {
    @Test func anEnsembleEqualsItsMembers() throws {
        let key = RandomKey(seed: 2)
        let ensemble = EnsembleMLP(count: 3, [4, 17, 2], activation: .tanh, key: key)
        let members = (0..<3).map { MLP([4, 17, 2], activation: .tanh, key: key.derived("member", $0)) }
        let x = LayerSupport.normal(5, 4, seed: 1)
        #expect(try ensemble(x).evaluated() == members.flatMap { try $0(x).evaluated() })
        let separate = LayerSupport.normal(3, 5, 4, seed: 4)
        #expect(
            try ensemble(separate).evaluated()
                == members.enumerated().flatMap { try $1(separate.element($0)).evaluated() })
        #expect(try members[0](x).evaluated() != members[1](x).evaluated())
        let small = EnsembleMLP(count: 2, [3, 4, 2], activation: .tanh, key: key)
        try expectGradients(of: small, inputs: [LayerSupport.normal(3, 3, seed: 5)]) { ensemble, x in
            (ensemble(x[0]) * LayerSupport.normal(2, 3, 2, seed: 6)).sum()
        }
    }

    /// Norms and residual blocks side by side are what each is by itself.
    @Test func ensemblesOfOtherNetworksEqualTheirMembers() throws {
        var members = (0..<3).map { ResidualMLP(4, 2, width: 6, key: RandomKey(seed: 20 + $0)) }
        for index in members.indices { members[index].norm.gain = LayerSupport.normal(6, seed: 30 + index) }
        let x = LayerSupport.normal(5, 4, seed: 1)
        #expect(
            try ResidualMLP.ensemble(members)(x).evaluated() == members.flatMap { try $0(x).evaluated() })
    }

    @Test func aNoisyLayerFollowsItsEquation() throws {
        let layer = NoisyLinear(3, 2, initial: 0.7, key: RandomKey(seed: 4))
        let (x, noise) = (LayerSupport.normal(4, 3, seed: 1), LayerSupport.normal(5, seed: 2))
        let f = try LayerSupport.vector(noise).map { ($0 < 0 ? -1 : 1) * abs($0).squareRoot() }
        let weight = try LayerSupport.matrix(layer.mean.weight)
        let bias = try LayerSupport.vector(layer.mean.bias)
        let deviation = 0.7 / 3.0.squareRoot()
        let expected = try LayerSupport.matrix(x).flatMap { row in
            (0..<2).map { column -> Double in
                var value = bias[column] + deviation * f[3 + column]
                for index in 0..<3 {
                    value += row[index] * (weight[index][column] + deviation * f[index] * f[3 + column])
                }
                return value
            }
        }
        expectClose(try layer(x, noise: noise).evaluated(), expected)
        try expectGradients(of: layer, inputs: [x]) { layer, x in layer(x[0], noise: noise).squared.sum() }
    }

    @Test func aHyperNetworkBeginsAsItsBase() throws {
        let key = RandomKey(seed: 2)
        let hyper = HyperMLP([3, 5, 2], context: 4, generatorHidden: [6], key: key)
        let base = MLP([3, 5, 2], key: key.derived("base"))
        let (x, z) = (LayerSupport.normal(4, 3, seed: 1), LayerSupport.normal(4, 4, seed: 3))
        expectClose(try hyper(x, context: z).evaluated(), try LayerSupport.vector(base(x)))
    }

    @Test func aHyperNetworkMakesWeightsForEachRow() throws {
        var hyper = HyperMLP([3, 5, 2], context: 4, generatorHidden: [6], key: RandomKey(seed: 2))
        let last = hyper.generator.layers.count - 1
        hyper.generator.layers[last].weight = LayerSupport.normal(6, 32, seed: 9, scale: 0.4)
        let (x, z) = (LayerSupport.normal(2, 3, 3, seed: 1), LayerSupport.normal(2, 4, seed: 3))
        let weights = try LayerSupport.matrix(hyper.generator(z))
        let inputs = try LayerSupport.matrix(x)
        var expected: [Double] = []
        for row in 0..<2 {
            let w = weights[row]
            for n in 0..<3 {
                let input = inputs[row * 3 + n]
                var hidden = Array(w[15..<20])
                for i in 0..<3 { for j in 0..<5 { hidden[j] += input[i] * w[i * 5 + j] } }
                hidden = hidden.map { tanh($0) }
                var output = Array(w[30..<32])
                for i in 0..<5 { for j in 0..<2 { output[j] += hidden[i] * w[20 + i * 2 + j] } }
                expected += output
            }
        }
        expectClose(try hyper(x, context: z).evaluated(), expected)
        try expectGradients(of: hyper, inputs: [x, z], second: false) { $0($1[0], context: $1[1]).squared.sum() }
    }

    @Test func softMixtureFollowsItsEquations() throws {
        let (batch, tokens, width, slots) = (2, 3, 4, 4)
        let layer = SoftMixtureOfExperts(
            width: width, experts: 2, slotsPerExpert: 2, hidden: 5, activation: .tanh, key: RandomKey(seed: 3))
        let x = LayerSupport.normal(batch, tokens, width, seed: 1)
        let p = try LayerSupport.matrix(layer.slots)
        let rows = try LayerSupport.matrix(x)
        let experts = (0..<2).map {
            MLP([width, 5, width], activation: .tanh, key: RandomKey(seed: 3).derived("experts").derived("member", $0))
        }
        var expected: [Double] = []
        for b in 0..<batch {
            let part = Array(rows[(b * tokens)..<((b + 1) * tokens)])
            let logits = part.map { row -> [Double] in
                (0..<slots).map { s in LayerSupport.sum(width) { row[$0] * p[$0][s] } }
            }
            let mapped = try (0..<slots).map { s -> [Double] in
                let weights = logits.map { exp($0[s]) }
                let total = weights.reduce(0, +)
                let mean = (0..<width).map { c in
                    Float(LayerSupport.sum(tokens) { weights[$0] * part[$0][c] } / total)
                }
                return try LayerSupport.vector(experts[s / 2](Tensor(mean, shape: [1, width])))
            }
            for t in 0..<tokens {
                let weights = logits[t].map { exp($0) }
                let total = weights.reduce(0, +)
                expected += (0..<width).map { c in
                    LayerSupport.sum(slots) { weights[$0] * mapped[$0][c] } / total
                }
            }
        }
        expectClose(try layer(x).evaluated(), expected)
        try expectGradients(of: layer, inputs: [x], second: false) {
            ($0($1[0]) * LayerSupport.normal(2, 3, 4, seed: 5)).sum()
        }
    }

    /// The paper's first weights: blocks normal with variance 2 / inputs, embedding and head orthogonal.
    @Test func residualNetworkBeginsAtItsScale() throws {
        let network = ResidualMLP(64, 64, width: 64, key: RandomKey(seed: 1))
        func scaledSquare(_ layer: Linear, inputs: Int) throws -> Double {
            let values = try layer.weight.evaluated()
            return Double(inputs) * values.reduce(0) { $0 + Double($1 * $1) } / Double(values.count)
        }
        #expect(abs(try scaledSquare(network.blocks[0].expand, inputs: 64) - 2) < 0.1)
        #expect(abs(try scaledSquare(network.blocks[0].contract, inputs: 256) - 2) < 0.1)
        #expect(abs(try scaledSquare(network.embed, inputs: 64) - 1) < 1e-5)
        #expect(abs(try scaledSquare(network.head, inputs: 64) - 1) < 1e-5)
    }

    @Test func residualNetworkFollowsItsEquation() throws {
        let network = ResidualMLP(3, 2, width: 4, blocks: 2, expansion: 2, key: RandomKey(seed: 1))
        let x = LayerSupport.normal(3, 3, seed: 2)
        func norm(_ rows: [[Double]]) -> [[Double]] {
            rows.map { row in
                let mean = row.reduce(0, +) / Double(row.count)
                let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
                return row.map { ($0 - mean) / (variance + 1e-5).squareRoot() }
            }
        }
        var h = try LayerSupport.linear(LayerSupport.matrix(x), network.embed)
        for block in network.blocks {
            let hidden = try LayerSupport.linear(norm(h), block.expand).map { $0.map { max($0, 0) } }
            let change = try LayerSupport.linear(hidden, block.contract)
            h = zip(h, change).map { zip($0, $1).map(+) }
        }
        let expected = try LayerSupport.linear(norm(h), network.head).flatMap { $0 }
        expectClose(try network(x).evaluated(), expected)
        try expectGradients(of: network, inputs: [x], second: false) { $0($1[0]).squared.sum() }
    }

    @Test func embeddingsPickRows() throws {
        let embedding = Embedding(5, 3, key: RandomKey(seed: 1))
        let tokens = Tensor([4, 0, 2, 4], shape: [2, 2])
        let rows = try LayerSupport.matrix(embedding.table)
        expectClose(try embedding(tokens).evaluated(), [4, 0, 2, 4].flatMap { rows[$0] })
        try expectGradients(of: embedding) { layer, _ in layer(tokens).squared.sum() }
    }

    @Test func convolutionFollowsItsEquation() throws {
        var layer = Convolution2D(2, 3, kernel: 3, stride: 2, padding: 1, key: RandomKey(seed: 1))
        layer.bias = LayerSupport.normal(3, seed: 5)
        let x = LayerSupport.normal(2, 5, 4, 2, seed: 2)
        let (pictures, weight) = (try LayerSupport.vector(x), try LayerSupport.vector(layer.weight))
        let bias = try LayerSupport.vector(layer.bias)
        var expected: [Double] = []
        for n in 0..<2 {
            for r in 0..<3 {
                for c in 0..<2 {
                    for o in 0..<3 {
                        var sum = bias[o]
                        for i in 0..<3 {
                            for j in 0..<3 {
                                let (y, z) = (r * 2 + i - 1, c * 2 + j - 1)
                                guard (0..<5).contains(y), (0..<4).contains(z) else { continue }
                                for k in 0..<2 {
                                    let sample = pictures[((n * 5 + y) * 4 + z) * 2 + k]
                                    sum += sample * weight[((i * 3 + j) * 2 + k) * 3 + o]
                                }
                            }
                        }
                        expected.append(sum)
                    }
                }
            }
        }
        let y = layer(x)
        #expect(y.shape == [2, 3, 2, 3])
        expectClose(try y.evaluated(), expected)
        try expectGradients(of: layer, inputs: [x], second: false) { $0($1[0]).squared.sum() }
    }

    @Test func atariEncoderHasItsShapes() throws {
        let encoder = AtariEncoder(size: 44, channels: 2, features: 7, key: RandomKey(seed: 1))
        let pictures = encoder.convolutions.reduce(LayerSupport.normal(2, 44, 44, 2, seed: 1)) { relu($1($0)) }
        #expect(pictures.shape == [2, 2, 2, 64])
        let features = encoder(LayerSupport.normal(2, 44, 44, 2, seed: 1))
        #expect(features.shape == [2, 7])
        #expect(try features.evaluated().contains { $0 > 0 })
        #expect(AtariEncoder(key: RandomKey(seed: 1)).linear.weight.shape == [3136, 512])
    }

    @Test func geluIsXTimesTheNormalDistribution() throws {
        let x: [Float] = [-3, -1, -0.2, 0, 0.5, 2]
        let expected = x.map { Double($0) * 0.5 * (1 + erf(Double($0) / 2.0.squareRoot())) }
        expectClose(try Activation.gelu(Tensor(x, shape: [6])).evaluated(), expected, tolerance: 1e-6)
    }
}
