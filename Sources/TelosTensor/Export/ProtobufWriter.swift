/// Writes messages in the wire form of Protocol Buffers, field by field.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    /// int32, int64, enumerations.
    mutating func write(_ field: Int, _ value: Int) {
        append(key: field, wireType: 0)
        append(variable: UInt64(bitPattern: Int64(value)))
    }

    mutating func write(_ field: Int, _ value: Float) {
        append(key: field, wireType: 5)
        append(littleEndian: value.bitPattern)
    }

    mutating func write(_ field: Int, _ text: String) { write(field, Array(text.utf8)) }

    mutating func write(_ field: Int, _ content: [UInt8]) {
        append(key: field, wireType: 2)
        append(variable: UInt64(content.count))
        bytes += content
    }

    /// A message within this one.
    mutating func write(_ field: Int, _ build: (inout ProtobufWriter) -> Void) {
        var message = ProtobufWriter()
        build(&message)
        write(field, message.bytes)
    }

    private mutating func append(key field: Int, wireType: Int) { append(variable: UInt64(field << 3 | wireType)) }

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    private mutating func append(variable value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func append(littleEndian value: UInt32) {
        for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
    }
}
