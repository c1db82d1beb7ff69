/// A JSON value (RFC 8259) as the headers of array files use it. Numbers other than whole ones of 64 bits are `other`.
enum JSONText {
    case object([(key: String, value: JSONText)])
    case array([JSONText])
    case string(String)
    case integer(Int)
    case other

    struct Mistake: Error { var reason: String }

    init(parsing bytes: ArraySlice<UInt8>) throws(Mistake) {
        var parser = Parser(bytes: bytes)
        self = try parser.value(depth: 0)
        guard parser.peek() == nil else { throw parser.unexpected("the end") }
    }

    /// `text` in quotes, escaped where JSON demands it.
    static func quoted(_ text: String) -> [UInt8] {
        var result: [UInt8] = [0x22]
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: result += [0x5C, byte]
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                result += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: result.append(byte)
            }
        }
        return result + [0x22]
    }

    private struct Parser {
        let bytes: ArraySlice<UInt8>
        var position: Int

        init(bytes: ArraySlice<UInt8>) {
            self.bytes = bytes
            position = bytes.startIndex
        }

        /// The next byte that is not white space.
        mutating func peek() -> UInt8? {
            while position < bytes.endIndex, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
            return position < bytes.endIndex ? bytes[position] : nil
        }

        func unexpected(_ wanted: String) -> Mistake {
            Mistake(reason: "something else than \(wanted) at byte \(position - bytes.startIndex)")
        }

        private mutating func accept(_ character: Character) -> Bool {
            guard peek() == character.asciiValue else { return false }
            position += 1
            return true
        }

        private mutating func expect(_ character: Character) throws(Mistake) {
            guard accept(character) else { throw unexpected("'\(character)'") }
        }

        mutating func value(depth: Int) throws(Mistake) -> JSONText {
            guard depth < 64 else { throw unexpected("so deep a value") }
            if accept("{") {
                var members: [(key: String, value: JSONText)] = []
                if accept("}") { return .object(members) }
                repeat {
                    let key = try text()
                    try expect(":")
                    members.append((key, try value(depth: depth + 1)))
                } while accept(",")
                try expect("}")
                return .object(members)
            }
            if accept("[") {
                var elements: [JSONText] = []
                if accept("]") { return .array(elements) }
                repeat { elements.append(try value(depth: depth + 1)) } while accept(",")
                try expect("]")
                return .array(elements)
            }
            if peek() == 0x22 { return .string(try text()) }
            let start = position
            while position < bytes.endIndex, !Array(",]}: \n\r\t".utf8).contains(bytes[position]) { position += 1 }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            if ["true", "false", "null"].contains(word) { return .other }
            guard let first = word.utf8.first, first == 0x2D || (0x30...0x39).contains(first), Double(word) != nil
            else {
                position = start
                throw unexpected("a value")
            }
            return Int(word).map { .integer($0) } ?? .other
        }

        private mutating func text() throws(Mistake) -> String {
            try expect("\"")
            var units: [UInt8] = []
            while true {
                // Everything up to a quote or a backslash is taken as it is.
                let end = bytes[position...].firstIndex { $0 == 0x22 || $0 == 0x5C } ?? bytes.endIndex
                units += bytes[position..<end]
                position = end
                guard position < bytes.endIndex else { throw unexpected("the end of a text") }
                position += 1
                if bytes[position - 1] == 0x22 { return String(decoding: units, as: UTF8.self) }
                units += try escape()
            }
        }

        /// What follows a backslash, in UTF-8.
        private mutating func escape() throws(Mistake) -> [UInt8] {
            guard position < bytes.endIndex else { throw unexpected("an escape") }
            position += 1
            switch bytes[position - 1] {
            case UInt8(ascii: "n"): return [0x0A]
            case UInt8(ascii: "t"): return [0x09]
            case UInt8(ascii: "r"): return [0x0D]
            case UInt8(ascii: "b"): return [0x08]
            case UInt8(ascii: "f"): return [0x0C]
            case 0x22, 0x5C, 0x2F: return [bytes[position - 1]]
            case UInt8(ascii: "u"):
                var scalar = try fourDigits()
                if (0xD800..<0xDC00).contains(scalar), bytes[position...].starts(with: [0x5C, UInt8(ascii: "u")]) {
                    position += 2
                    let low = try fourDigits()
                    guard (0xDC00..<0xE000).contains(low) else { throw unexpected("a pair of surrogates") }
                    scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
                }
                guard let scalar = UnicodeScalar(scalar) else { throw unexpected("a pair of surrogates") }
                return Array(String(Character(scalar)).utf8)
            default: throw unexpected("an escape")
            }
        }

        private mutating func fourDigits() throws(Mistake) -> UInt32 {
            guard bytes.endIndex - position >= 4 else { throw unexpected("four hexadecimal digits") }
            var value: UInt32 = 0
            for _ in 0..<4 {
                guard let digit = Character(UnicodeScalar(bytes[position])).hexDigitValue else {
                    throw unexpected("four hexadecimal digits")
                }
                value = value << 4 | UInt32(digit)
                position += 1
            }
            return value
        }
    }
}
