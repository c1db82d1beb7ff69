import Foundation
import Telos
import Testing

@testable import TelosExperiments

/// Experiment files over the environments and learners that come with Telos.
@Suite struct BuiltInExperimentTests {
    static let mountainCar = """
        # mountain-car.yaml
        task:
          environment: MountainCar
          reward: "goal ? 0 : -1"            # primary: what we want
        auxiliary:                            # heuristics: what we think helps
          speed: "abs(velocity)"
          height: "position"
        combine: behavior-alignment           # or sum, potential, gated, ...
        learner: {algorithm: ppo, steps: 200_000}
        seeds: 5
        """

    private func problems(_ text: String, _ overrides: String...) -> [Problem] {
        do {
            _ = try Experiment(parsing: text, name: "mountain-car", overrides: overrides)
            return []
        } catch { return (error as? ExperimentError)?.problems ?? [] }
    }

    @Test func theFirstExampleReads() throws {
        let read = try Experiment(parsing: Self.mountainCar, name: "mountain-car")
        #expect(read.task.environment.name == "MountainCar")
        #expect(read.task.combination == .behaviorAlignment)
        #expect(read.auxiliaries.map(\.name) == ["speed", "height"])
        #expect(read.steps == 200_000 && read.seeds.count == 5)
        #expect(try Experiment(parsing: read.resolved, name: "x") == read)
    }

    @Test func itsMistakesAreFound() {
        func changed(_ old: String, _ new: String) -> String {
            Self.mountainCar.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                line.contains(old)
                    ? line.prefix(upTo: line.range(of: old)!.lowerBound) + new
                        + line.suffix(from: line.range(of: old)!.upperBound) : String(line)
            }.joined(separator: "\n")
        }
        let signal = problems(changed("abs(velocity)", "abs(velocty)"))
        #expect(signal.map(\.line) == [6] && signal.map(\.column) == [15])
        #expect(signal.first?.message.contains("did you mean 'velocity'?") == true)
        #expect(problems(changed("MountainCar", "MountanCar")).first?.message.contains("'MountainCar'") == true)
        let option = problems(changed("200_000}", "200_000, clip: 0.1}"))
        #expect(option.map(\.line) == [9] && option.first?.message.contains("no key 'clip'") == true)
        let range = problems(changed("200_000}", "200_000, clipRange: -0.1}"))
        #expect(range.map(\.column) == [54] && range.first?.message.contains("clipRange must be") == true)
        #expect(
            problems(Self.mountainCar, "learner.normalizeRewards=true").map(\.argument)
                == ["--set learner.normalizeRewards=true"])
        let divisor = problems(Self.mountainCar, "learner.minibatchSize=63")
        #expect(divisor.first?.message.contains("does not divide") == true)
    }

    @Test func theUsualTaskOfEveryEnvironmentReads() throws {
        let registries = Registries(environments: Environments.all, learners: Learners.all)
        for entry in Environments.all {
            let text = "task: {environment: \(entry.name)}\nlearner: {algorithm: ppo, steps: 100}\n"
            let read = try Experiment(parsing: text, name: "usual", registries: registries)
            #expect(read.primary == RewardForm(entry.reward) && read.task.horizon == entry.horizon)
            #expect(try Experiment(parsing: read.resolved, name: "again", registries: registries) == read)
        }
    }

    @Test func everyOptionOfEveryLearnerIsDocumentedAndReadsItsOwnDefault() throws {
        for entry in Learners.all {
            let defaults = try #require(JSONValue(json: entry.defaults)?.object)
            #expect(Set(entry.options.map(\.name)) == Set(defaults.keys), "\(entry.name)")
            #expect(Set(defaults.keys).isDisjoint(with: ["algorithm", "steps"]))
            for option in entry.options {
                #expect(!option.summary.isEmpty)
                guard case .number(let usual)? = defaults[option.name], let range = option.range else { continue }
                #expect(range.contains(usual), "\(entry.name).\(option.name)")
            }
        }
        for entry in Environments.all { #expect(!entry.options.map(\.name).contains("name")) }
    }
}
