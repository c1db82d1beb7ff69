extension ProgramListing {
    /// One line of totals.
    public var summary: String {
        let fused = steps.reduce(0) { $0 + $1.operations.count }
        return "\(fused) operations in \(steps.count) steps (\(instructions) kernel calls): "
            + "\(Self.readable(floatingPointOperations)) FLOP and \(Self.readable(bytes)) bytes a run, "
            + "\(Self.readable(4 * workspaceCount)) bytes of working memory, "
            + "\(Self.readable(variableCount)) variables, \(Self.readable(constantCount)) constants, "
            + "\(instructionSet), \(threads) \(threads == 1 ? "thread" : "threads"), "
            + "compiled in \(Self.rounded(compileMilliseconds)) ms"
    }

    /// The totals, the values and a table of the steps.
    public var text: String {
        var lines = [summary]
        for (title, values) in [("inputs", inputs), ("outputs", outputs), ("variables", variables)]
        where !values.isEmpty {
            lines.append("\(title):")
            let rows = values.map { [$0.name, "\($0.shape)", title == "variables" && $0.isUpdated ? "updated" : ""] }
            lines += Self.table(rows).map { "  " + $0 }
        }
        lines.append("steps:")
        let header = ["", "shape", "reads", "writes", "FLOP", "bytes", "operations", "line"]
        let rows = steps.enumerated().map { index, step in
            [
                "\(index)", "\(step.shape)", step.reads.joined(separator: ", "),
                step.writes.joined(separator: ", ") + (step.isInPlace ? " in place" : ""),
                Self.readable(step.floatingPointOperations), Self.readable(step.bytes), Self.runs(step.operations),
                (step.location ?? "") + (step.isDerivative ? " (derivative)" : ""),
            ]
        }
        lines += Self.table([header] + rows).map { "  " + $0 }
        return lines.joined(separator: "\n")
    }

    /// Equal neighbours counted: `multiply, add x3`.
    private static func runs(_ names: [String]) -> String {
        var runs: [(name: String, count: Int)] = []
        for name in names {
            if runs.last?.name == name { runs[runs.count - 1].count += 1 } else { runs.append((name, 1)) }
        }
        return runs.map { $0.count == 1 ? $0.name : "\($0.name) x\($0.count)" }.joined(separator: ", ")
    }

    /// Columns padded to their widest cell, up to a limit after which a cell pushes its row out.
    private static func table(_ rows: [[String]]) -> [String] {
        let limit = 44
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in Swift.min(limit, rows.map { $0[column].count }.max() ?? 0) }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < columns - 1 {
                    line += String(repeating: " ", count: Swift.max(0, widths[column] - cell.count) + 2)
                }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// Three digits and a decimal prefix.
    private static func readable(_ number: Int) -> String {
        var value = Double(number)
        for prefix in ["", "k", "M", "G"] {
            if value < 1000 { return prefix.isEmpty ? "\(number)" : "\(rounded(value))\(prefix)" }
            value /= 1000
        }
        return "\(rounded(value))T"
    }

    /// Three digits.
    private static func rounded(_ value: Double) -> String {
        let scale = value < 10 ? 100.0 : value < 100 ? 10 : 1
        let result = (value * scale).rounded() / scale
        return result == result.rounded() && result < 1e15 ? "\(Int(result))" : "\(result)"
    }
}
