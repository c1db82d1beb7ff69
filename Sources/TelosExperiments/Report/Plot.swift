import Foundation
import TelosEvaluation

/// How series number `index` is drawn: one of seven colours, with a dash that changes each time round and, within a
/// round, from one series to the next, so that no two of 28 look alike even without colour.
struct SeriesStyle {
    var colour: String
    var dash: String

    init(_ index: Int) {
        let dashes = ["", "7 4", "2 4", "9 4 2 4"]
        colour = "var(--s\(index % seriesColourCount))"
        let dash = dashes[(index % seriesColourCount + index / seriesColourCount) % dashes.count]
        self.dash = dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
    }
}

/// A chart with its title, legend and final values.
func chartFigure(_ panel: CurvePanel, statesLast: Bool = true) -> String {
    let series = panel.series.map { PlotSeries($0.name, drawablePoints($0.points)) }
    let legend = series.enumerated().compactMap { index, series -> String? in
        guard let last = series.points.last else { return nil }
        let style = SeriesStyle(index)
        let range = last.lower < last.upper ? " [\(numberText(last.lower)), \(numberText(last.upper))]" : ""
        let swatch =
            "<svg viewBox=\"0 0 24 10\" aria-hidden=\"true\"><line x1=\"1\" y1=\"5\" x2=\"23\" y2=\"5\" "
            + "style=\"stroke:\(style.colour)\" stroke-width=\"3\"\(style.dash)/></svg>"
        let value = statesLast ? " <span class=\"last\">\(numberText(last.point))\(range)</span>" : ""
        return "<li>\(swatch)<span>\(escaped(series.name))\(value)</span></li>"
    }
    let chart =
        legend.isEmpty
        ? "<div class=\"empty\">No finite values to draw.</div>"
        : "<ul class=\"legend\">\(legend.joined())</ul>\n" + lineChart(panel, series)
    return "<figure>\n<h3>\(escaped(panel.title))</h3>\n\(chart)\n</figure>"
}

/// A line chart as SVG text: shaded intervals below the curves, ticks at round numbers, the axes named.
/// It is drawn in the page's own colours and needs its style sheet.
func lineChart(_ panel: CurvePanel, _ series: [PlotSeries]) -> String {
    let (width, height) = (560.0, 300.0)
    let (left, right, top, bottom) = (58.0, 544.0, 34.0, 252.0)
    let points = series.flatMap(\.points)
    let horizontal = Axis(covering: points.map(\.x), count: 6)
    let vertical = Axis(covering: points.flatMap { [$0.lower, $0.upper] }, count: 6, margin: 0.05)
    func column(_ x: Double) -> Double { left + horizontal.position(x) * (right - left) }
    func row(_ y: Double) -> Double { bottom - vertical.position(y) * (bottom - top) }

    var marks: [String] = []
    for tick in vertical.ticks {
        let kind = tick == 0 && vertical.low < 0 ? "axis" : "rule"
        marks.append(lineMark(kind, left, row(tick), right, row(tick)))
        marks.append(textMark(left - 9, row(tick) + 4, vertical.label(tick), anchor: "end"))
    }
    for tick in horizontal.ticks {
        let x = column(tick)
        marks.append(lineMark("axis", x, bottom, x, bottom + 5))
        // A label at the right end stays inside the figure.
        let isLast = x > right - 12
        let anchor = isLast ? "end" : "middle"
        marks.append(textMark(isLast ? x + 8 : x, bottom + 20, horizontal.label(tick), anchor: anchor))
    }
    marks.append(lineMark("axis", left, bottom, right, bottom))
    marks.append(textMark(left, 16, panel.yLabel, anchor: "start"))
    marks.append(textMark((left + right) / 2, height - 8, panel.xLabel, anchor: "middle"))

    for (index, series) in series.enumerated() where series.points.contains(where: { $0.lower < $0.upper }) {
        let outline = series.points.map { ($0.x, $0.upper) } + series.points.reversed().map { ($0.x, $0.lower) }
        let path = outline.map { "\(pixel(column($0))),\(pixel(row($1)))" }.joined(separator: " ")
        marks.append("<polygon class=\"band\" style=\"fill:\(SeriesStyle(index).colour)\" points=\"\(path)\"/>")
    }
    for (index, series) in series.enumerated() {
        let style = SeriesStyle(index)
        if series.points.count == 1, let only = series.points.first {
            marks.append(
                "<circle cx=\"\(pixel(column(only.x)))\" cy=\"\(pixel(row(only.point)))\" r=\"4\" "
                    + "style=\"fill:\(style.colour)\"/>")
            continue
        }
        let path = series.points.map { "\(pixel(column($0.x))),\(pixel(row($0.point)))" }.joined(separator: " ")
        marks.append(
            "<polyline class=\"curve\" style=\"stroke:\(style.colour)\"\(style.dash) points=\"\(path)\">"
                + "<title>\(escaped(series.name))</title></polyline>")
    }
    let label = "\(panel.title): \(panel.yLabel) over \(panel.xLabel)"
    return """
        <svg viewBox="0 0 \(pixel(width)) \(pixel(height))" role="img" aria-label="\(escaped(label))">
        \(marks.joined(separator: "\n"))
        </svg>
        """
}

/// A dot with whiskers on a scale that `axis` gives, over faint dots of the single scores.
func forestMark(_ interval: Interval?, scores: [Double], axis: Axis, seriesIndex: Int, labelled: Bool) -> String {
    let (width, left, right) = (400.0, 12.0, 388.0)
    let height = labelled ? 62.0 : 26.0
    func column(_ value: Double) -> Double { left + axis.position(value) * (right - left) }
    let colour = SeriesStyle(seriesIndex).colour
    var marks = [lineMark("rule", left, 13, right, 13)]
    if labelled {
        for tick in axis.ticks {
            marks.append(lineMark("rule", column(tick), 4, column(tick), 32))
            marks.append(textMark(column(tick), 50, axis.label(tick), anchor: "middle"))
        }
    }
    for score in scores where score.isFinite {
        marks.append(
            "<circle class=\"seed\" style=\"fill:\(colour)\" cx=\"\(pixel(column(score)))\" cy=\"13\" r=\"4\">"
                + "<title>\(numberText(score))</title></circle>")
    }
    if let interval, interval.lower.isFinite, interval.upper.isFinite {
        let y = labelled ? "25" : "13"
        marks.append(
            "<line class=\"whisker\" style=\"stroke:\(colour)\" x1=\"\(pixel(column(interval.lower)))\" y1=\"\(y)\" "
                + "x2=\"\(pixel(column(interval.upper)))\" y2=\"\(y)\"/>")
        marks.append("<circle style=\"fill:\(colour)\" cx=\"\(pixel(column(interval.point)))\" cy=\"\(y)\" r=\"5.5\"/>")
    }
    let label =
        interval.map { value in
            "\(numberText(value.point)), interval \(numberText(value.lower)) to \(numberText(value.upper))"
        } ?? "seeds"
    return "<svg class=\"forest\" viewBox=\"0 0 \(pixel(width)) \(pixel(height))\" role=\"img\" "
        + "aria-label=\"\(label)\">" + marks.joined() + "</svg>"
}

/// The points that can be drawn, thinned to at most about `limit`: of each stretch the lowest and the highest point, so
/// that no spike is lost.
func drawablePoints(_ points: [PlotPoint], limit: Int = 600) -> [PlotPoint] {
    let finite = points.compactMap(\.drawable)
    guard finite.count > limit else { return finite }
    let size = (2 * finite.count + limit - 1) / limit
    var kept: [PlotPoint] = []
    for start in stride(from: 0, to: finite.count, by: size) {
        let stretch = start..<min(start + size, finite.count)
        guard let lowest = stretch.min(by: { finite[$0].point < finite[$1].point }),
            let highest = stretch.max(by: { finite[$0].point < finite[$1].point })
        else { continue }
        kept.append(finite[min(lowest, highest)])
        if lowest != highest { kept.append(finite[max(lowest, highest)]) }
    }
    // The final value is what the legend states.
    if let last = finite.last, kept.last != last { kept.append(last) }
    return kept
}

func textMark(_ x: Double, _ y: Double, _ text: String, anchor: String) -> String {
    "<text x=\"\(pixel(x))\" y=\"\(pixel(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>"
}

private func lineMark(_ kind: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line class=\"\(kind)\" x1=\"\(pixel(x1))\" y1=\"\(pixel(y1))\" x2=\"\(pixel(x2))\" y2=\"\(pixel(y2))\"/>"
}

private func pixel(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
