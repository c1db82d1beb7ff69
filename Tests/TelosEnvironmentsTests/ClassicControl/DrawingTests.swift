import Foundation
import TelosTensor
import Testing

@testable import TelosEnvironments

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct DrawingTests {
    private func isWellFormed(_ text: String) -> Bool { XMLParser(data: Data(text.utf8)).parse() }

    /// Up to `steps` pictures of one environment under random actions.
    private func pictures(_ entry: EnvironmentEntry, steps: Int) throws -> [Drawing] {
        let batch = try entry.make(entry.defaultOptions, 1, nil, RandomKey(seed: 5))
        var random = RandomKey(seed: 6).stream
        var action = [Float](repeating: 0, count: batch.specification.action.width)
        return (0..<steps).map { _ in
            action.withUnsafeMutableBufferPointer { batch.specification.action.sample(into: $0, using: &random) }
            action.withUnsafeBufferPointer { batch.step(actions: $0) }
            return batch.draw(0)
        }
    }

    @Test func numbers() {
        #expect(decimal(1.005, places: 1) == "1")
        #expect(decimal(-0.004) == "0")
        #expect(decimal(-0.05) == "-0.05")
        #expect(decimal(12.345) == "12.35" || decimal(12.345) == "12.34")
        #expect(decimal(3.1, places: 3) == "3.1")
        #expect(decimal(.nan) == "0" && decimal(.infinity) == "0" && decimal(1e300) == "0")
    }

    @Test func yGrowsUpwards() {
        let drawing = Drawing(
            width: 10, height: 5,
            elements: [
                .circle(x: 1, y: 1, radius: 0.5, fill: "red"),
                .rectangle(x: 5, y: 4, width: 2, height: 1, angle: 0, fill: "blue"),
                .line(x1: 0, y1: 0, x2: 10, y2: 5, width: 0.1, stroke: "black"),
            ])
        let svg = drawing.svg(pixelWidth: 100)
        #expect(svg.contains("width=\"100\" height=\"50\""))
        #expect(svg.contains("<circle cx=\"10\" cy=\"40\" r=\"5\" fill=\"red\"/>"))
        #expect(svg.contains("<rect x=\"40\" y=\"5\" width=\"20\" height=\"10\" fill=\"blue\"/>"))
        #expect(svg.contains("x1=\"0\" y1=\"50\" x2=\"100\" y2=\"0\""))
        #expect(isWellFormed(svg))
    }

    /// A rectangle turned a quarter anticlockwise has its right side on top.
    @Test func rectanglesTurnAnticlockwise() {
        let turned = Drawing(
            width: 4, height: 4,
            elements: [
                .rectangle(x: 2, y: 2, width: 2, height: 1, angle: Double.pi / 2, fill: "red")
            ]
        ).svg(pixelWidth: 40)
        // Corners from the lower left one on: (-1, -½) goes to (½, -1), and so on.
        #expect(turned.contains("points=\"25,30 25,10 15,10 15,30\""))
    }

    @Test func textIsEscaped() {
        let svg = Drawing(
            width: 1, height: 1,
            elements: [
                .text(x: 0.5, y: 0.5, size: 0.2, text: "a<b & \"c\" \u{7}", fill: "\"><script>")
            ]
        ).svg()
        #expect(svg.contains("a&lt;b &amp; &quot;c&quot; ?"))
        #expect(!svg.contains("<script"))
        #expect(isWellFormed(svg))
    }

    @Test func stillElementsAreWrittenOnce() {
        let frames = (0..<10).map { frame in
            Drawing(
                width: 10, height: 10,
                elements: [
                    .circle(x: 5, y: 5, radius: 4, fill: "grey"),
                    .circle(x: Double(frame), y: 5, radius: 1, fill: "red"),
                ])
        }
        let svg = DrawingAnimation(frames: frames, framesPerSecond: 5).svg(pixelWidth: 10)
        #expect(svg.components(separatedBy: "<circle").count == 3)
        #expect(svg.components(separatedBy: "<animate ").count == 2)
        #expect(svg.contains("dur=\"2s\"") && svg.contains("values=\"0;1;2;3;4;5;6;7;8;9\""))
        #expect(isWellFormed(svg))
    }

    @Test func differentKindsTakeTurns() {
        let round = Drawing.Element.circle(x: 1, y: 1, radius: 1, fill: "red")
        let words = Drawing.Element.text(x: 1, y: 1, size: 1, text: "end", fill: "black")
        let frames = [[round], [round], [round], [words], []].map { Drawing(width: 2, height: 2, elements: $0) }
        let svg = DrawingAnimation(frames: frames, framesPerSecond: 1).svg()
        #expect(svg.contains("visibility=\"visible\"") && svg.contains("visibility=\"hidden\""))
        #expect(svg.contains("keyTimes=\"0;0.6\" values=\"visible;hidden\""))
        #expect(svg.contains("values=\"hidden;hidden;hidden;visible;hidden\""))
        #expect(isWellFormed(svg))
        #expect(isWellFormed(DrawingAnimation(frames: [], framesPerSecond: 1).svg()))
    }

    @Test(arguments: Environments.classicControl.map(\.name)) func episodesAreCompact(name: String) throws {
        let frames = try pictures(#require(Environments.named(name)), steps: 500)
        let svg = DrawingAnimation(frames: frames, framesPerSecond: 30).svg()
        #expect(svg.utf8.count < 150_000)
        #expect(isWellFormed(svg))
        if let folder = ProcessInfo.processInfo.environment["TELOS_DRAWINGS"] {
            try frames[120].svg().write(toFile: "\(folder)/\(name).svg", atomically: true, encoding: .utf8)
            try svg.write(toFile: "\(folder)/\(name)-animated.svg", atomically: true, encoding: .utf8)
            print("\(name): \(svg.utf8.count) bytes")
        }
    }
}
