import TelosEnvironments
import TelosFeedback
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct PreferenceClaimTests {
    static func report(
        _ slug: String, _ seeds: Range<Int>, _ settings: [String: Double] = [:]
    ) throws -> ClaimReport {
        try Catalogue.reproduce(slug: slug, seeds: seeds, set: settings, threads: 2)
    }

    static func passed(_ report: ClaimReport, _ name: String) -> Bool? {
        report.tests.first { $0.name.hasPrefix(name) }?.passed
    }

    @Test func regretPreferenceHoldsAtReducedSize() throws {
        let report = try Self.report("regret-preference", 100..<104, ["steps": 80, "policies": 30])
        #expect(report.verdict == .holds, "\(report.text)")
    }

    @Test func regretPreferenceFailsWithThePartialReturnModelInItsPlace() throws {
        let context = try RewardDesignClaimTests.context(
            Catalogue.regretPreference, seeds: 100..<102, set: ["policies": 5])
        let outcome = try RegretPreferenceExperiment(context, countsRegret: false).outcome()
        #expect(outcome.tests.filter { $0.name.hasPrefix("regret minus") }.allSatisfy { !$0.passed })
        #expect(outcome.tests.filter { $0.name.contains("labels by regret that change") }.allSatisfy { !$0.passed })
    }

    /// Gas alone on blank cells, one feature where the way ends, and a move against the edge costs gas.
    @Test func deliveriesPayByTheirFeatures() throws {
        var random = RandomKey(seed: 5).stream
        for _ in 0..<20 {
            let grid = try DeliveryGrid(using: &random)
            #expect(abs(try grid.score(of: grid.reward) - 1) < 1e-9)
            for state in grid.openStates {
                for action in 0..<4 {
                    let pair = state * 4 + action
                    let features = Array(grid.features[(pair * 5)..<(pair * 5 + 5)])
                    let next = grid.mdp.successors(of: state, action: action)[0].state
                    #expect(features[1] + features[2] == (grid.mdp.terminal[next] ? 1 : 0))
                    #expect(features[0] == (grid.mdp.terminal[next] ? 0 : 1) && features[3] + features[4] <= 1)
                    if next == state { #expect(features == [1, 0, 0, 0, 0]) }
                }
            }
        }
    }

    @Test func cplHoldsAndFailsWithoutItsBias() throws {
        let report = try Self.report("cpl", 100..<106)
        #expect(report.verdict == .holds, "\(report.text)")
        let plain = try Self.report("cpl", 100..<103, ["bias": 1])
        #expect(plain.verdict == .fails && Self.passed(plain, "contrastive minus the same") == false)
    }

    @Test func nashMDHoldsAndFailsAgainstThePolicyItself() throws {
        let report = try Self.report("nash-md", 100..<102)
        #expect(report.verdict == .holds, "\(report.text)")
        let play = try Self.report("nash-md", 100..<101, ["mixture": 0, "large": 5])
        #expect(play.verdict == .fails && Self.passed(play, "constant steps of 5") == false)
        let short = try Self.report("nash-md", 100..<101, ["steps": 200, "large": 5])
        #expect(Self.passed(short, "largest exploitability of Nash-MD") == false)
    }

    @Test func spoHoldsInGamesAndFailsWithoutOpponents() throws {
        let settings: [String: Double] = ["iterations": 1500, "walkIterations": 100]
        let report = try Self.report("spo", 100..<102, settings)
        let games = report.tests.filter { $0.name.hasPrefix("games") }
        #expect(games.count == 4 && games.allSatisfy { $0.passed }, "\(report.text)")
        let model = try Self.report(
            "spo", 100..<102, ["iterations": 300, "walkIterations": 60, "opponents": 0])
        #expect(Self.passed(model, "games: self-play's average, largest") == false)
    }

    @Test func rewardEnsemblesAreMoreCarefulThanOneAndFailAlone() throws {
        let report = try Self.report("reward-ensembles", 100..<106, ["pool": 20_000])
        let names = ["single network: peak minus n = 1", "least rise", "least minus single from n"]
        #expect(names.allSatisfy { Self.passed(report, $0) == true }, "\(report.text)")
        let alone = try Self.report("reward-ensembles", 100..<102, ["members": 1, "pool": 10_000])
        #expect(alone.verdict == .fails && Self.passed(alone, "least minus single at the end") == false)
    }

    /// A ring walk's share and payment by hand; REINFORCE learns to be paid.
    @Test func ringWalksAreMeasuredByWhatStepsLeadTo() {
        var walk = RingWalk()
        walk.positions = [0] + Array(repeating: 5, count: 10) + Array(repeating: 3, count: 10)
        walk.actions = Array(repeating: 1, count: 20)
        #expect(walk.shareInZone == 0.5 && abs(walk.payment - 12) < 1e-12)
        var random = RandomKey(seed: 8).stream
        var policy = RingPolicy()
        for _ in 0..<200 {
            let walks = (0..<16).map { _ in policy.walk(using: &random) }
            let gains = walks.map(\.payment)
            let center = gains.reduce(0, +) / 16
            policy.improve(
                walks, advantages: gains.map { Array(repeating: ($0 - center) / 10, count: 20) }, rate: 8)
        }
        let learned = (0..<200).map { _ in policy.walk(using: &random).payment }.reduce(0, +) / 200
        #expect(learned > 12)
    }
}
