/// The elements of an array as a file stores them, in row-major order.
public enum ArrayValues: Sendable, Hashable {
    case bool([Bool])
    case uint8([UInt8])
    case int32([Int32])
    case int64([Int64])
    case float32([Float])
    case float64([Double])

    public var count: Int {
        switch self {
        case .bool(let values): values.count
        case .uint8(let values): values.count
        case .int32(let values): values.count
        case .int64(let values): values.count
        case .float32(let values): values.count
        case .float64(let values): values.count
        }
    }

    /// Each element as the nearest float32.
    public var floats: [Float] {
        switch self {
        case .bool(let values): values.map { $0 ? 1 : 0 }
        case .uint8(let values): values.map { Float($0) }
        case .int32(let values): values.map { Float($0) }
        case .int64(let values): values.map { Float($0) }
        case .float32(let values): values
        case .float64(let values): values.map { Float($0) }
        }
    }

    /// Each element as the nearest double; exact but for large int64.
    public var doubles: [Double] {
        switch self {
        case .bool(let values): values.map { $0 ? 1 : 0 }
        case .uint8(let values): values.map { Double($0) }
        case .int32(let values): values.map { Double($0) }
        case .int64(let values): values.map { Double($0) }
        case .float32(let values): values.map { Double($0) }
        case .float64(let values): values
        }
    }

    /// The element type, and how many bytes one takes.
    enum Kind: CaseIterable {
        case bool, uint8, int32, int64, float32, float64

        var size: Int {
            switch self {
            case .bool, .uint8: 1
            case .int32, .float32: 4
            case .int64, .float64: 8
            }
        }
    }

    var kind: Kind {
        switch self {
        case .bool: .bool
        case .uint8: .uint8
        case .int32: .int32
        case .int64: .int64
        case .float32: .float32
        case .float64: .float64
        }
    }

    /// Reads `count` elements, the bytes of which the caller has checked to be there.
    init(_ kind: Kind, reading bytes: [UInt8], at offset: Int, count: Int, bigEndian: Bool = false) {
        let swaps = bigEndian != Self.isBigEndian
        func copied<Number: BitwiseCopyable>(_ type: Number.Type) -> [Number] {
            [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
                let raw = UnsafeMutableRawBufferPointer(buffer)
                let size = MemoryLayout<Number>.size
                bytes.withUnsafeBytes { raw.copyMemory(from: .init(rebasing: $0[offset..<(offset + count * size)])) }
                if swaps { Self.reverseElements(raw, size: size) }
                initialized = count
            }
        }
        switch kind {
        case .bool: self = .bool(bytes[offset..<(offset + count)].map { $0 != 0 })
        case .uint8: self = .uint8(Array(bytes[offset..<(offset + count)]))
        case .int32: self = .int32(copied(Int32.self))
        case .int64: self = .int64(copied(Int64.self))
        case .float32: self = .float32(copied(Float.self))
        case .float64: self = .float64(copied(Double.self))
        }
    }

    /// Appends the elements in little-endian form.
    func append(to bytes: inout [UInt8]) {
        func copy<Number: BitwiseCopyable>(_ values: [Number]) {
            let start = bytes.count
            values.withUnsafeBytes { bytes += $0 }
            guard Self.isBigEndian else { return }
            bytes[start...].withUnsafeMutableBytes { Self.reverseElements($0, size: MemoryLayout<Number>.size) }
        }
        switch self {
        case .bool(let values): bytes += values.map { $0 ? 1 : 0 }
        case .uint8(let values): bytes += values
        case .int32(let values): copy(values)
        case .int64(let values): copy(values)
        case .float32(let values): copy(values)
        case .float64(let values): copy(values)
        }
    }

    private static let isBigEndian = Int(bigEndian: 1) == 1

    private static func reverseElements(_ bytes: UnsafeMutableRawBufferPointer, size: Int) {
        for start in stride(from: 0, to: bytes.count, by: size) { bytes[start..<(start + size)].reverse() }
    }

    /// The same elements, element i taken from `source(i)`.
    func reordered(_ source: [Int]) -> ArrayValues {
        switch self {
        case .bool(let values): .bool(source.map { values[$0] })
        case .uint8(let values): .uint8(source.map { values[$0] })
        case .int32(let values): .int32(source.map { values[$0] })
        case .int64(let values): .int64(source.map { values[$0] })
        case .float32(let values): .float32(source.map { values[$0] })
        case .float64(let values): .float64(source.map { values[$0] })
        }
    }
}

/// An array as a file stores it: values in row-major order, and a shape that they fill.
public struct StoredArray: Sendable, Hashable {
    public let shape: [Int]
    public let values: ArrayValues

    /// - Throws: where `values` do not fill `shape`.
    public init(_ values: ArrayValues, shape: [Int]) throws {
        guard elementCount(shape) == values.count else {
            throw FileFormatError("array", "\(values.count) values do not fill the shape \(shape)")
        }
        self.shape = shape
        self.values = values
    }
}
