import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct MultiObjectiveClaimTests {
    private func passed(_ report: ClaimReport, _ name: String) throws -> Bool {
        try #require(report.tests.first { $0.name == name }).passed
    }

    @Test func cMORLKeepsWhatItsBarrierKeeps() throws {
        let names = ["share of pushes that break the bound", "hypervolume over that of the first policies, least"]
        let report = try Catalogue.reproduce(slug: "c-morl", seeds: 100..<110, threads: 2)
        for name in names { #expect(try passed(report, name), "\(report.text)") }
        let without = try Catalogue.reproduce(slug: "c-morl", seeds: 100..<104, set: ["barrier": 0], threads: 2)
        #expect(try !passed(without, names[0]))
    }

    @Test func tsacNeedsItsFirstStage() throws {
        let names = ["plain: share of worlds that keep both", "plain: change of watch time"]
        let report = try Catalogue.reproduce(slug: "tsac", seeds: 100..<130, threads: 2)
        for name in names { #expect(try passed(report, name), "\(report.text)") }
        let without = try Catalogue.reproduce(slug: "tsac", seeds: 100..<110, set: ["firstStage": 0], threads: 2)
        #expect(try !passed(without, names[0]))
    }

    /// The mean responses that logs are judged by are those that are drawn.
    @Test func sessionsPayTheirMeans() throws {
        var random = RandomKey(seed: 2).stream
        let world = try ShortVideoSessions(conflict: 0.5, watchNoise: 6, likeRate: 0.05, using: &random)
        let log = world.log(rows: 200_000, watchNoise: 6, using: &random)
        let visits = log.visits
        for response in 0..<3 {
            let means = log.reward(response)
            for pair in visits.indices where visits[pair] > 2000 {
                let spread = response == 0 ? 6 : world.responses[response][pair].squareRoot()
                #expect(abs(means[pair] - world.responses[response][pair]) < 4.5 * spread / visits[pair].squareRoot())
            }
        }
        for (one, other) in zip(log.behavior(), world.behavior) { #expect(abs(one - other) < 0.02) }
    }

    /// One step along one objective's gradient is what finite differences of its return say.
    @Test func tablesClimbTheirGradient() throws {
        var random = RandomKey(seed: 1).stream
        let world = try ObjectiveWorld.random(objectives: 2, states: 4, actions: 3, discount: 0.9, using: &random)
        var table = VectorPolicyTable(world)
        table.logits = table.logits.map { _ in random.normal() }
        var stepped = table
        try stepped.ascend(noise: 0, using: &random) { _ in [0.3, 0.7] }
        func value(_ logits: [Double]) throws -> Double {
            var moved = table
            moved.logits = logits
            let returns = try moved.returns()
            return 0.3 * returns[0] + 0.7 * returns[1]
        }
        for index in table.logits.indices {
            var (up, down) = (table.logits, table.logits)
            up[index] += 1e-5
            down[index] -= 1e-5
            let slope = (try value(up) - value(down)) / 2e-5
            #expect(abs(stepped.logits[index] - table.logits[index] - 4 * 4 * slope) < 1e-6)
        }
    }
}
