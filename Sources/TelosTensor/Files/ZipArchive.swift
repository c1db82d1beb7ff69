/// A zip archive of stored or deflated entries, up to 4 GiB (PKWARE, *.ZIP file format specification*).
public struct ZipArchive: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        public var name: String
        public var bytes: [UInt8]

        public init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }
    }

    public var entries: [Entry]

    public init(entries: [Entry]) { self.entries = entries }

    /// The archive with every entry stored as it is; the same entries give the same bytes (each is dated 1980-01-01).
    /// - Throws: where it would exceed 4 GiB, 65535 entries or 65535 bytes of a name.
    public func encoded() throws -> [UInt8] {
        func failure(_ reason: String) -> FileFormatError { FileFormatError("zip archive", reason) }
        let size = entries.reduce(22) { $0 + 76 + 2 * $1.name.utf8.count + $1.bytes.count }
        guard size < UInt32.max, entries.count < 65_535, entries.allSatisfy({ $0.name.utf8.count < 65_536 }) else {
            throw failure("it would exceed 4 GiB, 65534 entries or a name's 65535 bytes")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        var directory: [UInt8] = []
        for entry in entries {
            let offset = UInt32(bytes.count)
            // Version 2.0, names in UTF-8, stored, 1980-01-01, checksum, both sizes, length of the name, no extra.
            var common: [UInt8] = []
            for field in [20, 0x0800, 0, 0, 0x21] as [UInt16] { common.append(littleEndian: field) }
            common.append(littleEndian: CRC32.checksum(entry.bytes))
            common.append(littleEndian: UInt32(entry.bytes.count))
            common.append(littleEndian: UInt32(entry.bytes.count))
            common.append(littleEndian: UInt16(entry.name.utf8.count))
            common.append(littleEndian: UInt16(0))
            bytes.append(littleEndian: Self.localSignature)
            bytes += common + Array(entry.name.utf8) + entry.bytes
            directory.append(littleEndian: Self.directorySignature)
            directory.append(littleEndian: UInt16(20))
            directory += common
            // No comment, disk 0, no attributes.
            directory += Array(repeating: 0, count: 10)
            directory.append(littleEndian: offset)
            directory += Array(entry.name.utf8)
        }
        let start = UInt32(bytes.count)
        bytes += directory
        bytes.append(littleEndian: Self.endSignature)
        bytes.append(littleEndian: UInt32(0))
        for _ in 0..<2 { bytes.append(littleEndian: UInt16(entries.count)) }
        bytes.append(littleEndian: UInt32(directory.count))
        bytes.append(littleEndian: start)
        bytes.append(littleEndian: UInt16(0))
        return bytes
    }

    /// Reads an archive, checking each entry's length and checksum. Directories are left out.
    /// - Throws: `FileFormatError` for anything else.
    public init(decoding bytes: [UInt8]) throws {
        func failure(_ reason: String) -> FileFormatError { FileFormatError("zip archive", reason) }
        guard let end = Self.endRecord(bytes) else {
            throw failure("it has no end record; it is no zip archive or was cut short")
        }
        let count = Int(bytes.littleEndian(UInt16.self, at: end + 10))
        let size = bytes.littleEndian(UInt32.self, at: end + 12)
        let start = bytes.littleEndian(UInt32.self, at: end + 16)
        guard size != .max, start != .max, count != 65_535 else { throw failure("it is of the zip64 form") }
        guard Int(start) + Int(size) <= end else { throw failure("its directory lies outside the file") }
        entries = []
        var position = Int(start)
        for _ in 0..<count {
            guard end - position >= 46, bytes.littleEndian(UInt32.self, at: position) == Self.directorySignature else {
                throw failure("its directory is damaged at byte \(position)")
            }
            let lengths = [28, 30, 32].map { Int(bytes.littleEndian(UInt16.self, at: position + $0)) }
            guard lengths.reduce(46, +) <= end - position else {
                throw failure("its directory is damaged at byte \(position)")
            }
            let name = String(decoding: bytes[(position + 46)..<(position + 46 + lengths[0])], as: UTF8.self)
            do {
                if !name.hasSuffix("/") {
                    entries.append(Entry(name: name, bytes: try Self.contents(bytes, described: position)))
                }
            } catch {
                throw failure("its entry '\(name)': \(error.reason)")
            }
            position += lengths.reduce(46, +)
        }
    }

    /// The position of the last end record, which a comment of up to 65535 bytes may follow.
    private static func endRecord(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 22 else { return nil }
        return (max(0, bytes.count - 22 - 65_535)...(bytes.count - 22)).reversed().first {
            bytes.littleEndian(UInt32.self, at: $0) == endSignature
                && $0 + 22 + Int(bytes.littleEndian(UInt16.self, at: $0 + 20)) <= bytes.count
        }
    }

    private static func contents(_ bytes: [UInt8], described entry: Int) throws(Inflate.Mistake) -> [UInt8] {
        func field(_ offset: Int) -> Int { Int(bytes.littleEndian(UInt16.self, at: entry + offset)) }
        func wide(_ offset: Int) -> Int { Int(bytes.littleEndian(UInt32.self, at: entry + offset)) }
        guard field(8) & 1 == 0 else { throw Inflate.Mistake(reason: "it is encrypted") }
        let (packed, size, local) = (wide(20), wide(24), wide(42))
        guard packed != UInt32.max, size != UInt32.max, local != UInt32.max else {
            throw Inflate.Mistake(reason: "it is of the zip64 form")
        }
        guard bytes.count - local >= 30, bytes.littleEndian(UInt32.self, at: local) == localSignature else {
            throw Inflate.Mistake(reason: "there is no entry at byte \(local)")
        }
        let start =
            local + 30 + Int(bytes.littleEndian(UInt16.self, at: local + 26))
            + Int(bytes.littleEndian(UInt16.self, at: local + 28))
        guard start <= bytes.count, packed <= bytes.count - start else {
            throw Inflate.Mistake(reason: "it is cut short")
        }
        let data = bytes[start..<(start + packed)]
        let result: [UInt8]
        switch field(10) {
        case 0:
            guard packed == size else { throw Inflate.Mistake(reason: "it is stored with two different lengths") }
            result = Array(data)
        case 8: result = try Inflate.decompress(data, count: size)
        case let method:
            throw Inflate.Mistake(reason: "it is compressed by method \(method); stored (0) and deflated (8) are known")
        }
        guard CRC32.checksum(result) == UInt32(truncatingIfNeeded: wide(16)) else {
            throw Inflate.Mistake(reason: "its checksum does not agree; the file is damaged")
        }
        return result
    }

    private static let localSignature: UInt32 = 0x0403_4B50
    private static let directorySignature: UInt32 = 0x0201_4B50
    private static let endSignature: UInt32 = 0x0605_4B50
}
