import CTelosKernels
import Testing

@Suite struct MovementKernelTests {
    @Test func stridedCopiesAndStores() {
        var random = TestRandom(41)
        for trial in 0..<400 {
            let n = (0..<4).map { _ in random.pick([1, 1, 2, 3, 5, 16, 17, 33]) }
            // A permuted, perhaps padded, perhaps broadcast source.
            let order = (0..<4).shuffled(using: &random)
            var strides = [0, 0, 0, 0], size = 1
            for axis in order {
                if trial % 3 == 0, Int.random(in: 0..<4, using: &random) == 0 { continue }
                strides[axis] = size
                size *= n[axis]
                if trial % 4 == 0 { size += Int.random(in: 0...3, using: &random) }
            }
            let count = n.reduce(1, *)
            let source = KernelMemory(random.floats(size))
            var offsets: [Int] = []
            for i in 0..<n[0] {
                for j in 0..<n[1] {
                    for k in 0..<n[2] {
                        for l in 0..<n[3] {
                            offsets.append(i * strides[0] + j * strides[1] + k * strides[2] + l * strides[3])
                        }
                    }
                }
            }
            var instruction = telos_instruction()
            (instruction.n0, instruction.n1, instruction.n2, instruction.n3) = (
                Int64(n[0]), Int64(n[1]), Int64(n[2]), Int64(n[3])
            )
            (instruction.s0, instruction.s1, instruction.s2, instruction.s3) = (
                Int64(strides[0]), Int64(strides[1]), Int64(strides[2]), Int64(strides[3])
            )
            let values = source.array, gathered = offsets.map { values[$0] }
            let packed = KernelMemory(random.floats(count))
            var scattered = values
            for (offset, value) in zip(offsets, packed.array) { scattered[offset] = value }
            for isa in Kernels.available {
                let result = KernelMemory(count: count)
                instruction.opcode = Int32(TELOS_I_STRIDED_COPY.rawValue)
                instruction.dst = result.pointer
                instruction.a = UnsafePointer(source.pointer)
                withExtendedLifetime(source) { Kernels.run(isa, instruction) }
                #expect(result.isIntact && result.array == gathered, "\(n) \(strides)")

                let target = KernelMemory(values)
                instruction.opcode = Int32(TELOS_I_STRIDED_STORE.rawValue)
                instruction.dst = target.pointer
                instruction.a = UnsafePointer(packed.pointer)
                withExtendedLifetime(packed) { Kernels.run(isa, instruction) }
                #expect(target.isIntact && target.array == scattered, "\(n) \(strides)")
            }
        }
    }

    @Test func fill() {
        for isa in Kernels.available {
            for count in [0, 1, 15, 16, 17, 100] {
                let result = KernelMemory(count: count)
                var instruction = telos_instruction()
                instruction.opcode = Int32(TELOS_I_FILL.rawValue)
                instruction.n0 = Int64(count)
                instruction.immediate = 2.5
                instruction.dst = result.pointer
                Kernels.run(isa, instruction)
                #expect(result.isIntact && result.array == [Float](repeating: 2.5, count: count))
            }
        }
    }

    @Test func gathersAndScatters() {
        var random = TestRandom(42)
        for width in [1, 3, 16, 17, 40] {
            let rows = 6, count = 11
            let indices: [Float] = (0..<count).map { _ in
                random.pick([0, 1, 2, 3, 4, 5, 6, -1, .nan, 1e30, -.infinity])
            }
            func index(_ i: Int, _ bound: Int) -> Int? {
                indices[i] >= 0 && indices[i] < Float(bound) ? Int(indices[i]) : nil
            }
            let table = random.floats(rows * width), source = random.floats(count * width)
            var gathered: [Float] = [], added = [Float](repeating: 0, count: rows * width)
            var picked: [Float] = [], placed = [Float](repeating: 0, count: count * width)
            for i in 0..<count {
                let row = index(i, rows), last = index(i, width)
                for j in 0..<width {
                    gathered.append(row.map { table[$0 * width + j] } ?? 0)
                    if let row { added[row * width + j] += source[i * width + j] }
                }
                picked.append(last.map { source[i * width + $0] } ?? 0)
                if let last { placed[i * width + last] = source[i] }
            }
            let b = KernelMemory(indices)
            for isa in Kernels.available {
                func run(_ opcode: telos_opcode, _ n: (Int, Int, Int), _ a: [Float], _ size: Int) -> [Float] {
                    ReductionKernelTests.run(opcode, n.0, n.1, n.2, KernelMemory(a), isa, count: size, b: b)
                }
                #expect(run(TELOS_I_GATHER_ROWS, (count, rows, width), table, count * width) == gathered)
                #expect(run(TELOS_I_SCATTER_ROWS, (count, rows, width), source, rows * width) == added)
                #expect(run(TELOS_I_GATHER_LAST, (count, width, 0), source, count) == picked)
                #expect(run(TELOS_I_SCATTER_LAST, (count, width, 0), source, count * width) == placed)
            }
        }
    }
}
