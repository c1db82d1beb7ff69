import CTelosKernels
import Testing

/// Random programs over random layouts, against an interpreter that visits one element at a time.
@Suite struct ChainKernelTests {
    enum Layout: CaseIterable { case dense, scalar, row, column, strided }

    struct Operand {
        var memory: KernelMemory
        var outerStride: Int
        var innerStride: Int

        func offset(_ i: Int, _ j: Int) -> Int { i * outerStride + j * innerStride }

        func operand(_ register: Int) -> telos_operand {
            telos_operand(
                pointer: memory.pointer, outer_stride: Int64(outerStride), inner_stride: Int32(innerStride),
                reg: Int32(register))
        }
    }

    static func operand(_ layout: Layout, _ outer: Int, _ inner: Int, _ random: inout TestRandom) -> Operand {
        let strides: (Int, Int)
        switch layout {
        case .dense: strides = (inner, 1)
        case .scalar: strides = (0, 0)
        case .row: strides = (0, 1)
        case .column: strides = (Int.random(in: 1...3, using: &random), 0)
        case .strided: strides = (inner + Int.random(in: 1...5, using: &random), 1)
        }
        let count = (outer - 1) * strides.0 + (inner - 1) * strides.1 + 1
        return Operand(memory: KernelMemory(random.floats(count)), outerStride: strides.0, innerStride: strides.1)
    }

    static let operations: [(telos_elementwise, @Sendable (Float, Float, Float) -> Float)] = [
        (TELOS_NEGATE, { a, _, _ in -a }), (TELOS_ABS, { a, _, _ in abs(a) }), (TELOS_COPY, { a, _, _ in a }),
        (TELOS_ADD, { a, b, _ in a + b }), (TELOS_SUBTRACT, { a, b, _ in a - b }),
        (TELOS_MULTIPLY, { a, b, _ in a * b }), (TELOS_MAX, { a, b, _ in a > b ? a : b }),
        (TELOS_LESS, { a, b, _ in a < b ? 1 : 0 }), (TELOS_SELECT, { a, b, c in a != 0 ? b : c }),
        (TELOS_FMA, { a, b, c in c.addingProduct(a, b) }),
    ]

    @Test func randomPrograms() {
        var random = TestRandom(11)
        for trial in 0..<600 / Kernels.thinning {
            let outer = random.pick([1, 1, 2, 3, 5, 16, 33, 70])
            let inner = random.pick([1, 2, 3, 6, 7, 16, 17, 31, 64, 100, 255, 256, 257, 600, 1200])
            let layouts = trial % 3 == 0 ? [Layout.dense, .scalar] : Layout.allCases
            let inputs = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                Self.operand(random.pick(layouts), outer, inner, &random)
            }
            let registers = inputs.count + Int.random(in: 1...(trial % 10 == 0 ? 50 : 6), using: &random)
            var ops: [telos_micro_op] = [], functions: [(Float, Float, Float) -> Float] = []
            var defined = Array(0..<inputs.count)
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let (op, function) = random.pick(Self.operations)
                // Now and then into an input's register or over an earlier result.
                let target = Int.random(in: trial % 5 == 0 ? 0..<registers : inputs.count..<registers, using: &random)
                ops.append(
                    telos_micro_op(
                        op: UInt8(op.rawValue), a: UInt8(random.pick(defined)), b: UInt8(random.pick(defined)),
                        c: UInt8(random.pick(defined)), dst: UInt8(target)))
                functions.append(function)
                if !defined.contains(target) { defined.append(target) }
            }
            var outputs: [(operand: Operand, register: Int)] = (0..<Int.random(in: 1...2, using: &random)).map { _ in
                (Self.operand(random.pick([.dense, .strided]), outer, inner, &random), random.pick(defined))
            }
            // In place: the first output is an input that is laid out as an output may be.
            if trial % 2 == 0, let shared = inputs.first(where: { $0.innerStride == 1 && $0.outerStride >= inner }) {
                outputs[0].operand = shared
            }
            let before = (inputs + outputs.map(\.operand)).map { $0.memory.array }

            var expected = outputs.map { $0.operand.memory.array }
            for i in 0..<outer {
                for j in 0..<inner {
                    var values = [Float](repeating: 0, count: registers)
                    for (register, input) in inputs.enumerated() {
                        values[register] = before[register][input.offset(i, j)]
                    }
                    for (op, function) in zip(ops, functions) {
                        values[Int(op.dst)] = function(values[Int(op.a)], values[Int(op.b)], values[Int(op.c)])
                    }
                    for (index, output) in outputs.enumerated() {
                        expected[index][output.operand.offset(i, j)] = values[output.register]
                    }
                }
            }
            for isa in Kernels.available {
                for (operand, values) in zip(inputs + outputs.map(\.operand), before) {
                    for (index, value) in values.enumerated() { operand.memory.pointer[index] = value }
                }
                withExtendedLifetime(inputs) {
                    Kernels.run(
                        isa, outer: outer, inner: inner, registers: registers,
                        inputs: inputs.enumerated().map { $1.operand($0) }, ops: ops,
                        outputs: outputs.map { $0.operand.operand($0.register) })
                }
                for (output, expected) in zip(outputs, expected) {
                    #expect(identical(output.operand.memory.array, expected), "trial \(trial): \(outer) x \(inner)")
                    #expect(output.operand.memory.isIntact)
                }
            }
        }
    }

    @Test func threadsDoNotChangeBits() {
        var random = TestRandom(12)
        for (outer, inner) in [(1, 100_001), (3_000, 37), (300, 600)] {
            let x = KernelMemory(random.floats(outer * inner)), bias = KernelMemory(random.floats(inner))
            let inputs = [
                telos_operand(pointer: x.pointer, outer_stride: Int64(inner), inner_stride: 1, reg: 0),
                telos_operand(pointer: bias.pointer, outer_stride: 0, inner_stride: 1, reg: 1),
            ]
            let ops = [
                telos_micro_op(op: UInt8(TELOS_ADD.rawValue), a: 0, b: 1, c: 0, dst: 2),
                telos_micro_op(op: UInt8(TELOS_TANH.rawValue), a: 2, b: 0, c: 0, dst: 2),
            ]
            let results = [Int32(1), 2, 3, 5].map { threads in
                let y = KernelMemory(count: outer * inner)
                let output = telos_operand(pointer: y.pointer, outer_stride: Int64(inner), inner_stride: 1, reg: 2)
                withExtendedLifetime((x, bias)) {
                    Kernels.run(
                        telos_isa_default(), outer: outer, inner: inner, registers: 3, inputs: inputs, ops: ops,
                        outputs: [output], threads: threads)
                }
                #expect(y.isIntact)
                return y.array
            }
            for result in results.dropFirst() { #expect(identical(result, results[0])) }
        }
    }
}
