import CTelosKernels
import Testing

@Suite struct WindowKernelTests {
    /// Random windows over random pictures, some larger than what they slide over.
    static func window(_ random: inout TestRandom) -> telos_window? {
        func pick(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &random) }
        var w = telos_window()
        w.images = pick(1...4)
        (w.height, w.width) = (pick(1...9), pick(1...9))
        w.channels = random.pick([1, 2, 3, 4, 5, 16, 17, 40])
        (w.window_height, w.window_width) = (pick(1...4), pick(1...4))
        (w.stride_height, w.stride_width) = (pick(1...3), pick(1...3))
        (w.dilation_height, w.dilation_width) = (pick(1...3), pick(1...3))
        (w.top, w.left) = (pick(0...5), pick(0...5))
        func count(_ extent: Int64, _ before: Int64, _ size: Int64, _ stride: Int64, _ dilation: Int64) -> Int64 {
            let room = extent + before + pick(0...5) - dilation * (size - 1) - 1
            return room < 0 ? 0 : room / stride + 1
        }
        w.rows = count(w.height, w.top, w.window_height, w.stride_height, w.dilation_height)
        w.columns = count(w.width, w.left, w.window_width, w.stride_width, w.dilation_width)
        return w.rows > 0 && w.columns > 0 ? w : nil
    }

    /// The place in the picture of every sample of every patch; nil outside.
    static func places(_ w: telos_window) -> [Int?] {
        var result: [Int?] = []
        for image in 0..<w.images {
            for row in 0..<w.rows {
                for column in 0..<w.columns {
                    for i in 0..<w.window_height {
                        for j in 0..<w.window_width {
                            let y = row * w.stride_height - w.top + i * w.dilation_height
                            let x = column * w.stride_width - w.left + j * w.dilation_width
                            let inside = y >= 0 && y < w.height && x >= 0 && x < w.width
                            for channel in 0..<w.channels {
                                let place = ((image * w.height + y) * w.width + x) * w.channels + channel
                                result.append(inside ? Int(place) : nil)
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    static func run(
        _ opcode: telos_opcode, _ window: telos_window, _ isa: telos_isa, _ source: [Float], count: Int,
        fill: Float = 0, threads: Int32 = 1
    ) -> [Float] {
        let a = KernelMemory(source), result = KernelMemory(count: count)
        var instruction = telos_instruction()
        instruction.opcode = Int32(opcode.rawValue)
        instruction.immediate = fill
        instruction.dst = result.pointer
        instruction.a = UnsafePointer(a.pointer)
        withUnsafePointer(to: window) { window in
            instruction.aux = UnsafeRawPointer(window)
            withExtendedLifetime(a) { Kernels.run(isa, instruction, threads: threads) }
        }
        #expect(result.isIntact)
        return result.array
    }

    static func check(
        _ w: telos_window, _ picture: [Float], _ patches: [Float], fill: Float, threads: [Int32]
    ) {
        let places = places(w)
        let unfolded = places.map { $0.map { picture[$0] } ?? fill }
        var folded = [Float](repeating: 0, count: picture.count)
        for (place, value) in zip(places, patches) { if let place { folded[place] += value } }
        for isa in Kernels.available {
            for threads in threads {
                let forward = run(
                    TELOS_I_UNFOLD, w, isa, picture, count: places.count, fill: fill, threads: threads)
                #expect(identical(forward, unfolded), "unfold \(w), \(isa), \(threads) threads")
                let backward = run(TELOS_I_FOLD, w, isa, patches, count: picture.count, threads: threads)
                #expect(identical(backward, folded), "fold \(w), \(isa), \(threads) threads")
            }
        }
    }

    @Test func randomWindows() {
        var random = TestRandom(61)
        var checked = 0
        while checked < (Kernels.thinning > 1 ? 40 : 400) {
            guard let w = Self.window(&random) else { continue }
            checked += 1
            let count = Int(w.images * w.height * w.width * w.channels)
            let patches = Self.places(w).count
            let special = checked % 4 == 0
            Self.check(
                w, special ? random.anyFloats(count) : random.floats(count),
                special ? (0..<patches).map { _ in random.pick(Kernels.special) } : random.floats(patches),
                fill: random.pick([0, -.infinity, 2.5]), threads: [1])
        }
    }

    /// Patches read a block at a time give the bits of the product with all of them, on either side.
    @Test func convolutionIsTheProductWithThePatches() {
        var random = TestRandom(63)
        var windows: [telos_window] = []
        while windows.count < (Kernels.thinning > 1 ? 10 : 60) { if let w = Self.window(&random) { windows.append(w) } }
        windows.append(
            telos_window(
                images: 3, height: 30, width: 29, channels: 12, rows: 15, columns: 15, window_height: 5,
                window_width: 5, stride_height: 2, stride_width: 2, dilation_height: 1, dilation_width: 1, top: 2,
                left: 3))
        for w in windows {
            let size = Int(w.window_height * w.window_width * w.channels)
            let count = Int(w.images * w.rows * w.columns), outputs = random.pick([1, 3, 16, 20, 33])
            let picture = random.floats(Int(w.images * w.height * w.width * w.channels))
            let weight = random.floats(size * outputs), cotangent = random.floats(count * outputs)
            let fill: Float = random.pick([0, 0.5])
            let patches = KernelMemory(Self.places(w).map { $0.map { picture[$0] } ?? fill })
            for (transposeA, transposeB) in [(false, false), (false, true), (true, false)] {
                let (m, k) = transposeA ? (size, count) : (count, size)
                let right = KernelMemory(transposeA ? cotangent : weight)
                let shape = ProductKernelTests.Shape(
                    m: m, n: outputs, k: k, transposeA: transposeA, transposeB: transposeB)
                let expected = ProductKernelTests.run(TELOS_ISA_SCALAR, shape, patches, right, KernelMemory([0]))
                let source = KernelMemory(picture)
                for isa in Kernels.available {
                    for threads: Int32 in [1, 2, 3] {
                        let result = KernelMemory(count: m * outputs)
                        var instruction = telos_instruction()
                        instruction.opcode = Int32(TELOS_I_CONVOLUTION.rawValue)
                        instruction.flags = (transposeA ? 1 : 0) | (transposeB ? 2 : 0)
                        (instruction.n0, instruction.n1, instruction.n2, instruction.n3) = (
                            1, Int64(m), Int64(outputs), Int64(k)
                        )
                        instruction.immediate = fill
                        instruction.dst = result.pointer
                        instruction.a = UnsafePointer(source.pointer)
                        instruction.b = UnsafePointer(right.pointer)
                        withUnsafePointer(to: w) { window in
                            instruction.aux = UnsafeRawPointer(window)
                            withExtendedLifetime((source, right)) { Kernels.run(isa, instruction, threads: threads) }
                        }
                        #expect(result.isIntact)
                        #expect(identical(result.array, expected), "\(w) x \(outputs), \(isa), \(threads) threads")
                    }
                }
            }
        }
    }

    /// More threads than images divide the rows of the picture: each place still receives its patches in order.
    @Test func threadsDoNotChangeBits() {
        var random = TestRandom(62)
        for images: Int64 in [1, 2, 7] {
            let w = telos_window(
                images: images, height: 50, width: 37, channels: 16, rows: 50, columns: 37, window_height: 5,
                window_width: 5, stride_height: 1, stride_width: 1, dilation_height: 1, dilation_width: 1, top: 2,
                left: 2)
            Self.check(
                w, random.floats(Int(images) * 50 * 37 * 16), random.floats(Int(images) * 50 * 37 * 25 * 16), fill: 0,
                threads: [1, 2, 3])
        }
    }
}
