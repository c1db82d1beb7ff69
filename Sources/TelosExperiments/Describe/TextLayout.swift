/// Widths of a terminal's lines that this project's texts are made for.
private let lineWidth = 100

/// Two columns under a heading, the second one wrapped.
func section(_ heading: String, _ rows: [[String]]) -> String {
    guard !rows.isEmpty else { return "\(heading)\n  none" }
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    let lines = rows.map { row -> String in
        var line = "  "
        for (column, cell) in row.enumerated().dropLast() {
            line += cell + String(repeating: " ", count: widths[column] - cell.count + 2)
        }
        let text = wrapped(row.last ?? "", indent: line.count)
        return line + text.drop { $0 == " " }
    }
    return ([heading] + lines).joined(separator: "\n")
}

/// The words of `text`, in lines of at most a terminal's width; paragraphs and indented lines end where they did.
func wrapped(_ text: String, indent: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    let width = max(30, lineWidth - indent)
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
        var line = ""
        for word in paragraph.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        lines.append(line)
    }
    return lines.map { $0.isEmpty ? "" : margin + $0 }.joined(separator: "\n")
}

/// `text` as it is, two columns to the right.
func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  \($0)" }
        .joined(separator: "\n")
}

/// Blocks under the names of their families, in the order families first appear.
func families(_ blocks: [(family: String, text: String)]) -> String {
    var order: [String] = []
    for block in blocks where !order.contains(block.family) { order.append(block.family) }
    return order.map { family in
        ([family] + blocks.filter { $0.family == family }.map { indented($0.text) }).joined(separator: "\n")
    }.joined(separator: "\n\n")
}

/// `0 to 1`, `at least 0`, `any`.
func rangeText(_ low: Double, _ high: Double) -> String {
    func isOpen(_ value: Double) -> Bool { abs(value) >= Double(Float.greatestFiniteMagnitude) }
    func text(_ value: Double) -> String {
        // A float32 bound is shown as it was written, not with the digits of its conversion to float64.
        Double(Float(value)) == value && Double("\(Float(value))") != value
            ? JSONValue.number(Double("\(Float(value))") ?? value).json : JSONValue.number(value).json
    }
    switch (isOpen(low), isOpen(high)) {
    case (true, true): return "any"
    case (false, true): return "at least \(text(low))"
    case (true, false): return "at most \(text(high))"
    case (false, false): return "\(text(low)) to \(text(high))"
    }
}

/// A bound in JSON: null where there is none.
func boundJSON(_ value: Double) -> JSONValue {
    abs(value) >= Double(Float.greatestFiniteMagnitude) ? .null : .number(value)
}
