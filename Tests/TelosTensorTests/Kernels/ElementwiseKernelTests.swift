import CTelosKernels
import Foundation
import Testing

@Suite struct ElementwiseKernelTests {
    static let functions: [(op: telos_elementwise, name: String, bound: Double, truth: @Sendable (Double) -> Double)] =
        [
            (TELOS_EXP, "exp", 1, { exp($0) }),
            (TELOS_LOG, "log", 1, { log($0) }),
            (TELOS_TANH, "tanh", 2, { tanh($0) }),
            (TELOS_SIGMOID, "sigmoid", 2, { $0 >= 0 ? 1 / (1 + exp(-$0)) : exp($0) / (1 + exp($0)) }),
            (TELOS_SOFTPLUS, "softplus", 2, { max($0, 0) + log1p(exp(-abs($0))) }),
            (TELOS_SIN, "sin", 2, { sin($0) }),
            (TELOS_COS, "cos", 2, { cos($0) }),
            (TELOS_ERF, "erf", 2, { erf($0) }),
            (TELOS_EXPM1, "expm1", 2, { expm1($0) }),
            (TELOS_LOG1P, "log1p", 2, { log1p($0) }),
            (TELOS_SQRT, "sqrt", 0.5, { $0.squareRoot() }),
            (TELOS_RECIPROCAL, "reciprocal", 0.5001, { 1 / $0 }),
            (TELOS_FLOOR, "floor", 0, { floor($0) }),
        ]

    /// Random bit patterns reach every magnitude; the dense range is where the functions are used.
    static func inputs(_ seed: UInt64) -> [Float] {
        var random = TestRandom(seed)
        let count = 60_000 / Kernels.thinning
        return Kernels.special + random.anyFloats(count) + random.floats(count, -20...20) + random.floats(count, -1...1)
    }

    @Test(arguments: 0..<functions.count) func accuracy(_ index: Int) {
        let function = Self.functions[index]
        let x = Self.inputs(UInt64(index))
        let y = Kernels.apply(telos_isa_default(), function.op, x)
        var worst = (error: 0.0, at: Float(0))
        for (x, y) in zip(x, y) {
            let error = ulps(y, function.truth(Double(x)))
            if error > worst.error { worst = (error, x) }
        }
        #expect(worst.error <= function.bound, "\(function.name) at \(worst.at)")
    }

    @Test(arguments: 0..<Int(TELOS_ELEMENTWISE_COUNT.rawValue)) func sameBitsInEveryForm(_ index: Int) {
        let op = telos_elementwise(UInt32(index))
        var random = TestRandom(99)
        let a = Self.inputs(1)
        let b = random.anyFloats(a.count / 2) + random.floats(a.count - a.count / 2, -10...10)
        let c = random.anyFloats(a.count)
        let reference = Kernels.apply(TELOS_ISA_SCALAR, op, a, b, c)
        for isa in Kernels.available {
            #expect(identical(Kernels.apply(isa, op, a, b, c), reference))
        }
    }

    /// An Adam step run as one operation does what its six operations do one by one, in place too.
    @Test(arguments: [1, 15, 16, 100, 700]) func adamStepInOnePass(count: Int) {
        var random = TestRandom(7)
        let operands = (0..<4).map { index in
            let values = random.floats(count, index == 2 ? 0...1 : -2...2)
            return values.enumerated().map { $0.offset % 37 == 36 ? random.anyFloats(1)[0] : $0.element }
        }
        let scalars: [[Float]] = [[0.1], [0.001], [3], [1e-8], [0.01]]
        func stepped(_ isa: telos_isa, first: UInt8) -> [[Float]] {
            let memories = (operands + scalars).map { KernelMemory($0) }
            let inputs = memories.indices.map {
                telos_operand(
                    pointer: memories[$0].pointer, outer_stride: 0, inner_stride: $0 < 4 ? 1 : 0, reg: Int32($0))
            }
            // Registers: gradient 0, mean 1, square 2, parameter 3, then the scalars.
            let ops = [
                telos_micro_op(op: first, a: 0, b: 1, c: 4, dst: 9),
                telos_micro_op(op: UInt8(TELOS_MULTIPLY_SUBTRACT.rawValue), a: 0, b: 0, c: 2, dst: 10),
                telos_micro_op(op: UInt8(TELOS_MULTIPLY_ADD.rawValue), a: 10, b: 5, c: 2, dst: 11),
                telos_micro_op(op: UInt8(TELOS_MULTIPLY_SQRT_ADD.rawValue), a: 11, b: 6, c: 7, dst: 12),
                telos_micro_op(op: UInt8(TELOS_MULTIPLY_DIVIDE.rawValue), a: 9, b: 8, c: 12, dst: 13),
                telos_micro_op(op: UInt8(TELOS_SUBTRACT.rawValue), a: 3, b: 13, c: 0, dst: 14),
            ]
            let outputs = zip([1, 2, 3], [9, 11, 14]).map { memory, register in
                telos_operand(
                    pointer: memories[memory].pointer, outer_stride: 0, inner_stride: 1, reg: Int32(register))
            }
            withExtendedLifetime(memories) {
                Kernels.run(isa, outer: 1, inner: count, registers: 15, inputs: inputs, ops: ops, outputs: outputs)
            }
            return memories.map(\.array)
        }
        let reference = stepped(TELOS_ISA_SCALAR, first: UInt8(TELOS_INTERPOLATE.rawValue))
        #expect(zip(reference[1...3], operands[1...3]).allSatisfy { !identical($0, $1) })
        for isa in Kernels.available {
            let marked = stepped(isa, first: UInt8(TELOS_ADAM_STEP))
            #expect(zip(marked, reference).allSatisfy { identical($0, $1) }, "form \(isa.rawValue)")
        }
    }

    @Test func specialValues() {
        let infinity = Float.infinity
        let expected: [(telos_elementwise, [Float], [Float])] = [
            (TELOS_EXP, [0, -infinity, infinity, -200, 200], [1, 0, infinity, 0, infinity]),
            (TELOS_LOG, [1, 0, -0.0, -1, infinity], [0, -infinity, -infinity, .nan, infinity]),
            (TELOS_TANH, [0, -0.0, infinity, -infinity, 30], [0, -0.0, 1, -1, 1]),
            (TELOS_SIGMOID, [0, infinity, -infinity], [0.5, 1, 0]),
            (TELOS_SOFTPLUS, [infinity, -infinity], [infinity, 0]),
            (TELOS_SIN, [0, -0.0, infinity], [0, -0.0, .nan]),
            (TELOS_COS, [0, -0.0, -infinity], [1, 1, .nan]),
            (TELOS_ERF, [0, -0.0, infinity, -infinity], [0, -0.0, 1, -1]),
            (TELOS_EXPM1, [0, -0.0, -infinity, infinity], [0, -0.0, -1, infinity]),
            (TELOS_LOG1P, [0, -0.0, -1, -2, infinity], [0, -0.0, -infinity, .nan, infinity]),
            (TELOS_SIGN, [3, -3, 0, infinity], [1, -1, 0, 1]),
            (TELOS_FLOOR, [-0.5, 2.5, -2.5, infinity], [-1, 2, -3, infinity]),
        ]
        for isa in Kernels.available {
            for (op, x, y) in expected {
                #expect(identical(Kernels.apply(isa, op, x), y), "operation \(op.rawValue)")
                #expect(Kernels.apply(isa, op, [.nan])[0].isNaN, "operation \(op.rawValue)")
            }
        }
    }

    @Test func power() {
        var random = TestRandom(3)
        var x: [Float] = [], y: [Float] = []
        for a in Kernels.special {
            for b in Kernels.special {
                x.append(a)
                y.append(b)
            }
        }
        let count = 20_000 / Kernels.thinning
        x += random.anyFloats(count) + random.floats(count, 0...10) + random.floats(count, 0.9...1.1)
        y += random.anyFloats(count) + random.floats(count, -40...40) + random.floats(count, -900...900)
        let z = Kernels.apply(telos_isa_default(), TELOS_POW, x, y)
        for i in x.indices {
            #expect(ulps(z[i], pow(Double(x[i]), Double(y[i]))) <= 0.501, "\(x[i]) ^ \(y[i]) gave \(z[i])")
        }
    }

    @Test func arithmetic() {
        var random = TestRandom(4)
        let count = 5_003
        let a = Kernels.special + random.anyFloats(count)
        let b = random.floats(500) + random.anyFloats(a.count - 500)
        let c = random.floats(a.count)
        let expected: [(telos_elementwise, (Float, Float, Float) -> Float)] = [
            (TELOS_COPY, { a, _, _ in a }), (TELOS_NEGATE, { a, _, _ in -a }), (TELOS_ABS, { a, _, _ in abs(a) }),
            (TELOS_ADD, { a, b, _ in a + b }), (TELOS_SUBTRACT, { a, b, _ in a - b }),
            (TELOS_MULTIPLY, { a, b, _ in a * b }), (TELOS_DIVIDE, { a, b, _ in a / b }),
            (TELOS_MAX, { a, b, _ in a > b ? a : b }), (TELOS_MIN, { a, b, _ in a < b ? a : b }),
            (TELOS_LESS, { a, b, _ in a < b ? 1 : 0 }), (TELOS_LESS_EQUAL, { a, b, _ in a <= b ? 1 : 0 }),
            (TELOS_EQUAL, { a, b, _ in a == b ? 1 : 0 }), (TELOS_SELECT, { a, b, c in a != 0 ? b : c }),
            (TELOS_FMA, { a, b, c in c.addingProduct(a, b) }),
        ]
        for (op, function) in expected {
            let truth = a.indices.map { function(a[$0], b[$0], c[$0]) }
            for isa in Kernels.available {
                #expect(identical(Kernels.apply(isa, op, a, b, c), truth), "operation \(op.rawValue)")
            }
        }
    }
}
