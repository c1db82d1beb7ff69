import TelosTensor

/// TensorBoard's event files: `Event` messages (protocol buffers) in TFRecord framing.
///
/// A record is the length of its data (64 bits), the masked CRC-32C of those eight bytes, the data, and the masked
/// CRC-32C of the data, all little-endian; the mask of a checksum c is rotate-right(c, 15) + 0xA282EAD8 (TensorFlow,
/// *lib/io/record_writer.h*, 2015). Of the messages only what scalars need is written:
///
///     Event   {1: wall_time double, 2: step int64, 3: file_version string, 5: summary Summary}
///     Summary {1: Value}    Value {1: tag string, 2: simple_value float}
enum TensorBoardLog {
    static func header(time: Double) -> [UInt8] {
        var event = Message()
        event.add(1, double: time)
        event.add(3, bytes: Array("brain.Event:2".utf8))
        return record(event.bytes)
    }

    /// An event a scalar; values are rounded to float32, as the format has it.
    static func encoded(_ scalars: [Scalar], time: Double) -> [UInt8] {
        scalars.flatMap { scalar in
            var value = Message()
            value.add(1, bytes: Array(scalar.tag.utf8))
            value.add(2, float: Float(scalar.value))
            var summary = Message()
            summary.add(1, bytes: value.bytes)
            var event = Message()
            event.add(1, double: time)
            event.add(2, varint: UInt64(bitPattern: Int64(scalar.step)))
            event.add(5, bytes: summary.bytes)
            return record(event.bytes)
        }
    }

    static func record(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count))
        return length + littleEndian(maskedChecksum(length)) + data + littleEndian(maskedChecksum(data))
    }

    static func maskedChecksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let checksum = CRC32C.checksum(bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }

    static func prefix(of bytes: [UInt8], count: Int) -> [UInt8]? {
        var end = 0
        for _ in 0...count {
            guard let data = data(of: bytes, at: end) else { return nil }
            end = data.upperBound + 4
        }
        return Array(bytes[..<end])
    }

    /// Where the data of the record at `start` lie; nil where there is no sound record.
    private static func data(of bytes: [UInt8], at start: Int) -> Range<Int>? {
        guard bytes.count - start >= 16 else { return nil }
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        let length = number(start..<(start + 8))
        guard length <= UInt64(bytes.count - start - 16) else { return nil }
        let data = (start + 12)..<(start + 12 + Int(length))
        guard number((start + 8)..<(start + 12)) == UInt64(maskedChecksum(bytes[start..<(start + 8)])),
            number(data.upperBound..<(data.upperBound + 4)) == UInt64(maskedChecksum(bytes[data]))
        else { return nil }
        return data
    }

    static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// A protocol-buffer message as it is written: fields with their number and wire type.
    private struct Message {
        private(set) var bytes: [UInt8] = []

        mutating func add(_ field: UInt8, varint value: UInt64) {
            bytes.append(field << 3)
            append(varint: value)
        }

        mutating func add(_ field: UInt8, double value: Double) {
            bytes.append(field << 3 | 1)
            bytes += littleEndian(value.bitPattern)
        }

        mutating func add(_ field: UInt8, bytes value: [UInt8]) {
            bytes.append(field << 3 | 2)
            append(varint: UInt64(value.count))
            bytes += value
        }

        mutating func add(_ field: UInt8, float value: Float) {
            bytes.append(field << 3 | 5)
            bytes += littleEndian(value.bitPattern)
        }

        private mutating func append(varint value: UInt64) {
            var rest = value
            while rest >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }
    }
}
