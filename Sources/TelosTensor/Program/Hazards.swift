import CTelosKernels

/// For each instruction of a program those before it that must be finished first, because it reads what they write, or
/// writes what they read or write.
func hazards(_ program: [telos_instruction]) -> [[Int]] {
    let accesses = program.map(\.accesses)
    // Memory cut where any access begins or ends: an access is a run of whole pieces.
    let cuts = Set(accesses.flatMap { ($0.reads + $0.writes).flatMap { [$0.lowerBound, $0.upperBound] } }).sorted()
    var position: [UInt: Int] = [:]
    for (index, cut) in cuts.enumerated() { position[cut] = index }
    func pieces(_ ranges: [Range<UInt>]) -> [Int] {
        ranges.flatMap { Array(position[$0.lowerBound]!..<position[$0.upperBound]!) }
    }
    var writer = [Int?](repeating: nil, count: cuts.count)
    var readers: [[Int]] = Array(repeating: [], count: cuts.count)
    return accesses.enumerated().map { index, access in
        let (reads, writes) = (pieces(access.reads), pieces(access.writes))
        var before: Set<Int> = []
        for piece in reads {
            if let writer = writer[piece] { before.insert(writer) }
        }
        for piece in writes {
            if let writer = writer[piece] { before.insert(writer) }
            before.formUnion(readers[piece])
            writer[piece] = index
            readers[piece] = []
        }
        for piece in reads { readers[piece].append(index) }
        before.remove(index)
        return before.sorted()
    }
}

extension telos_instruction {
    /// The memory that the instruction reads and writes, in bytes; spans of strided accesses with what lies between.
    fileprivate var accesses: (reads: [Range<UInt>], writes: [Range<UInt>]) {
        if opcode == Int32(TELOS_I_CHAIN.rawValue) {
            let chain = aux.assumingMemoryBound(to: telos_chain.self).pointee
            func spans(_ operands: UnsafePointer<telos_operand>?, _ count: Int32) -> [Range<UInt>] {
                (0..<Int(count)).flatMap { index in
                    let operand = operands![index]
                    let count =
                        (chain.outer - 1) * operand.outer_stride + (chain.inner - 1) * Int64(operand.inner_stride) + 1
                    return span(operand.pointer, chain.outer > 0 && chain.inner > 0 ? count : 0)
                }
            }
            return (spans(chain.inputs, chain.input_count), spans(chain.outputs, chain.output_count))
        }
        let counts = accessCounts
        return (span(a, counts.a) + span(b, counts.b) + span(c, counts.c), span(dst, counts.dst))
    }

    /// `count` floats from `pointer` on; nothing where there are none.
    private func span(_ pointer: UnsafePointer<Float>?, _ count: Int64) -> [Range<UInt>] {
        guard let pointer, count > 0 else { return [] }
        let start = UInt(bitPattern: pointer)
        return [start..<start + UInt(count) * 4]
    }

    private func span(_ pointer: UnsafeMutablePointer<Float>?, _ count: Int64) -> [Range<UInt>] {
        span(pointer.map { UnsafePointer($0) }, count)
    }

    /// Floats from each operand's first to its last, for everything but chains.
    private var accessCounts: (dst: Int64, a: Int64, b: Int64, c: Int64) {
        let all = n0 * n1 * n2 * n3
        let strided = all == 0 ? 0 : (n0 - 1) * s0 + (n1 - 1) * s1 + (n2 - 1) * s2 + (n3 - 1) * s3 + 1
        switch telos_opcode(UInt32(opcode)) {
        case TELOS_I_MATMUL:
            return (
                (n0 - 1) * s2 + n1 * n2, (n0 - 1) * s0 + n1 * n3, (n0 - 1) * s1 + n2 * n3, n2
            )
        case TELOS_I_SUM, TELOS_I_MAX: return (n0 * n2, n0 * n1 * n2, 0, 0)
        case TELOS_I_ARGMAX, TELOS_I_LOG_SUM_EXP: return (n0, n0 * n1, 0, 0)
        case TELOS_I_STRIDED_COPY: return (all, strided, 0, 0)
        case TELOS_I_STRIDED_STORE: return (strided, all, 0, 0)
        case TELOS_I_FILL: return (n0, 0, 0, 0)
        case TELOS_I_GATHER_LAST: return (n0, n0 * n1, n0, 0)
        case TELOS_I_SCATTER_LAST: return (n0 * n1, n0, n0, 0)
        case TELOS_I_GATHER_ROWS: return (n0 * n2, n1 * n2, n0, 0)
        case TELOS_I_SCATTER_ROWS: return (n1 * n2, n0 * n2, n0, 0)
        case TELOS_I_CUMULATIVE_SUM, TELOS_I_CUMULATIVE_ARGMAX, TELOS_I_ARGSORT, TELOS_I_SOFTMAX:
            return (n0 * n1, n0 * n1, 0, 0)
        case TELOS_I_GATHER_ALONG: return (n0 * n2, n0 * n1, n0 * n2, 0)
        case TELOS_I_SCATTER_ALONG: return (n0 * n1, n0 * n2, n0 * n2, 0)
        case TELOS_I_RECURRENCE: return (n0 * n1 * n2, n0 * n1 * n2, n0 * n1 * n2, n0 * n2)
        case TELOS_I_UNFOLD, TELOS_I_FOLD, TELOS_I_CONVOLUTION:
            let w = aux.assumingMemoryBound(to: telos_window.self).pointee
            let picture = w.images * w.height * w.width * w.channels
            let patches = w.images * w.rows * w.columns * w.window_height * w.window_width * w.channels
            switch telos_opcode(UInt32(opcode)) {
            case TELOS_I_UNFOLD: return (patches, picture, 0, 0)
            case TELOS_I_FOLD: return (picture, patches, 0, 0)
            default: return (n1 * n2, picture, n3 * n2, 0)
            }
        default: preconditionFailure("opcode \(opcode) has no extents")
        }
    }

    /// About how many floats the instruction writes.
    var resultCount: Int { accesses.writes.reduce(0) { $0 + $1.count / 4 } }
}
