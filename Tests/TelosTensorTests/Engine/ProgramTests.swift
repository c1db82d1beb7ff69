import Testing

@testable import TelosTensor

@Suite struct ProgramTests {
    /// Random graphs of every kind of step: what fusion, views and buffer reuse give must be what the interpreter gives.
    @Test(arguments: 0..<60) func randomGraphsAgreeWithTheInterpreter(seed: Int) throws {
        var random = RandomKey(seed: seed).derived("graphs").stream
        let inputs = [
            Tensor(placeholder: 4, 6), Tensor(placeholder: 6), Tensor(placeholder: 4, 1), Tensor(placeholder: []),
        ]
        var pool = inputs
        for _ in 0..<40 {
            let a = pool[random.index(below: pool.count)]
            let b = pool[random.index(below: pool.count)]
            let next: Tensor
            switch random.index(below: 12) {
            case 0, 1: next = a + b
            case 2: next = a * tanh(b)
            case 3: next = maximum(a, b) - a
            case 4: next = sigmoid(a)
            case 5: next = a.rank > 0 ? a.sum(axis: a.rank - 1, keepingAxis: true) * 0.3 : exp(-a.squared)
            case 6: next = a.rank == 2 ? a.transposed().transposed() * 0.5 : a * 2
            case 7: next = a.rank == 2 && a.shape[1] == 6 ? a.reshaped(to: [6, a.shape[0]]).transposed() : sin(a)
            case 8: next = a.rank == 2 ? a.logSoftmax() : cos(a)
            case 9: next = a.shape == [4, 6] ? matmul(a, a, transposeB: true).sum(axis: 1, keepingAxis: true) * 0.1 : a
            case 10: next = a.rank == 2 && a.shape[1] > 2 ? a.sliced(axis: 1, 1, 2) : a * 0.7
            default: next = a.rank > 0 ? a.mean(axis: 0) : a + 1
            }
            if next.error == nil { pool.append(tanh(next)) }
        }
        let outputs = Array(pool.suffix(6)) + gradient(of: pool.last!.sum(), withRespectTo: inputs)
        let program = try Program(inputs: inputs, outputs: outputs)
        var interpreter = ReferenceInterpreter()
        for (index, input) in inputs.enumerated() {
            for slot in 0..<input.count { program.input(index)[slot] = Float(random.uniform(-1, 1)) }
            interpreter.bind(input, program.input(index).map(Double.init))
        }
        for run in 0..<2 {
            program.run()
            for (index, output) in outputs.enumerated() {
                for (value, expected) in zip(program.output(index), interpreter.evaluate(output)) {
                    #expect(abs(Double(value) - expected) < 1e-4 * (1 + abs(expected)), "run \(run), output \(index)")
                }
            }
        }
    }

    @Test func updatesUseWhatVariablesHeldBefore() throws {
        struct Pair: TensorContainer {
            var a: Tensor
            var b: Tensor
            mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
                a.visitTensors("a", visit)
                b.visitTensors("b", visit)
            }
        }
        let pair = try Parameters(Pair(a: Tensor([1, 2], shape: [2]), b: Tensor([10, 20], shape: [2])))
        let (a, b) = (pair.traced.a, pair.traced.b)
        let exchange = try Program(
            inputs: [], outputs: [a, a + b], updates: [.init(a, to: b), .init(b, to: a + b)])
        exchange.run()
        #expect(Array(exchange.output(0)) == [1, 2])
        #expect(Array(exchange.output(1)) == [11, 22])
        #expect(Array(pair.values(0)) == [10, 20])
        #expect(Array(pair.values(1)) == [11, 22])
        exchange.run()
        #expect(Array(pair.values(0)) == [11, 22])
        #expect(Array(pair.values(1)) == [21, 42])
    }

    @Test func aVariableIsNotOverwrittenBeforeItsLastReader() throws {
        let weight = try Parameters(Tensor([1, 2, 3, 4], shape: [2, 2]))
        let w = weight.traced
        // The update is an element-wise chain, the product still needs the old value.
        let program = try Program(
            inputs: [], outputs: [matmul(w, w), w.sum()], updates: [.init(w, to: w * 0.5 + 1)])
        program.run()
        #expect(Array(program.output(0)) == [7, 10, 15, 22])
        #expect(program.output(1)[0] == 10)
        #expect(Array(weight.values(0)) == [1.5, 2, 2.5, 3])
    }

    @Test func mistakesNameTheOperationShapesAndLine() {
        let (a, b) = (Tensor(placeholder: 2, 3), Tensor(placeholder: 4, 5))
        let cases: [(Tensor, [String])] = [
            (a + b, ["add", "[2, 3]", "[4, 5]"]),
            (matmul(a, b), ["matmul", "[2, 3]", "[4, 5]", "ProgramTests.swift"]),
            (a.reshaped(7), ["reshaped", "[2, 3]", "[7]", "ProgramTests.swift"]),
            (a.sum(axis: 2), ["sum", "axis 2", "ProgramTests.swift"]),
            (Tensor.concatenate([a, b], axis: 0), ["concatenate", "[4, 5]"]),
            (a.sliced(axis: 1, 2, 9), ["sliced", "2..<9"]),
            (tanh(matmul(a, b)) * 2, ["matmul"]),
            (gradient(of: a, withRespectTo: [a])[0], ["gradient", "[2, 3]"]),
        ]
        for (tensor, parts) in cases {
            do {
                _ = try Program(inputs: [a, b], outputs: [tensor])
                Issue.record("expected an error with \(parts)")
            } catch {
                for part in parts { #expect("\(error)".contains(part), "\(error)") }
            }
        }
        #expect(throws: TensorError.self) { try Program(inputs: [a], outputs: [b]) }
    }

    /// A network trained with Adam: one hash on every form of the kernels, with one thread and with two.
    @Test func trainingHasTheSameBytesEverywhere() throws {
        struct Network: TensorContainer {
            var weights: [Tensor]
            mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
                weights.visitTensors(path, visit)
            }
        }
        func train(_ set: InstructionSet, threads: Int) throws -> UInt64 {
            var random = RandomKey(seed: 3).stream
            func matrix(_ rows: Int, _ columns: Int) -> Tensor {
                Tensor((0..<(rows * columns)).map { _ in Float(random.normal()) * 0.2 }, shape: [rows, columns])
            }
            let network = Network(weights: [matrix(17, 130), matrix(130, 70), matrix(70, 3)])
            let parameters = try Parameters(network)
            let mean = try Parameters(parameters.traced.mapTensors { .zeros(like: $0) })
            let (x, y) = (Tensor(placeholder: 200, 17), Tensor(placeholder: 200, 3))
            let w = parameters.traced.weights
            let output = matmul(tanh(matmul(sigmoid(matmul(x, w[0])), w[1])), w[2])
            let loss = ((output - y).squared + log(1 + exp(output)) * 0.1).mean()
            let gradients = gradient(of: loss, withRespectTo: w)
            let momentum = zip(mean.traced.weights, gradients).map { $0 * 0.9 + $1 }
            let step = try Program(
                inputs: [x, y], outputs: [loss],
                updates: zip(w, momentum).map { .init($0, to: $0 - 0.05 * $1) }
                    + zip(mean.traced.weights, momentum).map { .init($0, to: $1) },
                instructionSet: set, threads: threads)
            for _ in 0..<15 {
                random.fillNormal(step.input(0))
                random.fillUniform(step.input(1))
                step.run()
            }
            #expect(step.output(0)[0].isFinite)
            return parameters.hash
        }
        let expected = try train(.scalar, threads: 1)
        for set in InstructionSet.allCases where set.isAvailable {
            for threads in 1...2 { #expect(try train(set, threads: threads) == expected, "\(set), \(threads) threads") }
        }
    }

    @Test func fusedChainsAreFew() throws {
        let x = Tensor(placeholder: 64, 64)
        let program = try Program(inputs: [x], outputs: [tanh(x * 2 + 1) * sigmoid(x) - exp(x) / (1 + x.squared)])
        #expect(program.instructionCount == 1)
    }
}
