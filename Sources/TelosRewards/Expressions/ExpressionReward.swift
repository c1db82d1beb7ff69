import TelosEnvironments

extension Expression {
    /// Compiles the expression for an environment, after checking every name and type.
    /// - Throws: `RewardError` with the column in `source` and the names that are near or exist.
    public func compiled(for specification: EnvironmentSpecification) throws -> ExpressionProgram {
        try compiled(for: ExpressionVocabulary(specification: specification, scope: .transition), .transition)
    }

    /// Compiles an expression that must be a condition: a comparison, a flag, or a combination of them.
    public func compiledCondition(for specification: EnvironmentSpecification) throws -> ExpressionProgram {
        let vocabulary = ExpressionVocabulary(specification: specification, scope: .transition)
        var parser = try ExpressionParser(source, vocabulary: vocabulary)
        let operand = try parser.parse()
        guard operand.kind == .condition else {
            throw parser.error(
                "a condition is needed here and this is a number; compare it, as in x > 0", at: operand.start)
        }
        return try ExpressionProgram(operand.node, vocabulary: vocabulary, columns: .transition)
    }

    /// Compiles a function of one state, to be evaluated at the state a step led to and at the one it left.
    func compiledState(
        for specification: EnvironmentSpecification, purpose: String
    ) throws -> (after: ExpressionProgram, before: ExpressionProgram) {
        let vocabulary = ExpressionVocabulary(specification: specification, scope: .state(purpose: purpose))
        return (try compiled(for: vocabulary, .transition), try compiled(for: vocabulary, .before))
    }

    private func compiled(
        for vocabulary: ExpressionVocabulary, _ columns: ExpressionLowering.Columns
    ) throws -> ExpressionProgram {
        var parser = try ExpressionParser(source, vocabulary: vocabulary)
        return try ExpressionProgram(try parser.parse().node, vocabulary: vocabulary, columns: columns)
    }
}

/// A reward written as text: `goal ? 0 : -1`.
///
/// It has one term, named by its text. See `Expression` for the language.
public struct ExpressionReward: Reward, Hashable, Codable {
    public var expression: Expression

    /// - Throws: `RewardError` with the column of the first mistake.
    public init(_ text: String) throws { expression = try Expression(text) }

    public init(_ expression: Expression) { self.expression = expression }

    public init(from decoder: any Decoder) throws { expression = try Expression(from: decoder) }

    public func encode(to encoder: any Encoder) throws { try expression.encode(to: encoder) }

    public func bind(to specification: EnvironmentSpecification) throws -> any BoundReward {
        BoundExpression(
            termNames: [TermNames.shortened(expression.description)],
            program: try expression.compiled(for: specification))
    }

    public var description: String { expression.description }
}

struct BoundExpression: BoundReward {
    let termNames: [String]
    let program: ExpressionProgram

    func evaluate(
        _ transitions: TransitionBatch, memory: UnsafeMutableBufferPointer<Double>,
        rewards: UnsafeMutableBufferPointer<Double>, terms: UnsafeMutableBufferPointer<Double>
    ) {
        guard transitions.count > 0 else { return }
        program.evaluate(transitions, into: rewards)
        terms.baseAddress!.update(from: rewards.baseAddress!, count: transitions.count)
    }
}
