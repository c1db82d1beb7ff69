/// Reads the header of a .npy file: a Python dictionary of three entries, as `repr` writes it.
struct NumPyHeaderReader {
    struct Header {
        var descriptor: String
        var isColumnMajor: Bool
        var shape: [Int]
    }

    struct Mistake: Error { var reason: String }

    private let bytes: [UInt8]
    private var position = 0

    init(bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }

    mutating func header() throws(Mistake) -> Header {
        var descriptor: String?
        var isColumnMajor: Bool?
        var shape: [Int]?
        try expect("{")
        while !accept("}") {
            let key = try text()
            try expect(":")
            switch key {
            case "descr":
                guard peek() != "[" else {
                    throw Mistake(reason: "it is an array of records; save each field as an array of its own")
                }
                descriptor = try text()
            case "fortran_order": isColumnMajor = try truth()
            case "shape": shape = try extents()
            default: throw Mistake(reason: "its header has an unknown entry '\(key)'")
            }
            if !accept(",") {
                try expect("}")
                break
            }
        }
        guard peek() == nil else { throw unexpected("the end of the header") }
        guard let descriptor, let isColumnMajor, let shape else {
            throw Mistake(reason: "its header lacks one of 'descr', 'fortran_order' and 'shape'")
        }
        return Header(descriptor: descriptor, isColumnMajor: isColumnMajor, shape: shape)
    }

    /// The next character that is not white space.
    private mutating func peek() -> Character? {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
        return position < bytes.count ? Character(UnicodeScalar(bytes[position])) : nil
    }

    private mutating func accept(_ character: Character) -> Bool {
        guard peek() == character else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Character) throws(Mistake) {
        guard accept(character) else { throw unexpected("'\(character)'") }
    }

    private func unexpected(_ wanted: String) -> Mistake {
        Mistake(reason: "its header has something else than \(wanted) at byte \(position)")
    }

    private mutating func text() throws(Mistake) -> String {
        guard let quote = peek(), quote == "'" || quote == "\"" else { throw unexpected("a quoted text") }
        let start = position + 1
        guard let end = bytes[start...].firstIndex(of: quote.asciiValue!) else {
            throw Mistake(reason: "its header has a text without an end at byte \(position)")
        }
        position = end + 1
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    private mutating func truth() throws(Mistake) -> Bool {
        for (word, value) in [("True", true), ("False", false)] {
            _ = peek()
            guard bytes[position...].starts(with: word.utf8) else { continue }
            position += word.utf8.count
            return value
        }
        throw unexpected("True or False")
    }

    private mutating func extents() throws(Mistake) -> [Int] {
        var result: [Int] = []
        try expect("(")
        while !accept(")") {
            guard let first = peek(), first.isASCII, first.isNumber else { throw unexpected("an extent") }
            var value = 0
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
                let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = tens.addingReportingOverflow(Int(bytes[position] - 0x30))
                guard !overflow, !carry else { throw Mistake(reason: "its header has too large an extent") }
                value = sum
                position += 1
            }
            // Python 2 wrote long integers with an L.
            _ = accept("L")
            result.append(value)
            if !accept(",") {
                try expect(")")
                break
            }
        }
        guard result.count <= 64 else { throw Mistake(reason: "its header has more than 64 axes") }
        return result
    }
}
