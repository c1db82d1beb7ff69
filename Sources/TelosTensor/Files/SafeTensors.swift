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
        func failure(_ reason: String) -> FileFormatError { FileFormatError("safetensors file", reason) }
        guard bytes.count >= 8 else { throw failure("it is only \(bytes.count) bytes long") }
        let length = bytes.littleEndian(UInt64.self, at: 0)
        guard length <= UInt64(bytes.count - 8) else { throw failure("its header is cut short") }
        let body = 8 + Int(length)
        let header: JSONText
        do {
            header = try JSONText(parsing: bytes[8..<body])
        } catch {
            throw failure("its header is not JSON: \(error.reason)")
        }
        guard case .object(let members) = header else { throw failure("its header is not a JSON object") }
        self.init()
        var places: [(name: String, kind: ArrayValues.Kind, shape: [Int], count: Int, range: Range<Int>)] = []
        for (name, value) in members {
            if name == "__metadata__" {
                guard let texts = Self.texts(value) else { throw failure("its __metadata__ holds more than texts") }
                metadata = texts
                continue
            }
            guard let entry = Entry(value) else {
                throw failure("its array '\(name)' lacks a dtype, a shape or data_offsets")
            }
            guard let kind = ArrayValues.Kind.allCases.first(where: { Self.name($0) == entry.type }) else {
                throw failure("its array '\(name)' is of type \(entry.type); BOOL, U8, I32, I64, F32 and F64 are known")
            }
            guard let count = elementCount(entry.shape), count <= bytes.count, count * kind.size == entry.range.count
            else { throw failure("its array '\(name)' of shape \(entry.shape) does not fit its place in the file") }
            places.append((name, kind, entry.shape, count, entry.range))
        }
        // Checked before anything is read: by overlaps a small file could claim memory without end.
        places.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        var end = 0
        for place in places {
            guard place.range.lowerBound == end else {
                throw failure("its array '\(place.name)' overlaps another or leaves a gap before it")
            }
            end = place.range.upperBound
        }
        guard end == bytes.count - body else {
            throw failure("its arrays need \(end) bytes of data and it has \(bytes.count - body)")
        }
        for (name, kind, shape, count, range) in places {
            guard arrays[name] == nil else { throw failure("it has two arrays '\(name)'") }
            arrays[name] = try StoredArray(
                ArrayValues(kind, reading: bytes, at: body + range.lowerBound, count: count), shape: shape)
        }
    }

    private struct Entry {
        var type: String
        var shape: [Int]
        var range: Range<Int>

        init?(_ value: JSONText) {
            guard case .object(let members) = value else { return nil }
            var (type, shape, offsets): (String?, [Int]?, [Int]?)
            for (key, value) in members {
                switch (key, value) {
                case ("dtype", .string(let text)): type = text
                case ("shape", .array(let elements)): shape = Self.integers(elements)
                case ("data_offsets", .array(let elements)): offsets = Self.integers(elements)
                default: return nil
                }
            }
            guard let type, let shape, let offsets, offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
                return nil
            }
            (self.type, self.shape, range) = (type, shape, offsets[0]..<offsets[1])
        }

        private static func integers(_ elements: [JSONText]) -> [Int]? {
            var result: [Int] = []
            for element in elements {
                guard case .integer(let value) = element else { return nil }
                result.append(value)
            }
            return result
        }
    }

    private static func texts(_ value: JSONText) -> [String: String]? {
        guard case .object(let members) = value else { return nil }
        var result: [String: String] = [:]
        for (key, value) in members {
            guard case .string(let text) = value else { return nil }
            result[key] = text
        }
        return result
    }

    private static func name(_ kind: ArrayValues.Kind) -> String {
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
