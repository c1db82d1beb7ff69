/// A picture of a state, in its own units: the origin is the lower left corner and y grows upwards.
public struct Drawing: Sendable, Hashable {
    public enum Element: Sendable, Hashable {
        /// A rectangle centred at (x, y), turned by `angle` radians anticlockwise.
        case rectangle(x: Double, y: Double, width: Double, height: Double, angle: Double, fill: String)
        case circle(x: Double, y: Double, radius: Double, fill: String)
        case line(x1: Double, y1: Double, x2: Double, y2: Double, width: Double, stroke: String)
        case polyline(points: [SIMD2<Double>], width: Double, stroke: String)
        case polygon(points: [SIMD2<Double>], fill: String)
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
