import Foundation
import Testing
import TelosRewards

@Suite struct EncodingTests {
    @Test func expressionsAreEncodedAsText() throws {
        let rewards = [try ExpressionReward("goal?0:-1"), try ExpressionReward("abs( velocity )")]
        let data = try JSONEncoder().encode(rewards)
        #expect(String(decoding: data, as: UTF8.self) == #"["goal ? 0 : -1","abs(velocity)"]"#)
        #expect(try JSONDecoder().decode([ExpressionReward].self, from: data) == rewards)
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(TelosRewards.Expression.self, from: Data(#""1 +""#.utf8))
        }
    }

    /// The deepest expressions fit the small stack of a secondary thread.
    @Test func deepExpressionsFitASmallStack() async throws {
        let texts = [
            String(repeating: "x-(", count: 55) + "x" + String(repeating: ")", count: 55),
            String(repeating: "(", count: 119) + "x" + String(repeating: ")", count: 119),
            String(repeating: "(", count: 5000),
            String(repeating: "abs(", count: 118) + "x" + String(repeating: ")", count: 118),
            (0..<110).map { "x > \($0) ? \($0) : " }.joined() + "x", String(repeating: "not ", count: 118) + "x",
        ]
        let outcome = await withCheckedContinuation { continuation in
            let thread = Thread {
                var parsed = 0
                for text in texts {
                    guard let expression = try? TelosRewards.Expression(text) else { continue }
                    parsed += 1
                    _ = try? expression.derivative(withRespectTo: "x")
                }
                continuation.resume(returning: parsed)
            }
            thread.stackSize = 512 * 1024
            thread.start()
        }
        #expect(outcome == 5)
    }
}
