import TelosLearning
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct AdversarialImitationClaimTests {
    /// The scores that the experiment was tried with: the expert's 87.1, and -0.5 of doing nothing.
    @Test func expertsCircle() throws {
        final class Nothing: Policy {
            func act(
                on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
                using random: inout RandomStream
            ) { actions.update(repeating: 0) }
        }
        let task = try RingPoint.task()
        let expert = try evaluate(RingPoint.Expert(), on: task, episodes: 200, key: RandomKey(seed: 0)).meanReturn
        let idle = try evaluate(Nothing(), on: task, episodes: 200, key: RandomKey(seed: 0)).meanReturn
        #expect(abs(expert - 87.1) < 1 && abs(idle + 0.5) < 1.5)
    }

    /// A run of a sixteenth of the steps: the discriminator is surer without a penalty, and its reward flatter.
    @Test func discriminatorsSaturateWithoutAPenalty() throws {
        let report = try Catalogue.reproduce(
            slug: "lipschitz-gail", seeds: 100..<101, set: ["steps": 8000, "discriminatorRate": 2e-3], threads: 2)
        func values(_ arm: String, _ metric: String) throws -> [Double] {
            try #require(report.arms.first { $0.name == arm && $0.metric.contains(metric) }).values
        }
        let accuracy = "discriminator is right"
        #expect(try values("no regulariser", accuracy)[0] > values("gradient penalty", accuracy)[0])
        #expect(try values("no regulariser", accuracy)[0] > 0.95)
        #expect(try values("behaviour cloning", "score")[0] > 40)
        #expect(try values("expert", "score")[0] > 80)
    }
}
