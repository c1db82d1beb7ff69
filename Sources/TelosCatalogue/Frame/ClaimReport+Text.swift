extension ClaimReport {
    /// The report for a terminal: plain lines, at most 100 columns wherever names allow it.
    public var text: String {
        var lines = ["\(slug): \(title)"]
        lines += wrapped(claim, width: 98).map { "  " + $0 }
        if !parameters.isEmpty {
            let settings = parameters.sorted { $0.key < $1.key }.map { "\($0.key) \(shortNumber($0.value))" }
            lines.append("")
            lines += wrapped(settings.joined(separator: ", "), width: 98).map { "  " + $0 }
        }
        lines.append("")
        lines += table(
            header: ["arm", "role", "metric", "IQM", "95% interval", "seeds"],
            rows: arms.map {
                [
                    $0.name, $0.role.rawValue, $0.metric, shortNumber($0.iqm),
                    "\(shortNumber($0.lower)) to \(shortNumber($0.upper))", String($0.values.count),
                ]
            })
        lines.append("")
        lines += table(
            header: ["test", "statistic", "", "threshold", ""],
            rows: tests.map {
                [
                    $0.name, shortNumber($0.statistic), $0.comparison?.rawValue ?? "", shortNumber($0.threshold),
                    $0.passed ? "passed" : "FAILED",
                ]
            })
        for note in notes {
            lines.append("")
            lines += wrapped(note, width: 98).map { "  " + $0 }
        }
        lines.append("")
        lines.append("verdict: \(verdict.rawValue) (\(shortNumber((seconds * 10).rounded() / 10)) s)")
        return lines.joined(separator: "\n")
    }
}

private func table(header: [String], rows: [[String]]) -> [String] {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
        let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        var line = "  " + cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }
}

private func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        if !line.isEmpty, line.count + 1 + word.count > width {
            lines.append(line)
            line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
    }
    return line.isEmpty ? lines : lines + [line]
}
