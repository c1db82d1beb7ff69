/// Comma-separated values as RFC 4180 defines them, in long form: a line a number.
enum CSVLog {
    static let header = Array("step,tag,value\n".utf8)

    /// A value prints as the shortest decimal that reads back to the same bits; `nan`, `inf` and `-inf` as they are.
    static func encoded(_ scalars: [Scalar]) -> [UInt8] {
        Array(scalars.map { "\($0.step),\(field($0.tag)),\($0.value)\n" }.joined().utf8)
    }

    static func field(_ text: String) -> String {
        let needsQuotes = text.contains { $0 == "," || $0 == "\"" || $0.isNewline }
        return needsQuotes
            ? "\"\(text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\"" : text
    }

    static func prefix(of bytes: [UInt8], count: Int) -> [UInt8]? {
        guard bytes.starts(with: header) else { return nil }
        var end = header.count
        for _ in 0..<count {
            // A line that does not end is what a process left that ended while writing it.
            guard let newline = bytes[end...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            end = newline + 1
        }
        return Array(bytes[..<end])
    }
}
