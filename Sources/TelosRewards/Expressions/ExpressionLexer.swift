/// Cuts the text of an expression into tokens, on demand.
struct ExpressionLexer {
    struct Token: Equatable {
        enum Kind: Equatable {
            case number(Double)
            case identifier(String)
            case quoted(String)
            case symbol(String)
            case end
        }
        var kind: Kind
        /// Offsets in bytes.
        var start: Int
        var end: Int

        func isSymbol(_ text: String) -> Bool {
            if case .symbol(let own) = kind { own == text } else { false }
        }
        func isWord(_ text: String) -> Bool {
            if case .identifier(let own) = kind { own == text } else { false }
        }
        /// How a message names it.
        var spelling: String {
            switch kind {
            case .number(let value): "'\(Expression.spelling(of: value))'"
            case .identifier(let text), .symbol(let text): "'\(text)'"
            case .quoted(let text): "'`\(text)`'"
            case .end: "the end"
            }
        }
    }

    let bytes: [UInt8]
    var position: Int

    init(_ text: String, from start: Int = 0) {
        bytes = Array(text.utf8)
        position = start
    }

    /// The 1-based column, in characters, of a byte.
    func column(_ offset: Int) -> Int { String(decoding: bytes[..<min(offset, bytes.count)], as: UTF8.self).count + 1 }

    func error(_ message: String, at offset: Int) -> RewardError { RewardError(message, column: column(offset)) }

    private func byte(_ offset: Int) -> UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    mutating func next() throws(RewardError) -> Token {
        while Self.isSpace(byte(position)), position < bytes.count { position += 1 }
        let start = position
        guard start < bytes.count else { return Token(kind: .end, start: start, end: start) }
        let first = bytes[start]
        if Self.isDigit(first) || (first == UInt8(ascii: ".") && Self.isDigit(byte(start + 1))) {
            return try number()
        }
        if Self.isLetter(first) {
            while Self.isLetter(byte(position)) || Self.isDigit(byte(position)) { position += 1 }
            return token(.identifier(text(start, position)), start)
        }
        if first == UInt8(ascii: "`") { return try quoted() }
        if let pair = Self.pairs[UInt16(first) << 8 | UInt16(byte(start + 1))] {
            if let advice = Self.advice[pair] { throw error("'\(pair)' is not an operator; \(advice)", at: start) }
            position += 2
            return token(.symbol(pair), start)
        }
        if let single = Self.singles[first] {
            position += 1
            return token(.symbol(single), start)
        }
        throw unexpectedCharacter(at: start)
    }

    private func token(_ kind: Token.Kind, _ start: Int) -> Token { Token(kind: kind, start: start, end: position) }

    private func text(_ start: Int, _ end: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }

    private mutating func number() throws(RewardError) -> Token {
        let start = position
        skipDigits()
        if byte(position) == UInt8(ascii: ".") {
            guard Self.isDigit(byte(position + 1)) else {
                throw error("a digit must follow the decimal point of '\(text(start, position + 1))'", at: position)
            }
            position += 1
            skipDigits()
        }
        if byte(position) | 0x20 == UInt8(ascii: "e") {
            var digits = position + 1
            if byte(digits) == UInt8(ascii: "-") || byte(digits) == UInt8(ascii: "+") { digits += 1 }
            if Self.isDigit(byte(digits)) {
                position = digits
                skipDigits()
            }
        }
        let spelling = text(start, position)
        if Self.isLetter(byte(position)) || byte(position) == UInt8(ascii: "`") {
            throw error(
                "put an operator between '\(spelling)' and the name after it, as in '\(spelling) * x'", at: start)
        }
        if byte(position) == UInt8(ascii: ".") {
            throw error("'\(spelling).' is not a number; a number has one decimal point", at: start)
        }
        guard let value = Double(spelling.filter { $0 != "_" }), value.isFinite else {
            throw error("the number '\(spelling.prefix(24))' is too large; the largest is about 1.8e308", at: start)
        }
        return token(.number(value), start)
    }

    private mutating func skipDigits() {
        while Self.isDigit(byte(position))
            || (byte(position) == UInt8(ascii: "_") && Self.isDigit(byte(position + 1)))
        { position += 1 }
    }

    private mutating func quoted() throws(RewardError) -> Token {
        let start = position
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "`"), bytes[position] != UInt8(ascii: "\n") {
            position += 1
        }
        guard byte(position) == UInt8(ascii: "`") else {
            throw error("the name that starts with a backtick here has no closing backtick", at: start)
        }
        let name = text(start + 1, position)
        guard !name.isEmpty else { throw error("a name is missing between the backticks", at: start) }
        position += 1
        return token(.quoted(name), start)
    }

    private func unexpectedCharacter(at start: Int) -> RewardError {
        let character = String(decoding: bytes[start...].prefix(64), as: UTF8.self).first.map(String.init) ?? ""
        if let advice = Self.advice[character] {
            return error("'\(character)' is not an operator; \(advice)", at: start)
        }
        let shown =
            character.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
            ? "'\(character)'" : "a control character"
        return error("unexpected character \(shown)", at: start)
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }
    static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20 >= 97 && byte | 0x20 <= 122) || byte == 95 }

    private static let pairs: [UInt16: String] = {
        var table: [UInt16: String] = [:]
        for pair in ["<=", ">=", "==", "!=", "&&", "||", "**", "<>", "=>", "=<", "//"] {
            let bytes = Array(pair.utf8)
            table[UInt16(bytes[0]) << 8 | UInt16(bytes[1])] = pair
        }
        return table
    }()

    private static let singles: [UInt8: String] = {
        var table: [UInt8: String] = [:]
        for single in "+-*/%^<>!?:(),.[]" { table[single.asciiValue!] = String(single) }
        return table
    }()

    /// What people write, and what this language has instead.
    private static let advice: [String: String] = [
        "**": "a power is written x^y", "<>": "write !=", "=>": "write >=", "=<": "write <=",
        "//": "write floor(x / y)", "=": "equality is written ==", "&": "write and", "|": "write or, or abs(x)",
        "~": "write not", "×": "write *", "·": "write *", "÷": "write /", "−": "write -", "–": "write -",
        "≤": "write <=", "≥": "write >=", "≠": "write !=", "²": "write ^2", "³": "write ^3", "π": "write pi",
        "∧": "write and", "∨": "write or", "¬": "write not", "√": "write sqrt(x)",
    ]
}
