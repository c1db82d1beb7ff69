import TelosEvaluation

/// The page that compares several runs: a self-contained HTML document that loads nothing and runs no script.
///
/// It shows every run's result on one scale, curves over each other, and for every pair the probability that a seed of
/// one scores higher than a seed of the other. All text is escaped.
public func renderComparison(_ content: ComparisonContent) -> String {
    let parts = [
        noteBox(content.notes),
        htmlSection(
            "Evaluation return", runTable(content.runs),
            note: "Faint dots are seeds; the large dot is their interquartile mean, the line its interval."),
        htmlSection("Learning curves", panelGrid(content.curves)),
        htmlSection(
            "Performance profiles", panelGrid(content.profiles, statesLast: false),
            note: "The share of seeds that score above each threshold: higher is better, everywhere is dominance."),
        htmlSection(
            "Probability of improvement", improvementTable(content),
            note: "How often a seed of the row scores higher than a seed of the column. Bold where the interval "
                + "leaves out one half."),
    ]
    return htmlPage(
        title: content.title, subtitle: content.subtitle,
        body: parts.filter { !$0.isEmpty }.joined(separator: "\n"))
}

private func runTable(_ runs: [ComparedRun]) -> String {
    guard !runs.isEmpty else { return "" }
    let bounds = runs.flatMap { run in run.scores + (run.evaluation.map { [$0.lower, $0.upper] } ?? []) }
    let axis = Axis(covering: bounds, count: 6, margin: 0.06)
    var rows = runs.enumerated().map { index, run in
        let about = run.description.isEmpty ? "" : "<span class=\"sub\">\(escaped(run.description))</span>"
        return [
            "\(swatch(index))\(escaped(run.name))\(about)", String(run.scores.count),
            run.evaluation.map { intervalText($0) } ?? "–",
            forestMark(run.evaluation, scores: run.scores, axis: axis, seriesIndex: index, labelled: false),
        ]
    }
    rows.append(["", "", "", scale(axis)])
    return htmlTable(
        ["Run", "Seeds", "Interquartile mean", ""], alignment: "tnnt", rows: rows,
        caption: "Evaluation return of every run")
}

/// The ticks below the marks of a table, on the scale the marks are drawn in.
private func scale(_ axis: Axis) -> String {
    let labels = axis.ticks.map { tick in
        textMark(12 + axis.position(tick) * 376, 12, axis.label(tick), anchor: "middle")
    }
    return "<svg class=\"forest\" viewBox=\"0 0 400 16\" aria-hidden=\"true\">\(labels.joined())</svg>"
}

private func improvementTable(_ content: ComparisonContent) -> String {
    guard content.runs.count > 1, !content.improvement.isEmpty else { return "" }
    let head = content.runs.map { "<th scope=\"col\">\(escaped($0.name))</th>" }.joined()
    let rows = content.runs.enumerated().map { row, run in
        let cells = content.runs.indices.map { column -> String in
            guard row != column, row < content.improvement.count, column < content.improvement[row].count,
                let value = content.improvement[row][column]
            else { return "<td class=\"none\">–</td>" }
            return improvementCell(value)
        }
        return "<tr><th scope=\"row\">\(swatch(row))\(escaped(run.name))</th>\(cells.joined())</tr>"
    }
    return """
        <div class="scroll"><table class="matrix" aria-label="Probability of improvement of row over column">
        <thead><tr><th></th>\(head)</tr></thead>
        <tbody>
        \(rows.joined(separator: "\n"))
        </tbody>
        </table></div>
        """
}

/// Tinted towards one colour above one half and towards another below, never so much that its text is hard to read.
private func improvementCell(_ value: Interval) -> String {
    let strength = Int((abs(value.point - 0.5) * 70).rounded())
    let colour = value.point >= 0.5 ? "var(--yes)" : "var(--no)"
    let kind = value.contains(0.5) ? "" : " class=\"sure\""
    let range = "[\(numberText(value.lower)), \(numberText(value.upper))]"
    return "<td\(kind) style=\"background:color-mix(in srgb, \(colour) \(strength)%, transparent)\">"
        + "\(numberText(value.point))<span class=\"range\">\(range)</span></td>"
}

private func swatch(_ index: Int) -> String {
    "<span class=\"swatch\" style=\"background:\(SeriesStyle(index).colour)\"></span>"
}
