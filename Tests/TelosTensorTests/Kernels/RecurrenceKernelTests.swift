import CTelosKernels
import Testing

@Suite struct RecurrenceKernelTests {
    struct Shape {
        var outer: Int
        var count: Int
        var inner: Int
    }

    static func reference(_ s: Shape, _ a: [Float], _ b: [Float], _ c: [Float]?, reverse: Bool) -> [Float] {
        var result = [Float](repeating: 0, count: a.count)
        for o in 0..<s.outer {
            for i in 0..<s.inner {
                var state = c?[o * s.inner + i]
                for step in 0..<s.count {
                    let t = reverse ? s.count - 1 - step : step
                    let at = (o * s.count + t) * s.inner + i
                    state = state.map { b[at].addingProduct(a[at], $0) } ?? b[at]
                    result[at] = state!
                }
            }
        }
        return result
    }

    static func check(
        _ s: Shape, _ a: [Float], _ b: [Float], _ c: [Float]?, reverse: Bool, threads: [Int32] = [1]
    ) {
        let expected = reference(s, a, b, c, reverse: reverse)
        let (left, right, before) = (KernelMemory(a), KernelMemory(b), KernelMemory(c ?? []))
        for isa in Kernels.available {
            for threads in threads {
                let result = KernelMemory(count: a.count)
                var instruction = telos_instruction()
                instruction.opcode = Int32(TELOS_I_RECURRENCE.rawValue)
                instruction.flags = reverse ? 1 : 0
                (instruction.n0, instruction.n1, instruction.n2) = (Int64(s.outer), Int64(s.count), Int64(s.inner))
                instruction.dst = result.pointer
                instruction.a = UnsafePointer(left.pointer)
                instruction.b = UnsafePointer(right.pointer)
                instruction.c = c == nil ? nil : UnsafePointer(before.pointer)
                withExtendedLifetime((left, right, before)) { Kernels.run(isa, instruction, threads: threads) }
                #expect(result.isIntact)
                #expect(identical(result.array, expected), "\(s), \(isa), reverse \(reverse), \(threads) threads")
            }
        }
    }

    @Test func randomShapes() {
        var random = TestRandom(81)
        for trial in 0..<(Kernels.thinning > 1 ? 20 : 200) {
            let s = Shape(
                outer: random.pick([1, 2, 5, 16, 17, 33]), count: random.pick([0, 1, 2, 15, 16, 17, 40]),
                inner: random.pick([1, 1, 2, 3, 15, 16, 17, 64, 70]))
            let count = s.outer * s.count * s.inner
            let special = trial % 5 == 0
            func draw(_ count: Int) -> [Float] {
                special ? (0..<count).map { _ in random.pick(Kernels.special) } : random.floats(count, -1.2...1.2)
            }
            let (a, b, c) = (draw(count), draw(count), draw(s.outer * s.inner))
            for reverse in [false, true] {
                Self.check(s, a, b, c, reverse: reverse)
                Self.check(s, a, b, nil, reverse: reverse)
            }
        }
    }

    @Test func threadsDoNotChangeBits() {
        var random = TestRandom(82)
        for s in [
            Shape(outer: 1, count: 500, inner: 1_000), Shape(outer: 3_000, count: 200, inner: 1),
            Shape(outer: 5, count: 4_000, inner: 33),
        ] {
            let count = s.outer * s.count * s.inner
            let (a, b, c) = (
                random.floats(count, -1...1), random.floats(count), random.floats(s.outer * s.inner)
            )
            Self.check(s, a, b, c, reverse: true, threads: [1, 2, 3])
        }
    }
}
