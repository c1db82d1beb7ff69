/// A reward that a rule decides from the tokens of a response: nothing is learned, so that there is nothing to exploit
/// but the rule.
public protocol VerifiableReward: Sendable {
    /// - question: which of the questions was asked.
    /// - response: its tokens.
    func reward(question: Int, response: [Int]) -> Double
}

/// 1 where the response is the answer, token for token; else 0.
public struct ExactAnswer: VerifiableReward {
    /// Tokens, an answer a question.
    public var answers: [[Int]]

    public init(answers: [[Int]]) { self.answers = answers }

    public func reward(question: Int, response: [Int]) -> Double {
        answers.indices.contains(question) && answers[question] == response ? 1 : 0
    }
}

/// The share of the answer's tokens that are in their place: partial credit.
public struct MatchingTokens: VerifiableReward {
    /// Tokens, an answer a question.
    public var answers: [[Int]]

    public init(answers: [[Int]]) { self.answers = answers }

    public func reward(question: Int, response: [Int]) -> Double {
        guard answers.indices.contains(question), !answers[question].isEmpty else { return 0 }
        let answer = answers[question]
        return Double(zip(answer, response).filter { $0 == $1 }.count) / Double(answer.count)
    }
}
