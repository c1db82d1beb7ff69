import TelosRewards
import Testing

@Suite struct VerifiableRewardTests {
    @Test func rulesDecide() {
        let exact = ExactAnswer(answers: [[1, 2], [3]])
        #expect(exact.reward(question: 0, response: [1, 2]) == 1 && exact.reward(question: 0, response: [2, 1]) == 0)
        #expect(exact.reward(question: 1, response: [3, 3]) == 0 && exact.reward(question: 7, response: [3]) == 0)
        let partial = MatchingTokens(answers: [[1, 2, 3, 4], []])
        #expect(partial.reward(question: 0, response: [1, 0, 3]) == 0.5)
        #expect(partial.reward(question: 1, response: []) == 0 && partial.reward(question: -1, response: [1]) == 0)
    }
}
