import CTelosKernels

/// Floats with the 64 readable bytes that kernels may read beyond the end, and a mark there that none may overwrite.
final class KernelMemory {
    static let mark: UInt32 = 0x7FC0_BEEF
    let pointer: UnsafeMutablePointer<Float>
    let count: Int

    init(_ values: [Float]) {
        count = values.count
        pointer = .allocate(capacity: count + 16)
        for (index, value) in values.enumerated() { (pointer + index).initialize(to: value) }
        for index in count..<count + 16 { (pointer + index).initialize(to: Float(bitPattern: Self.mark)) }
    }

    convenience init(count: Int) { self.init([Float](repeating: -77, count: count)) }

    deinit { pointer.deallocate() }

    var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
    var isIntact: Bool { (count..<count + 16).allSatisfy { pointer[$0].bitPattern == Self.mark } }
}

/// A small generator for test inputs, independent of the code under test.
struct TestRandom: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func floats(_ count: Int, _ range: ClosedRange<Float> = -2...2) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }

    /// Values of every magnitude and kind: any bit pattern.
    mutating func anyFloats(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: next())) }
    }

    mutating func pick<T>(_ values: [T]) -> T { values.randomElement(using: &self)! }
}

enum Kernels {
    /// Divides the number of samples where nothing is optimised.
    #if DEBUG
        static let thinning = 20
    #else
        static let thinning = 1
    #endif

    static let available: [telos_isa] = [TELOS_ISA_SCALAR, TELOS_ISA_AVX2, TELOS_ISA_AVX512, TELOS_ISA_NEON]
        .filter { telos_isa_available($0) == 1 }

    static let special: [Float] = [
        0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 2.5, -2.5, .infinity, -.infinity, .nan, .leastNonzeroMagnitude,
        -.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 88.8,
        -88.8,
        -103.9, -105, 1e10, -1e10, 16_777_216, 1.0000001, 0.9999999, 1e-10, -1e-10, 65536, 65537, 1e30,
    ]

    static func run(_ isa: telos_isa, _ instruction: telos_instruction, threads: Int32 = 1) {
        withUnsafePointer(to: instruction) { telos_execute(isa, $0, 1, threads) }
    }

    static func run(
        _ isa: telos_isa, outer: Int, inner: Int, registers: Int, inputs: [telos_operand], ops: [telos_micro_op],
        outputs: [telos_operand], threads: Int32 = 1
    ) {
        inputs.withUnsafeBufferPointer { inputs in
            ops.withUnsafeBufferPointer { ops in
                outputs.withUnsafeBufferPointer { outputs in
                    var chain = telos_chain(
                        outer: Int64(outer), inner: Int64(inner), input_count: Int32(inputs.count),
                        op_count: Int32(ops.count), output_count: Int32(outputs.count),
                        register_count: Int32(registers), inputs: inputs.baseAddress, ops: ops.baseAddress,
                        outputs: outputs.baseAddress)
                    withUnsafePointer(to: &chain) { chain in
                        var instruction = telos_instruction()
                        instruction.opcode = Int32(TELOS_I_CHAIN.rawValue)
                        instruction.aux = UnsafeRawPointer(chain)
                        run(isa, instruction, threads: threads)
                    }
                }
            }
        }
    }

    /// One operation over three arrays of equal length.
    static func apply(
        _ isa: telos_isa, _ op: telos_elementwise, _ a: [Float], _ b: [Float]? = nil, _ c: [Float]? = nil
    ) -> [Float] {
        let memories = [a, b ?? a, c ?? a].map { KernelMemory($0) }
        let result = KernelMemory(count: a.count)
        let operand = { (memory: KernelMemory, register: Int32) in
            telos_operand(pointer: memory.pointer, outer_stride: 0, inner_stride: 1, reg: register)
        }
        withExtendedLifetime(memories) {
            run(
                isa, outer: 1, inner: a.count, registers: 4, inputs: (0..<3).map { operand(memories[$0], Int32($0)) },
                ops: [telos_micro_op(op: UInt8(op.rawValue), a: 0, b: 1, c: 2, dst: 3)], outputs: [operand(result, 3)])
        }
        precondition(result.isIntact)
        return result.array
    }
}

/// The same bits, or NaN in both.
func identical(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
}

/// The distance from the true value in units in the last place of a float there; 0 where both are NaN or the same infinity.
func ulps(_ value: Float, _ truth: Double) -> Double {
    let rounded = Float(truth)
    if truth.isNaN || value.isNaN { return truth.isNaN && value.isNaN ? 0 : .infinity }
    if rounded.isInfinite || value.isInfinite {
        return rounded == value ? 0 : abs(truth) >= 0x1.fffffdp127 ? 1 : .infinity
    }
    let unit = max(Double(truth).magnitude.binade * 0x1p-23, Double(Float.leastNonzeroMagnitude))
    return abs(Double(value) - truth) / unit
}

/// Likewise for doubles, against a value that is itself good to one unit.
func ulps(_ value: Double, _ truth: Double) -> Double {
    if truth.isNaN || value.isNaN { return truth.isNaN && value.isNaN ? 0 : .infinity }
    if value == truth { return 0 }
    if truth.isInfinite || value.isInfinite { return .infinity }
    return abs(value - truth) / max(truth.magnitude.ulp, Double.leastNonzeroMagnitude)
}
