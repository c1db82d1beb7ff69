import CTelosKernels
import Testing

@Suite struct ProductKernelTests {
    struct Shape {
        var batch = 1
        var m: Int
        var n: Int
        var k: Int
        var transposeA = false, transposeB = false, bias = false
        var sharedRight = false
    }

    /// Over k in order by fused multiply-add from zero, then the bias.
    static func reference(_ s: Shape, _ a: [Float], _ b: [Float], _ bias: [Float]) -> [Float] {
        var c: [Float] = []
        c.reserveCapacity(s.batch * s.m * s.n)
        for e in 0..<s.batch {
            let a0 = e * s.m * s.k, b0 = s.sharedRight ? 0 : e * s.k * s.n
            for i in 0..<s.m {
                for j in 0..<s.n {
                    var sum: Float = 0
                    for k in 0..<s.k {
                        let x = a[a0 + (s.transposeA ? k * s.m + i : i * s.k + k)]
                        let y = b[b0 + (s.transposeB ? j * s.k + k : k * s.n + j)]
                        sum.addProduct(x, y)
                    }
                    c.append(s.bias ? sum + bias[j] : sum)
                }
            }
        }
        return c
    }

    static func run(
        _ isa: telos_isa, _ s: Shape, _ a: KernelMemory, _ b: KernelMemory, _ bias: KernelMemory, threads: Int32 = 1
    ) -> [Float] {
        let c = KernelMemory(count: s.batch * s.m * s.n)
        var instruction = telos_instruction()
        instruction.opcode = Int32(TELOS_I_MATMUL.rawValue)
        instruction.flags = (s.transposeA ? 1 : 0) | (s.transposeB ? 2 : 0) | (s.bias ? 4 : 0)
        (instruction.n0, instruction.n1, instruction.n2, instruction.n3) = (
            Int64(s.batch), Int64(s.m), Int64(s.n), Int64(s.k)
        )
        (instruction.s0, instruction.s1, instruction.s2) = (
            Int64(s.m * s.k), s.sharedRight ? 0 : Int64(s.k * s.n), Int64(s.m * s.n)
        )
        instruction.dst = c.pointer
        instruction.a = UnsafePointer(a.pointer)
        instruction.b = UnsafePointer(b.pointer)
        instruction.c = UnsafePointer(bias.pointer)
        withExtendedLifetime((a, b, bias)) { Kernels.run(isa, instruction, threads: threads) }
        #expect(c.isIntact)
        return c.array
    }

    static func check(_ s: Shape, _ random: inout TestRandom, threads: [Int32] = [1]) {
        let a = KernelMemory(random.floats(s.batch * s.m * s.k))
        let b = KernelMemory(random.floats((s.sharedRight ? 1 : s.batch) * s.k * s.n))
        let bias = KernelMemory(random.floats(s.n))
        let expected = reference(s, a.array, b.array, bias.array)
        for isa in Kernels.available {
            for threads in threads {
                #expect(
                    identical(run(isa, s, a, b, bias, threads: threads), expected),
                    "\(s), \(String(cString: telos_isa_name(isa))), \(threads) threads")
            }
        }
    }

    @Test func everySmallSize() {
        var random = TestRandom(21)
        for m in [1, 2, 3, 5, 6, 7, 11, 12, 13, 25, 64] {
            for n in [1, 2, 3, 15, 16, 17, 31, 32, 33, 48, 64, 65, 130] {
                let k = random.pick([0, 1, 2, 7, 16, 17, 40])
                Self.check(
                    Shape(
                        m: m, n: n, k: k, transposeA: Bool.random(using: &random),
                        transposeB: Bool.random(using: &random),
                        bias: Bool.random(using: &random)), &random)
            }
        }
    }

    @Test func randomShapes() {
        var random = TestRandom(22)
        for _ in 0..<(Kernels.thinning > 1 ? 30 : 150) {
            Self.check(
                Shape(
                    batch: random.pick([1, 1, 2, 5]), m: Int.random(in: 1...40, using: &random),
                    n: Int.random(in: 1...140, using: &random), k: Int.random(in: 0...60, using: &random),
                    transposeA: Bool.random(using: &random), transposeB: Bool.random(using: &random),
                    bias: Bool.random(using: &random), sharedRight: Bool.random(using: &random)), &random)
        }
    }

    @Test func deepAndWide() {
        var random = TestRandom(23)
        for transposeA in [false, true] {
            for transposeB in [false, true] {
                for (m, n, k) in [
                    (50, 300, 30), (13, 33, 700), (1, 200, 513), (2, 70, 300), (100, 1, 520), (260, 40, 257),
                    (110, 140, 600), (600, 130, 30),
                ] {
                    Self.check(
                        Shape(m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB, bias: true), &random)
                }
            }
        }
    }

    @Test func threadsDoNotChangeBits() {
        var random = TestRandom(24)
        for shape in [
            Shape(m: 200, n: 150, k: 120, bias: true), Shape(m: 100, n: 301, k: 100, transposeB: true, bias: true),
            Shape(batch: 3, m: 100, n: 100, k: 100, transposeA: true), Shape(m: 9_000, n: 1, k: 300, bias: true),
            Shape(m: 1, n: 9_000, k: 300, bias: true),
        ] {
            Self.check(shape, &random, threads: [1, 2, 4])
        }
    }

    @Test func nonFiniteValuesStayInTheirElements() {
        // One NaN in a row of a reaches that row alone, whatever is read beside it.
        let s = Shape(m: 7, n: 19, k: 5)
        var random = TestRandom(25)
        var values = random.floats(s.m * s.k)
        values[3 * s.k] = .nan
        let a = KernelMemory(values), b = KernelMemory(random.floats(s.k * s.n)), bias = KernelMemory([0])
        for isa in Kernels.available {
            let c = Self.run(isa, s, a, b, bias)
            for i in 0..<s.m {
                for j in 0..<s.n { #expect(c[i * s.n + j].isNaN == (i == 3)) }
            }
        }
    }
}
