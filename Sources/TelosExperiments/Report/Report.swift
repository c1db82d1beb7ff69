import Foundation
import TelosEvaluation

/// The page of one experiment: a self-contained HTML document that loads nothing and runs no script.
///
/// It shows what was run, the result with its interval and every seed, learning curves, reward terms, rendered
/// behaviour, and the experiment file. All text is escaped; values that are not finite are left out of charts and shown
/// as a dash in tables.
public func renderReport(_ content: ReportContent) -> String {
    let parts = [
        factList(content.facts),
        noteBox(content.notes),
        htmlSection("Evaluation return", resultCard(content)),
        htmlSection(
            "Learning curves", panelGrid(content.curves),
            note: "Lines are the estimate over seeds, shaded areas its interval."),
        htmlSection(
            "Reward terms", panelGrid(content.terms),
            note: "What each part of the reward contributed: a term that grows while the primary return does not "
                + "is being farmed."),
        htmlSection("Behaviour", episodeGrid(content.episodes)),
        htmlSection("Seeds", seedTable(content.summary)),
        htmlSection("Experiment", configurationBlock(content.configuration)),
    ]
    return htmlPage(
        title: content.title, subtitle: content.subtitle,
        body: parts.filter { !$0.isEmpty }.joined(separator: "\n"))
}

private func factList(_ facts: [ReportFact]) -> String {
    guard !facts.isEmpty else { return "" }
    let items = facts.map { "<div><dt>\(escaped($0.label))</dt><dd>\(escaped($0.value))</dd></div>" }
    return "<dl class=\"facts card\">\n" + items.joined(separator: "\n") + "\n</dl>"
}

private func resultCard(_ content: ReportContent) -> String {
    guard let evaluation = content.evaluation else { return "" }
    let scores = content.summary.compactMap(\.evaluationReturn).filter(\.isFinite)
    let axis = Axis(covering: scores + [evaluation.lower, evaluation.upper], count: 6, margin: 0.06)
    let level = numberText(evaluation.level * 100)
    let seeds = scores.count == 1 ? "1 seed" : "\(scores.count) seeds"
    let source = scores.isEmpty ? "interquartile mean" : "interquartile mean of \(seeds)"
    return """
        <div class="result card">
        <div><div class="big">\(numberText(evaluation.point))</div>
        <div class="between">\(level)% interval \(numberText(evaluation.lower)) to \(numberText(evaluation.upper))</div>
        <div class="between">\(source)</div></div>
        \(forestMark(evaluation, scores: scores, axis: axis, seriesIndex: 0, labelled: true))
        </div>
        """
}

private func episodeGrid(_ episodes: [EpisodePanel]) -> String {
    guard !episodes.isEmpty else { return "" }
    let figures = episodes.map { episode in
        // As an image the drawing can neither run scripts nor clash with the page's names and styles.
        let data = Data(episode.animation.utf8).base64EncodedString()
        return """
            <figure>
            <h3>\(escaped(episode.title))</h3>
            <img class="frame" alt="\(escaped("\(episode.title): \(episode.caption)"))" \
            src="data:image/svg+xml;base64,\(data)"/>
            <figcaption>\(escaped(episode.caption))</figcaption>
            </figure>
            """
    }
    return "<div class=\"grid small\">\n" + figures.joined(separator: "\n") + "\n</div>"
}

private func seedTable(_ rows: [SummaryRow]) -> String {
    guard !rows.isEmpty else { return "" }
    return htmlTable(
        ["Seed", "Steps", "Time", "Steps a second", "Training return", "Evaluation return", "Weights"],
        alignment: "nnnnnnt",
        rows: rows.map { row in
            let speed = row.seconds > 0 ? humanCount(Double(row.steps) / row.seconds) : "–"
            let hash = "<code title=\"\(escaped(row.weights))\">\(escaped(String(row.weights.prefix(16))))</code>"
            return [
                String(row.seed), groupedText(row.steps), durationText(row.seconds), speed,
                row.trainingReturn.map(numberText) ?? "–", row.evaluationReturn.map(numberText) ?? "–",
                row.weights.isEmpty ? "–" : hash,
            ]
        },
        caption: "Results of every seed")
}

/// The experiment file with its keys and comments set off.
private func configurationBlock(_ text: String) -> String {
    guard !text.isEmpty else { return "" }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { configurationLine(String($0)) }
    return "<pre><code>" + lines.joined(separator: "\n") + "</code></pre>"
}

private func configurationLine(_ line: String) -> String {
    var (body, comment) = (line, "")
    var quote: Character?
    for index in line.indices {
        let character = line[index]
        if let open = quote {
            if character == open { quote = nil }
        } else if character == "\"" || character == "'" {
            quote = character
        } else if character == "#", index == line.startIndex || line[line.index(before: index)].isWhitespace {
            (body, comment) = (String(line[..<index]), String(line[index...]))
            break
        }
    }
    let tail = comment.isEmpty ? "" : "<span class=\"comment\">\(escaped(comment))</span>"
    let key = body.prefix { $0.isLetter || $0.isNumber || " -_.".contains($0) }
    guard !key.allSatisfy(\.isWhitespace), body.dropFirst(key.count).first == ":" else { return escaped(body) + tail }
    return "<span class=\"key\">\(escaped(String(key)))</span>" + escaped(String(body.dropFirst(key.count))) + tail
}
