import Foundation
import Testing

@testable import TelosNN
@testable import TelosTensor

@Suite struct RecurrentTests {
    private let time = 6
    private let batch = 3
    private let inputs = 4
    private let width = 5

    private func pre(
        _ gate: RecurrentGate, _ x: [Double], _ h: [Double]
    ) throws -> (input: [Double], hidden: [Double]) {
        let hidden = Linear(weight: gate.hidden)
        return (try LayerSupport.linear([x], gate.input)[0], try LayerSupport.linear([h], hidden)[0])
    }

    private func randomised<Cell: TensorContainer>(_ cell: Cell) -> Cell {
        cell.replacingTensors(
            cell.tensors.enumerated().map { index, tensor in
                Tensor(LayerSupport.normals(tensor.count, seed: index, scale: 0.6), shape: tensor.shape)
            })
    }

    private func step(_ cell: GRUCell, _ x: [Double], _ h: [Double]) throws -> [Double] {
        let (r, z, n) = (try pre(cell.reset, x, h), try pre(cell.update, x, h), try pre(cell.candidate, x, h))
        let bias = try LayerSupport.vector(cell.candidateHiddenBias)
        return h.indices.map { index in
            let reset = LayerSupport.sigmoid(r.input[index] + r.hidden[index])
            let update = LayerSupport.sigmoid(z.input[index] + z.hidden[index])
            let candidate = tanh(n.input[index] + reset * (n.hidden[index] + bias[index]))
            return (1 - update) * candidate + update * h[index]
        }
    }

    @Test func gruFollowsItsEquations() throws {
        let cell = randomised(GRUCell(inputs, width, key: RandomKey(seed: 1)))
        let x = LayerSupport.normal(time, batch, inputs, seed: 7)
        let initial = LayerSupport.normal(batch, width, seed: 8)
        let (outputs, state) = cell(sequence: x, initial: initial)
        let rows = try LayerSupport.matrix(x)
        var h = try LayerSupport.matrix(initial)
        var expected: [Double] = []
        for t in 0..<time {
            h = try h.indices.map { try step(cell, rows[t * batch + $0], h[$0]) }
            expected += h.flatMap { $0 }
        }
        expectClose(try outputs.evaluated(), expected)
        expectClose(try state.evaluated(), h.flatMap { $0 })
    }

    @Test func lstmFollowsItsEquations() throws {
        let cell = randomised(LSTMCell(inputs, width, key: RandomKey(seed: 1)))
        let x = LayerSupport.normal(time, batch, inputs, seed: 7)
        let (outputs, state) = cell(sequence: x)
        let rows = try LayerSupport.matrix(x)
        var h = [[Double]](repeating: [Double](repeating: 0, count: width), count: batch)
        var c = h
        var expected: [Double] = []
        for t in 0..<time {
            for b in 0..<batch {
                let gates = try [cell.input, cell.forget, cell.candidate, cell.output].map {
                    try pre($0, rows[t * batch + b], h[b])
                }
                for k in 0..<width {
                    let sums = gates.map { $0.input[k] + $0.hidden[k] }
                    c[b][k] = LayerSupport.sigmoid(sums[1]) * c[b][k] + LayerSupport.sigmoid(sums[0]) * tanh(sums[2])
                    h[b][k] = LayerSupport.sigmoid(sums[3]) * tanh(c[b][k])
                }
            }
            expected += h.flatMap { $0 }
        }
        expectClose(try outputs.evaluated(), expected)
        expectClose(try state.cell.evaluated(), c.flatMap { $0 })
    }

    @Test func gradientsOfCells() throws {
        let x = LayerSupport.normal(4, 2, 3, seed: 7)
        let resets = Tensor([0, 0, 1, 0, 0, 0, 0, 1], shape: [4, 2])
        let weights = LayerSupport.normal(4, 2, 3, seed: 9)
        try expectGradients(
            of: randomised(GRUCell(3, 3, key: RandomKey(seed: 1))), inputs: [x, LayerSupport.normal(2, 3, seed: 8)]
        ) { cell, x in (cell(sequence: x[0], initial: x[1], resets: resets).outputs * weights).sum() }
        try expectGradients(of: randomised(LSTMCell(3, 3, key: RandomKey(seed: 1))), inputs: [x], second: false) {
            cell, x in (cell(sequence: x[0], resets: resets).outputs * weights).sum()
        }
    }

    private func expectResetsSeparate<Cell: RecurrentCell>(_ cell: Cell) throws {
        // Row 0 begins anew at step 2 and 5, row 1 never, row 2 at step 0 and 3.
        let begins = [[2, 5], [], [0, 3]]
        var flags = [Float](repeating: 0, count: time * batch)
        for (row, steps) in begins.enumerated() { for t in steps { flags[t * batch + row] = 1 } }
        let x = LayerSupport.normal(time, batch, inputs, seed: 7)
        let outputs = try cell(sequence: x, resets: Tensor(flags, shape: [time, batch])).outputs.evaluated()
        for row in 0..<batch {
            let bounds = ([0] + begins[row].filter { $0 > 0 } + [time])
            for (from, to) in zip(bounds, bounds.dropFirst()) {
                let part = x.sliced(axis: 0, from, to).sliced(axis: 1, row, row + 1)
                let alone = try cell(sequence: part).outputs.evaluated()
                for t in from..<to {
                    let start = (t * batch + row) * width
                    let separate = alone[((t - from) * width)..<((t - from + 1) * width)]
                    #expect(Array(outputs[start..<(start + width)]) == Array(separate), "row \(row), step \(t)")
                }
            }
        }
    }

    @Test func resetsEqualSeparateSequences() throws {
        try expectResetsSeparate(randomised(GRUCell(inputs, width, key: RandomKey(seed: 1))))
        try expectResetsSeparate(randomised(LSTMCell(inputs, width, key: RandomKey(seed: 1))))
    }

    @Test func steppingEqualsTheSequence() throws {
        let cell = randomised(GRUCell(inputs, width, key: RandomKey(seed: 1)))
        let x = LayerSupport.normal(time, batch, inputs, seed: 7)
        let outputs = try cell(sequence: x).outputs.evaluated()
        var state = cell.initialState(batch: batch)
        for t in 0..<time {
            let (output, next) = cell(x.element(t), state: state)
            state = next
            let block = batch * width
            #expect(try output.evaluated() == Array(outputs[(t * block)..<((t + 1) * block)]))
        }
    }

    @Test func wrongShapesAreReported() {
        let (output, _) = GRUCell(3, 4, key: RandomKey(seed: 1))(sequence: Tensor.zeros(2, 3))
        #expect("\(output.error!)".contains("[2, 3]"))
    }

    /// A bit shown at the first step must be said at the tenth.
    @Test func gruRemembersTheFirstToken() throws {
        struct Model: TensorContainer {
            var cell: GRUCell
            var head: Linear
            mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
                cell.visitTensors(path.appending(part: "cell"), visit)
                head.visitTensors(path.appending(part: "head"), visit)
            }
        }
        let key = RandomKey(seed: 5)
        let (steps, rows, tokens) = (10, 32, 4)
        let model = Model(cell: GRUCell(tokens, 24, key: key), head: Linear(24, tokens, key: key.derived("head")))
        let x = Tensor(placeholder: steps, rows)
        let trainer = try Trainer(model, inputs: [x], learningRate: 0.01) { model in
            let last = model.cell(sequence: x.oneHot(tokens)).state
            return -model.head(last).logSoftmax().gatheringLast(x.element(0)).mean()
        }
        var random = key.derived("data").stream
        var losses: [Float] = []
        for _ in 0..<300 {
            losses.append(
                trainer.step { program in
                    for index in 0..<(steps * rows) { program.input(0)[index] = Float(random.index(below: tokens)) }
                })
        }
        #expect(abs(losses[0] - 1.4) < 0.5)
        #expect(losses.suffix(10).reduce(0, +) / 10 < 0.05, "\(losses.suffix(3))")
    }

    // MARK: Diagonal state space

    private func stateSpace() -> DiagonalStateSpace {
        var layer = DiagonalStateSpace(channels: 3, modes: 4, steps: 0.05...0.3, key: RandomKey(seed: 3))
        layer.decay = LayerSupport.normal(3, 4, seed: 20, scale: 0.5)
        layer.frequency = layer.frequency + LayerSupport.normal(3, 4, seed: 21, scale: 0.2)
        return layer
    }

    @Test func stateSpaceFollowsItsComplexRecurrence() throws {
        let layer = stateSpace()
        let (channels, modes) = (3, 4)
        let x = LayerSupport.normal(time, batch, channels, seed: 7)
        let (outputs, state) = layer(sequence: x)
        let u = try LayerSupport.matrix(x)
        let parts = try [layer.decay, layer.frequency, layer.outputReal, layer.outputImaginary].map(LayerSupport.matrix)
        let (steps, skip) = (try LayerSupport.vector(layer.logStep), try LayerSupport.vector(layer.skip))
        var expected = [Double](repeating: 0, count: time * batch * channels)
        var last: [Double] = []
        for b in 0..<batch {
            for c in 0..<channels {
                var total = (0..<time).map { skip[c] * u[$0 * batch + b][c] }
                for n in 0..<modes {
                    let (poleReal, poleImaginary) = (-exp(parts[0][c][n]), parts[1][c][n])
                    let step = exp(steps[c])
                    let size = exp(step * poleReal)
                    let (aReal, aImaginary) = (size * cos(step * poleImaginary), size * sin(step * poleImaginary))
                    // B = (a - 1) / A
                    let square = poleReal * poleReal + poleImaginary * poleImaginary
                    let bReal = ((aReal - 1) * poleReal + aImaginary * poleImaginary) / square
                    let bImaginary = (aImaginary * poleReal - (aReal - 1) * poleImaginary) / square
                    var (real, imaginary) = (0.0, 0.0)
                    for t in 0..<time {
                        let input = u[t * batch + b][c]
                        (real, imaginary) = (
                            aReal * real - aImaginary * imaginary + bReal * input,
                            aReal * imaginary + aImaginary * real + bImaginary * input
                        )
                        total[t] += 2 * (parts[2][c][n] * real - parts[3][c][n] * imaginary)
                    }
                }
                for t in 0..<time { expected[(t * batch + b) * channels + c] = total[t] }
            }
        }
        last = try state.real.evaluated().map(Double.init)
        expectClose(try outputs.evaluated(), expected, tolerance: 2e-5)
        // So does the form for sequences with resets.
        let (recurrent, after) = layer(sequence: x, resets: Tensor.zeros(time, batch))
        expectClose(try recurrent.evaluated(), expected, tolerance: 2e-5)
        expectClose(try after.real.evaluated(), last, tolerance: 2e-5)
        // Stepping reaches the same outputs and state.
        var held = layer.initialState(batch: batch)
        for t in 0..<time {
            let (output, next) = layer(x.element(t), state: held)
            held = next
            let block = batch * channels
            expectClose(try output.evaluated(), Array(expected[(t * block)..<((t + 1) * block)]), tolerance: 2e-5)
        }
        expectClose(try held.real.evaluated(), last, tolerance: 2e-5)
    }

    @Test func stateSpaceResetsAndContinues() throws {
        let layer = stateSpace()
        let x = LayerSupport.normal(time, 1, 3, seed: 7)
        let whole = try layer(sequence: x).outputs.evaluated()
        let first = layer(sequence: x.sliced(axis: 0, 0, 2))
        let rest = try layer(sequence: x.sliced(axis: 0, 2, time), initial: first.state).outputs.evaluated()
        expectClose(rest, whole.dropFirst(6).map(Double.init))
        let resets = Tensor([0, 0, 1, 0, 0, 0], shape: [time, 1])
        let reset = try layer(sequence: x, resets: resets).outputs.evaluated()
        let alone = try layer(sequence: x.sliced(axis: 0, 2, time)).outputs.evaluated()
        expectClose(Array(reset.prefix(6)), whole.prefix(6).map(Double.init))
        expectClose(Array(reset.dropFirst(6)), alone.map(Double.init))
    }

    @Test func gradientsOfTheStateSpace() throws {
        let x = LayerSupport.normal(4, 2, 3, seed: 7)
        try expectGradients(of: stateSpace(), inputs: [x], second: false) { layer, x in
            (layer(sequence: x[0]).outputs * LayerSupport.normal(4, 2, 3, seed: 9)).sum()
        }
        let resets = Tensor([0, 0, 0, 1, 0, 0, 1, 0], shape: [4, 2])
        try expectGradients(of: stateSpace(), inputs: [x], second: false) { layer, x in
            (layer(sequence: x[0], resets: resets).outputs * LayerSupport.normal(4, 2, 3, seed: 9)).sum()
        }
    }
}

extension Linear {
    /// Without a bias.
    fileprivate init(weight: Tensor) {
        self.init(1, 1, key: RandomKey(seed: 0))
        self.weight = weight
        bias = .zeros(weight.shape[1])
    }
}
