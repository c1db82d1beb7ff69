import TelosEnvironments
import TelosLearning
import Testing

@testable import TelosExperiments

@Suite struct PresetTests {
    private static let own = Registries(
        environments: fixtures.environments, learners: fixtures.learners,
        presets: [
            Preset("ppo", "Corridor", steps: 7000, #"{"environments": 4, "minibatchSize": 12}"#),
            Preset("ppo", "Elsewhere", steps: 9, #"{"discount": 0.5}"#),
        ])

    private func read(_ learner: String, overrides: [String] = []) throws -> Experiment {
        try Experiment(
            parsing: "task: {environment: Corridor}\nlearner: \(learner)", name: "file", overrides: overrides,
            registries: Self.own)
    }

    private func message(_ learner: String) -> String? {
        do {
            _ = try read(learner)
            return nil
        } catch {
            let problem = (error as? ExperimentError)?.problems.first
            #expect(problem?.line == 2)
            return problem?.message
        }
    }

    @Test func aPresetFillsInWhatTheFileDoesNotSay() throws {
        let tuned = try read("{algorithm: ppo, preset: tuned}")
        var expected = FixtureConfiguration()
        expected.environments = 4
        expected.minibatchSize = 12
        #expect(tuned.steps == 7000)
        #expect(try FixtureConfiguration(json: tuned.learnerOptions) == expected)
        // Resolved, it is written out and needs no preset.
        #expect(!tuned.resolved.contains("preset"))
        #expect(try experiment(tuned.resolved) == tuned)
        let changed = try read("{algorithm: ppo, preset: tuned, minibatchSize: 8}", overrides: ["learner.steps=5"])
        expected.minibatchSize = 8
        #expect(changed.steps == 5)
        #expect(try FixtureConfiguration(json: changed.learnerOptions) == expected)
        #expect(try read("{algorithm: ppo, preset: Elsewhere}").steps == 9)
        // Preset and file are judged together: 10 is no multiple of the preset's 4 environments.
        #expect(
            message("{algorithm: ppo, preset: tuned, minibatchSize: 10}")?.contains("multiple of environments (4)")
                == true)
    }

    @Test func unknownPresetsAreRefused() {
        #expect(message("{algorithm: ppo, preset: tund}") == "there is no preset 'tund'; did you mean 'tuned'?")
        #expect(
            message("{algorithm: ppo, preset: Coridor}") == "there is no preset 'Coridor'; did you mean 'Corridor'?")
        #expect(
            message("{algorithm: q-learning, preset: tuned, steps: 5}")
                == "q-learning has no presets; leave 'preset' out and set its options")
        let smooth = "task: {environment: SmoothCorridor}\nlearner: {algorithm: ppo, preset: tuned}"
        let error = #expect(throws: ExperimentError.self) {
            try Experiment(parsing: smooth, name: "file", registries: Self.own)
        }
        #expect(
            error?.problems.map(\.message)
                == ["ppo has no preset for SmoothCorridor; ppo has presets for Corridor, Elsewhere"])
    }

    /// Those that come with Telos: each names what exists, fits it, and is the only one of its kind.
    @Test func everyPresetMakesAnExperiment() throws {
        for preset in Presets.all where Environments.missing(preset.environment) == nil {
            let text = """
                task: {environment: \(Self.environment(preset.environment))}
                learner: {algorithm: \(preset.learner), preset: tuned}
                """
            let read = try Experiment(parsing: text, name: "preset")
            #expect(read.steps == preset.steps)
            let given = try #require(JSONValue(json: preset.options)?.object)
            let options = try #require(JSONValue(json: read.learnerOptions)?.object)
            for (name, value) in given { #expect(options[name] == value, "\(preset): \(name)") }
            let described = try Documentation.named(preset.learner).text
            #expect(described.contains(preset.environment))
        }
        let names = Presets.all.map { "\($0.learner) \($0.environment)" }
        #expect(Set(names).count == names.count)
    }

    /// `Name (flag, option value)` as a file has it.
    private static func environment(_ form: String) -> String {
        guard let start = form.firstIndex(of: "(") else { return form }
        let options = form[start...].dropFirst().dropLast().split(separator: ", ").map { option in
            let words = option.split(separator: " ", maxSplits: 1)
            return "\(words[0]): \(words.count > 1 ? words[1] : "true")"
        }
        return "{name: \(form[..<start]), \(options.joined(separator: ", "))}"
    }

    /// An environment's options have presets of their own; where they have none, those of its usual form hold.
    @Test func presetsGoByTheEnvironmentsOptions() throws {
        func options(_ environment: String, learner: String = "ppo") throws -> [String: JSONValue] {
            let text = "task: {environment: \(environment)}\nlearner: {algorithm: \(learner), preset: tuned}"
            return try #require(JSONValue(json: try Experiment(parsing: text, name: "preset").learnerOptions)?.object)
        }
        #expect(try options("CartPole")["network"] == .text("mlp"))
        #expect(try options("{name: CartPole, hideVelocities: true}")["network"] == .text("s4d"))
        #expect(try options("{name: Pendulum, hideVelocities: false}") == options("Pendulum"))
        #expect(
            try options("{name: CartPole, hideVelocities: true}", learner: "dqn") == options("CartPole", learner: "dqn")
        )
    }

    /// The example files and the presets are tuned alike.
    @Test(arguments: [
        "acrobot-ppo", "cartpole-ppo", "pendulum-ppo", "mountain-car-continuous-ppo", "cartpole-dqn", "pendulum-sac",
        "pendulum-td3", "cartpole-without-velocities-ppo",
    ])
    func examplesAgree(name: String) throws {
        let folder = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        let example = try Experiment.load(path: "\(folder)/Examples/\(name).yaml")
        let text = """
            task: {environment: \(Self.environment(example.task.environment.form(example.task.options)))}
            learner: {algorithm: \(example.learner.name), preset: tuned}
            """
        let preset = try Experiment(parsing: text, name: "preset")
        #expect(preset.learnerOptions == example.learnerOptions && preset.steps == example.steps)
    }
}
