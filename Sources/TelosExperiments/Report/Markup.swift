import Foundation
import TelosEvaluation

/// Text made safe inside elements and quoted attributes; characters that XML forbids are left out.
func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        case "\n", "\t": result.unicodeScalars.append(scalar)
        case "\u{0}"..."\u{1F}", "\u{7F}", "\u{FFFE}", "\u{FFFF}": break
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// A whole page: a title, a header and a body that is already markup.
func htmlPage(title: String, subtitle: String, body: String) -> String {
    let lead = subtitle.isEmpty ? "" : "\n<p class=\"lead\">\(escaped(subtitle))</p>"
    return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <title>\(escaped(title))</title>
        <style>
        \(stylesheet)
        </style>
        </head>
        <body>
        <main>
        <header>
        <h1>\(escaped(title))</h1>\(lead)
        </header>
        \(body)
        <footer>Telos. Intervals are 95% stratified bootstrap intervals unless stated otherwise.</footer>
        </main>
        </body>
        </html>

        """
}

/// A titled section; empty for no content.
func htmlSection(_ title: String, _ content: String, note: String = "") -> String {
    guard !content.isEmpty else { return "" }
    let explanation = note.isEmpty ? "" : "\n<p class=\"hint\">\(escaped(note))</p>"
    return "<section>\n<h2>\(escaped(title))</h2>\(explanation)\n\(content)\n</section>"
}

/// Plain paragraphs in a box; empty for no notes.
func noteBox(_ notes: [String]) -> String {
    guard !notes.isEmpty else { return "" }
    let items = notes.map { "<li>\(escaped($0))</li>" }.joined(separator: "\n")
    return "<aside class=\"notes\" aria-label=\"Notes\">\n<ul>\n\(items)\n</ul>\n</aside>"
}

/// Charts side by side, a single one wider; empty for no panels.
/// - Parameter statesLast: whether legends state each curve's last value.
func panelGrid(_ panels: [CurvePanel], statesLast: Bool = true) -> String {
    guard !panels.isEmpty else { return "" }
    let figures = panels.map { chartFigure($0, statesLast: statesLast) }
    return "<div class=\"\(panels.count == 1 ? "single" : "grid")\">\n\(figures.joined(separator: "\n"))\n</div>"
}

/// A table. Column `alignment` characters: "n" for numbers (right), anything else for text (left).
/// Cells are markup; headings are text.
func htmlTable(_ headings: [String], alignment: String, rows: [[String]], caption: String) -> String {
    let sides = Array(alignment)
    func kind(_ column: Int) -> String { column < sides.count && sides[column] == "n" ? " class=\"n\"" : "" }
    let head = headings.enumerated().map { "<th scope=\"col\"\(kind($0))>\(escaped($1))</th>" }.joined()
    let body = rows.map { row in
        "<tr>" + row.enumerated().map { "<td\(kind($0))>\($1)</td>" }.joined() + "</tr>"
    }.joined(separator: "\n")
    return """
        <div class="scroll"><table aria-label="\(escaped(caption))">
        <thead><tr>\(head)</tr></thead>
        <tbody>
        \(body)
        </tbody>
        </table></div>
        """
}

/// "−112 [−118, −106]", with the interval set back.
func intervalText(_ interval: Interval) -> String {
    let range = "[\(numberText(interval.lower)), \(numberText(interval.upper))]"
    return "\(numberText(interval.point)) <span class=\"range\">\(range)</span>"
}
