import TelosNN
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct HyperPPOClaimTests {
    static let family = PolicyFamily(task: .balance, depth: 3, choices: [4, 8, 16])

    @Test func failsWithTheHypernetworkCutOff() throws {
        let entry = try Catalogue.entry("hyperppo")
        let settings = ["steps": 20_000.0, "widest": 8, "depth": 2]
        let context = ClaimContext(
            slug: entry.slug, parameters: try entry.parameterValues(set: settings), seeds: [100], threads: 1)
        let outcome = try HyperPPOExperiment(context, isConnected: false).outcome()
        #expect(outcome.tests.first { $0.name == "solved by HyperPPO" }?.passed == false)
    }

    @Test func theFamilyIsWholeAndSampledByDepth() {
        let all = Self.family.architectures
        #expect(all.count == 39 && Set(all).count == 39 && all.first == [4] && all.last == [16, 16, 16])
        var random = RandomKey(seed: 1).stream
        var depths = [0, 0, 0]
        for _ in 0..<600 {
            let drawn = Self.family.sample(2, of: all, using: &random)
            #expect(drawn.count == 2 && drawn[0] != drawn[1])
            depths[drawn[0].count - 1] += 1
        }
        #expect(depths.allSatisfy { (150...250).contains($0) })
        #expect(Set(Self.family.sample(39, of: all, using: &random)) == Set(all))
        #expect(Self.family.sample(50, of: [[4], [8, 8]], using: &random).count == 2)
    }

    @Test func copiesEndAsTheTaskSays() {
        var copies = SmallControl(.balance, count: 2, key: RandomKey(seed: 3))
        var steps = 0
        while true {
            // A steady push to the right loses the pole; its length is that of the discrete CartPole's.
            let (rewards, ends) = copies.step([1, 0])
            #expect(rewards == [1, 1])
            steps += 1
            if ends[0] == .terminated { break }
            if steps == 50 { break }
        }
        #expect((7...12).contains(steps))
        var pendulum = SmallControl(.upright(torque: 2), count: 1, key: RandomKey(seed: 4))
        for step in 1...SmallTask.horizon {
            let (rewards, ends) = pendulum.step([0.5])
            #expect(rewards[0] <= 0 && rewards[0] > -1.7)
            #expect(ends == [step == SmallTask.horizon ? .truncated : .ongoing])
        }
        #expect(SmallTask.balance.solved(best: 3) == 180 && SmallTask.upright(torque: 2).solved(best: -20) == -40)
    }
}
