/// What a safetensors file holds and where, from its header alone, so that arrays can be read or mapped one by one.
public struct SafeTensorsIndex: Sendable, Hashable {
    /// An array of the file.
    public struct Entry: Sendable, Hashable {
        public let name: String
        public let shape: [Int]
        /// The bytes of the file that hold it.
        public let range: Range<Int>
        let kind: ArrayValues.Kind
        /// `F32`, `I64` and so on.
        public var type: String { SafeTensors.name(kind) }
    }

    /// In the order of the data, which they fill without gaps.
    public let entries: [Entry]
    /// The header's `__metadata__`.
    public let metadata: [String: String]

    /// - Parameters:
    ///   - size: of the file in bytes.
    ///   - read: gives bytes of the file; asked for the first eight and for the header.
    /// - Throws: `FileFormatError` for anything but the header of a safetensors file of this size.
    public init(size: Int, read: (Range<Int>) -> [UInt8]) throws {
        func failure(_ reason: String) -> FileFormatError { FileFormatError("safetensors file", reason) }
        guard size >= 8 else { throw failure("it is only \(size) bytes long") }
        let length = read(0..<8).littleEndian(UInt64.self, at: 0)
        guard length <= UInt64(size - 8) else { throw failure("its header is cut short") }
        let body = 8 + Int(length)
        let header: JSONText
        do {
            header = try JSONText(parsing: read(8..<body)[...])
        } catch {
            throw failure("its header is not JSON: \(error.reason)")
        }
        guard case .object(let members) = header else { throw failure("its header is not a JSON object") }
        var metadata: [String: String] = [:]
        var entries: [Entry] = []
        for (name, value) in members {
            if name == "__metadata__" {
                guard let texts = Self.texts(value) else { throw failure("its __metadata__ holds more than texts") }
                metadata = texts
                continue
            }
            guard let place = Place(value) else {
                throw failure("its array '\(name)' lacks a dtype, a shape or data_offsets")
            }
            guard let kind = ArrayValues.Kind.allCases.first(where: { SafeTensors.name($0) == place.type }) else {
                throw failure("its array '\(name)' is of type \(place.type); BOOL, U8, I32, I64, F32 and F64 are known")
            }
            guard let count = elementCount(place.shape), count <= size, count * kind.size == place.range.count
            else { throw failure("its array '\(name)' of shape \(place.shape) does not fit its place in the file") }
            // Offsets beyond the file are found when all are in order; adding the header's length must not overflow.
            guard place.range.upperBound <= size else {
                throw failure("its array '\(name)' ends after the file")
            }
            entries.append(
                Entry(
                    name: name, shape: place.shape,
                    range: (body + place.range.lowerBound)..<(body + place.range.upperBound), kind: kind))
        }
        // Checked before anything is read: by overlaps a small file could claim memory without end.
        entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        var end = body
        for entry in entries {
            guard entry.range.lowerBound == end else {
                throw failure("its array '\(entry.name)' overlaps another or leaves a gap before it")
            }
            end = entry.range.upperBound
        }
        guard end == size else {
            throw failure("its arrays need \(end - body) bytes of data and it has \(size - body)")
        }
        var names: Set<String> = []
        for entry in entries {
            guard names.insert(entry.name).inserted else { throw failure("it has two arrays '\(entry.name)'") }
        }
        (self.entries, self.metadata) = (entries, metadata)
    }

    /// What the header says of an array.
    private struct Place {
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
}
