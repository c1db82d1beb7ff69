/// Drawings shown one after the other, over and over.
///
/// All frames use the first one's width and height.
public struct DrawingAnimation: Sendable, Hashable {
    public var frames: [Drawing]
    public var framesPerSecond: Double

    public init(frames: [Drawing], framesPerSecond: Double) {
        self.frames = frames
        self.framesPerSecond = framesPerSecond
    }

    /// A self-contained SVG document that animates without a script (by SMIL); empty for no frames.
    ///
    /// An element that never changes is written once; one whose numbers or colours change is written once with the
    /// list of its values; only an element that is replaced by another kind is written as several that take turns.
    public func svg(pixelWidth: Int = 400) -> String {
        guard let first = frames.first else { return Drawing(width: 1, height: 1).svg(pixelWidth: pixelWidth) }
        let canvas = SVGCanvas(width: first.width, height: first.height, pixelWidth: pixelWidth)
        let layers = frames.reduce(0) { max($0, $1.elements.count) }
        return canvas.document((0..<layers).flatMap { layer(at: $0, on: canvas) }.joined(separator: "\n"))
    }

    /// Element `index` of every frame: one SVG element a kind, each hidden while another is shown.
    private func layer(at index: Int, on canvas: SVGCanvas) -> [String] {
        let elements = frames.map { index < $0.elements.count ? $0.elements[index] : nil }
        var kinds: [Drawing.Element] = []
        let kindOfFrame: [Int?] = elements.map { element in
            guard let element else { return nil }
            if let known = kinds.lastIndex(where: { $0.isSameKind(as: element) }) { return known }
            kinds.append(element)
            return kinds.count - 1
        }
        return kinds.indices.map { kind in
            let shown = kindOfFrame.map { $0 == kind }
            let turned = zip(elements, shown).contains { $1 && SVGCanvas.isTurned($0!) }
            // While hidden, an element keeps its last value, so that the lists stay short.
            var latest = canvas.node(for: kinds[kind], turned: turned)
            var nodes: [SVGNode] = []
            for (element, isShown) in zip(elements, shown) {
                if isShown { latest = canvas.node(for: element!, turned: turned) }
                nodes.append(latest)
            }
            return animated(nodes, shown: shown)
        }
    }

    private func animated(_ nodes: [SVGNode], shown: [Bool]) -> String {
        var node = nodes[0]
        var children = ""
        for index in node.attributes.indices {
            children += animate(node.attributes[index].name, nodes.map { $0.attributes[index].value })
        }
        if shown.contains(false) {
            let visibility = shown.map { $0 ? "visible" : "hidden" }
            node.attributes.append(("visibility", visibility[0]))
            children += animate("visibility", visibility)
        }
        return node.text(children: children)
    }

    /// An `animate` element that takes the values one a frame, or nothing when they are all the same.
    private func animate(_ name: String, _ values: [String]) -> String {
        let changes = values.indices.filter { $0 == 0 || values[$0] != values[$0 - 1] }
        guard changes.count > 1 else { return "" }
        let rate = framesPerSecond > 0 && framesPerSecond.isFinite ? framesPerSecond : 1
        var list = values
        var times = ""
        // Times cost as much as values: they pay when most frames repeat the one before.
        if changes.count * 2 < values.count {
            list = changes.map { values[$0] }
            let fractions = changes.map { decimal(Double($0) / Double(values.count), places: 6) }
            times = " keyTimes=\"\(fractions.joined(separator: ";"))\""
        }
        return "<animate attributeName=\"\(name)\" calcMode=\"discrete\" repeatCount=\"indefinite\" "
            + "dur=\"\(decimal(Double(values.count) / rate, places: 3))s\"\(times) "
            + "values=\"\(escaped(list.joined(separator: ";")))\"/>"
    }
}
