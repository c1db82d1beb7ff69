import Foundation
import Testing

@testable import TelosNN
@testable import TelosTensor

@Suite struct AttentionTests {
    @Test func attentionFollowsItsEquation() throws {
        let (batch, time, width, heads) = (2, 4, 6, 2)
        let layer = MultiHeadAttention(width: width, heads: heads, key: RandomKey(seed: 1))
        let x = LayerSupport.normal(batch, time, width, seed: 2)
        let rows = try LayerSupport.matrix(x)
        let q = try LayerSupport.linear(rows, layer.query)
        let k = try LayerSupport.linear(rows, layer.key)
        let v = try LayerSupport.linear(rows, layer.value)
        for isCausal in [true, false] {
            var joined = [[Double]](repeating: [Double](repeating: 0, count: width), count: batch * time)
            let d = width / heads
            for b in 0..<batch {
                for head in 0..<heads {
                    for t in 0..<time {
                        let seen = isCausal ? t + 1 : time
                        let weights = (0..<seen).map { s -> Double in
                            let (query, key) = (q[b * time + t], k[b * time + s])
                            let score = LayerSupport.sum(d) { query[head * d + $0] * key[head * d + $0] }
                            return exp(score / Double(d).squareRoot())
                        }
                        let total = weights.reduce(0, +)
                        for c in 0..<d {
                            joined[b * time + t][head * d + c] = LayerSupport.sum(seen) {
                                weights[$0] / total * v[b * time + $0][head * d + c]
                            }
                        }
                    }
                }
            }
            let expected = try LayerSupport.linear(joined, layer.output).flatMap { $0 }
            expectClose(try layer(x, isCausal: isCausal).evaluated(), expected)
        }
    }

    private func small(layers: Int = 2, context: Int = 6) -> CausalTransformer {
        var model = CausalTransformer(
            vocabulary: 5, context: context, width: 8, heads: 2, layers: layers, expansion: 2, key: RandomKey(seed: 3))
        // Larger embeddings than usual, so that tokens matter from the start.
        model.tokens.table = LayerSupport.normal(5, 8, seed: 4)
        model.positions.table = LayerSupport.normal(context, 8, seed: 5)
        return model
    }

    @Test func laterTokensDoNotMatter() throws {
        let model = small()
        let tokens: [Float] = [1, 4, 2, 0, 3, 1]
        let logits = try model(Tensor(tokens, shape: [1, 6])).evaluated()
        for changed in 1..<6 {
            var other = tokens
            other[changed] = (other[changed] + 1).truncatingRemainder(dividingBy: 5)
            let changedLogits = try model(Tensor(other, shape: [1, 6])).evaluated()
            #expect(logits.prefix(changed * 5) == changedLogits.prefix(changed * 5), "token \(changed)")
            #expect(logits[(changed * 5)..<(changed * 5 + 5)] != changedLogits[(changed * 5)..<(changed * 5 + 5)])
        }
    }

    @Test func cachedStepsEqualAFullPass() throws {
        let model = small()
        let tokens: [Float] = [1, 4, 2, 0, 3, 1, 0, 0, 2, 2, 4, 1]
        let full = try model(Tensor(tokens, shape: [2, 6])).evaluated()
        let caches = try Parameters(model.emptyCaches(batch: 2))
        let token = Tensor(placeholder: 2)
        let (logits, next) = model.step(token, caches: caches.traced)
        let program = try Program(
            inputs: [token], outputs: [logits], updates: Program.Update.all(caches.traced, to: next))
        func run(from start: Int, to end: Int, _ place: (Int) -> Int) {
            for t in start..<end {
                for row in 0..<2 { program.input(0)[row] = tokens[row * 6 + place(t)] }
                program.run()
                for row in 0..<2 {
                    let expected = full[((row * 6 + place(t)) * 5)..<((row * 6 + place(t)) * 5 + 5)]
                    expectClose(
                        Array(program.output(0)[(row * 5)..<(row * 5 + 5)]), expected.map(Double.init), "step \(t)")
                }
            }
        }
        run(from: 0, to: 6) { $0 }
        // Forgotten rows begin again.
        let empty = caches.traced.map { $0.resetting(Tensor([1, 1], shape: [2])) }
        let reset = try Program(inputs: [], outputs: [], updates: Program.Update.all(caches.traced, to: empty))
        reset.run()
        run(from: 0, to: 4) { $0 }
    }

    @Test func gradientsOfABlock() throws {
        let block = TransformerBlock(width: 4, heads: 2, expansion: 2, key: RandomKey(seed: 1))
        try expectGradients(of: block, inputs: [LayerSupport.normal(2, 3, 4, seed: 2)]) { block, x in
            (block(x[0]) * LayerSupport.normal(2, 3, 4, seed: 3)).sum()
        }
    }

    @Test func gradientsOfALanguageModel() throws {
        let tokens = Tensor([1, 4, 2, 0, 3, 1, 2, 2], shape: [2, 4])
        let weights = Tensor([1, 0, 1, 0.5, 1, 1], shape: [2, 3])
        try expectGradients(of: small(layers: 1), second: false) { model, _ in model.loss(tokens, weights: weights) }
    }

    @Test func mistakesAreReported() {
        let error = small()(Tensor.zeros(2, 9)).error
        #expect("\(error!)".contains("[2, 9]"))
        let attention = MultiHeadAttention(width: 6, heads: 4, key: RandomKey(seed: 1))
        #expect("\(attention(Tensor.zeros(1, 2, 6)).error!)".contains("4 heads"))
    }

    /// The second half of a sequence repeats the first; only attention to the right token can tell which comes next.
    @Test func aTinyTransformerLearnsToCopy() throws {
        let key = RandomKey(seed: 11)
        let (rows, half, vocabulary) = (32, 4, 5)
        let model = CausalTransformer(
            vocabulary: vocabulary, context: 2 * half, width: 32, heads: 2, layers: 2, expansion: 2, key: key)
        let tokens = Tensor(placeholder: rows, 2 * half)
        let weights = Tensor((0..<(2 * half - 1)).map { $0 >= half - 1 ? 1 : 0 }, shape: [1, 2 * half - 1])
        let trainer = try Trainer(model, inputs: [tokens], learningRate: 0.003) { model in
            model.loss(tokens, weights: weights.broadcast(to: [rows, 2 * half - 1]))
        }
        var random = key.derived("data").stream
        var losses: [Float] = []
        for _ in 0..<400 {
            losses.append(
                trainer.step { program in
                    for row in 0..<rows {
                        for t in 0..<half {
                            let token = Float(random.index(below: vocabulary))
                            program.input(0)[row * 2 * half + t] = token
                            program.input(0)[row * 2 * half + half + t] = token
                        }
                    }
                })
        }
        #expect(losses[0] > 1.3)
        #expect(losses.suffix(10).reduce(0, +) / 10 < 0.1, "\(losses.suffix(3))")
    }
}
