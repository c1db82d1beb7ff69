/// Why bytes are not a readable file of their format.
public struct FileFormatError: Error, Sendable, Hashable, CustomStringConvertible {
    /// "NumPy array", "zip archive", ...
    public var format: String
    /// What is wrong and where.
    public var reason: String

    init(_ format: String, _ reason: String) {
        self.format = format
        self.reason = reason
    }

    public var description: String { "this \(format) cannot be read: \(reason)" }
}

/// Little-endian numbers out of bytes. The caller has checked that they are there.
extension Array where Element == UInt8 {
    func littleEndian<Number: FixedWidthInteger>(_ type: Number.Type, at offset: Int) -> Number {
        var value: Number = 0
        for index in (0..<MemoryLayout<Number>.size).reversed() {
            value = value << 8 | Number(truncatingIfNeeded: self[offset + index])
        }
        return value
    }

    mutating func append(littleEndian value: some FixedWidthInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}

/// The product of extents, nil where one is negative or it overflows.
func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for extent in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard extent >= 0, !overflow else { return nil }
        count = product
    }
    return count
}
