import Foundation
import Telos
import Testing

@testable import TelosExperiments

private let full = """
    name: corridor study
    task:
      environment: {name: Corridor, size: 1_0, slip: 0.25, wrap: true, layout: "5"}
      reward: "goal ? 0 : -1"
      horizon: none
    auxiliary:
      speed: abs(velocity)
      nearness: {reward: "-abs(position - 9)", weight: 0.5}
    combine: gated
    learner:
      algorithm: ppo
      steps: 200_000
      hiddenSizes: [32]
      learningRate: 1e-3
      normalizeAdvantage: false
    seeds: 100..104
    evaluation: {episodes: 7, every: 1000}
    checkpoint: {every: 5_000}
    threads: 2
    """

@Suite struct ExperimentFileTests {
    @Test func everyKeyIsRead() throws {
        let read = try experiment(full)
        #expect(read.name == "corridor study")
        #expect(read.task.environment.name == "Corridor")
        #expect(read.task.options.integer("size") == 10)
        #expect(read.task.options.real("slip") == 0.25)
        #expect(read.task.options.flag("wrap"))
        #expect(read.task.options.text("layout") == "5")
        #expect(read.task.horizon == nil)
        #expect(read.task.primary.description == "goal ? 0 : -1")
        #expect(read.task.auxiliaries.map(\.name) == ["speed", "nearness"])
        #expect(read.task.auxiliaries.map(\.weight) == [1, 0.5])
        #expect(read.task.combination == .gated)
        #expect(read.learner.name == "ppo")
        #expect(read.steps == 200_000)
        let options = try FixtureConfiguration(json: read.learnerOptions)
        var expected = FixtureConfiguration()
        expected.hiddenSizes = [32]
        expected.learningRate = 1e-3
        expected.normalizeAdvantage = false
        #expect(options == expected)
        #expect(read.seeds == [100, 101, 102, 103, 104])
        #expect(read.evaluation == Experiment.Evaluation(episodes: 7, every: 1000))
        #expect(read.checkpoint == Experiment.Checkpoints(every: 5000))
        #expect(read.threads == 2)
        #expect(read.source == full)
    }

    @Test func defaultsAreTheEnvironmentsAndTheLearners() throws {
        let read = try experiment("task: {environment: Corridor}\nlearner: {algorithm: ppo, steps: 1_000}")
        #expect(read.name == "file")
        #expect(read.task.options.integer("size") == 9)
        #expect(read.task.horizon == 100)
        #expect(read.primary == .expression("goal ? 0 : -1"))
        #expect(read.task.combination == .primary)
        #expect(try FixtureConfiguration(json: read.learnerOptions) == FixtureConfiguration())
        #expect(read.seeds == [0, 1, 2, 3, 4])
        #expect(read.evaluation == Experiment.Evaluation(episodes: 20, every: 50))
        #expect(read.checkpoint == Experiment.Checkpoints(every: 100, best: true, keep: 0))
        #expect(read.threads == nil)
        let few = try experiment("task: {environment: Corridor}\nlearner: {algorithm: ppo, steps: 3}")
        #expect(few.evaluation.every == 1 && few.checkpoint.every == 1)
    }

    @Test func auxiliariesAreSummedUnlessSaidOtherwise() throws {
        let text = "task: {environment: Corridor}\nlearner: {algorithm: ppo, steps: 10}\nauxiliary: {a: goal}\n"
        #expect(try experiment(text).task.combination == .sum)
        #expect(try experiment(text + "combine: primary").task.combination == .primary)
        #expect(try experiment(text + "combine: behavior-alignment").task.combination == .behaviorAlignment)
    }

    @Test(arguments: [
        full,
        "task: {environment: SmoothCorridor}\nlearner: {algorithm: ppo, steps: 10}\nname: \"a: #'b \\\\ é\"",
        "task: {environment: {name: Corridor, layout: 'a: \"b\" # c'}, horizon: 5}\n"
            + "learner: {algorithm: ppo, steps: 1e5, learningRate: 0.1, discount: 0.30000000000000004}\n"
            + "seeds: [3, 1, 8]\nauxiliary: {null: goal, a-b: {reward: \"velocity\", weight: -1e-7}}",
    ])
    func theResolvedTextReadsBackEqual(_ text: String) throws {
        let first = try experiment(text)
        let second = try experiment(first.resolved)
        #expect(second.resolved == first.resolved)
        #expect(second == first)
        #expect(second.name == first.name)
        #expect(second.seeds == first.seeds)
        #expect(second.learnerOptions == first.learnerOptions)
        #expect(second.task.options.values == first.task.options.values)
        #expect(second.auxiliaries == first.auxiliaries)
        #expect(second.evaluation == first.evaluation)
    }

    @Test func rewardsOfEveryForm() throws {
        let read = try experiment(
            """
            task:
              environment: Corridor
              reward:
                machine: |
                  far -> near when position > 5 : 0.5
                  near -> done when goal : 1
            auxiliary:
              parts: {sum: {speed: velocity, place: {scale: [0.5, position]}}}
              bounded:
                reward: {clip: {reward: {expression: position}, low: -1, high: 1}}
                weight: 2
              late: {gate: {reward: velocity, when: position > 3}}
            learner: {algorithm: ppo, steps: 10}
            """)
        #expect(
            read.primary == .machine("far -> near when position > 5 : 0.5\nnear -> done when goal : 1\n"))
        #expect(
            read.auxiliaries.map(\.reward) == [
                .sum([
                    .init(name: "speed", reward: .expression("velocity")),
                    .init(name: "place", reward: .scaled(0.5, .expression("position"))),
                ]),
                .clipped(.expression("position"), low: -1, high: 1),
                .gated(.expression("velocity"), when: "position > 3"),
            ])
        #expect(read.task.primary is RewardMachine)
        #expect(read.task.auxiliaries.map(\.weight) == [1, 2, 1])
        let again = try experiment(read.resolved)
        #expect(again == read && again.primary == read.primary && again.auxiliaries == read.auxiliaries)
    }

    @Test func theResolvedTextNamesEveryOption() throws {
        let resolved = try experiment("task: {environment: Corridor}\nlearner: {algorithm: ppo, steps: 10}").resolved
        #expect(
            resolved == """
                name: "file"
                task:
                  environment: {name: Corridor, size: 9, slip: 0.0, wrap: false, layout: "plain"}
                  reward: "goal ? 0 : -1"
                  horizon: 100
                combine: primary
                learner:
                  algorithm: ppo
                  steps: 10
                  environments: 8
                  learningRate: 0.0003
                  discount: 1
                  clipRange: 0.2
                  minibatchSize: 64
                  normalizeAdvantage: true
                  activation: "tanh"
                  hiddenSizes: [64, 64]
                  criticSizes: []
                seeds: 0..4
                evaluation: {episodes: 20, every: 1}
                checkpoint: {every: 1, best: true, keep: 0}
                log: []
                threads: all

                """)
    }

    @Test func differentExperimentsDiffer() throws {
        let base = try experiment(full)
        for change in ["task.environment.slip=0.5", "learner.discount=0.9", "seeds=3", "auxiliary.speed.weight=2"] {
            #expect(try experiment(full, overrides: [change]) != base)
        }
    }

    @Test func carriageReturnsAndAByteOrderMarkAreAccepted() throws {
        let text = "\u{FEFF}task: {environment: Corridor}\r\nlearner: {algorithm: ppo, steps: 10}\r\nseeds: 2\r\n"
        #expect(try experiment(text).seeds == [0, 1])
        #expect(problems(text + "sed: 1\r\n").map(\.line) == [4])
    }
}

@Suite struct OverrideTests {
    @Test func aValueOfAnyDepthIsReplacedOrAdded() throws {
        let read = try experiment(
            full,
            overrides: [
                "learner.steps=50_000", "task.environment.size=20", "combine=sum", "auxiliary.speed=velocity > 0.5",
                "learner.hiddenSizes=[8, 8]", "learner.discount=0.9", "task.reward=goal ? 1 : 0", "task.horizon=50",
                "auxiliary.extra={reward: goal, weight: 3}",
            ])
        #expect(read.steps == 50_000)
        #expect(read.task.options.integer("size") == 20)
        #expect(read.task.combination == .sum)
        #expect(read.auxiliaries.map(\.name) == ["speed", "nearness", "extra"])
        #expect(read.auxiliaries[0].reward == .expression("velocity > 0.5"))
        #expect(read.auxiliaries[2].weight == 3)
        let options = try FixtureConfiguration(json: read.learnerOptions)
        #expect(options.hiddenSizes == [8, 8] && options.discount == 0.9)
        #expect(read.primary == .expression("goal ? 1 : 0"))
        #expect(read.task.horizon == 50)
    }

    @Test func laterOverridesWin() throws {
        #expect(try experiment(full, overrides: ["seeds=3", "seeds=2"]).seeds == [0, 1])
    }

    @Test func shortFormsBecomeLongOnes() throws {
        let text = "task: {environment: Corridor}\nlearner: ppo\nauxiliary: {a: goal}\n"
        let read = try experiment(
            text, overrides: ["learner.steps=10", "task.environment.size=7", "auxiliary.a.weight=2"])
        #expect(read.task.options.integer("size") == 7)
        #expect(read.steps == 10)
        #expect(read.auxiliaries[0].weight == 2)
    }

    @Test func nothingRemovesAnOptionalPart() throws {
        let read = try experiment(full, overrides: ["auxiliary=null", "combine=primary", "task.horizon=null"])
        #expect(read.auxiliaries.isEmpty && read.task.horizon == nil)
    }

    @Test(arguments: [
        ("learner.stepz=5", "ppo has no key 'stepz'; did you mean 'steps'?"),
        ("learner.steps", "write a key and a value"),
        ("learner..steps=5", "'learner..steps' is not a key"),
        ("=5", "'' is not a key"),
        ("learner.steps.more=5", "'learner.steps' holds a value, not keys"),
        ("learner.hiddenSizes.0=5", "'learner.hiddenSizes' holds a list"),
        ("learner.steps=many", "steps must be a whole number, not 'many'"),
        ("learner.hiddenSizes=[1,", "the value is not a YAML value"),
        ("task.reward=goal + velocty", "at character 8 of the value: reward: "),
        ("seeds=1..", "seeds must be a count"),
        ("evaluation.episode=3", "did you mean 'episodes'?"),
    ])
    func mistakesNameTheArgument(_ argument: String, _ message: String) {
        let found = problems(full, overrides: [argument])
        #expect(found.count == 1 && found[0].argument == "--set \(argument)", "\(found)")
        #expect(found.first?.message.contains(message) == true, "\(found)")
        let line = ExperimentError(file: "f.yaml", problems: found).description
        #expect(line.hasPrefix("--set \(argument): "))
    }

    @Test func aMistakeInTheFileIsGoneWhenItIsReplaced() throws {
        let text = full.replacingOccurrences(of: "100..104", with: "all of them")
        #expect(problems(text).count == 1)
        #expect(try experiment(text, overrides: ["seeds=2"]).seeds == [0, 1])
        #expect(try experiment(text, seeds: "4..6").seeds == [4, 5, 6])
    }

    @Test func seedsOfTheCommandLine() throws {
        #expect(try experiment(full, seeds: "2").seeds == [0, 1])
        #expect(try experiment(full, seeds: "100..109").seeds == Array(100...109))
        let found = problems(full, seeds: "9..1")
        let message = "the range of seeds 9..1 runs backwards; write 1..9"
        #expect(found == [Problem(argument: "--seeds 9..1", message: message)])
    }
}

@Suite struct SeedsTests {
    @Test func countsAndRanges() throws {
        #expect(try Seeds.parse("3") == [0, 1, 2])
        #expect(try Seeds.parse("7..7") == [7])
        #expect(try Seeds.parse("1_000..1_002") == [1000, 1001, 1002])
        let wrongs = ["", "0", "..", "1..", "..3", "1...3", "-1", "-1..3", "1.5", "a", "3..1", "0..10000", "9e99"]
        for wrong in wrongs {
            #expect(throws: SeedsError.self, "\(wrong)") { try Seeds.parse(wrong) }
        }
    }

    @Test(arguments: [[0], [5, 6, 7], [2, 1], [1, 3], Array(100...109)])
    func theTextOfSeedsReadsBack(_ seeds: [Int]) throws {
        let text = "task: {environment: Corridor}\nlearner: {algorithm: ppo, steps: 10}\nseeds: \(Seeds.text(seeds))"
        #expect(try experiment(text).seeds == seeds)
    }
}

@Suite struct NumeralTests {
    @Test func numbersAsPeopleWriteThem() {
        #expect(Numeral.parse("200_000") == 200_000)
        #expect(Numeral.parse("1e-3") == 0.001)
        #expect(Numeral.parse("-.5") == -0.5)
        #expect(Numeral.parse("+3") == 3)
        for wrong in ["", "_1", "1_", "1__2", "0x10", "nan", "inf", "1e999", "1,000", "--1", "e", ".", "1 2", "१"] {
            #expect(Numeral.parse(wrong) == nil, "\(wrong)")
        }
    }
}

@Suite struct LoadTests {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("telos-files-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    private func write(_ bytes: [UInt8], as name: String) throws -> String {
        let path = folder.appendingPathComponent(name).path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func message(_ path: String) -> String {
        do {
            _ = try Experiment.load(path: path, registries: fixtures)
            return ""
        } catch { return "\(error)" }
    }

    @Test func aFileIsNamedByItsName() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = "task: {environment: Corridor}\nlearner: {algorithm: ppo, steps: 10}\n"
        let path = try write(Array(text.utf8), as: "corridor-run.yaml")
        let read = try Experiment.load(path: path, overrides: ["learner.steps=20"], seeds: "2", registries: fixtures)
        #expect(read.name == "corridor-run" && read.steps == 20 && read.seeds == [0, 1])
    }

    @Test func filesThatCannotBeExperiments() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let good = try write(Array("a: 1\n".utf8), as: "corridor.yaml")
        let missing = folder.appendingPathComponent("coridor.yaml").path
        #expect(message(missing) == "\(missing): there is no such file; did you mean 'corridor.yaml'?")
        #expect(message(folder.path) == "\(folder.path): this is a directory; name an experiment file in it")
        #expect(message(good).hasPrefix("\(good):1:1: an experiment has no key 'a'"))
        let empty = try write([], as: "empty.yaml")
        #expect(message(empty).hasPrefix("\(empty):1:1: the file is empty"))
        let binary = try write(Array("task: 1\nx".utf8) + [0xC3, 0xA9, 0xFF, 0xFE, 0], as: "binary")
        #expect(message(binary) == "\(binary):2:3: this is not UTF-8 text")
        let image = try write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], as: "image.png")
        #expect(message(image) == "\(image):1:1: this is not UTF-8 text")
        let huge = try write(Array(repeating: 0x20, count: 1_100_000), as: "huge.yaml")
        #expect(message(huge).contains("larger than a megabyte"))
        #expect(message("").contains("no such file"))
    }
}
