import TelosRewards
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct RewardDesignClaimTests {
    static func context(
        _ entry: CatalogueEntry, seeds: Range<Int>, set settings: [String: Double] = [:]
    ) throws -> ClaimContext {
        ClaimContext(
            slug: entry.slug, parameters: try entry.parameterValues(set: settings), seeds: Array(seeds), threads: 2)
    }

    @Test func starcHoldsAtReducedSize() throws {
        let report = try Catalogue.reproduce(
            slug: "starc", seeds: 100..<104, set: ["states": 8, "mdps": 8], threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
    }

    @Test func starcFailsWithoutACanonicalForm() throws {
        let context = try Self.context(Catalogue.starc, seeds: 100..<104, set: ["states": 8, "mdps": 8])
        for form in [("none", RewardCanonicalization.none), ("EPIC", .epic)] {
            let outcome = try StarcExperiment(context, methods: [(form.0, form.1)]).outcome()
            #expect(!outcome.holds)
            #expect(outcome.tests.first { $0.name.contains("largest distance of equivalent") }?.passed == false)
            #expect(outcome.tests.first { $0.name.contains("over EPIC") }?.passed == false)
        }
    }

    @Test func resultsDoNotDependOnThreads() throws {
        let settings = ["states": 8.0, "mdps": 3]
        let one = try Catalogue.reproduce(slug: "starc", seeds: 0..<3, set: settings, threads: 1)
        let two = try Catalogue.reproduce(slug: "starc", seeds: 0..<3, set: settings, threads: 2)
        #expect(one.arms == two.arms && one.tests == two.tests)
    }

    @Test func exprdHoldsAtReducedSize() throws {
        let report = try Catalogue.reproduce(
            slug: "exprd", seeds: 100..<112, set: ["steps": 15_000, "size": 7, "episodes": 1000], threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
    }

    @Test func exprdFailsWithTheDesignSwitchedOff() throws {
        let context = try Self.context(
            Catalogue.exprd, seeds: 100..<104, set: ["steps": 10_000, "size": 5, "episodes": 500])
        let outcome = try ExpRDExperiment(context, budget: 0).outcome()
        #expect(outcome.tests.first { $0.name.hasPrefix("steps, original") }?.passed == false)
        #expect(outcome.tests.first { $0.name.hasPrefix("REINFORCE") }?.passed == false)
        #expect(outcome.tests.first { $0.name.hasPrefix("least rise") }?.passed == false)
    }

    @Test func barfiHoldsAtReducedSize() throws {
        let report = try Catalogue.reproduce(
            slug: "barfi", seeds: 100..<106, set: ["updates": 30, "size": 3, "sampledSteps": 40_000], threads: 2)
        #expect(report.verdict == .holds, "\(report.text)")
    }

    @Test func barfiFailsWithTheBlendFrozen() throws {
        let report = try Catalogue.reproduce(
            slug: "barfi", seeds: 100..<104, set: ["blendRate": 0, "sampledSteps": 20_000], threads: 2)
        #expect(report.verdict == .fails)
        #expect(
            report.tests.filter { $0.name.hasPrefix("bad hint") && !$0.name.contains("sum") }.allSatisfy { !$0.passed })
        #expect(report.tests.first { $0.name == "sampled: return of alignment" }?.passed == false)
    }

    /// The optimal value of the published room is 6.0.
    @Test func roomsAreThePublishedOnes() throws {
        let rooms = try DividedRooms(size: 7, randomMove: 0.1)
        let solution = try rooms.mdp.policyIteration(reward: rooms.reward, discount: 0.95)
        #expect(abs(rooms.mdp.expectation(of: solution.values) - 6.0) < 0.005)
        // A wall between rows 2 and 3 except at columns 1 and 5: down from (2, 0) stays, from (2, 1) it passes.
        #expect(rooms.mdp.probability(of: 14, after: 14, action: 1) == 0.9)
        #expect(rooms.mdp.probability(of: 22, after: 15, action: 1) == 0.9)
    }
}
