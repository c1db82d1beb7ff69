import TelosLearning
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct ModelBasedClaimTests {
    private static let small = ["imagined": 2000.0, "updates": 10]

    @Test func sindyPlansNearTheOptimumAndALinearLibraryDoesNot() throws {
        let report = try Catalogue.reproduce(slug: "sindy-rl", seeds: 100..<102, set: Self.small, threads: 2)
        #expect(report.tests.first { $0.name.hasSuffix("itself: sparse model") }?.passed == true, "\(report.text)")
        #expect(report.tests.first { $0.name == "the same: linear library" }?.passed == true)
    }

    @Test func sindyFailsWithLinearTermsAlone() throws {
        let report = try Catalogue.reproduce(
            slug: "sindy-rl", seeds: 100..<101, set: Self.small.merging(["degree": 1]) { $1 }, threads: 2)
        #expect(report.tests.first { $0.name.hasSuffix("itself: sparse model") }?.passed == false)
    }

    /// Planning in the pendulum itself against the optimum of a finer way: returns from upright and from near it.
    @Test func plansHoldThePendulumUp() throws {
        let plan = try PendulumPlan(PendulumPlan.truth)
        var (states, sum) = ([1.0, 0, 0], 0.0)
        for _ in 0..<100 {
            let actions = try plan.actions(states, PendulumPlan.truth)
            sum += PendulumPlan.reward(states, actions)[0]
            states = PendulumPlan.truth(states, actions)
        }
        #expect(sum > -0.1 && states[0] > 0.999)
        #expect(try PendulumPlan.score { try plan.actions($0, PendulumPlan.truth) } > -145)
        // Hanging still costs pi² a step.
        #expect(abs(PendulumPlan.reward([-1, 0, 0], [0])[0] + Double.pi * Double.pi) < 1e-12)
        var turned: ArraySlice = [3.0, 4, 20]
        PendulumPlan.projection(&turned)
        #expect(Array(turned) == [0.6, 0.8, 8])
    }

    @Test func morecFailsWithoutTraining() throws {
        let report = try Catalogue.reproduce(
            slug: "morec", seeds: 100..<101, set: ["iterations": 60, "episodes": 20], threads: 2)
        #expect(report.verdict == .fails)
    }

    @Test func morecRanksDataAboveOthers() throws {
        let report = try Catalogue.reproduce(
            slug: "morec", seeds: 100..<101, set: ["iterations": 300, "episodes": 20], threads: 2)
        #expect(report.tests.first { $0.name == "data-like transitions ranked above others" }?.passed == true)
        #expect(report.tests.first { $0.name.hasPrefix("one step") }?.passed == true, "\(report.text)")
    }
}
