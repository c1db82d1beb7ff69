import TelosEnvironments
import TelosTensor

/// How a network reads encoded observations.
public indirect enum ObservationEncoding: Sendable, Hashable, Codable {
    /// Real numbers, normalised before they reach the network where that is asked for.
    case real(Int)
    /// A discrete index as a one-hot row.
    case oneHot(Int)
    /// Several side by side, in the order of the flat encoding.
    case parts([ObservationEncoding])

    /// Nil where a part is text tokens, or where there is nothing to see.
    public init?(_ space: Space) {
        func parts(_ spaces: [Space]) -> ObservationEncoding? {
            let encodings = spaces.compactMap(ObservationEncoding.init)
            return encodings.isEmpty || encodings.count < spaces.count ? nil : .parts(encodings)
        }
        let encoding: ObservationEncoding?
        switch space {
        case .discrete(let count): encoding = .oneHot(count)
        case .box, .binary: encoding = .real(space.width)
        case .multiDiscrete(let counts): encoding = parts(counts.map { .discrete($0) })
        case .tuple(let spaces): encoding = parts(spaces)
        case .dictionary(let spaces): encoding = parts(spaces.keys.sorted().compactMap { spaces[$0] })
        case .tokens: encoding = nil
        }
        guard let encoding, encoding.width > 0 else { return nil }
        self = encoding
    }

    /// Floats of an encoded observation.
    public var width: Int {
        switch self {
        case .real(let width): width
        case .oneHot: 1
        case .parts(let parts): parts.reduce(0) { $0 + $1.width }
        }
    }

    /// Inputs of the network.
    public var features: Int {
        switch self {
        case .real(let width), .oneHot(let width): width
        case .parts(let parts): parts.reduce(0) { $0 + $1.features }
        }
    }

    /// Whether each column of the encoded observation is a real number, which may be normalised, or a choice, which may
    /// not.
    public var realColumns: [Bool] {
        switch self {
        case .real(let width): Array(repeating: true, count: width)
        case .oneHot: [false]
        case .parts(let parts): parts.flatMap(\.realColumns)
        }
    }

    /// [rows, width] -> [rows, features]
    public func callAsFunction(_ observations: Tensor) -> Tensor {
        switch self {
        case .real: return observations
        case .oneHot(let count): return observations.reshaped(observations.count).oneHot(count)
        case .parts(let parts):
            var start = 0
            return .concatenate(
                parts.map { part in
                    defer { start += part.width }
                    return part(observations.sliced(axis: -1, start, start + part.width))
                }, axis: -1)
        }
    }
}
