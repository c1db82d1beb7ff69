import CTelosKernels

/// Maps drawings to SVG: their units to pixels, and y upwards to y downwards.
struct SVGCanvas {
    var pixelWidth: Int
    var pixelHeight: Int
    private var scale: Double
    private var height: Double

    init(width: Double, height: Double, pixelWidth: Int) {
        self.pixelWidth = max(pixelWidth, 1)
        self.height = height
        scale = width > 0 ? Double(self.pixelWidth) / width : 1
        let rows = (height * scale).rounded()
        pixelHeight = rows >= 1 && rows < 1e6 ? Int(rows) : 1
    }

    func document(_ body: String) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(pixelWidth)" height="\(pixelHeight)" \
        viewBox="0 0 \(pixelWidth) \(pixelHeight)">
        \(body)
        </svg>

        """
    }

    /// Whether `element` is a rectangle that does not lie straight.
    static func isTurned(_ element: Drawing.Element) -> Bool {
        if case .rectangle(_, _, _, _, let angle, _) = element { angle != 0 } else { false }
    }

    /// - Parameter turned: writes a rectangle by its corners, whose attribute can then be animated.
    func node(for element: Drawing.Element, turned: Bool) -> SVGNode {
        switch element {
        case .rectangle(let x, let y, let width, let height, let angle, let fill):
            if turned {
                let cosine = telos_cos64(angle) / 2
                let sine = telos_sin64(angle) / 2
                let along = SIMD2(width * cosine, width * sine)
                let across = SIMD2(-height * sine, height * cosine)
                let centre = SIMD2(x, y)
                let corners = [
                    centre - along - across, centre + along - across, centre + along + across, centre - along + across,
                ]
                return SVGNode("polygon", [("points", path(corners)), ("fill", fill)])
            }
            return SVGNode(
                "rect",
                [
                    ("x", column(x - width / 2)), ("y", row(y + height / 2)), ("width", size(width)),
                    ("height", size(height)), ("fill", fill),
                ])
        case .circle(let x, let y, let radius, let fill):
            return SVGNode("circle", [("cx", column(x)), ("cy", row(y)), ("r", size(radius)), ("fill", fill)])
        case .line(let x1, let y1, let x2, let y2, let width, let stroke):
            return SVGNode(
                "line",
                [
                    ("x1", column(x1)), ("y1", row(y1)), ("x2", column(x2)), ("y2", row(y2)), ("stroke", stroke),
                    ("stroke-width", size(width)), ("stroke-linecap", "round"),
                ])
        case .polyline(let points, let width, let stroke):
            return SVGNode(
                "polyline",
                [
                    ("points", path(points)), ("fill", "none"), ("stroke", stroke), ("stroke-width", size(width)),
                    ("stroke-linejoin", "round"),
                ])
        case .polygon(let points, let fill):
            return SVGNode("polygon", [("points", path(points)), ("fill", fill)])
        case .text(let x, let y, let size, let text, let fill):
            // A third of the size below the middle is the baseline of digits and capitals centred there.
            return SVGNode(
                "text",
                [
                    ("x", column(x)), ("y", row(y - 0.35 * size)), ("font-size", self.size(size)),
                    ("font-family", "sans-serif"), ("text-anchor", "middle"), ("fill", fill),
                ], content: text)
        }
    }

    private func column(_ x: Double) -> String { decimal(x * scale) }
    private func row(_ y: Double) -> String { decimal((height - y) * scale) }
    private func size(_ length: Double) -> String { decimal(length * scale) }
    private func path(_ points: [SIMD2<Double>]) -> String {
        points.map { "\(column($0.x)),\(row($0.y))" }.joined(separator: " ")
    }
}

/// An SVG element: a tag, its attributes in order, and text within it.
struct SVGNode {
    var tag: String
    var attributes: [(name: String, value: String)]
    var content: String

    init(_ tag: String, _ attributes: [(name: String, value: String)], content: String = "") {
        self.tag = tag
        self.attributes = attributes
        self.content = content
    }

    /// - Parameter children: written inside the element, before its text.
    func text(children: String = "") -> String {
        let opening = "<" + tag + attributes.map { " \($0.name)=\"\(escaped($0.value))\"" }.joined()
        let inside = escaped(content) + children
        return inside.isEmpty ? opening + "/>" : opening + ">" + inside + "</\(tag)>"
    }
}

/// `value` with up to `places` decimals, without trailing zeros; the same in every locale. What is not finite gives 0.
func decimal(_ value: Double, places: Int = 2) -> String {
    var unit = 1
    for _ in 0..<places { unit *= 10 }
    let scaled = (value * Double(unit)).rounded()
    guard scaled.isFinite, abs(scaled) < 1e15 else { return "0" }
    let number = Int(scaled)
    let whole = abs(number) / unit
    var fraction = String(abs(number) % unit)
    fraction = String(repeating: "0", count: places - fraction.count) + fraction
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return (number < 0 ? "-" : "") + String(whole) + (fraction.isEmpty ? "" : "." + fraction)
}

/// Text as it may stand in an XML attribute or element.
func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "\n", "\t": result.unicodeScalars.append(scalar)
        case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "?"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
