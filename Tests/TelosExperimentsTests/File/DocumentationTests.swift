import Foundation
import Telos
import Testing

@testable import TelosExperiments

@Suite struct DocumentationTests {
    private func object(_ documentation: Documentation) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(documentation.json.utf8)) as? [String: Any])
    }

    private func list(_ documentation: Documentation) throws -> [[String: Any]] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(documentation.json.utf8)) as? [[String: Any]])
    }

    @Test func tasksListEveryEnvironmentWithItsUsualTask() throws {
        let documentation = try Documentation.tasks(fixtures)
        let rows = try list(documentation)
        #expect(rows.map { $0["name"] as? String } == ["Corridor", "SmoothCorridor"])
        #expect(rows[0]["horizon"] as? Int == 100)
        #expect(rows[1]["horizon"] is NSNull)
        #expect(rows[0]["reward"] as? String == "goal ? 0 : -1")
        let signals = try #require(rows[0]["signals"] as? [[String: Any]])
        #expect(signals.map { $0["unit"] as? String } == ["m", "m/s", "1"])
        #expect(signals[1]["low"] as? Double == -1)
        let options = try #require(rows[0]["options"] as? [[String: Any]])
        #expect(options.map { $0["type"] as? String } == ["integer", "number", "flag", "text"])
        #expect((rows[0]["action"] as? [String: Any])?["count"] as? Int == 2)
        #expect(documentation.text.contains("signals position, velocity, goal"))
    }

    @Test func learnersListEveryOptionWithItsDefault() throws {
        let rows = try list(Documentation.learners(fixtures))
        #expect(rows.map { $0["name"] as? String } == ["ppo", "q-learning"])
        let options = try #require(rows[0]["options"] as? [[String: Any]])
        #expect(options.count == 9)
        #expect(options[1]["default"] as? Double == 3e-4)
        #expect(options[0]["raising"] as? String == "steadier")
        #expect(options[0]["high"] as? Int == 1024)
        #expect(options[6]["choices"] as? [String] == ["tanh", "relu"])
    }

    @Test func rewardsListTheWholeLanguage() throws {
        let documentation = Documentation.rewards()
        let fields = try object(documentation)
        #expect((fields["functions"] as? [Any])?.count == Expression.functions.count)
        #expect((fields["rewards"] as? [Any])?.count == Rewards.all.count)
        #expect((fields["combinations"] as? [Any])?.count == RewardCombination.allCases.count)
        for function in Expression.functions { #expect(documentation.text.contains(function.name)) }
    }

    @Test(arguments: [
        ("Corridor", "environment"), ("ppo", "learner"), ("machine", "reward"), ("clipped", "reward"),
        ("behavior-alignment", "combination"), ("clamp", "function"), ("ppo.clipRange", "option"),
        ("Corridor.size", "option"), ("Corridor.velocity", "signal"),
    ])
    func everythingCanBeDescribed(_ name: String, _ kind: String) throws {
        let documentation = try Documentation.named(name, fixtures)
        #expect(try object(documentation)["kind"] as? String == kind)
        #expect(documentation.text.hasPrefix(name))
        #expect(!documentation.text.hasSuffix("\n"))
        #expect(documentation.text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test func aSharedNameFindsBoth() throws {
        for name in ["sum", "potential", "gated"] {
            let rows = try list(Documentation.named(name, fixtures))
            #expect(rows.map { $0["kind"] as? String } == ["reward", "combination"])
        }
    }

    @Test func anOptionsNameAloneFindsAllOfThem() throws {
        let rows = try list(Documentation.named("learningRate", fixtures))
        #expect(rows.map { $0["of"] as? String } == ["ppo", "q-learning"])
    }

    @Test(arguments: [
        ("Coridor", "did you mean 'Corridor'?"), ("ppo.clip", "did you mean 'ppo.clipRange'?"),
        ("ppo.gamma", "list what exists"), ("clmap", "did you mean 'clamp'?"),
        ("learningrates", "did you mean 'learningRate'?"), ("zzzzzzzz", "'telos tasks'"), ("", "nothing is called ''"),
    ])
    func nearMissesAreSuggested(_ name: String, _ message: String) {
        let error = #expect(throws: DocumentationError.self) { try Documentation.named(name, fixtures) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test func theBuiltInRegistriesCanBeShown() throws {
        #expect(try list(Documentation.tasks()).count == Environments.all.count)
        #expect(try list(Documentation.learners()).count == Learners.all.count)
        for entry in Environments.all {
            #expect(try Documentation.named(entry.name).text.contains(entry.summary.prefix(20)))
        }
        for entry in Learners.all { _ = try Documentation.named(entry.name) }
    }
}
