/// A picture of a state, in its own units: the origin is the lower left corner and y grows upwards.
public struct Drawing: Sendable, Hashable {
    public enum Element: Sendable, Hashable {
        /// A rectangle centred at (x, y), turned by `angle` radians anticlockwise.
        case rectangle(x: Double, y: Double, width: Double, height: Double, angle: Double, fill: String)
        case circle(x: Double, y: Double, radius: Double, fill: String)
        case line(x1: Double, y1: Double, x2: Double, y2: Double, width: Double, stroke: String)
        case polyline(points: [SIMD2<Double>], width: Double, stroke: String)
        case polygon(points: [SIMD2<Double>], fill: String)
        /// One line of text centred at (x, y), `size` high.
        case text(x: Double, y: Double, size: Double, text: String, fill: String)
    }

    public var width: Double
    public var height: Double
    public var elements: [Element]

    public init(width: Double, height: Double, elements: [Element] = []) {
        self.width = width
        self.height = height
        self.elements = elements
    }
}

extension Drawing {
    /// The picture as a self-contained SVG document, `pixelWidth` wide; the height follows from the drawing's shape.
    public func svg(pixelWidth: Int = 400) -> String {
        let canvas = SVGCanvas(width: width, height: height, pixelWidth: pixelWidth)
        let body = elements.map { canvas.node(for: $0, turned: SVGCanvas.isTurned($0)).text() }
        return canvas.document(body.joined(separator: "\n"))
    }
}

extension Drawing.Element {
    /// Whether two elements are of one kind, so that one can turn into the other by its numbers alone.
    func isSameKind(as other: Drawing.Element) -> Bool {
        switch (self, other) {
        case (.rectangle, .rectangle), (.circle, .circle), (.line, .line), (.polyline, .polyline),
            (.polygon, .polygon):
            true
        case (.text(_, _, _, let text, _), .text(_, _, _, let otherText, _)): text == otherText
        default: false
        }
    }
}
