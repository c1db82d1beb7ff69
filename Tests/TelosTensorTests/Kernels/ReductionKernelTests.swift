import CTelosKernels
import Testing

@Suite struct ReductionKernelTests {
    static func run(
        _ opcode: telos_opcode, _ n0: Int, _ n1: Int, _ n2: Int, _ a: KernelMemory, _ isa: telos_isa, count: Int,
        b: KernelMemory? = nil, flags: Int32 = 0, threads: Int32 = 1
    ) -> [Float] {
        let result = KernelMemory(count: count)
        var instruction = telos_instruction()
        instruction.opcode = Int32(opcode.rawValue)
        instruction.flags = flags
        (instruction.n0, instruction.n1, instruction.n2) = (Int64(n0), Int64(n1), Int64(n2))
        instruction.dst = result.pointer
        instruction.a = UnsafePointer(a.pointer)
        instruction.b = b.map { UnsafePointer($0.pointer) }
        withExtendedLifetime((a, b)) { Kernels.run(isa, instruction, threads: threads) }
        #expect(result.isIntact)
        return result.array
    }

    /// 16 lanes and the tree along a row; in order otherwise.
    static func reduce(
        _ a: [Float], _ n0: Int, _ n1: Int, _ n2: Int, _ start: Float, _ join: (Float, Float) -> Float
    ) -> [Float] {
        var result: [Float] = []
        for i in 0..<n0 {
            for j in 0..<n2 {
                var lanes = [Float](repeating: start, count: 16)
                for k in 0..<n1 {
                    let lane = n2 == 1 ? k % 16 : 0
                    lanes[lane] = join(lanes[lane], a[(i * n1 + k) * n2 + j])
                }
                if n2 == 1 {
                    for half in [8, 4, 2, 1] {
                        for lane in 0..<half { lanes[lane] = join(lanes[lane], lanes[lane + half]) }
                    }
                }
                result.append(lanes[0])
            }
        }
        return result
    }

    static func larger(_ a: Float, _ b: Float) -> Float { a.isNaN || b.isNaN ? .nan : a > b ? a : b }

    @Test func sumAndMaximum() {
        var random = TestRandom(31)
        for trial in 0..<400 {
            let n0 = Int.random(in: 0...9, using: &random)
            let n1 = random.pick([0, 1, 2, 5, 15, 16, 17, 40, 100, 257])
            let n2 = random.pick([1, 1, 2, 7, 16, 33, 64, 100])
            var values = random.floats(n0 * n1 * n2)
            if trial % 4 == 0, !values.isEmpty { values[Int.random(in: values.indices, using: &random)] = .nan }
            let a = KernelMemory(values)
            let sum = Self.reduce(values, n0, n1, n2, 0, +),
                maximum = Self.reduce(values, n0, n1, n2, -.infinity, Self.larger)
            for isa in Kernels.available {
                let size = n0 * n2
                #expect(identical(Self.run(TELOS_I_SUM, n0, n1, n2, a, isa, count: size), sum), "\(n0) \(n1) \(n2)")
                #expect(identical(Self.run(TELOS_I_MAX, n0, n1, n2, a, isa, count: size), maximum), "\(n0) \(n1) \(n2)")
            }
        }
    }

    @Test func threadsDoNotChangeBits() {
        var random = TestRandom(32)
        for (n0, n1, n2) in [(1, 500_000, 1), (700, 900, 1), (1, 1_000, 600), (5, 600, 301)] {
            let a = KernelMemory(random.floats(n0 * n1 * n2))
            let one = Self.run(TELOS_I_SUM, n0, n1, n2, a, telos_isa_default(), count: n0 * n2)
            #expect(identical(one, Self.reduce(a.array, n0, n1, n2, 0, +)))
            for threads in [Int32(2), 3] {
                let many = Self.run(TELOS_I_SUM, n0, n1, n2, a, telos_isa_default(), count: n0 * n2, threads: threads)
                #expect(identical(many, one))
            }
        }
    }

    @Test func argmax() {
        var random = TestRandom(33)
        for trial in 0..<200 {
            let n0 = 5, n1 = random.pick([1, 2, 15, 16, 17, 33, 100])
            // Few distinct values, so that ties happen.
            var values = (0..<n0 * n1).map { _ in Float(Int.random(in: -3...3, using: &random)) }
            if trial % 5 == 0 { values[Int.random(in: values.indices, using: &random)] = .nan }
            let expected = (0..<n0).map { i -> Float in
                let row = Array(values[i * n1..<(i + 1) * n1])
                return Float(row.firstIndex { $0.isNaN } ?? row.firstIndex(of: row.max()!)!)
            }
            for isa in Kernels.available {
                #expect(Self.run(TELOS_I_ARGMAX, n0, n1, 1, KernelMemory(values), isa, count: n0) == expected)
            }
        }
    }

    @Test func cumulativeSum() {
        var random = TestRandom(34)
        for n1 in [0, 1, 2, 17, 100] {
            let n0 = 9, values = random.floats(n0 * n1)
            for backward in [false, true] {
                var expected = values
                for i in 0..<n0 {
                    var sum: Float = 0
                    for k in backward ? Array((0..<n1).reversed()) : Array(0..<n1) {
                        sum += values[i * n1 + k]
                        expected[i * n1 + k] = sum
                    }
                }
                for isa in Kernels.available {
                    let result = Self.run(
                        TELOS_I_CUMULATIVE_SUM, n0, n1, 1, KernelMemory(values), isa, count: n0 * n1,
                        flags: backward ? 1 : 0)
                    #expect(identical(result, expected))
                }
            }
        }
    }
}
