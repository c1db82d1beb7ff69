/// A text by lines of Unicode scalars, as YAML counts its columns.
struct SourceText: Sendable {
    let lines: [[Unicode.Scalar]]

    init(_ text: String) {
        var lines: [[Unicode.Scalar]] = [[]]
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            if scalar == "\n", previous == "\r" {
                previous = scalar
                continue
            }
            // YAML 1.1 ends lines at U+0085, U+2028 and U+2029 too.
            switch scalar {
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lines.append([])
            default: lines[lines.count - 1].append(scalar)
            }
            previous = scalar
        }
        self.lines = lines
    }

    /// Line and column (1-based) of scalar number `offset` (from 0) of a YAML scalar that starts at `line`, `column`.
    ///
    /// Walks the source beside the value: quotes, doubled single quotes, folded lines and the indentation of blocks are
    /// understood.
    /// - Returns: nil where source and value do not match step by step, as after an escape in double quotes.
    func position(ofOffset offset: Int, in value: String, line: Int, column: Int) -> (line: Int, column: Int)? {
        guard lines.indices.contains(line - 1), column >= 1, column - 1 < lines[line - 1].count else { return nil }
        var row = line - 1
        var position = column - 1
        let opening = lines[row][position]
        let isBlock = opening == "|" || opening == ">"
        var blockIndent = 0
        if opening == "\"" || opening == "'" { position += 1 }
        if isBlock {
            row += 1
            while row < lines.count, lines[row].allSatisfy({ $0 == " " }) { row += 1 }
            guard row < lines.count else { return nil }
            let leading = value.unicodeScalars.drop(while: { $0 == "\n" }).prefix(while: { $0 == " " }).count
            blockIndent = lines[row].prefix(while: { $0 == " " }).count - leading
            guard blockIndent >= 0 else { return nil }
            row -= value.unicodeScalars.prefix(while: { $0 == "\n" }).count
            position = blockIndent
        }
        for (index, scalar) in value.unicodeScalars.enumerated() {
            guard row < lines.count else { return nil }
            if position >= lines[row].count || (!isBlock && lines[row][position...].allSatisfy { $0 == " " }) {
                // A line's end stands for the value's line break, or for the space it folds to.
                guard scalar == "\n" || scalar == " " || scalar == "\t" else { return nil }
                if index == offset { return (row + 1, min(position, lines[row].count) + 1) }
                row += 1
                guard row < lines.count else { continue }
                position = isBlock ? blockIndent : lines[row].prefix(while: { $0 == " " || $0 == "\t" }).count
                continue
            }
            let written = lines[row][position]
            if written == scalar, !(opening == "\"" && written == "\\") {
                if index == offset { return (row + 1, position + 1) }
                position += opening == "'" && written == "'" ? 2 : 1
            } else {
                return nil
            }
        }
        // Just after the end.
        guard offset >= value.unicodeScalars.count, row < lines.count else { return nil }
        return (row + 1, min(position, lines[row].count) + 1)
    }
}
