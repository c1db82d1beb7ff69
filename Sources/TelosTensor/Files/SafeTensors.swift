/// Arrays and texts by name in the safetensors format: the length of a JSON header (64 bits, little-endian), the header
/// with type, shape and place of each array, and the data without gaps (Hugging Face, *Safetensors format*, 2022).
public struct SafeTensors: Sendable, Hashable {
    public var arrays: [String: StoredArray]
    /// The header's `__metadata__`.
    public var metadata: [String: String]

    public init(arrays: [String: StoredArray] = [:], metadata: [String: String] = [:]) {
        self.arrays = arrays
        self.metadata = metadata
    }

    /// The bytes of the file; the same contents give the same bytes, names in order.
    public func encoded() -> [UInt8] {
        let sorted = arrays.sorted { $0.key < $1.key }
        var members: [[UInt8]] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map {
                JSONText.quoted($0.key) + [0x3A] + JSONText.quoted($0.value)
            }
            members.append(Array("\"__metadata__\":{".utf8) + texts.joined(separator: [0x2C]) + [0x7D])
        }
        var offset = 0
        for (name, array) in sorted {
            let end = offset + array.values.count * array.values.kind.size
            let shape = array.shape.map { "\($0)" }.joined(separator: ",")
            let type = Self.name(array.values.kind)
            let text = ":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            members.append(JSONText.quoted(name) + Array(text.utf8))
            offset = end
        }
        var header: [UInt8] = [0x7B] + members.joined(separator: [0x2C]) + [0x7D]
        // The data begin at a multiple of eight bytes.
        header += Array(repeating: 0x20, count: (8 - header.count % 8) % 8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + header.count + offset)
        bytes.append(littleEndian: UInt64(header.count))
        bytes += header
        for (_, array) in sorted { array.values.append(to: &bytes) }
        return bytes
    }

    /// Reads the bytes of a safetensors file.
    /// - Throws: `FileFormatError` for anything else.
    public init(decoding bytes: [UInt8]) throws {
        let index = try SafeTensorsIndex(size: bytes.count) { Array(bytes[$0]) }
        self.init(metadata: index.metadata)
        for entry in index.entries {
            arrays[entry.name] = try StoredArray(
                ArrayValues(
                    entry.kind, reading: bytes, at: entry.range.lowerBound, count: entry.range.count / entry.kind.size),
                shape: entry.shape)
        }
    }

    static func name(_ kind: ArrayValues.Kind) -> String {
        switch kind {
        case .bool: "BOOL"
        case .uint8: "U8"
        case .int32: "I32"
        case .int64: "I64"
        case .float32: "F32"
        case .float64: "F64"
        }
    }
}
