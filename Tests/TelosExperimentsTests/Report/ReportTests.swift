import Foundation
import TelosEvaluation
import Testing

@testable import TelosExperiments

@Suite struct ReportTests {
    static let hostile = "<script>alert('x')</script> & \"quoted\" \u{1} \u{0}"
    static let picture = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"><circle r=\"1\"/></svg>"

    private func curve(_ name: String, _ values: [Double]) -> PlotSeries {
        PlotSeries(name, steps: values.indices.map { $0 * 1000 }, values: values)
    }

    private func report(_ text: String) throws -> String {
        let panel = CurvePanel(
            title: text, xLabel: text, yLabel: text,
            series: [
                curve(text, [1, 2, 4]),
                PlotSeries(
                    text,
                    [
                        PlotPoint(x: 0, lower: 0, point: 1, upper: 3), PlotPoint(x: 9, lower: 1, point: 2, upper: 5),
                    ]),
            ])
        return renderReport(
            ReportContent(
                title: text, subtitle: text, facts: [ReportFact(text, text)], configuration: "key: \(text) # \(text)",
                summary: [
                    SummaryRow(
                        seed: 3, steps: 1000, seconds: 2, trainingReturn: 1.5, evaluationReturn: 2.5, weights: text)
                ],
                evaluation: try Interval(lower: 1, point: 2.5, upper: 3), curves: [panel], terms: [panel, panel],
                episodes: [EpisodePanel(title: text, animation: Self.picture, caption: text)], notes: [text]))
    }

    private func comparison(_ text: String) throws -> String {
        let interval = try Interval(lower: 0.6, point: 0.75, upper: 0.9)
        let panel = CurvePanel(title: text, yLabel: text, series: [curve(text, [1, 2]), curve(text, [2, 1])])
        return renderComparison(
            ComparisonContent(
                title: text, subtitle: text,
                runs: [
                    ComparedRun(name: text, description: text, scores: [1, 2, .nan], evaluation: interval),
                    ComparedRun(name: text),
                ],
                curves: [panel], profiles: [panel], improvement: [[nil, interval], [nil]], notes: [text]))
    }

    @Test func pagesAreWellFormed() throws {
        for page in [try report("a plain title"), try comparison("a plain title")] {
            #expect(markupProblem(page) == nil)
        }
        // The checker itself can fail.
        for broken in ["<p>", "<p></div>", "<p>a & b</p>", "<p>1 < 2</p>", "<p title=\"<\"></p>", "</p>"] {
            #expect(markupProblem(broken) != nil, "\(broken)")
        }
    }

    @Test func textIsEscaped() throws {
        for page in [try report(Self.hostile), try comparison(Self.hostile)] {
            #expect(markupProblem(page) == nil)
            #expect(!page.contains("<script") && !page.contains("\u{0}") && !page.contains("\u{1}"))
            #expect(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quoted&quot;"))
        }
    }

    @Test func nothingIsLoaded() throws {
        for page in [try report("title"), try comparison("title")] {
            #expect(!page.contains("http") && !page.contains("url(") && !page.contains("@import"))
            #expect(!page.contains("<link") && !page.contains("<script"))
            for source in page.components(separatedBy: "src=\"").dropFirst() {
                #expect(source.hasPrefix("data:image/svg"))
            }
        }
    }

    @Test func emptyContentRenders() {
        let pages = [
            renderReport(ReportContent(title: "")), renderComparison(ComparisonContent(title: "")),
            renderReport(ReportContent(title: "x", curves: [CurvePanel(title: "", yLabel: "", series: [])])),
            renderReport(
                ReportContent(title: "x", curves: [CurvePanel(title: "", yLabel: "", series: [curve("a", [])])])),
        ]
        for page in pages { #expect(markupProblem(page) == nil) }
        #expect(!pages[0].contains("<section>"))
        #expect(pages[3].contains("No finite values"))
    }

    @Test func valuesAreShown() throws {
        let page = try report("title")
        #expect(page.contains("<div class=\"big\">2.5</div>") && page.contains("95% interval 1 to 3"))
        #expect(page.contains("<td class=\"n\">1\u{202F}000</td>") && page.contains("<td class=\"n\">1.5</td>"))
        #expect(page.contains("<span class=\"key\">key</span>: title <span class=\"comment\"># title</span>"))
        #expect(page.contains(Data(Self.picture.utf8).base64EncodedString()))
        let compared = try comparison("title")
        #expect(compared.contains("0.75<span class=\"range\">[0.6, 0.9]</span>"))
    }

    @Test func valuesThatAreNotFiniteAreDropped() {
        let points = [
            PlotPoint(x: 0, lower: 0, point: 1, upper: 2), PlotPoint(x: 1, lower: .nan, point: .nan, upper: .nan),
            PlotPoint(x: .infinity, point: 3), PlotPoint(x: 2, lower: -.infinity, point: 5, upper: .nan),
        ]
        #expect(drawablePoints(points) == [points[0], PlotPoint(x: 2, point: 5)])
        let page = renderReport(
            ReportContent(
                title: "x", summary: [SummaryRow(seed: 0, steps: 1, seconds: .nan, evaluationReturn: .nan)],
                curves: [CurvePanel(title: "x", yLabel: "y", series: [PlotSeries("x", points)])]))
        #expect(markupProblem(page) == nil)
        #expect(!page.contains("nan") && !page.contains("inf"))
    }

    @Test func curvesLandWhereTheAxesSay() {
        let panel = CurvePanel(title: "t", yLabel: "y", series: [curve("a", [0, 5, 10])])
        let chart = lineChart(panel, panel.series)
        // x spans 58 ... 544 exactly; y has a margin of 5% at both ends of 252 ... 34.
        #expect(chart.contains("points=\"58,242.1 301,143 544,43.9\""), "\(chart)")
    }

    @Test func longCurvesAreThinnedButKeepTheirSpikes() {
        var values = (0..<20_000).map { Double($0 % 7) }
        values[12_345] = 900
        values[777] = -900
        let kept = drawablePoints(curve("a", values).points)
        #expect(kept.count <= 602)
        #expect(kept.contains { $0.point == 900 } && kept.contains { $0.point == -900 })
        #expect(zip(kept, kept.dropFirst()).allSatisfy { $0.x < $1.x })
        #expect(kept.last?.x == 19_999_000)
    }

    @Test func seriesNeverLookAlike() {
        let looks = Set((0..<28).map { SeriesStyle($0).colour + SeriesStyle($0).dash })
        #expect(looks.count == 28)
    }
}
