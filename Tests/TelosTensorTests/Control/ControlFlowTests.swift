import Foundation
import Testing

@testable import TelosNN
@testable import TelosTensor

@Suite struct ControlFlowTests {
    struct Pair: TensorContainer {
        var a: Tensor
        var b: Tensor
        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            a.visitTensors(path.appending(part: "a"), visit)
            b.visitTensors(path.appending(part: "b"), visit)
        }
    }

    @Test func scanRunsInOrder() throws {
        let x = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])
        let start = Pair(a: Tensor([1, 1], shape: [2]), b: Tensor([0, 0], shape: [2]))
        let (last, outputs) = scan(over: x, initial: start) { state, input, time in
            (Pair(a: state.a * input, b: state.b + Float(time)), state.a)
        }
        #expect(try last.a.evaluated() == [15, 48])
        #expect(try last.b.evaluated() == [3, 3])
        #expect(outputs.shape == [3, 2])
        #expect(try outputs.evaluated() == [1, 1, 1, 2, 3, 8])
        #expect(try scan(count: 5, initial: Tensor(1)) { $0 * 2 + Float($1) }.evaluated() == [58])
        let lengths = [Tensor.zeros(2, 1), .zeros(3, 1)]
        let uneven = scan(over: lengths, initial: Tensor(0)) { state, _, _ in (state, state) }
        #expect("\(uneven.carry.error!)".contains("[3, 1]"))
    }

    /// Weights shared by all steps and slices of one sequence: their joined gradients against finite differences.
    @Test func gradientsThroughALoop() throws {
        let model = Pair(a: LayerSupport.normal(5, 5, seed: 1, scale: 0.5), b: LayerSupport.normal(4, 5, seed: 2))
        try expectGradients(of: model, inputs: [LayerSupport.normal(6, 2, 4, seed: 3)]) { model, x in
            let (_, outputs) = scan(over: x[0], initial: Tensor.zeros(2, 5)) { h, input, _ -> (Tensor, Tensor) in
                let next = tanh(matmul(h, model.a) + matmul(input, model.b))
                return (next, next)
            }
            return (outputs * LayerSupport.normal(6, 2, 5, seed: 4)).sum()
        }
    }

    @Test func gradientsOfSlicesThatOverlapOrLeaveGaps() throws {
        try expectGradients(of: LayerSupport.normal(7, 3, seed: 1)) { x, _ in
            let apart = x.sliced(axis: 0, 1, 2).squared.sum() + x.sliced(axis: 0, 4, 6).squared.sum() * 0.5
            let overlapping = (x.sliced(axis: 1, 0, 2) * x.sliced(axis: 1, 1, 3)).sum()
            return apart * overlapping + tanh(x).sum()
        }
    }

    @Test func theGradientOfALoopIsNotQuadratic() throws {
        func floats(_ steps: Int) throws -> Int {
            let (x, w) = (Tensor(placeholder: steps, 8, 16), Tensor(placeholder: 16, 16))
            let (_, outputs) = scan(over: x, initial: Tensor.zeros(8, 16)) { h, input, _ -> (Tensor, Tensor) in
                let next = tanh(matmul(h, w) + input)
                return (next, next)
            }
            let gradients = gradient(of: outputs.squared.sum(), withRespectTo: [x, w])
            return try Program(inputs: [x, w], outputs: gradients).instructionCount
        }
        #expect(try floats(40) < 3 * floats(20))
    }

    // MARK: Checkpoints

    private func deep(_ x: Tensor, _ weights: [Tensor], checkpoints: Bool) -> Tensor {
        weights.reduce(x) { x, w in
            func body(_ x: Tensor) -> Tensor {
                let hidden = sigmoid(matmul(tanh(matmul(x, w)), w, transposeB: true))
                return x + tanh(matmul(sin(hidden * 3), w)) * hidden
            }
            return checkpoints ? checkpointed(x, body) : body(x)
        }
    }

    @Test func checkpointsGiveTheSameGradientsInLessMemory() throws {
        let weights = try Parameters((0..<8).map { LayerSupport.normal(24, 24, seed: $0, scale: 0.2) })
        let x = Tensor(placeholder: 200, 24)
        func build(_ checkpoints: Bool) throws -> Program {
            let loss = deep(x, weights.traced, checkpoints: checkpoints).squared.mean()
            let program = try Program(
                inputs: [x], outputs: [loss] + gradient(of: loss, withRespectTo: weights.traced + [x]))
            var random = RandomKey(seed: 3).stream
            random.fillNormal(program.input(0))
            program.run()
            return program
        }
        let (kept, repeated) = (try build(false), try build(true))
        for index in 0..<10 {
            #expect(kept.output(index).contains { $0 != 0 })
            expectClose(Array(repeated.output(index)), kept.output(index).map(Double.init), tolerance: 1e-6, "\(index)")
        }
        #expect(Double(repeated.workspaceCount) < 0.5 * Double(kept.workspaceCount))
        #expect(repeated.instructionCount > kept.instructionCount)
    }

    @Test func checkpointsDifferentiateTwice() throws {
        let inputs = [LayerSupport.normal(2, 3, seed: 9), LayerSupport.normal(2, 3, seed: 10)]
        let weights = [LayerSupport.normal(3, 3, seed: 1), LayerSupport.normal(3, 3, seed: 2)]
        try expectGradients(of: weights, inputs: inputs) { weights, x in
            deep(x[0], weights, checkpoints: true).squared.sum() + (x[1] * x[0]).sum()
        }
    }

    /// Two outputs, of which one is used twice; a parameter that is captured, and one that also matters outside.
    @Test func checkpointsWithSeveralOutputsAndCapturedParameters() throws {
        let model = Pair(a: LayerSupport.normal(3, 3, seed: 1), b: LayerSupport.normal(3, seed: 2))
        try expectGradients(of: model, inputs: [LayerSupport.normal(2, 3, seed: 9)]) { model, x in
            let before = tanh(x[0] * model.b)
            let results = checkpointed(Pair(a: before, b: x[0])) { inputs in
                Pair(a: sin(matmul(inputs.a, model.a)) * model.b, b: exp(inputs.b * 0.3) + inputs.a)
            }
            return (results.a * results.b).sum() + results.b.squared.sum() + (before * model.b).sum()
        }
    }

    @Test func anUnusedOutputOfACheckpointIsNoObstacle() throws {
        let x = Tensor([1, 2], shape: [2])
        let results = checkpointed(x) { Pair(a: $0 * $0, b: exp($0)) }
        #expect(try gradient(of: results.a.sum(), withRespectTo: [x])[0].evaluated() == [2, 4])
        #expect(try results.a.evaluated() == [1, 4])
    }

    @Test func transformerBlocksCanBeCheckpointed() throws {
        func gradients(_ isCheckpointed: Bool) throws -> (values: [[Float]], workspace: Int) {
            var model = CausalTransformer(
                vocabulary: 7, context: 12, width: 16, heads: 2, layers: 4, key: RandomKey(seed: 1))
            model.isCheckpointed = isCheckpointed
            let parameters = try Parameters(model)
            let tokens = Tensor((0..<(4 * 13)).map { Float($0 * 5 % 7) }, shape: [4, 13])
            let (loss, gradients) = valueAndGradient(parameters.traced) { $0.loss(tokens) }
            let program = try Program(inputs: [], outputs: [loss] + gradients.tensors)
            program.run()
            return ((0...gradients.tensors.count).map { Array(program.output($0)) }, program.workspaceCount)
        }
        let (kept, repeated) = (try gradients(false), try gradients(true))
        for (a, b) in zip(repeated.values, kept.values) { expectClose(a, b.map(Double.init), tolerance: 1e-6) }
        #expect(Double(repeated.workspace) < 0.7 * Double(kept.workspace))
    }
}
