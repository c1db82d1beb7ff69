import Foundation
import TelosEnvironments
import TelosLearning
import Testing

@testable import TelosExperiments

@Suite struct ResultsTests {
    /// What `make results` would write is what is committed.
    @Test func committedPagesAreUpToDate() throws {
        let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        let folder = ResultsFolder(path: "\(root)/Results")
        #expect(try folder.changed().map(\.name) == [])
        for result in try folder.results() {
            let entry = try #require(Learners.named(result.learner))
            #expect(!entry.notes.equations.isEmpty && !entry.notes.metrics.isEmpty, "\(result.learner)")
            // Ten seeds; of a million steps of physics, which a build may be without, five, and three of SAC's.
            let isPhysics = Environments.named(result.environment).map { $0.family == "physics" } ?? true
            let isLong = isPhysics && result.steps.last! >= 1_000_000
            let least = isLong ? result.learner == "sac" ? 3 : 5 : 10
            #expect(result.seeds.count >= least, "\(result.fileName)")
            #expect(result.seeds.map(\.seed) == Array(0..<result.seeds.count), "\(result.fileName)")
            // The experiment in it is one that can be run, and says what was learned in what.
            guard Environments.missing(result.environment) == nil else { continue }
            let experiment = try Experiment(parsing: result.experiment, name: "result")
            #expect(experiment.learner.name == result.learner)
            #expect(experiment.task.environment.name == result.environment)
            // Presets and defaults are still those that it was learned with.
            let options = try #require(JSONValue(json: experiment.learnerOptions)?.object)
            for (name, value) in result.options { #expect(options[name] == value, "\(result.fileName): \(name)") }
            // Written anew, the file is the same.
            let file = try String(contentsOfFile: "\(root)/Results/data/\(result.fileName)", encoding: .utf8)
            #expect(result.json == file)
        }
        for number in try folder.published() { #expect(Learners.named(number.learner) != nil, "\(number)") }
    }

    private func folder(_ temporary: TemporaryFolder) throws -> ResultsFolder {
        try FileManager.default.createDirectory(atPath: "\(temporary.path)/data", withIntermediateDirectories: true)
        return ResultsFolder(path: temporary.path)
    }

    private let data = """
        {"learner": "ppo", "environment": "CartPole", "experiment": "task: {environment: CartPole}\\n# a | b\\n",
         "options": {"discount": 0.9, "environments": 8}, "episodes": 20, "steps": [0, 5000, 10000], "seeds": [
          {"seed": 0, "evaluation": [10, 100, 480], "training": 90, "speed": 1000},
          {"seed": 1, "evaluation": [12, 200, 500], "training": 110, "speed": 3000},
          {"seed": 2, "evaluation": [14, 300, 490], "speed": 2000}]}
        """

    @Test func aPageSaysWhatTheDataSay() throws {
        let temporary = try TemporaryFolder()
        let folder = try folder(temporary)
        #expect(throws: StoreError.self) { try folder.pages() }
        let file = URL(fileURLWithPath: "\(temporary.path)/data/ppo-CartPole.json")
        try Data(data.utf8).write(to: file)
        try Data(
            """
            [{"learner": "ppo", "environment": "CartPole", "source": "A library", "value": "499 ± 1",
              "metric": "training, 3 seeds", "version": "CartPole-v1", "steps": 500000},
             {"learner": "ppo", "environment": "Pendulum", "source": "Another", "value": "-1", "metric": "m",
              "version": "v"}]
            """.utf8
        ).write(to: URL(fileURLWithPath: "\(temporary.path)/published.json"))
        #expect(try folder.write() == ["README.md", "ppo.md"])
        #expect(try folder.write() == [])
        let page = try String(contentsOfFile: "\(temporary.path)/ppo.md", encoding: .utf8)
        // Interquartile mean of three values: all of them, 490.
        let measure = "evaluation, seeds 0..2, 20 episodes each"
        #expect(page.contains("| CartPole | **Telos** | **490 [480, 500]** | \(measure) | 10 000 |"))
        #expect(page.contains("| CartPole (CartPole-v1) | A library | 499 ± 1 | training, 3 seeds | 500 000 |"))
        #expect(!page.contains("Another"))
        #expect(page.contains("\nWith `discount: 0.9`.\n"))
        #expect(page.contains("| 5 000 | 200 [100, 300] |"))
        // The middle of the speeds, the lowest and the highest.
        #expect(page.contains("| CartPole | 2 000 | 1 000 | 3 000 |"))
        let entry = try #require(Learners.named("ppo"))
        for line in entry.notes.equations.split(separator: "\n") { #expect(page.contains(line)) }
        for metric in entry.notes.metrics {
            let summary = metric.summary.replacing("|", with: "\\|")
            #expect(page.contains("| `\(metric.name)` | \(summary) |"))
        }
        // A seed without a training return: there is none to show.
        #expect(page.contains("| CartPole | Telos |  | training, seeds 0..2 | 10 000 |"))

        try Data(data.replacing("480]", with: "380]").utf8).write(to: file)
        #expect(try folder.changed().map(\.name) == ["README.md", "ppo.md"])
    }

    @Test func aFinishedRunIsAdded() throws {
        let temporary = try TemporaryFolder()
        let store = try RunStore(path: "\(temporary.path)/store")
        let text = """
            task: {environment: CartPole}
            learner: {algorithm: ppo, steps: 512, environments: 4, rolloutSteps: 16, hiddenSizes: [8]}
            evaluation: {episodes: 3, every: 256}
            seeds: 2
            """
        let experiment = try Experiment(parsing: text, name: "pole")
        let summary = try Runner(store: store, threads: 2).run(experiment)
        let folder = try folder(temporary)
        let path = try folder.add(run: summary.run.id, in: store)
        #expect(path.hasSuffix("data/ppo-CartPole.json"))
        let result = try #require(try folder.results().first)
        #expect(result.options["hiddenSizes"] == .list([.number(8)]) && result.options["discount"] == .number(0.99))
        #expect(result.steps == [0, 256, 512] && result.episodes == 3 && result.experiment == experiment.source)
        for (seed, record) in zip(result.seeds, summary.seeds) {
            #expect(seed.seed == record.seed)
            #expect(abs(seed.evaluation.last! - record.evaluationReturn!) < 1e-3)
            #expect(seed.speed ?? 0 > 0)
        }
        #expect(try folder.write().count == 2)
        _ = try folder.add(run: summary.run.id, in: store, measuresSpeed: false)
        #expect(try folder.results()[0].speed == nil)
        #expect(try folder.pages()[1].text.contains("| CartPole | not measured |  |  |"))
        let variant = try folder.add(run: summary.run.id, in: store, variant: "small batches", measuresSpeed: false)
        #expect(variant.hasSuffix("data/ppo-CartPole-small-batches.json"))
        #expect(try folder.results().map(\.title) == ["CartPole, small batches", "CartPole"])
        #expect(try folder.pages()[1].text.contains("### CartPole, small batches"))
        // Run with other settings than the file's, it is shown with them.
        let other = try Experiment(parsing: text, name: "pole", overrides: ["learner.steps=256"])
        _ = try folder.add(run: try Runner(store: store, threads: 2).run(other).run.id, in: store)
        let changed = try #require(try folder.results().last)
        #expect(changed.steps == [0, 256] && changed.experiment == other.resolved)
        #expect(try Experiment(parsing: changed.experiment, name: "pole") == other)
        let waiting = try store.begin()
        #expect(throws: StoreError.self) { try folder.add(run: waiting.id, in: store) }
    }

    @Test func whatIsNoResultIsRefused() throws {
        let temporary = try TemporaryFolder()
        let folder = try folder(temporary)
        try Data(data.utf8).write(to: URL(fileURLWithPath: "\(temporary.path)/data/dqn-CartPole.json"))
        let misnamed = #expect(throws: StoreError.self) { try folder.results() }
        #expect(misnamed?.message.contains("ppo-CartPole.json") == true)
        try FileManager.default.removeItem(atPath: "\(temporary.path)/data/dqn-CartPole.json")
        try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(temporary.path)/data/x.json"))
        #expect(throws: StoreError.self) { try folder.results() }
    }
}
