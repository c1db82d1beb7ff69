import Testing

@testable import TelosNN
@testable import TelosTensor

@Suite struct ExpertMixtureTests {
    static let (batch, tokens, width) = (2, 6, 3)

    @Test(arguments: [1, 2, 6]) func topOneFollowsItsEquation(capacity: Int) throws {
        let (batch, tokens, width, count) = (Self.batch, Self.tokens, Self.width, 2)
        let layer = TopOneMixtureOfExperts(
            width: width, experts: count, capacity: capacity, hidden: 5, activation: .tanh, key: RandomKey(seed: 3))
        let x = LayerSupport.normal(batch, tokens, width, seed: 1)
        let gate = try LayerSupport.matrix(layer.gate)
        let rows = try LayerSupport.matrix(x)
        let experts = (0..<count).map {
            MLP([width, 5, width], activation: .tanh, key: RandomKey(seed: 3).derived("experts").derived("member", $0))
        }
        var expected: [Double] = []
        var dropped = 0
        for b in 0..<batch {
            var room = [Int](repeating: capacity, count: count)
            for row in rows[(b * tokens)..<((b + 1) * tokens)] {
                let logits = (0..<count).map { e in LayerSupport.sum(width) { row[$0] * gate[$0][e] } }
                let best = logits[1] > logits[0] ? 1 : 0
                let probability = LayerSupport.sigmoid(logits[best] - logits[1 - best])
                guard room[best] > 0 else {
                    dropped += 1
                    expected += [Double](repeating: 0, count: width)
                    continue
                }
                room[best] -= 1
                let output = try LayerSupport.vector(experts[best](Tensor(row.map(Float.init), shape: [1, width])))
                expected += output.map { $0 * probability }
            }
        }
        #expect((dropped == 0) == (capacity == tokens))
        expectClose(try layer(x).evaluated(), expected)
        try expectGradients(of: layer, inputs: [x], second: false) {
            ($0($1[0]) * LayerSupport.normal(2, 6, 3, seed: 5)).sum()
        }
    }

    /// Tokens in another order come out in that order; equal tokens and equal experts are one expert's output; one slot
    /// is one expert on the mean token.
    @Test func softMixturesKeepTheirSymmetries() throws {
        let (tokens, width) = (Self.tokens, Self.width)
        let layer = SoftMixtureOfExperts(
            width: width, experts: 3, slotsPerExpert: 2, hidden: 4, key: RandomKey(seed: 7))
        let rows = try LayerSupport.matrix(LayerSupport.normal(1, tokens, width, seed: 2))
        func output(_ layer: SoftMixtureOfExperts, _ rows: [[Double]]) throws -> [[Double]] {
            try LayerSupport.matrix(layer(Tensor(rows.flatMap { $0.map(Float.init) }, shape: [1, rows.count, width])))
        }
        let order = [3, 0, 5, 1, 4, 2]
        let (straight, mixed) = (try output(layer, rows), try output(layer, order.map { rows[$0] }))
        expectClose(mixed.flatMap { $0.map(Float.init) }, order.flatMap { straight[$0] })

        let expert = MLP([width, 4, width], activation: .gelu, key: RandomKey(seed: 8))
        var same = layer
        same.experts = EnsembleMLP([expert, expert, expert])
        let alone = try LayerSupport.vector(expert(Tensor(rows[0].map(Float.init), shape: [1, width])))
        for row in try output(same, (0..<tokens).map { _ in rows[0] }) {
            expectClose(row.map(Float.init), alone)
        }

        var single = SoftMixtureOfExperts(
            width: width, experts: 1, slotsPerExpert: 1, hidden: 4, key: RandomKey(seed: 9))
        single.slots = .zeros(width, 1)
        let mean = (0..<width).map { column in
            Float(LayerSupport.sum(tokens) { rows[$0][column] } / Double(tokens))
        }
        let expected = try LayerSupport.vector(single.experts(Tensor(mean, shape: [1, width])))
        for row in try output(single, rows) { expectClose(row.map(Float.init), expected) }
    }
}
