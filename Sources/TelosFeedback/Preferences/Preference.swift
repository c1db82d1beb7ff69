import TelosTensor

/// A rater's answer to the question which of two options is better.
public enum Choice: String, Sendable, Codable, CaseIterable {
    case first, second
    /// Both are equally good.
    case tie

    /// The target y of a logistic loss for "the first is better": 1, 0, and 1/2 where they are equal.
    public var target: Double {
        switch self {
        case .first: 1
        case .second: 0
        case .tie: 0.5
        }
    }

    /// The answer had the options been shown the other way round.
    public var swapped: Choice {
        switch self {
        case .first: .second
        case .second: .first
        case .tie: .tie
        }
    }
}

/// Two options that were compared, and the answer. An option is what a rater is shown: a `Segment` of behaviour, a text,
/// the number of an arm.
public struct Preference<Option: Sendable>: Sendable {
    public var first: Option
    public var second: Option
    public var choice: Choice
    /// How much better the better one is, in steps of the rater's scale, above 0; nil where nobody asked, and at a tie.
    public var strength: Double?
    /// Who answered; nil where unknown.
    public var annotator: String?

    /// - Precondition: a strength is a positive number, and not given at a tie.
    public init(_ first: Option, _ second: Option, _ choice: Choice, strength: Double? = nil, annotator: String? = nil)
    {
        precondition(
            strength.map { $0 > 0 && $0.isFinite && choice != .tie } ?? true,
            "a strength is a positive number, and there is none at a tie")
        self.first = first
        self.second = second
        self.choice = choice
        self.strength = strength
        self.annotator = annotator
    }

    /// The better option; nil at a tie.
    public var preferred: Option? { choice == .tie ? nil : choice == .first ? first : second }
    /// The worse option; nil at a tie.
    public var rejected: Option? { choice == .tie ? nil : choice == .first ? second : first }
    /// `Choice.target`.
    public var target: Double { choice.target }

    /// The same answer about what `transform` makes of the options.
    public func map<Other>(_ transform: (Option) throws -> Other) rethrows -> Preference<Other> {
        Preference<Other>(
            try transform(first), try transform(second), choice, strength: strength, annotator: annotator)
    }
}

extension Preference: Equatable where Option: Equatable {}
extension Preference: Hashable where Option: Hashable {}

private enum PreferenceKey: String, CodingKey { case first, second, choice, strength, annotator }

extension Preference: Encodable where Option: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: PreferenceKey.self)
        try container.encode(first, forKey: .first)
        try container.encode(second, forKey: .second)
        try container.encode(choice, forKey: .choice)
        try container.encodeIfPresent(strength, forKey: .strength)
        try container.encodeIfPresent(annotator, forKey: .annotator)
    }
}

extension Preference: Decodable where Option: Decodable {
    /// - Throws: `DecodingError` also for a strength that is not positive, or one at a tie.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: PreferenceKey.self)
        let choice = try container.decode(Choice.self, forKey: .choice)
        let strength = try container.decodeIfPresent(Double.self, forKey: .strength)
        if let strength, !(strength > 0 && strength.isFinite) || choice == .tie {
            throw DecodingError.dataCorruptedError(
                forKey: .strength, in: container,
                debugDescription: choice == .tie
                    ? "a tie has no strength; leave it out" : "the strength is \(strength); write a number above 0")
        }
        self.init(
            try container.decode(Option.self, forKey: .first), try container.decode(Option.self, forKey: .second),
            choice, strength: strength, annotator: try container.decodeIfPresent(String.self, forKey: .annotator))
    }
}

extension Array {
    /// Splits at random into what to train on and what to judge by; both keep their order.
    /// - Parameter share: of the elements that are held out, from 0 to 1, rounded down to a whole number.
    public func holdingOut(_ share: Double, using random: inout RandomStream) -> (kept: [Element], heldOut: [Element]) {
        precondition((0...1).contains(share), "the share held out is from 0 to 1")
        var order = Swift.Array(indices)
        let held = Int(share * Double(count))
        for position in 0..<held { order.swapAt(position, position + random.index(below: count - position)) }
        var isHeld = [Bool](repeating: false, count: count)
        for index in order.prefix(held) { isHeld[index] = true }
        return (indices.filter { !isHeld[$0] }.map { self[$0] }, indices.filter { isHeld[$0] }.map { self[$0] })
    }
}
