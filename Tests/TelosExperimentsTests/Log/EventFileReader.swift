/// A reader of TensorBoard event files written against the format's definition alone: a bitwise checksum, a general
/// walk over protocol-buffer fields.
struct EventFileReader {
    struct Event: Equatable {
        var time = 0.0
        var step = 0
        var version: String?
        var values: [Value] = []
    }
    struct Value: Equatable {
        var tag = ""
        var value: Float = 0
    }
    struct Failure: Error { var reason: String }

    static func events(_ bytes: [UInt8]) throws -> [Event] {
        var events: [Event] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard rest.count >= 12 else { throw Failure(reason: "a header is cut short") }
            let length = Array(rest.prefix(8))
            guard number(rest.dropFirst(8).prefix(4)) == masked(length) else {
                throw Failure(reason: "length checksum")
            }
            let count = Int(number(length[...]))
            guard rest.count >= 16 + count else { throw Failure(reason: "a record is cut short") }
            let data = Array(rest.dropFirst(12).prefix(count))
            guard number(rest.dropFirst(12 + count).prefix(4)) == masked(data) else {
                throw Failure(reason: "data checksum")
            }
            events.append(try event(data))
            rest = rest.dropFirst(16 + count)
        }
        return events
    }

    /// Bit by bit: divides by Castagnoli's polynomial.
    static func crc32c(_ bytes: [UInt8]) -> UInt32 {
        var remainder: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            for bit in 0..<8 {
                let isOdd = (remainder ^ UInt32(byte >> UInt8(bit))) & 1 == 1
                remainder = (remainder >> 1) ^ (isOdd ? 0x82F6_3B78 : 0)
            }
        }
        return remainder ^ 0xFFFF_FFFF
    }

    private static func masked(_ bytes: [UInt8]) -> UInt64 {
        let checksum = crc32c(bytes)
        return UInt64(((checksum >> 15) | (checksum << 17)) &+ 0xA282_EAD8)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.enumerated().reduce(0) { $0 + UInt64($1.element) << (8 * UInt64($1.offset)) }
    }

    private enum Field { case varint(UInt64), fixed64(UInt64), bytes([UInt8]), fixed32(UInt32) }

    private static func fields(_ bytes: [UInt8]) throws -> [(Int, Field)] {
        var result: [(Int, Field)] = []
        var position = 0
        func varint() throws -> UInt64 {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                value |= UInt64(byte & 127) << shift
                if byte & 128 == 0 { return value }
                shift += 7
            }
            throw Failure(reason: "a varint is cut short")
        }
        func take(_ count: Int) throws -> ArraySlice<UInt8> {
            guard position + count <= bytes.count else { throw Failure(reason: "a field is cut short") }
            defer { position += count }
            return bytes[position..<(position + count)]
        }
        while position < bytes.count {
            let key = try varint()
            switch key & 7 {
            case 0: result.append((Int(key >> 3), .varint(try varint())))
            case 1: result.append((Int(key >> 3), .fixed64(number(try take(8)))))
            case 2: result.append((Int(key >> 3), .bytes(Array(try take(Int(try varint()))))))
            case 5: result.append((Int(key >> 3), .fixed32(UInt32(number(try take(4))))))
            default: throw Failure(reason: "wire type \(key & 7)")
            }
        }
        return result
    }

    private static func event(_ bytes: [UInt8]) throws -> Event {
        var event = Event()
        for (number, field) in try fields(bytes) {
            switch (number, field) {
            case (1, .fixed64(let bits)): event.time = Double(bitPattern: bits)
            case (2, .varint(let step)): event.step = Int(step)
            case (3, .bytes(let text)): event.version = String(decoding: text, as: UTF8.self)
            case (5, .bytes(let summary)):
                for (number, field) in try fields(summary) {
                    guard case (1, .bytes(let value)) = (number, field) else { throw Failure(reason: "summary") }
                    event.values.append(try self.value(value))
                }
            default: throw Failure(reason: "field \(number)")
            }
        }
        return event
    }

    private static func value(_ bytes: [UInt8]) throws -> Value {
        var value = Value()
        for (number, field) in try fields(bytes) {
            switch (number, field) {
            case (1, .bytes(let text)): value.tag = String(decoding: text, as: UTF8.self)
            case (2, .fixed32(let bits)): value.value = Float(bitPattern: bits)
            default: throw Failure(reason: "field \(number) of a value")
            }
        }
        return value
    }
}
