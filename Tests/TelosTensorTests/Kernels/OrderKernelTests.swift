import CTelosKernels
import Testing

@Suite struct OrderKernelTests {
    static func run(
        _ opcode: telos_opcode, _ n: (Int, Int, Int), _ isa: telos_isa, _ a: [Float], _ b: [Float] = [0], count: Int,
        flags: Int32 = 0
    ) -> [Float] {
        let a = KernelMemory(a), b = KernelMemory(b), result = KernelMemory(count: count)
        var work = [UInt64](repeating: 0, count: 2 * n.1)
        var instruction = telos_instruction()
        instruction.opcode = Int32(opcode.rawValue)
        instruction.flags = flags
        (instruction.n0, instruction.n1, instruction.n2) = (Int64(n.0), Int64(n.1), Int64(n.2))
        instruction.dst = result.pointer
        instruction.a = UnsafePointer(a.pointer)
        instruction.b = UnsafePointer(b.pointer)
        work.withUnsafeMutableBufferPointer { work in
            instruction.aux = UnsafeRawPointer(work.baseAddress)
            withExtendedLifetime((a, b)) { Kernels.run(isa, instruction) }
        }
        #expect(result.isIntact)
        return result.array
    }

    /// Indices in order by pairwise comparison, position deciding between equals.
    static func order(_ row: ArraySlice<Float>, descending: Bool) -> [Float] {
        let row = Array(row)
        return row.indices.sorted { a, b in
            let (x, y) = (row[a], row[b])
            if x.isNaN || y.isNaN { return x.isNaN && y.isNaN ? a < b : y.isNaN }
            return x == y ? a < b : descending ? x > y : x < y
        }.map(Float.init)
    }

    @Test func argsortIsStableInBothDirections() {
        var random = TestRandom(71)
        for (trial, width) in [1, 2, 3, 7, 16, 47, 48, 49, 64, 100, 257, 300, 1_000, 5_000].enumerated() {
            let rows = width > 500 ? 1 : 4
            let kinds: [[Float]] = [
                random.floats(rows * width), random.anyFloats(rows * width),
                (0..<(rows * width)).map { _ in random.pick(Kernels.special) },
                (0..<(rows * width)).map { _ in Float(Int.random(in: -3...3, using: &random)) },
                [Float](repeating: Float(trial), count: rows * width),
            ]
            for values in kinds {
                for descending in [false, true] {
                    let expected = (0..<rows).flatMap {
                        Self.order(values[($0 * width)..<(($0 + 1) * width)], descending: descending)
                    }
                    for isa in Kernels.available {
                        let result = Self.run(
                            TELOS_I_ARGSORT, (rows, width, 1), isa, values, count: rows * width,
                            flags: descending ? 1 : 0)
                        #expect(result == expected, "\(width), \(isa)")
                    }
                }
            }
        }
    }

    @Test func severalElementsOfARow() {
        var random = TestRandom(72)
        for (rows, width, picks) in [(1, 1, 1), (3, 5, 2), (2, 4, 9), (5, 40, 17), (4, 3, 0)] {
            let indices: [Float] = (0..<(rows * picks)).map { _ in
                random.pick([Float(Int.random(in: 0..<width, using: &random)), -1, Float(width), .nan, 1e30, 0])
            }
            let source = random.floats(rows * width), values = random.floats(rows * picks)
            var gathered: [Float] = [], scattered = [Float](repeating: 0, count: rows * width)
            for row in 0..<rows {
                for pick in 0..<picks {
                    let index = indices[row * picks + pick]
                    let isInside = index >= 0 && index < Float(width)
                    gathered.append(isInside ? source[row * width + Int(index)] : 0)
                    if isInside { scattered[row * width + Int(index)] += values[row * picks + pick] }
                }
            }
            for isa in Kernels.available {
                #expect(
                    Self.run(
                        TELOS_I_GATHER_ALONG, (rows, width, picks), isa, source, indices, count: rows * picks)
                        == gathered)
                #expect(
                    Self.run(
                        TELOS_I_SCATTER_ALONG, (rows, width, picks), isa, values, indices, count: rows * width)
                        == scattered)
            }
        }
    }

    @Test func cumulativeArgmax() {
        var random = TestRandom(73)
        for width in [1, 2, 5, 33] {
            for trial in 0..<20 {
                let values: [Float] = (0..<(3 * width)).map { _ in
                    trial % 2 == 0 ? Float(Int.random(in: 0...4, using: &random)) : random.pick(Kernels.special)
                }
                var expected: [Float] = []
                for row in 0..<3 {
                    let row = Array(values[(row * width)..<((row + 1) * width)])
                    for last in row.indices {
                        let seen = row[...last]
                        let at = seen.firstIndex(where: \.isNaN) ?? seen.firstIndex(of: seen.max()!)!
                        expected.append(Float(at))
                    }
                }
                for isa in Kernels.available {
                    #expect(
                        Self.run(TELOS_I_CUMULATIVE_ARGMAX, (3, width, 1), isa, values, count: 3 * width) == expected)
                }
            }
        }
    }
}
