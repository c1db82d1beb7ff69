import Foundation
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosExperiments

@Suite struct RolloutTests {
    private let registries = Registries(environments: [Walk.entry] + Environments.all, learners: [])

    private func lines(_ input: RolloutInput) throws -> [[String: JSONValue]] {
        var lines: [String] = []
        input.run { lines.append($0) }
        return try lines.map { try #require(JSONValue(json: $0)?.object) }
    }

    @Test func stepsAreThoseOfTheDynamics() throws {
        var input = try RolloutInput(task: "CartPole", state: "[0.01, -0.2, 0.03, 0.4]", registries: registries)
        try input.read(actions: "1\n\n[0]\n1\n", file: "a")
        let steps = try lines(input)
        #expect(steps.count == 3)

        // The equations of Barto, Sutton and Anderson (1983) with Gymnasium's constants, by hand.
        var (x, v, angle, spin) = (0.01, -0.2, 0.03, 0.4)
        for (step, action) in zip(steps, [1.0, 0, 1]) {
            let force = action == 1 ? 10.0 : -10
            let pull = (force + 0.05 * spin * spin * sin(angle)) / 1.1
            let turn = (9.8 * sin(angle) - cos(angle) * pull) / (0.5 * (4.0 / 3 - 0.1 * cos(angle) * cos(angle) / 1.1))
            let push = pull - 0.05 * turn * cos(angle) / 1.1
            (x, v, angle, spin) = (x + 0.02 * v, v + 0.02 * push, angle + 0.02 * spin, spin + 0.02 * turn)
            guard case .list(let state)? = step["state"] else { throw TrainingError("no state") }
            for (value, expected) in zip(state, [x, v, angle, spin]) {
                guard case .number(let number) = value else { throw TrainingError("no number") }
                #expect(abs(number - expected) < 1e-12)
            }
            #expect(step["reward"] == .number(1))
            #expect(step["end"] == .text("ongoing"))
        }
    }

    @Test func itEndsWithTheEpisodeAndShowsItsLastState() throws {
        var input = try RolloutInput(task: "Walk", state: "[5]", registries: registries)
        try input.read(actions: "1\n1\n1\n1\n1\n1\n1\n1\n", file: "a")
        let last = try #require(try lines(input).last)
        #expect(last["state"] == .list([.number(6)]))
        #expect(last["signals"] == .object(["position": .number(6), "goal": .number(1)]))
        #expect(last["end"] == .text("terminated"))
        #expect(last["reward"] == .number(0))
        #expect(last["terms"] == .object(["goal ? 0 : -1": .number(0)]))
    }

    @Test func optionsRewardAndHorizonCanBeSet() throws {
        var input = try RolloutInput(
            task: "Walk", state: "[0]", options: ["length=9"], reward: "position * 2", horizon: 2,
            registries: registries)
        try input.read(actions: "1\n1\n1\n", file: "a")
        let steps = try lines(input)
        #expect(steps.map { $0["end"] } == [.text("ongoing"), .text("truncated")])
        for step in steps {
            guard case .list(let state)? = step["state"], case .number(let position) = state[0] else { continue }
            #expect(step["reward"] == .number(2 * position))
        }
    }

    @Test(arguments: [
        ("", "f: there are no actions"), ("\n  \n", "f: there are no actions"), ("1\n\nx", "f:3: 'x' is not JSON"),
        ("2", "f:1: 2 is not a choice from 0 to 1"), ("-1", "f:1: -1 is not a choice"),
        ("0.5", "f:1: 0.5 is not a choice"), ("[1, 0]", "f:1: this has 2 numbers"), ("[]", "f:1: this has 0 numbers"),
        ("\"1\"", "f:1: '\"1\"' is not made of numbers"), ("null", "f:1: 'null' is not made"),
        ("true", "f:1: 'true' is not made"), ("{\"a\": 1}", "is not made of numbers"), ("1e999", "f:1: "),
        ("NaN", "f:1: 'NaN' is not JSON"), ("1 1", "f:1: '1 1' is not JSON"), ("1\n1\n[", "f:3: '[' is not JSON"),
    ]) func malformedActionsAreNamedByLine(text: String, message: String) throws {
        var input = try RolloutInput(task: "Walk", state: "[0]", registries: registries)
        let error = #expect(throws: RolloutError.self) { try input.read(actions: text, file: "f") }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "no error")")
    }

    @Test func everyBadLineIsNamedUpToALimit() throws {
        var input = try RolloutInput(task: "Walk", state: nil, registries: registries)
        let error = #expect(throws: RolloutError.self) {
            try input.read(actions: String(repeating: "x\n", count: 500), file: "f")
        }
        #expect(error?.problems.count == 21)
        #expect(error?.problems.last == "f: and 480 lines more")
    }

    @Test(arguments: [
        ("zz", "not a JSON array"), ("3", "not a JSON array"), ("[\"a\"]", "element 1 is not a number"),
        ("[1, 2]", "it has 2 numbers; write a JSON array of 1 numbers: [position]"), ("[]", "it has 0 numbers"),
        ("[0.5]", "is not a state of Walk"), ("[[1]]", "element 1 is not a number"),
    ]) func malformedStatesAreErrors(state: String, message: String) {
        let error = #expect(throws: RolloutError.self) {
            try RolloutInput(task: "Walk", state: state, registries: registries)
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "no error")")
    }

    @Test func wrongNamesAndOptionsAreErrors() {
        func message(_ make: () throws -> RolloutInput) -> String {
            do {
                _ = try make()
                return "no error"
            } catch { return "\(error)" }
        }
        #expect(message { try RolloutInput(task: "Wolk", state: nil, registries: registries) }.contains("'Walk'"))
        #expect(
            message { try RolloutInput(task: "Walk", state: nil, options: ["size=3"], registries: registries) }
                .hasPrefix("--option size=3: "))
        #expect(
            message { try RolloutInput(task: "Walk", state: nil, options: ["length=1"], registries: registries) }
                .hasPrefix("--option length=1: "))
        #expect(
            message { try RolloutInput(task: "Walk", state: nil, reward: "positon", registries: registries) }
                .contains("position"))
        #expect(
            message { try RolloutInput(task: "Walk", state: nil, horizon: -1, registries: registries) }
                .hasPrefix("--horizon -1: "))
    }
}
