import Testing

@testable import TelosTensor

/// Windows, order, recurrences and logic through the engine: against loops written out here, and by finite differences.
@Suite struct WindowOrderRecurrenceTests {
    static let cases: [GradientTests.Case] = [
        .init(name: "unfold", shapes: [[2, 4, 5, 2]]) {
            $0[0].unfolded(
                rows: Window(size: 2, stride: 2, padding: 1), columns: Window(size: 3, padding: .same, dilation: 2))
        },
        .init(name: "fold", shapes: [[2, 2, 3, 12]]) {
            $0[0].folded(rows: Window(size: 2, stride: 2), columns: Window(size: 2, padding: 1), height: 4, width: 2)
        },
        .init(name: "convolution2D", shapes: [[2, 5, 4, 2], [3, 3, 2, 3]]) {
            convolution2D($0[0], $0[1], stride: 2, padding: 1)
        },
        .init(name: "convolution2D of itself", shapes: [[1, 3, 3, 2]]) {
            convolution2D($0[0], $0[0].reshaped(3, 3, 2, 1), padding: .same)
        },
        .init(name: "convolution1D", shapes: [[2, 6, 2], [3, 2, 2]]) {
            convolution1D($0[0], $0[1], padding: .causal, dilation: 2)
        },
        .init(name: "maximumPooling2D", shapes: [[2, 4, 5, 2]]) {
            maximumPooling2D($0[0], size: 3, stride: 2, padding: 1)
        },
        .init(name: "averagePooling2D", shapes: [[2, 4, 4, 2]]) { averagePooling2D($0[0], size: 2) },
        .init(name: "sorted", shapes: [[3, 7]]) { $0[0].sorted() },
        .init(name: "topK", shapes: [[3, 7]]) { $0[0].topK(3).values },
        .init(name: "gatheringAlong", shapes: [[2, 4]]) {
            $0[0].gatheringAlong(Tensor([2, 0, 2, 3, 3, 1], shape: [2, 3]))
        },
        .init(name: "scatteringAlong", shapes: [[2, 3]]) {
            $0[0].scatteringAlong(Tensor([2, 0, 2, 3, 3, 1], shape: [2, 3]), width: 4)
        },
        .init(name: "cumulativeMaximum", shapes: [[3, 6]]) { $0[0].cumulativeMaximum() },
        .init(name: "cumulativeProduct", shapes: [[2, 5]]) { $0[0].cumulativeProduct() },
        .init(name: "cumulativeProduct reverse", shapes: [[2, 5]]) { $0[0].cumulativeProduct(reverse: true) },
        .init(name: "linearRecurrence", shapes: [[5, 3], [5, 3], [3]]) {
            linearRecurrence($0[0], $0[1], initial: $0[2])
        },
        .init(name: "linearRecurrence reverse", shapes: [[5, 3], [5, 3], [3]]) {
            linearRecurrence($0[0], $0[1], initial: $0[2], reverse: true)
        },
        .init(name: "linearRecurrence from nothing", shapes: [[2, 4, 3], [2, 4, 3]]) {
            linearRecurrence($0[0], $0[1], axis: 1)
        },
        .init(name: "linearRecurrence along the last axis", shapes: [[3], [2, 4]]) {
            linearRecurrence($0[0].sum(), $0[1], axis: -1, reverse: true)
        },
        .init(name: "matmul rank 4", shapes: [[2, 2, 3, 2], [2, 2, 2, 3]]) { matmul($0[0], $0[1]) },
        .init(name: "matmul shared right", shapes: [[2, 3, 4], [4, 2]]) { matmul($0[0], $0[1]) },
        .init(name: "matmul shared right bT", shapes: [[2, 3, 4], [2, 4]]) { matmul($0[0], $0[1], transposeB: true) },
        .init(name: "logSumExp", shapes: [[3, 4]]) { $0[0].logSumExp() },
    ]

    @Test(arguments: cases) func firstAndSecondOrder(_ test: GradientTests.Case) throws {
        try GradientTests().firstAndSecondOrder(test)
    }

    private func values(_ count: Int, seed: Int, levels: Int? = nil) -> [Float] {
        var random = RandomKey(seed: seed).stream
        return (0..<count).map { _ in
            levels.map { Float(random.index(below: $0)) } ?? Float(random.uniform(-1, 1))
        }
    }

    /// Six nested loops, in double.
    @Test(arguments: [(1, 0, 1), (2, 1, 1), (3, 2, 2)]) func convolutionIsTheDoubleLoop(
        stride: Int, padding: Int, dilation: Int
    ) throws {
        let (n, height, width, channels, size, outputs) = (3, 9, 8, 5, 3, 7)
        let x = values(n * height * width * channels, seed: 1), w = values(size * size * channels * outputs, seed: 2)
        let y = convolution2D(
            Tensor(x, shape: [n, height, width, channels]), Tensor(w, shape: [size, size, channels, outputs]),
            stride: stride, padding: .zeros(padding), dilation: dilation)
        let result = try y.evaluated()
        let rows = (height + 2 * padding - dilation * (size - 1) - 1) / stride + 1
        let columns = (width + 2 * padding - dilation * (size - 1) - 1) / stride + 1
        #expect(y.shape == [n, rows, columns, outputs])
        var at = 0
        for image in 0..<n {
            for row in 0..<rows {
                for column in 0..<columns {
                    for output in 0..<outputs {
                        var sum = 0.0
                        for i in 0..<size {
                            for j in 0..<size {
                                let (r, c) = (
                                    row * stride + i * dilation - padding, column * stride + j * dilation - padding
                                )
                                guard (0..<height).contains(r), (0..<width).contains(c) else { continue }
                                for k in 0..<channels {
                                    sum +=
                                        Double(x[((image * height + r) * width + c) * channels + k])
                                        * Double(w[((i * size + j) * channels + k) * outputs + output])
                                }
                            }
                        }
                        #expect(abs(Double(result[at]) - sum) < 1e-4)
                        at += 1
                    }
                }
            }
        }
    }

    /// Patches that only products read stay out of memory; asked for as well, they are written. The bits agree.
    @Test func patchesThatOnlyProductsReadAreNotWritten() throws {
        let x = Tensor(placeholder: 4, 40, 40, 4)
        let parameters = try Parameters(Tensor(values(8 * 8 * 4 * 16, seed: 21), shape: [8, 8, 4, 16]))
        let y = convolution2D(x, parameters.traced, stride: 4, padding: 2)
        let results = [y, gradient(of: y.squared.sum(), withRespectTo: [parameters.traced])[0]]
        let window = Window(size: 8, stride: 4, padding: 2)
        let patches = x.unfolded(rows: window, columns: window)
        let lean = try Program(inputs: [x], outputs: results)
        let full = try Program(inputs: [x], outputs: results + [patches])
        #expect(lean.workspaceCount < patches.count)
        for (slot, value) in values(x.count, seed: 22).enumerated() {
            lean.input(0)[slot] = value
            full.input(0)[slot] = value
        }
        lean.run()
        full.run()
        for index in results.indices { #expect(Array(lean.output(index)) == Array(full.output(index))) }
        #expect(lean.output(0).contains { $0 != 0 })
    }

    @Test func paddingAndShapes() {
        let x = Tensor(placeholder: 2, 84, 84, 4)
        #expect(convolution2D(x, .zeros(8, 8, 4, 32), stride: 4).shape == [2, 20, 20, 32])
        #expect(convolution2D(x, .zeros(4, 4, 4, 1), stride: 5, padding: .same).shape == [2, 17, 17, 1])
        #expect(maximumPooling2D(x, size: 3, stride: 2, padding: 1).shape == [2, 42, 42, 4])
        #expect(averagePooling2D(x, size: 2).shape == [2, 42, 42, 4])
        let series = Tensor(placeholder: 2, 10, 3)
        #expect(convolution1D(series, .zeros(4, 3, 6), padding: .causal, dilation: 2).shape == [2, 10, 6])
        #expect(convolution1D(series, .zeros(1, 3, 6)).shape == [2, 10, 6])
    }

    @Test func poolingIsWhatItSays() throws {
        let x = Tensor((0..<16).map { Float(($0 * 7) % 16) }, shape: [1, 4, 4, 1])
        // 0 7 14 5 / 12 3 10 1 / 8 15 6 13 / 4 11 2 9
        #expect(try maximumPooling2D(x, size: 2).evaluated() == [12, 14, 15, 13])
        #expect(try averagePooling2D(x, size: 2).evaluated() == [5.5, 7.5, 9.5, 7.5])
        #expect(try maximumPooling2D(-x, size: 3, stride: 3, padding: 1).evaluated() == [0, -1, -4, -2])
        #expect(try averagePooling2D(x, size: 2, stride: 2, padding: 1).evaluated().first == 0)
    }

    @Test func causalConvolutionSeesNothingLater() throws {
        let (x, w) = (Tensor(placeholder: 1, 7, 1), Tensor(values(3, seed: 4), shape: [3, 1, 1]))
        let y = convolution1D(x, w, padding: .causal).reshaped(7)
        for position in 0..<7 {
            let slope = gradient(of: y.sliced(axis: 0, position, position + 1).sum(), withRespectTo: [x])[0]
            let program = try Program(inputs: [x], outputs: [slope])
            program.run()
            for (time, value) in program.output(0).enumerated() {
                #expect((value != 0) == (time <= position && time > position - 3))
            }
        }
    }

    @Test func topKTakesTheFirstOfEqualsAndNumbersBeforeNaN() throws {
        let x = Tensor([3, .nan, 5, 3, 5, -1, 1, .nan, .nan, .nan, -.infinity, .nan], shape: [2, 6])
        let top = x.topK(3)
        #expect(try top.indices.evaluated() == [2, 4, 0, 0, 4, 1])
        let best = try top.values.evaluated()
        #expect(best[0..<5] == [5, 5, 3, 1, -.infinity] && best[5].isNaN)
        #expect(try x.argsort().evaluated() == [5, 0, 3, 2, 4, 1, 4, 0, 1, 2, 3, 5])
    }

    @Test func cumulativeProductHasAGradientAtZero() throws {
        let x = Tensor([2, 0, 3, 4], shape: [4])
        let y = x.cumulativeProduct()
        #expect(try y.evaluated() == [2, 0, 0, 0])
        // d(2 + 2 b + 2 b c + 2 b c d) at b = 0 with c = 3, d = 4.
        #expect(try gradient(of: y.sum(), withRespectTo: [x])[0].evaluated() == [1, 32, 0, 0])
    }

    @Test func discountedReturnsAreARecurrence() throws {
        let rewards = Tensor([1, 0, 2, 4], shape: [4, 1])
        #expect(try linearRecurrence(Tensor(0.5), rewards, reverse: true).evaluated() == [2, 2, 4, 4])
        #expect(
            try linearRecurrence(Tensor(0.5), rewards, initial: Tensor(8), reverse: true).evaluated()
                == [2.5, 3, 6, 8])
    }

    @Test func batchedProductsOfHigherRank() throws {
        let a = Tensor(values(2 * 3 * 4 * 5, seed: 6), shape: [2, 3, 4, 5])
        let b = Tensor(values(2 * 3 * 5 * 2, seed: 7), shape: [2, 3, 5, 2])
        let whole = try matmul(a, b).evaluated()
        for i in 0..<6 {
            let left = a.reshaped(6, 4, 5).sliced(axis: 0, i, i + 1).reshaped(4, 5)
            let right = b.reshaped(6, 5, 2).sliced(axis: 0, i, i + 1).reshaped(5, 2)
            #expect(try matmul(left, right).evaluated() == Array(whole[(8 * i)..<(8 * i + 8)]))
        }
        let shared = Tensor(values(10, seed: 8), shape: [5, 2])
        #expect(
            try matmul(a, shared).evaluated() == matmul(a.reshaped(24, 5), shared).evaluated())
        #expect(matmul(a, shared).shape == [2, 3, 4, 2])
        #expect(matmul(a, b.reshaped(3, 2, 5, 2)).error != nil)
    }

    @Test func truthTables() throws {
        let a = Tensor([0, 0, 1, 2, .nan], shape: [5]), b = Tensor([0, -3, 0, 1, 0], shape: [5])
        #expect(try (a .& b).evaluated() == [0, 0, 0, 1, 0])
        #expect(try (a .| b).evaluated() == [0, 1, 1, 1, 1])
        #expect(try (a .^ b).evaluated() == [0, 1, 1, 0, 1])
        #expect(try (.!a).evaluated() == [1, 1, 0, 0, 0])
        #expect(try (a .!= b).evaluated() == [0, 1, 1, 1, 1])
        #expect(try a.isNaN.evaluated() == [0, 0, 0, 0, 1])
        #expect(try (a .< Tensor(1) .& b .< Tensor(0) .| a .== Tensor(2)).evaluated() == [0, 1, 0, 1, 0])
    }

    @Test func mistakesSayWhatDoesNotFit() {
        let x = Tensor(placeholder: 1, 5, 5, 2)
        let cases: [(Tensor, [String])] = [
            (convolution2D(x, .zeros(3, 3, 4, 8)), ["convolution2D", "[1, 5, 5, 2]", "[3, 3, 4, 8]"]),
            (convolution2D(x, .zeros(7, 7, 2, 8)), ["unfolded", "spans 7", "5 samples"]),
            (convolution2D(x, .zeros(3, 3, 2, 8), stride: 0), ["unfolded", "stride 0"]),
            (convolution1D(x, .zeros(3, 2, 8)), ["convolution1D", "[1, 5, 5, 2]"]),
            (maximumPooling2D(x, size: 2, padding: 2), ["pooling", "nothing but padding"]),
            (x.topK(3).values, ["topK", "[1, 5, 5, 2]"]),
            (x.reshaped(50).folded(rows: Window(size: 1), columns: Window(size: 1), height: 5, width: 5), ["folded"]),
            (linearRecurrence(x, x.reshaped(50)), ["linearRecurrence", "[50]"]),
            (x.gatheringAlong(Tensor(placeholder: 3)), ["gatheringAlong", "[3]"]),
        ]
        for (tensor, parts) in cases {
            for part in parts { #expect(tensor.error?.description.contains(part) == true, "\(tensor.error as Any)") }
            #expect(tensor.error?.location?.contains("WindowOrderRecurrenceTests.swift") == true)
        }
    }

    /// A network of every new operation, trained a few steps: one result on every form, with one thread and with two.
    @Test func trainingHasTheSameBytesEverywhere() throws {
        struct Network: TensorContainer {
            var weights: [Tensor]
            mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
                weights.visitTensors(path, visit)
            }
        }
        func train(_ set: InstructionSet, threads: Int) throws -> [[UInt32]] {
            let parameters = try Parameters(
                Network(weights: [
                    Tensor(values(8 * 8 * 4 * 32, seed: 11).map { $0 * 0.1 }, shape: [8, 8, 4, 32]),
                    Tensor(values(4 * 4 * 32 * 24, seed: 12).map { $0 * 0.1 }, shape: [4, 4, 32, 24]),
                    Tensor(values(24, seed: 13), shape: [24]),
                ]))
            let w = parameters.traced.weights
            let x = Tensor(placeholder: 4, 44, 44, 4)
            let first = relu(convolution2D(x, w[0], stride: 4, padding: 2))
            let second = maximumPooling2D(relu(convolution2D(first, w[1], stride: 2)), size: 2, stride: 1)
            let features = second.reshaped(4, -1, 24)
            let states = linearRecurrence(sigmoid(w[2]), features, axis: 1)
            let top = states.topK(5).values.cumulativeMaximum().cumulativeProduct()
            let loss = (tanh(states).sum() + top.sum()) * 1e-3 + averagePooling2D(first, size: 5).squared.mean()
            let step = try Program(
                inputs: [x], outputs: [loss],
                updates: zip(w, gradient(of: loss, withRespectTo: w)).map { .init($0, to: $0 - 0.05 * $1) },
                instructionSet: set, threads: threads)
            for (slot, value) in values(x.count, seed: 14).enumerated() { step.input(0)[slot] = value }
            for _ in 0..<3 { step.run() }
            #expect(step.output(0)[0].isFinite)
            return w.indices.map { parameters.values($0).map(\.bitPattern) }
        }
        let sets = InstructionSet.allCases.filter(\.isAvailable)
        let expected = try train(.best, threads: 1)
        for set in sets {
            for threads in [1, 2] { #expect(try train(set, threads: threads) == expected, "\(set), \(threads)") }
        }
    }
}
