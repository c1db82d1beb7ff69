import TelosTensor

/// The chances of each answer to a comparison; they sum to 1.
public struct AnswerProbabilities: Sendable, Hashable {
    public var first: Double
    public var second: Double
    public var tie: Double
    /// That the rater looks at neither and gives no answer.
    public var skip: Double

    public init(first: Double, second: Double, tie: Double = 0, skip: Double = 0) {
        self.first = first
        self.second = second
        self.tie = tie
        self.skip = skip
    }

    /// Certainly `choice`; nil: certainly no answer.
    public static func certain(_ choice: Choice?) -> AnswerProbabilities {
        AnswerProbabilities(
            first: choice == .first ? 1 : 0, second: choice == .second ? 1 : 0, tie: choice == .tie ? 1 : 0,
            skip: choice == nil ? 1 : 0)
    }
}

/// Someone who compares two options, as a simulation: what a learner from feedback is tried on before people are asked.
///
/// A labeller says how likely each answer is; that makes it testable exactly, and others can be built around it
/// (`MistakenLabeller`, `PanelLabeller`).
public protocol Labeller<Option>: Sendable {
    associatedtype Option: Sendable
    func probabilities(_ first: Option, _ second: Option) -> AnswerProbabilities
}

extension Labeller {
    /// An answer at random; nil where the rater skips.
    public func answer(_ first: Option, _ second: Option, using random: inout RandomStream) -> Choice? {
        let chances = probabilities(first, second)
        let drawn = random.uniform()
        if drawn < chances.first { return .first }
        if drawn < chances.first + chances.second { return .second }
        return drawn < chances.first + chances.second + chances.tie || chances.skip == 0 ? .tie : nil
    }

    /// The answers to `pairs` in order, without those that are skipped.
    /// - Parameter annotator: the name that the answers are given.
    public func preferences(
        between pairs: some Sequence<(Option, Option)>, annotator: String? = nil, using random: inout RandomStream
    ) -> [Preference<Option>] {
        pairs.compactMap { first, second in
            answer(first, second, using: &random).map { Preference(first, second, $0, annotator: annotator) }
        }
    }
}
