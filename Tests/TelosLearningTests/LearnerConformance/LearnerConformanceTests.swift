import Foundation
import TelosEnvironments
import TelosFeedback
import TelosRewards
import TelosTensor
import Testing

@testable import TelosLearning

/// A learner with a small task it can learn in.
struct LearnerCase: Sendable, CustomTestStringConvertible {
    var entry: LearnerEntry
    var environment: String
    var horizon = 17
    /// Options beside the small sizes, JSON by name.
    var variant: [String: String] = [:]

    var testDescription: String {
        "\(entry.name) in \(environment)" + variant.keys.sorted().map { " \($0) \(variant[$0]!)" }.joined()
    }

    /// Planners know everything already: nothing in them is drawn.
    var isPlanner: Bool { entry.family == "planning" }
    /// Planners and learners from a dataset step no environment.
    var hasEpisodes: Bool { !isPlanner && entry.family != "offline" }

    /// Small sizes for whichever of these options the learner has.
    var options: String {
        let small: [String: Any] = [
            "environments": 3, "stepsPerIteration": 45, "rolloutSteps": 12, "epochs": 2, "minibatchSize": 12,
            "batchSize": 8, "hiddenSizes": [8], "bufferSize": 200, "bufferCapacity": 200, "learningStarts": 20,
            "policyIterations": 2, "auxiliaryEpochs": 2, "predictorSizes": [8], "discriminatorSizes": [8],
        ]
        let known = fields(of: entry.defaults)
        var chosen = small.filter { known[$0.key] != nil }
        for (name, value) in variant {
            chosen[name] = try! JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        }
        return String(decoding: try! JSONSerialization.data(withJSONObject: chosen), as: UTF8.self)
    }

    func context(seed: Int = 0) throws -> LearnerContext {
        var task = try TaskDefinition(Environments.named(environment)!)
        task.horizon = horizon
        // A reward that is no rare event, so that every seed learns something soon.
        if environment == "Grid" { task.primary = try ExpressionReward("goal - 0.1 * pathDistance") }
        let dataset: TransitionDataset? =
            switch entry.family {
            case "imitation": try Self.demonstrations()
            case "offline": try Self.behavior(in: task)
            default: nil
            }
        return LearnerContext(task: task, key: RandomKey(seed: seed), plannedSteps: 2000, dataset: dataset)
    }

    /// A few random steps of Pendulum: what imitators' cases are in.
    private static func demonstrations() throws -> TransitionDataset {
        var random = RandomKey(seed: 8).stream
        func row(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.uniform(-1, 1)) } }
        var dataset = TransitionDataset(observationWidth: 3)
        for _ in 0..<22 {
            try dataset.append(
                LoggedTransition(observation: row(3), action: row(1), reward: 0, nextObservation: row(3)))
        }
        return dataset
    }

    /// Random steps of the case's own task; nil where there are none to be had.
    private static func behavior(in task: TaskDefinition) throws -> TransitionDataset? {
        let key = RandomKey(seed: 9)
        let action = try task.makeEnvironments(count: 1, key: key).specification.action
        guard let policy = try? UniformPolicy(action) else { return nil }
        return try .collecting(policy, on: task, count: 40, environments: 2, key: key)
    }

    func make(seed: Int = 0) throws -> any Learner { try entry.make(context(seed: seed), options) }

    /// Every kind of network a learner offers, and the parts of proximal policy optimisation that have a state.
    private static func variants(_ entry: LearnerEntry) -> [LearnerCase] {
        guard let network = entry.options.first(where: { $0.name == "network" }) else { return [] }
        let lengths = entry.options.contains { $0.name == "sequenceLength" } ? ["sequenceLength": "6"] : [:]
        let isOffPolicy = entry.family == "off-policy"
        let networks = network.choices.filter { $0 != "mlp" }.flatMap { kind in
            // Off-policy learners read either discrete actions or boxes.
            (isOffPolicy ? ["CartPole", "Pendulum"] : [kind == "lstm" ? "Pendulum" : "CartPole"]).map {
                LearnerCase(
                    entry: entry, environment: $0, variant: lengths.merging(["network": "\"\(kind)\""]) { $1 })
            }.filter { (try? entry.check($0.options)) != nil }
        }
        if entry.name == "dqn" {
            let parts = [
                "network": "\"gru\"", "sequenceLength": "4", "burnIn": "2", "multiStep": "3", "prioritized": "true",
                "noisy": "true", "returns": "\"implicit-quantile\"", "layerNorm": "true", "hiddenSizes": "[6, 5]",
            ]
            let normalized = parts.merging(["normalizeObservations": "true", "burnIn": "0"]) { $1 }
            return networks + [
                LearnerCase(entry: entry, environment: "MaskedChoice", variant: parts),
                LearnerCase(entry: entry, environment: "CartPole", variant: normalized),
            ]
        }
        if entry.name == "discrete-sac" {
            let masked = ["network": "\"gru\"", "sequenceLength": "4", "burnIn": "2", "multiStep": "3"]
            return networks + [LearnerCase(entry: entry, environment: "MaskedChoice", variant: masked)]
        }
        guard entry.name == "ppo" else { return networks }
        let parts = [
            "sharedLayers": "true", "valueClipRange": "0.2", "advantageScope": "\"rollout\"", "proximalDecay": "0.9",
            "keptShare": "0.8",
            "adaptiveDivergence": "0.01", "stateDependentDeviation": "true", "boundedDeviation": "true",
            "rescaleActions": "true", "normalizeObservations": "true", "normalizeRewards": "true",
        ]
        return networks + [LearnerCase(entry: entry, environment: "Pendulum", variant: parts)]
    }

    static let all: [LearnerCase] = Learners.all.flatMap { entry in
        let plain = ["Grid", "CartPole", "Pendulum", "MaskedChoice", "NestedSpaces"].map {
            LearnerCase(entry: entry, environment: $0)
        }
        return (plain + variants(entry)).filter {
            guard let context = try? $0.context(),
                let environments = try? context.task.makeEnvironments(count: 1, key: context.key)
            else { return false }
            return entry.refusal(environments.specification) == nil
        }
    }
}

private func fields(of json: String) -> [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]) ?? [:]
}

/// What of a report must not depend on anything but the seed: all but the seconds.
private struct Facts: Equatable {
    var steps: Int
    var hash: UInt64
    var episodes: [EpisodeRecord]
    var metrics: [Metric]

    init(_ learner: any Learner) throws {
        let report = try learner.iterate()
        steps = learner.steps
        hash = learner.weightHash
        episodes = report.episodes
        metrics = report.metrics
    }
}

private let iterations = 9

/// What every learner promises, whichever it is: those listed in `Learners.all`, each in the tasks it can learn in.
@Suite struct LearnerConformanceTests {
    @Test func everyLearnerHasACase() {
        for entry in Learners.all { #expect(LearnerCase.all.contains { $0.entry.name == entry.name }, "\(entry.name)") }
        let names = Learners.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: LearnerCase.all) func resumingContinuesToTheSameBytes(_ example: LearnerCase) throws {
        let whole = try example.make()
        let expected = try (0..<iterations).map { _ in try Facts(whole) }
        let final = try whole.checkpoint().encoded()
        var random = RandomKey(seed: 77).derived(example.testDescription).stream
        for interruption in [0, 1 + random.index(below: iterations - 1)] {
            let first = try example.make()
            var facts = try (0..<interruption).map { _ in try Facts(first) }
            let data = try first.checkpoint().encoded()
            // What is done after a checkpoint is not in it.
            _ = try first.iterate()
            let second = try example.make(seed: 12)
            _ = try second.iterate()
            try second.restore(Checkpoint(decoding: data))
            #expect(try second.checkpoint().encoded() == data)
            facts += try (interruption..<iterations).map { _ in try Facts(second) }
            #expect(facts == expected)
            #expect(try second.checkpoint().encoded() == final)
        }
    }

    @Test(arguments: LearnerCase.all) func everyMetricIsExplained(_ example: LearnerCase) throws {
        let learner = try example.make()
        var names: Set<String> = []
        for _ in 0..<3 { names.formUnion(try learner.iterate().metrics.map(\.name)) }
        #expect(!names.isEmpty)
        let notes = example.entry.notes
        for name in names {
            #expect(notes.metrics.contains { $0.covers(name) && $0.summary.count > 10 }, "\(name)")
        }
        // What is explained is also logged.
        for metric in notes.metrics where !metric.isOptional {
            #expect(names.contains(metric.name), "\(metric.name)")
        }
        #expect(!notes.equations.isEmpty)
    }

    @Test(arguments: LearnerCase.all) func seedsDecideEverything(_ example: LearnerCase) throws {
        func run(_ seed: Int) throws -> [Facts] {
            let learner = try example.make(seed: seed)
            return try (0..<4).map { _ in try Facts(learner) }
        }
        let first = try run(0)
        #expect(try run(0) == first)
        let others = try (1...3).map { try run($0).last!.hash }
        #expect(Set(others + [first.last!.hash]).count == (example.isPlanner ? 1 : 4))
        #expect(Set(first.map(\.hash)).count > 1, "nothing was learned")
        #expect(zip(first, first.dropFirst()).allSatisfy { $0.steps < $1.steps })
    }

    @Test(arguments: LearnerCase.all) func policiesAreFrozen(_ example: LearnerCase) throws {
        let learner = try example.make()
        for _ in 0..<2 { _ = try learner.iterate() }
        let (observations, specification) = try sampleObservations(example)
        func actions(_ policy: any Policy, deterministic: Bool, rows: Int = 32) -> [Float] {
            var random = RandomKey(seed: 5).stream
            let result = Buffer<Float>(count: rows * specification.action.width, repeating: 0)
            policy.act(
                on: UnsafeBufferPointer(observations.rows(from: 0, count: rows * specification.observation.width)),
                count: rows, into: result.all, deterministic: deterministic, using: &random)
            return result.array
        }
        let hash = learner.weightHash
        let policy = learner.policy()
        let (modes, draws) = (actions(policy, deterministic: true), actions(policy, deterministic: false))
        #expect(actions(learner.policy(), deterministic: true) == modes)
        // Rows do not influence one another.
        #expect(actions(policy, deterministic: true, rows: 5)[...] == modes.prefix(5 * specification.action.width))
        #expect(learner.weightHash == hash)
        let untouched = try example.make()
        for _ in 0..<2 { _ = try untouched.iterate() }
        for _ in 0..<3 { #expect(try Facts(learner) == Facts(untouched), "acting changed the learner") }
        #expect(learner.weightHash != hash)
        #expect(actions(policy, deterministic: true) == modes)
        #expect(actions(policy, deterministic: false) == draws)
        if case .discrete(let count) = specification.action {
            #expect((modes + draws).allSatisfy { $0 >= 0 && $0 < Float(count) && $0.rounded() == $0 })
        }
        if case .box(let low, let high, _) = specification.action {
            #expect((modes + draws).allSatisfy { $0 >= low[0] && $0 <= high[0] })
        }
        if !example.isPlanner {
            #expect(
                actions(learner.policy(), deterministic: false) != draws || example.environment != "Pendulum",
                "later policies differ")
        }
    }

    /// Observations of 32 environments, a few random steps in.
    private func sampleObservations(
        _ example: LearnerCase
    ) throws -> (observations: Buffer<Float>, specification: EnvironmentSpecification) {
        let environments = try example.context().task.makeEnvironments(count: 32, key: RandomKey(seed: 3))
        let action = environments.specification.action
        let actions = Buffer<Float>(count: 32 * action.width, repeating: 0)
        var random = RandomKey(seed: 4).stream
        for _ in 0..<8 {
            for index in 0..<actions.count {
                switch action {
                case .discrete(let count): actions[index] = Float(random.index(below: count))
                default: actions[index] = Float(random.uniform(-1, 1))
                }
            }
            environments.step(actions: actions.readOnly)
        }
        return (Buffer(environments.observations), environments.specification)
    }

    /// Time limits cut episodes off, which is neither an end nor an error.
    /// Episodes of one step leave a limit nothing to cut off.
    @Test(arguments: LearnerCase.all.filter { $0.hasEpisodes && $0.environment != "NestedSpaces" })
    func timeLimitsCutEpisodesOff(_ example: LearnerCase) throws {
        var example = example
        example.horizon = 7
        let learner = try example.make()
        let episodes = try learner.train(steps: 600)
        let truncated = episodes.filter { $0.end == .truncated }
        #expect(!truncated.isEmpty)
        #expect(truncated.allSatisfy { $0.length == 7 })
        #expect(episodes.allSatisfy { $0.length <= 7 && $0.primaryReturn.isFinite })
        #expect(zip(episodes, episodes.dropFirst()).allSatisfy { $0.step <= $1.step })
        let checkpoint = try learner.checkpoint()
        for (name, array) in checkpoint.arrays { #expect(array.values.allSatisfy { $0.isFinite }, "\(name)") }
    }

    @Test(arguments: LearnerCase.all) func foreignCheckpointsAreRefused(_ example: LearnerCase) throws {
        let learner = try example.make()
        #expect(throws: CheckpointError.self) { try learner.restore(Checkpoint()) }
        _ = try learner.iterate()
    }
}

/// What `telos describe` and experiment files rely on.
@Suite struct LearnerEntryTests {
    @Test(arguments: Learners.all.map(\.name)) func optionsAreDocumented(name: String) throws {
        let entry = try #require(Learners.named(name))
        let defaults = fields(of: entry.defaults)
        #expect(!defaults.isEmpty)
        #expect(entry.options.map(\.name).sorted() == defaults.keys.sorted())
        #expect(entry.options.allSatisfy { !$0.summary.isEmpty })
        #expect(!entry.summary.isEmpty && entry.reference.contains(where: \.isNumber))
        for option in entry.options {
            if let range = option.range, let value = defaults[option.name] as? Double {
                #expect(range.contains(value), "\(option.name)")
                #expect(!option.raising.isEmpty && !option.lowering.isEmpty, "\(option.name)")
            }
            if !option.choices.isEmpty {
                #expect(option.choices.contains(try #require(defaults[option.name] as? String)), "\(option.name)")
            }
        }
        try entry.check("{}")
        try entry.check(entry.defaults)
    }

    @Test(arguments: Learners.all.map(\.name)) func wrongOptionsAreRefused(name: String) throws {
        let entry = try #require(Learners.named(name))
        #expect(throws: ConfigurationError(option: "colour", "there is no such option")) {
            try entry.check(#"{"colour": 3}"#)
        }
        #expect(throws: ConfigurationError.self) { try entry.check("[]") }
        let defaults = fields(of: entry.defaults)
        for option in entry.options {
            let isList = defaults[option.name] is [Any]
            #expect(!isList || option.range != nil, "\(option.name)")
            #expect(throws: ConfigurationError.self, "\(option.name)") {
                try entry.check(#"{"\#(option.name)": {"a": 1}}"#)
            }
            if !option.choices.isEmpty {
                #expect(throws: ConfigurationError.self, "\(option.name)") {
                    try entry.check(#"{"\#(option.name)": "no such choice"}"#)
                }
            }
            guard let range = option.range else { continue }
            for value in [range.lowerBound - 1, range.upperBound * 2 + 1] {
                #expect(throws: ConfigurationError.self, "\(option.name): \(value)") {
                    try entry.check(#"{"\#(option.name)": \#(isList ? "[64, \(Int(value))]" : "\(Int(value))")}"#)
                }
            }
        }
    }

    @Test(arguments: Learners.all.map(\.name)) func refusalsSayWhy(name: String) throws {
        let entry = try #require(Learners.named(name))
        var specification = try TaskDefinition(Environments.named("CartPole")!)
            .makeEnvironments(count: 1, key: RandomKey(seed: 0)).specification
        let plain = specification
        specification.observation = .tokens(vocabulary: 10, length: 4)
        let observation = entry.refusal(specification)
        specification = plain
        specification.action = .tuple([.discrete(2), .discrete(3)])
        let action = entry.refusal(specification)
        #expect(observation != nil || action != nil)
        for text in [observation, action].compactMap(\.self) { #expect(text.contains("CartPole") && text.count > 20) }
        // What is refused in words is refused in deed, with the words or others, and without a trap.
        for environment in ["Grid", "CartPole", "Pendulum"] {
            let task = try TaskDefinition(Environments.named(environment)!)
            let context = LearnerContext(task: task, key: RandomKey(seed: 0), plannedSteps: 100)
            let specification = try task.makeEnvironments(count: 1, key: context.key).specification
            guard entry.refusal(specification) != nil else { continue }
            #expect(throws: (any Error).self) { try entry.make(context, "{}") }
        }
    }
}
