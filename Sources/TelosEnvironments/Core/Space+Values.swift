import TelosTensor

extension Space {
    /// Writes the encoding of a value drawn uniformly from the space: within bounds where both are finite, from a
    /// standard normal moved to the finite side where not.
    public func sample(into values: UnsafeMutableBufferPointer<Float>, using random: inout RandomStream) {
        switch self {
        case .box(let low, let high, _):
            for index in 0..<width {
                values[index] = Space.draw(from: low[index], to: high[index], using: &random)
            }
        case .discrete(let count): values[0] = Float(random.index(below: count))
        case .multiDiscrete(let counts):
            for (index, count) in counts.enumerated() { values[index] = Float(random.index(below: count)) }
        case .binary(let count):
            for index in 0..<count { values[index] = Float(random.index(below: 2)) }
        case .tuple(let spaces): Space.sample(spaces, into: values, using: &random)
        case .dictionary(let spaces):
            Space.sample(spaces.keys.sorted().map { spaces[$0]! }, into: values, using: &random)
        case .tokens(let vocabulary, let length):
            let used = random.index(below: length + 1)
            for index in 0..<length { values[index] = index < used ? Float(random.index(below: vocabulary)) : -1 }
        }
    }

    /// Whether `values` is the encoding of a value of this space.
    public func contains(_ values: UnsafeBufferPointer<Float>) -> Bool {
        guard values.count == width else { return false }
        func isChoice(_ value: Float, _ count: Int) -> Bool {
            value >= 0 && value < Float(count) && value.rounded() == value
        }
        switch self {
        case .box(let low, let high, _):
            return values.indices.allSatisfy { values[$0] >= low[$0] && values[$0] <= high[$0] }
        case .discrete(let count): return isChoice(values[0], count)
        case .multiDiscrete(let counts): return values.indices.allSatisfy { isChoice(values[$0], counts[$0]) }
        case .binary: return values.allSatisfy { $0 == 0 || $0 == 1 }
        case .tuple(let spaces): return Space.contains(spaces, values)
        case .dictionary(let spaces): return Space.contains(spaces.keys.sorted().map { spaces[$0]! }, values)
        case .tokens(let vocabulary, _):
            let used = values.firstIndex(of: -1) ?? values.count
            return values[..<used].allSatisfy { isChoice($0, vocabulary) } && values[used...].allSatisfy { $0 == -1 }
        }
    }

    private static func draw(from low: Float, to high: Float, using random: inout RandomStream) -> Float {
        if low.isFinite, high.isFinite {
            return min(max(Float(random.uniform(Double(low), Double(high))), low), high)
        }
        let magnitude = Float(random.normal())
        if low.isFinite { return low + abs(magnitude) }
        return high.isFinite ? high - abs(magnitude) : magnitude
    }

    private static func sample(
        _ spaces: [Space], into values: UnsafeMutableBufferPointer<Float>, using random: inout RandomStream
    ) {
        var offset = 0
        for space in spaces {
            space.sample(into: .init(rebasing: values[offset..<(offset + space.width)]), using: &random)
            offset += space.width
        }
    }

    private static func contains(_ spaces: [Space], _ values: UnsafeBufferPointer<Float>) -> Bool {
        var offset = 0
        for space in spaces {
            guard space.contains(.init(rebasing: values[offset..<(offset + space.width)])) else { return false }
            offset += space.width
        }
        return true
    }
}
