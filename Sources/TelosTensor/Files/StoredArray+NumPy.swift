/// NumPy's .npy format, versions 1 to 3: bool, uint8, int32, int64, float32 and float64, of either byte order and
/// either order of axes. (*NumPy enhancement proposal 1: a simple file format for NumPy arrays*.)
extension StoredArray {
    /// The bytes of a .npy file: version 1, or 2 where the header is too long for it; row-major, little-endian.
    public func numPyEncoded() -> [UInt8] {
        let extents = shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var header = Array(
            "{'descr': '\(Self.descriptor(values.kind))', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
        let isShort = header.count + 64 < 65_536
        let prefix = isShort ? 10 : 12
        // The data begin at a multiple of 64 bytes, after a line break.
        header += Array(repeating: 0x20, count: (64 - (prefix + header.count + 1) % 64) % 64) + [0x0A]
        var bytes = Self.magic + [isShort ? 1 : 2, 0]
        if isShort {
            bytes.append(littleEndian: UInt16(header.count))
        } else {
            bytes.append(littleEndian: UInt32(header.count))
        }
        bytes += header
        values.append(to: &bytes)
        return bytes
    }

    /// Reads the bytes of a .npy file.
    /// - Throws: `FileFormatError` for anything else.
    public init(numPy bytes: [UInt8]) throws {
        func failure(_ reason: String) -> FileFormatError { FileFormatError("NumPy array", reason) }
        guard bytes.count >= 10, Array(bytes[..<6]) == Self.magic else {
            throw failure("it does not begin with \\x93NUMPY and a version")
        }
        let version = bytes[6]
        guard (1...3).contains(version) else { throw failure("its version is \(version); 1, 2 and 3 are known") }
        let prefix = version == 1 ? 10 : 12
        guard bytes.count >= prefix else { throw failure("its header is cut short") }
        let length =
            version == 1
            ? Int(bytes.littleEndian(UInt16.self, at: 8)) : Int(bytes.littleEndian(UInt32.self, at: 8))
        guard length <= bytes.count - prefix else { throw failure("its header is cut short") }
        let start = prefix + length
        var reader = NumPyHeaderReader(bytes: bytes[prefix..<start])
        let header: NumPyHeaderReader.Header
        do {
            header = try reader.header()
        } catch {
            throw failure(error.reason)
        }
        guard let (kind, bigEndian) = Self.kind(header.descriptor) else {
            throw failure(
                "its element type '\(header.descriptor)' is not bool (|b1), uint8 (|u1), int32 (<i4), int64 (<i8), "
                    + "float32 (<f4) or float64 (<f8); convert it with astype")
        }
        guard let count = elementCount(header.shape), count <= (bytes.count - start) / kind.size else {
            throw failure(
                "its shape \(header.shape) needs more than the \(bytes.count - start) bytes that follow the header")
        }
        guard count * kind.size == bytes.count - start else {
            throw failure("\(bytes.count - start - count * kind.size) bytes follow its last element")
        }
        let stored = ArrayValues(kind, reading: bytes, at: start, count: count, bigEndian: bigEndian)
        try self.init(
            header.isColumnMajor ? stored.reordered(Self.columnMajorOffsets(header.shape, count)) : stored,
            shape: header.shape)
    }

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    private static func descriptor(_ kind: ArrayValues.Kind) -> String {
        switch kind {
        case .bool: "|b1"
        case .uint8: "|u1"
        case .int32: "<i4"
        case .int64: "<i8"
        case .float32: "<f4"
        case .float64: "<f8"
        }
    }

    private static func kind(_ descriptor: String) -> (kind: ArrayValues.Kind, bigEndian: Bool)? {
        for kind in ArrayValues.Kind.allCases {
            let name = Self.descriptor(kind)
            if descriptor == name { return (kind, false) }
            let order = descriptor.first
            guard descriptor.dropFirst() == name.dropFirst() else { continue }
            if order == ">" { return (kind, true) }
            if kind.size == 1 && (order == "<" || order == "=") { return (kind, false) }
        }
        return nil
    }

    /// Where each element, counted in row-major order, lies in column-major order.
    private static func columnMajorOffsets(_ shape: [Int], _ count: Int) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropFirst() { strides[axis] = strides[axis - 1] * shape[axis - 1] }
        var index = [Int](repeating: 0, count: shape.count)
        return (0..<count).map { _ in
            var offset = 0
            for axis in shape.indices { offset += index[axis] * strides[axis] }
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                if index[axis] < shape[axis] { break }
                index[axis] = 0
                axis -= 1
            }
            return offset
        }
    }
}
