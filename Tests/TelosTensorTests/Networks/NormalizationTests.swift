import Foundation
import Testing

@testable import TelosNN
@testable import TelosTensor

@Suite struct NormalizationTests {
    @Test func layerNormFollowsItsEquation() throws {
        var layer = LayerNorm(5)
        layer.gain = LayerSupport.normal(5, seed: 1)
        layer.bias = LayerSupport.normal(5, seed: 2)
        let x = LayerSupport.normal(2, 3, 5, seed: 3, scale: 2)
        let (gain, bias) = (try LayerSupport.vector(layer.gain), try LayerSupport.vector(layer.bias))
        let expected = try LayerSupport.matrix(x).flatMap { row in
            let mean = row.reduce(0, +) / 5
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 5
            return row.indices.map { (row[$0] - mean) / (variance + 1e-5).squareRoot() * gain[$0] + bias[$0] }
        }
        expectClose(try layer(x).evaluated(), expected)
        try expectGradients(of: layer, inputs: [LayerSupport.normal(3, 5, seed: 4)]) { layer, x in
            (layer(x[0]) * LayerSupport.normal(3, 5, seed: 5)).sum() + layer(x[0]).squared.sum() * 0.3
        }
    }

    @Test func rmsNormFollowsItsEquation() throws {
        var layer = RMSNorm(5)
        layer.gain = LayerSupport.normal(5, seed: 1)
        let x = LayerSupport.normal(3, 5, seed: 3, scale: 2)
        let gain = try LayerSupport.vector(layer.gain)
        let expected = try LayerSupport.matrix(x).flatMap { row in
            let square = row.reduce(0) { $0 + $1 * $1 } / 5
            return row.indices.map { row[$0] / (square + 1e-5).squareRoot() * gain[$0] }
        }
        expectClose(try layer(x).evaluated(), expected)
        try expectGradients(of: layer, inputs: [x]) { layer, x in
            (layer(x[0]) * LayerSupport.normal(3, 5, seed: 5)).sum()
        }
    }

    /// A batch by its own moments; once warm, corrected to what the running moments would give.
    @Test(arguments: [(0, false), (0, true), (100, false)])
    func batchRenormFollowsItsEquation(warmUp: Int, clips: Bool) throws {
        var layer = BatchRenorm(3, momentum: 0.9, warmUp: warmUp)
        layer.gain = LayerSupport.normal(3, seed: 1)
        layer.bias = LayerSupport.normal(3, seed: 2)
        var moments = BatchRenorm.Moments(3)
        moments.mean = Tensor([0.1, -0.2, clips ? 9 : 0.3], shape: [3])
        moments.variance = Tensor([0.8, clips ? 0.01 : 1.2, 2], shape: [3])
        let x = LayerSupport.normal(7, 3, seed: 3, scale: 1.3)
        let (rows, gain, bias) = (
            try LayerSupport.matrix(x), try LayerSupport.vector(layer.gain), try LayerSupport.vector(layer.bias)
        )
        let (running, spread) = (
            try LayerSupport.vector(moments.mean), try LayerSupport.vector(moments.variance)
        )
        var (means, variances) = ([0.0, 0, 0], [0.0, 0, 0])
        var expected = [Double](repeating: 0, count: 21)
        var evaluated = expected
        for column in 0..<3 {
            let values = rows.map { $0[column] }
            means[column] = values.reduce(0, +) / 7
            variances[column] = values.map { ($0 - means[column]) * ($0 - means[column]) }.reduce(0, +) / 7
            let own = (variances[column] + 1e-3).squareRoot()
            let other = (spread[column] + 1e-3).squareRoot()
            let ratio = warmUp > 0 ? 1 : min(3, max(1.0 / 3, own / other))
            let shift = warmUp > 0 ? 0 : min(5, max(-5, (means[column] - running[column]) / other))
            for row in 0..<7 {
                let centred = (values[row] - means[column]) / own
                expected[row * 3 + column] = (centred * ratio + shift) * gain[column] + bias[column]
                evaluated[row * 3 + column] = (values[row] - running[column]) / other * gain[column] + bias[column]
            }
        }
        let pass = layer.training(x, moments: moments)
        expectClose(try pass.output.evaluated(), expected)
        expectClose(try layer(x, moments: moments).evaluated(), evaluated)
        if warmUp == 0, !clips { expectClose(try pass.output.evaluated(), evaluated) }
        expectClose(try pass.moments.mean.evaluated(), zip(running, means).map { 0.9 * $0 + 0.1 * $1 })
        expectClose(try pass.moments.variance.evaluated(), zip(spread, variances).map { 0.9 * $0 + 0.1 * $1 })
        #expect(try pass.moments.batches.evaluated() == [1])
        guard warmUp > 0 else { return }
        try expectGradients(of: layer, inputs: [x]) { layer, x in
            (layer.training(x[0], moments: moments).output * LayerSupport.normal(7, 3, seed: 5)).sum()
        }
    }

    @Test func dropoutScalesWhatItKeeps() throws {
        let x = Tensor(placeholder: 10_000)
        let uniform = Tensor(placeholder: 10_000)
        let dropped = Dropout(rate: 0.3)(x, uniform: uniform)
        let slope = gradient(of: dropped.sum(), withRespectTo: [x])[0]
        let program = try Program(inputs: [x, uniform], outputs: [dropped, slope])
        var random = RandomKey(seed: 4).stream
        random.fillUniform(program.input(1))
        for index in 0..<10_000 { program.input(0)[index] = Float(index + 1) }
        program.run()
        var zeros = 0
        for index in 0..<10_000 {
            let isKept = program.input(1)[index] >= 0.3
            zeros += isKept ? 0 : 1
            expectClose([program.output(0)[index]], [isKept ? Double(index + 1) / 0.7 : 0], tolerance: 1e-6)
            expectClose([program.output(1)[index]], [isKept ? 1 / 0.7 : 0], tolerance: 1e-6)
        }
        #expect(abs(Double(zeros) / 10_000 - 0.3) < 0.02)
        let plain = LayerSupport.normal(4, seed: 1)
        #expect(try Dropout(rate: 0.3)(plain, uniform: nil).evaluated() == plain.evaluated())
    }

    /// The vector converges to the first right singular vector, so that the effective weight has spectral norm 1.
    @Test func spectralNormalisationDividesByTheLargestSingularValue() throws {
        let layer = SpectralLinear(6, 4, key: RandomKey(seed: 2))
        let weight = try LayerSupport.matrix(layer.linear.weight)
        var u = [1.0, 0.5, -0.3, 0.2]
        var norm = 0.0
        for _ in 0..<2000 {
            let v = weight.map { row in zip(row, u).reduce(0) { $0 + $1.0 * $1.1 } }
            var w = (0..<4).map { column in (0..<6).reduce(0) { $0 + weight[$1][column] * v[$1] } }
            let length = w.reduce(0) { $0 + $1 * $1 }.squareRoot()
            norm = length.squareRoot()
            w = w.map { $0 / length }
            u = w
        }
        let state = try Parameters(layer.initialVector(key: RandomKey(seed: 3)))
        let x = LayerSupport.normal(3, 6, seed: 5)
        let (y, next) = layer(x, vector: state.traced)
        let program = try Program(inputs: [], outputs: [y], updates: [.init(state.traced, to: next)])
        for _ in 0..<500 { program.run() }
        let bias = try LayerSupport.vector(layer.linear.bias)
        let expected = try LayerSupport.linear(LayerSupport.matrix(x), layer.linear).flatMap { row in
            zip(row, bias).map { ($0 - $1) / norm + $1 }
        }
        expectClose(Array(program.output(0)), expected, tolerance: 1e-4)
        let settled = Array(state.values(0))
        // The singular vectors count as constant, which is exact for the first derivative alone.
        try expectGradients(of: layer, inputs: [x], second: false) { layer, x in
            layer(x[0], vector: Tensor(settled, shape: [4]), iterations: 0).output.squared.sum()
        }
    }

    @Test func pruningKeepsTheLargestWeightsAndTheirGradients() throws {
        let model = try Parameters(MLP([7, 9, 2], key: RandomKey(seed: 1)))
        let masks = try Parameters(model.traced.mapTensors { Tensor(1).broadcast(to: $0.shape) })
        masks.setMagnitudeMasks(of: model, sparsity: 0.75)
        let magnitudes = [0, 2].flatMap { Array(model.values($0)).map(abs) }.sorted()
        let threshold = magnitudes[Int((0.75 * Double(magnitudes.count)).rounded())]
        for index in [0, 2] {
            for (value, mask) in zip(model.values(index), masks.values(index)) {
                #expect(mask == (abs(value) >= threshold ? 1 : 0))
            }
        }
        #expect(masks.values(1).allSatisfy { $0 == 1 })
        let x = LayerSupport.normal(4, 7, seed: 3)
        let (_, gradients) = valueAndGradient(model.traced) { $0.masked(by: masks.traced)(x).squared.sum() }
        let values = try gradients.layers[0].weight.evaluated()
        #expect(zip(values, masks.values(0)).allSatisfy { $1 == 1 || $0 == 0 })
        #expect(values.contains { $0 != 0 })
        let schedule = PruningSchedule(sparsity: 0.8, begin: 10, end: 20)
        #expect(schedule(9) == 0 && schedule(10) == 0 && schedule(20) == 0.8 && schedule(99) == 0.8)
        #expect(abs(schedule(15) - 0.7) < 1e-12)
    }

    /// Each matrix by itself loses the same share, however small its weights are; what was pruned goes again.
    @Test func eachMatrixCanBePrunedByItself() throws {
        var network = MLP([4, 10, 5], key: RandomKey(seed: 6))
        network.layers[1].weight = network.layers[1].weight * 1e-3
        let (model, masks) = (try Parameters(network), try Parameters(network))
        func pruned(_ index: Int) -> Int { masks.values(index).count { $0 == 0 } }
        masks.setMagnitudeMasks(of: model, sparsity: 0.5)
        #expect(pruned(2) == 45 && pruned(0) == 0)
        masks.setMagnitudeMasks(of: model, sparsity: 0.5, scope: .eachMatrix)
        #expect(pruned(0) == 20 && pruned(1) == 0 && pruned(2) == 25 && pruned(3) == 0)
        let (weights, kept) = (Array(model.values(2)), Array(masks.values(2)))
        let least = zip(weights, kept).filter { $0.1 == 1 }.map { abs($0.0) }.min() ?? 0
        #expect(zip(weights, kept).allSatisfy { $1 == 1 || abs($0) <= least })
        for index in 0..<4 {
            for slot in masks.values(index).indices { model.values(index)[slot] *= masks.values(index)[slot] }
        }
        masks.setMagnitudeMasks(of: model, sparsity: 0.6, scope: .eachMatrix)
        #expect(zip(kept, masks.values(2)).allSatisfy { $0 == 1 || $1 == 0 })
    }
}
