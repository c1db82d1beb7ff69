/// The set a value (an observation or an action) comes from.
///
/// Spaces nest. Every value has one flat encoding of `width` floats, in the order of declaration: a box gives its
/// elements, a discrete choice its index, a multi-discrete or binary value one float an entry, tokens one float a
/// position, a tuple or dictionary the encodings of its parts (a dictionary's by ascending key).
public indirect enum Space: Hashable, Sendable, Codable {
    /// Real numbers between `low` and `high`, element by element (infinities allowed), row-major in `shape`.
    case box(low: [Float], high: [Float], shape: [Int])
    /// One of `0 ..< count`.
    case discrete(Int)
    /// Several discrete choices at once.
    case multiDiscrete([Int])
    /// `count` zeros or ones.
    case binary(Int)
    case tuple([Space])
    case dictionary([String: Space])
    /// Text as token identifiers below `vocabulary`, padded to `length` with -1.
    case tokens(vocabulary: Int, length: Int)

    /// A one-dimensional box with the same bounds for every element.
    public static func box(_ range: ClosedRange<Float>, count: Int) -> Space {
        .box(
            low: .init(repeating: range.lowerBound, count: count),
            high: .init(repeating: range.upperBound, count: count), shape: [count])
    }

    /// Floats in the flat encoding.
    public var width: Int {
        switch self {
        case .box(_, _, let shape): shape.reduce(1, *)
        case .discrete: 1
        case .multiDiscrete(let counts): counts.count
        case .binary(let count): count
        case .tuple(let spaces): spaces.reduce(0) { $0 + $1.width }
        case .dictionary(let spaces): spaces.values.reduce(0) { $0 + $1.width }
        case .tokens(_, let length): length
        }
    }
}
