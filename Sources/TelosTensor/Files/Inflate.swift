/// Decompresses the deflate format (Deutsch, *DEFLATE compressed data format specification*, RFC 1951, 1996).
///
/// Codes are read a bit at a time from counts of lengths, as in Adler's *puff*: short and safe rather than fast, about
/// 15 MB/s, which suits data sets that are read once.
struct Inflate {
    struct Mistake: Error { var reason: String }

    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private var bits: UInt32 = 0
    private var bitCount = 0
    private var output: [UInt8] = []
    private let limit: Int

    /// What `bytes` decompress to, which must be exactly `count` bytes.
    static func decompress(_ bytes: ArraySlice<UInt8>, count: Int) throws(Mistake) -> [UInt8] {
        // No code of deflate yields more than 258 bytes from 2 bits.
        guard count / 1032 <= bytes.count else {
            throw Mistake(reason: "\(bytes.count) bytes cannot hold \(count)")
        }
        var state = Inflate(bytes, limit: count)
        try state.run()
        guard state.output.count == count else {
            throw Mistake(reason: "\(state.output.count) bytes came out where \(count) were announced")
        }
        return state.output
    }

    private init(_ bytes: ArraySlice<UInt8>, limit: Int) {
        self.bytes = bytes
        self.limit = limit
        position = bytes.startIndex
        output.reserveCapacity(limit)
    }

    private mutating func run() throws(Mistake) {
        var isLast = false
        while !isLast {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try stored()
            case 1: try compressed(Self.fixedLengths, Self.fixedDistances)
            case 2:
                let (lengths, distances) = try tables()
                try compressed(lengths, distances)
            default: throw Mistake(reason: "a block of an unknown kind")
            }
        }
    }

    private mutating func take(_ count: Int) throws(Mistake) -> Int {
        while bitCount < count {
            guard position < bytes.endIndex else { throw Mistake(reason: "the compressed data are cut short") }
            bits |= UInt32(bytes[position]) << UInt32(bitCount)
            position += 1
            bitCount += 8
        }
        let value = bits & ((1 << UInt32(count)) - 1)
        bits >>= UInt32(count)
        bitCount -= count
        return Int(value)
    }

    private mutating func stored() throws(Mistake) {
        (bits, bitCount) = (0, 0)
        guard bytes.endIndex - position >= 4 else { throw Mistake(reason: "the compressed data are cut short") }
        let length = Int(bytes[position]) | Int(bytes[position + 1]) << 8
        let complement = Int(bytes[position + 2]) | Int(bytes[position + 3]) << 8
        guard length == ~complement & 0xFFFF else { throw Mistake(reason: "a stored block with a damaged length") }
        position += 4
        guard length <= bytes.endIndex - position else { throw Mistake(reason: "the compressed data are cut short") }
        guard length <= limit - output.count else { throw Mistake(reason: "more comes out than was announced") }
        output += bytes[position..<(position + length)]
        position += length
    }

    private mutating func compressed(_ lengths: Code, _ distances: Code) throws(Mistake) {
        while true {
            let symbol = try decode(lengths)
            if symbol == 256 { return }
            guard symbol > 256 else {
                guard output.count < limit else { throw Mistake(reason: "more comes out than was announced") }
                output.append(UInt8(symbol))
                continue
            }
            guard symbol - 257 < Self.lengthBases.count else { throw Mistake(reason: "an unknown length code") }
            let length = Self.lengthBases[symbol - 257] + (try take(Self.lengthBits[symbol - 257]))
            let code = try decode(distances)
            guard code < Self.distanceBases.count else { throw Mistake(reason: "an unknown distance code") }
            let distance = Self.distanceBases[code] + (try take(Self.distanceBits[code]))
            guard distance <= output.count else { throw Mistake(reason: "a reference to before the beginning") }
            guard length <= limit - output.count else { throw Mistake(reason: "more comes out than was announced") }
            // The source may overlap what is written, so this goes byte by byte.
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
    }

    // MARK: Codes

    /// A canonical prefix code: how many codes have each length, and the symbols in order of code.
    private struct Code {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int]

        /// Nil where the lengths promise more codes than there are.
        init?(_ lengths: ArraySlice<Int>) {
            for length in lengths { counts[length] += 1 }
            counts[0] = 0
            var free = 1
            for length in 1..<16 {
                free = free * 2 - counts[length]
                guard free >= 0 else { return nil }
            }
            var next = [Int](repeating: 0, count: 17)
            for length in 1..<16 { next[length + 1] = next[length] + counts[length] }
            symbols = Array(repeating: 0, count: next[16])
            for (symbol, length) in lengths.enumerated() where length != 0 {
                symbols[next[length]] = symbol
                next[length] += 1
            }
        }
    }

    private mutating func decode(_ code: Code) throws(Mistake) -> Int {
        var (value, first, index) = (0, 0, 0)
        for length in 1..<16 {
            value |= try take(1)
            let count = code.counts[length]
            if value - first < count { return code.symbols[index + value - first] }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        throw Mistake(reason: "a code that stands for nothing")
    }

    private mutating func tables() throws(Mistake) -> (Code, Code) {
        let lengthCount = try take(5) + 257
        let distanceCount = try take(5) + 1
        let codeCount = try take(4) + 4
        guard lengthCount <= 286, distanceCount <= 30 else { throw Mistake(reason: "a table of too many codes") }
        var widths = [Int](repeating: 0, count: 19)
        for index in 0..<codeCount { widths[Self.widthOrder[index]] = try take(3) }
        guard let widthCode = Code(widths[...]) else { throw Mistake(reason: "a damaged table of codes") }
        var all: [Int] = []
        while all.count < lengthCount + distanceCount {
            let symbol = try decode(widthCode)
            let (value, times): (Int, Int)
            switch symbol {
            case 16:
                guard let last = all.last else { throw Mistake(reason: "a table that repeats nothing") }
                (value, times) = (last, try take(2) + 3)
            case 17: (value, times) = (0, try take(3) + 3)
            case 18: (value, times) = (0, try take(7) + 11)
            default: (value, times) = (symbol, 1)
            }
            guard times <= lengthCount + distanceCount - all.count else {
                throw Mistake(reason: "a table longer than announced")
            }
            all += Array(repeating: value, count: times)
        }
        guard all[256] != 0, let lengths = Code(all[..<lengthCount]), let distances = Code(all[lengthCount...]) else {
            throw Mistake(reason: "a damaged table of codes")
        }
        return (lengths, distances)
    }

    private static let widthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]
    private static let distanceBits = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
    ]
    private static let fixedLengths = Code(
        (Array(repeating: 8, count: 144) + Array(repeating: 9, count: 112) + Array(repeating: 7, count: 24)
            + Array(repeating: 8, count: 8))[...])!
    private static let fixedDistances = Code(Array(repeating: 5, count: 30)[...])!
}
