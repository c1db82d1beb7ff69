import Foundation
import TelosLearning
import Testing

@testable import TelosExperiments

@Suite struct ProgressTests {
    private func status() -> ProgressStatus {
        var first = SeedProgress(seed: 0)
        first.record = SeedRecord(seed: 0, steps: 1000, status: .finished, seconds: 2, trainingReturn: -10)
        first.firstSteps = 0
        first.terms = [NamedValue("goal", -10), NamedValue("speed", 2)]
        first.time = TimeSplit(environment: 1, policy: 1, learning: 2)
        var second = SeedProgress(seed: 1)
        second.record = SeedRecord(
            seed: 1, steps: 500, status: .running, seconds: 1, trainingReturn: -30, evaluationReturn: -20)
        second.firstSteps = 300
        second.terms = [NamedValue("goal", -30), NamedValue("speed", 4)]
        let run = RunRecord(
            id: "walk-1", name: "walk", created: "", status: .running, environment: "Walk", learner: "ppo", source: "",
            resolved: "", formatVersion: 1, seeds: [0, 1])
        return ProgressStatus(run: run, plannedSteps: 1000, seeds: [first, second], seconds: 4)
    }

    @Test func numbersAreThoseOfTheSeeds() {
        let status = status()
        #expect(status.share == 0.75)
        // 1000 and 200 steps in this session's 4 seconds; 500 are left.
        #expect(status.speed == 300)
        #expect(status.secondsLeft == 500.0 / 300)
        let line = status.line
        #expect(line.hasPrefix("walk-1: 75%, 300 steps/s, return -20 [-30, -10], evaluation -20, goal: -20, speed: 3"))
        #expect(line.hasSuffix("2s left"))
    }

    @Test func theBlockFitsTheTerminal() {
        for width in [20, 40, 80, 200] {
            for line in status().block(width: width, color: false) { #expect(line.count < max(21, width)) }
        }
        let block = status().block(width: 100, color: false)
        #expect(block.contains { $0.hasPrefix("time") && $0.contains("environment 25%   policy 25%   learning 50%") })
        #expect(block.contains { $0.hasPrefix("seed 1") && $0.contains("running") })
        #expect(block[1].contains("75%"))
    }

    @Test(arguments: [
        (0.0, "0s"), (59.4, "59s"), (61, "1m 01s"), (3600, "1h 00m"), (7800, "2h 10m"), (.infinity, "long"),
    ]) func timesAreReadable(seconds: Double, text: String) { #expect(readableDuration(seconds) == text) }

    @Test(arguments: [
        (0.0, "0"), (-132.41, "-132.4"), (0.001234, "0.001234"), (12400, "12 400"), (-1_234_567, "-1 234 567"),
        (1e9, "1e+09"), (0.000012, "1.2e-05"), (500, "500"),
    ]) func numbersAreReadable(value: Double, text: String) { #expect(readable(value) == text) }

    @Test func printedJSONIsJSON() throws {
        let value = OrderedJSON.object([
            ("z", .text("a\"\n\u{1F600}")), ("a", .list([.integer(1), .number(.nan), .number(0.1), .null])),
            ("nested", .object([("x", .object([])), ("y", .flag(true)), ("list", .list([.list([])]))])),
        ])
        for text in [value.description, value.indented] {
            let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect(object["z"] as? String == "a\"\n\u{1F600}")
            #expect((object["a"] as? [Any])?.count == 4)
        }
        #expect(value.description.hasPrefix("{\"z\""))
    }
}
