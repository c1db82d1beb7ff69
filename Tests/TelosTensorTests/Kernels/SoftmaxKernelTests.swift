import CTelosKernels
import Testing

@Suite struct SoftmaxKernelTests {
    static func run(
        _ opcode: telos_opcode, _ rows: Int, _ width: Int, _ values: [Float], _ isa: telos_isa, threads: Int32 = 1
    ) -> [Float] {
        ReductionKernelTests.run(
            opcode, rows, width, 1, KernelMemory(values), isa,
            count: opcode == TELOS_I_SOFTMAX ? rows * width : rows, threads: threads)
    }

    /// The same steps by the element-wise and reduction kernels: maximum, exponential, sum, logarithm or division.
    static func composed(_ isa: telos_isa, _ rows: Int, _ width: Int, _ values: [Float]) -> (
        softmax: [Float], logarithm: [Float]
    ) {
        func reduce(_ opcode: telos_opcode, _ values: [Float]) -> [Float] {
            ReductionKernelTests.run(opcode, rows, width, 1, KernelMemory(values), isa, count: rows)
        }
        let shift = reduce(TELOS_I_MAX, values).map { $0.isFinite ? $0 : 0 }
        func spread(_ column: [Float]) -> [Float] { column.flatMap { [Float](repeating: $0, count: width) } }
        let moved = Kernels.apply(isa, TELOS_SUBTRACT, values, spread(shift))
        let exponentials = Kernels.apply(isa, TELOS_EXP, moved)
        let sums = reduce(TELOS_I_SUM, exponentials)
        return (
            Kernels.apply(isa, TELOS_DIVIDE, exponentials, spread(sums)),
            Kernels.apply(isa, TELOS_ADD, Kernels.apply(isa, TELOS_LOG, sums), shift)
        )
    }

    @Test func rowsOfEveryLength() {
        var random = TestRandom(91)
        for width in [1, 2, 3, 6, 15, 16, 17, 18, 31, 32, 33, 64, 100] {
            for rows in [1, 3, 16, 17, 40] {
                for values in [
                    random.floats(rows * width, -9...9), random.floats(rows * width, -200...200),
                    (0..<(rows * width)).map { _ in random.pick(Kernels.special) },
                ] {
                    let expected = Self.composed(TELOS_ISA_SCALAR, rows, width, values)
                    for isa in Kernels.available {
                        let softmax = Self.run(TELOS_I_SOFTMAX, rows, width, values, isa)
                        #expect(identical(softmax, expected.softmax), "softmax \(rows) x \(width), \(isa)")
                        let logarithm = Self.run(TELOS_I_LOG_SUM_EXP, rows, width, values, isa)
                        #expect(identical(logarithm, expected.logarithm), "log sum exp \(rows) x \(width), \(isa)")
                    }
                }
            }
        }
    }

    @Test func rowsSumToOneAndExtremesAreDefined() {
        for isa in Kernels.available {
            #expect(Self.run(TELOS_I_SOFTMAX, 1, 2, [1_000, -.infinity], isa) == [1, 0])
            #expect(Self.run(TELOS_I_SOFTMAX, 1, 2, [-1e30, -1e30], isa) == [0.5, 0.5])
            #expect(Self.run(TELOS_I_LOG_SUM_EXP, 1, 2, [-.infinity, -.infinity], isa) == [-.infinity])
            #expect(Self.run(TELOS_I_LOG_SUM_EXP, 1, 2, [.infinity, 0], isa) == [.infinity])
            #expect(Self.run(TELOS_I_LOG_SUM_EXP, 1, 3, [0, .nan, 1], isa)[0].isNaN)
            #expect(Self.run(TELOS_I_LOG_SUM_EXP, 1, 1, [-3e38], isa) == [-3e38])
        }
        var random = TestRandom(92)
        for width in [2, 18, 300] {
            let result = Self.run(TELOS_I_SOFTMAX, 1, width, random.floats(width, -5...5), Kernels.available.last!)
            #expect(abs(result.reduce(0.0) { $0 + Double($1) } - 1) < 1e-6)
        }
    }

    @Test func threadsDoNotChangeBits() {
        var random = TestRandom(93)
        for (rows, width) in [(20_000, 6), (999, 300)] {
            let values = random.floats(rows * width, -4...4)
            for opcode in [TELOS_I_SOFTMAX, TELOS_I_LOG_SUM_EXP] {
                let expected = Self.run(opcode, rows, width, values, TELOS_ISA_SCALAR)
                for isa in Kernels.available {
                    for threads: Int32 in [1, 2, 3] {
                        #expect(identical(Self.run(opcode, rows, width, values, isa, threads: threads), expected))
                    }
                }
            }
        }
    }
}
