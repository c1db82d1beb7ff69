import Foundation
import TelosEnvironments
import TelosFeedback
import TelosRewards
import TelosTensor
import Testing

@testable import TelosLearning

private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "nothing was wrong"
}

/// Offline learners as experiment files name them.
@Suite struct DatasetLearnerTests {
    private static let key = RandomKey(seed: 8)

    private func context(
        _ name: String = "ActionScale", dataset: TransitionDataset? = nil,
        change: (inout TaskDefinition) throws -> Void = { _ in }
    ) throws -> LearnerContext {
        var definition = try task(name)
        try change(&definition)
        return LearnerContext(
            task: definition, key: Self.key.derived("learner"), plannedSteps: 200, dataset: dataset)
    }

    private func random(_ count: Int = 400) throws -> TransitionDataset {
        let definition = try task("ActionScale")
        let space = try definition.makeEnvironments(count: 1, key: Self.key).specification.action
        return try .collecting(UniformPolicy(space), on: definition, count: count, key: Self.key.derived("data"))
    }

    private func make(_ name: String, _ context: LearnerContext, _ options: [String: Any] = [:]) throws -> any Learner {
        let data = try JSONSerialization.data(withJSONObject: options)
        return try #require(Learners.named(name)).make(context, String(decoding: data, as: UTF8.self))
    }

    /// Every option reaches the learner of the library that it names: equal options, equal bytes.
    @Test func namesAndOptionsMeanTheLibrarysLearners() throws {
        let dataset = try random()
        let context = try context(dataset: dataset)
        var regression = RegressionOptions()
        (regression.batchSize, regression.learningRate, regression.hiddenSizes) = (16, 0.002, [8, 7])
        (regression.activation, regression.isStochastic, regression.normalizesObservations) = (.tanh, true, true)
        var fixed = regression
        fixed.isStochastic = false
        var values = ImplicitValueOptions()
        (values.discount, values.critics, values.targetRate) = (0.9, 3, 0.1)
        (values.inverseTemperature, values.weightLimit, values.loss) = (2, 7, .expectile(0.8))
        var extreme = values
        extreme.loss = .gumbel(temperature: 3, clip: 4)
        var td3 = TD3Configuration()
        (td3.batchSize, td3.learningRate, td3.hiddenSizes, td3.activation) = (16, 0.002, [8, 7], .tanh)
        (td3.normalizeObservations, td3.discount, td3.critics, td3.targetCritics) = (true, 0.9, 3, 3)
        (td3.targetRate, td3.targetNoise, td3.targetNoiseClip) = (0.1, 0.3, 0.4)
        (td3.policyInterval, td3.layerNorm) = (3, true)
        var sac = SACConfiguration()
        (sac.batchSize, sac.learningRate, sac.hiddenSizes, sac.activation) = (16, 0.002, [8, 7], .tanh)
        (sac.normalizeObservations, sac.discount, sac.critics, sac.targetCritics) = (true, 0.9, 3, 3)
        (sac.targetRate, sac.temperature, sac.tunesTemperature) = (0.1, 0.4, true)
        (sac.targetEntropyScale, sac.layerNorm) = (0.5, true)
        let expected: [(name: String, own: [String: Any], learner: OfflineLearner)] = [
            ("bc", ["stochastic": true], try .behaviorCloning(dataset, context, regression)),
            ("iql", ["expectile": 0.8], try .implicit(dataset, context, fixed, values: values)),
            (
                "xql", ["gumbelTemperature": 3, "gumbelClip": 4],
                try .implicit(dataset, context, fixed, values: extreme)
            ),
            (
                "td3-bc",
                ["valueWeight": 4, "targetNoise": 0.3, "targetNoiseClip": 0.4, "policyInterval": 3, "layerNorm": true],
                try .td3WithBehaviorCloning(dataset, context, weight: 4, td3)
            ),
            (
                "cql", ["conservativeWeight": 2, "actionSamples": 3],
                try .conservative(dataset, context, weight: 2, samples: 3, sac)
            ),
            ("edac", ["diversityWeight": 2], try .diversified(dataset, context, critics: 3, weight: 2, sac)),
        ]
        #expect(Set(expected.map(\.name)) == Set(Learners.offline.map(\.name)))
        for (name, own, reference) in expected {
            let entry = try #require(Learners.named(name))
            let shared: [String: Any] = [
                "batchSize": 16, "learningRate": 0.002, "hiddenSizes": [8, 7], "activation": "tanh",
                "normalizeObservations": true, "discount": 0.9, "critics": 3, "targetRate": 0.1,
                "inverseTemperature": 2,
                "weightLimit": 7, "temperature": 0.4, "targetEntropyScale": 0.5, "layerNorm": true,
            ]
            let known = Set(entry.options.map(\.name))
            let options = shared.filter { known.contains($0.key) }.merging(own) { $1 }.merging(["stepsPerIteration": 12]
            ) { $1 }
            // Nothing but the dataset and whose rewards count is left at its default.
            #expect(
                known.subtracting(options.keys).isSubset(of: ["dataset", "rewards", "tunesTemperature"]), "\(name)")
            let learner = try make(name, context, options)
            _ = try learner.iterate()
            try reference.learn(12)
            #expect(learner.steps == 12)
            #expect(try learner.checkpoint().arrays == reference.checkpoint().arrays, "\(name)")
            // The defaults are the library's.
            let usual = entry.defaults
            try entry.check(usual)
        }
    }

    @Test func aFileTeaches() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try random(3000).write(to: path)
        let small: [String: Any] = [
            "dataset": path, "hiddenSizes": [32, 32], "learningRate": 0.003, "batchSize": 64, "stepsPerIteration": 300,
        ]
        func score(_ name: String, _ own: [String: Any]) throws -> Double {
            let learner = try make(name, context(), small.merging(own) { $1 })
            for _ in 0..<2 { #expect(try learner.iterate().episodes.isEmpty) }
            return try evaluate(
                learner.policy(), on: task("ActionScale"), episodes: 200, key: Self.key.derived("evaluation")
            ).meanReturn
        }
        let blind = try score("bc", [:])
        #expect(blind < -0.4)
        #expect(try score("iql", ["inverseTemperature": 10, "targetRate": 0.05]) > blind + 0.2)
        #expect(try score("td3-bc", ["valueWeight": 20, "normalizeObservations": false]) > blind + 0.2)
    }

    /// The task's own rewards for the same steps, auxiliaries and their ways of joining included.
    @Test func theTaskMayPayInTheDatasetsPlace() throws {
        let definition = try task("Pendulum")
        let specification = try definition.makeEnvironments(count: 1, key: Self.key).specification
        let dataset = try TransitionDataset.collecting(
            UniformPolicy(specification.action), on: definition, count: 60, environments: 2, key: Self.key)
        let same = try dataset.paid(by: definition, in: specification, discount: 0.9)
        for row in 0..<60 { #expect(abs(same[row].reward - dataset[row].reward) < 1e-4) }
        #expect(same.episodes == dataset.episodes && same[7].observation == dataset[7].observation)
        let name = specification.signals[0].name
        var task = definition
        task.primary = try ExpressionReward("1 + \(name)")
        task.auxiliaries = [AuxiliaryReward(name: "still", reward: try ExpressionReward("\(name)^2"), weight: 0.5)]
        let sum = try dataset.paid(by: task, in: specification, discount: 0.9)
        task.combination = .potential
        let shaped = try dataset.paid(by: task, in: specification, discount: 0.9)
        let place = try #require(dataset.signalNames.firstIndex(of: name))
        for row in 0..<60 {
            let (before, after) = (dataset[row].signals[place], dataset[row].nextSignals[place])
            #expect(abs(sum[row].reward - (1 + after + 0.5 * after * after)) < 1e-4)
            #expect(abs(shaped[row].reward - (1 + after + 0.5 * (0.9 * after * after - before * before))) < 1e-4)
        }
        // The learner is paid so.
        let small: [String: Any] = ["hiddenSizes": [8], "batchSize": 8, "stepsPerIteration": 5, "discount": 0.9]
        func hash(_ rewards: String, _ dataset: TransitionDataset, _ task: TaskDefinition) throws -> UInt64 {
            let context = LearnerContext(task: task, key: Self.key, plannedSteps: 100, dataset: dataset)
            let learner = try make("iql", context, small.merging(["rewards": rewards]) { $1 })
            _ = try learner.iterate()
            return learner.weightHash
        }
        #expect(try hash("task", dataset, task) == hash("dataset", shaped, definition))
        #expect(try hash("task", dataset, task) != hash("dataset", dataset, definition))
    }

    @Test func whatCannotBeLearnedFromIsRefused() throws {
        let dataset = try random(30)
        #expect(message { _ = try make("iql", context()) } == "dataset: there are none; write the path of a dataset")
        #expect(
            message { _ = try make("bc", context(), ["dataset": "/nowhere/at/all"]) }.contains("cannot be read"))
        #expect(
            message { _ = try make("bc", context("Pendulum", dataset: dataset)) }.contains(
                "observations and actions of 2 and 2 numbers; Pendulum needs at least one step, 3 and 1"))
        func auxiliary(_ combination: RewardCombination) throws -> LearnerContext {
            try context(dataset: dataset) {
                $0.auxiliaries = [AuxiliaryReward(name: "more", reward: try ExpressionReward("1"))]
                $0.combination = combination
            }
        }
        #expect(
            message { _ = try make("cql", auxiliary(.sum)) }
                == "rewards: logged rewards know nothing of the task's auxiliaries; write task, or combine: primary")
        #expect(message { _ = try make("td3-bc", auxiliary(.primary)) } == "nothing was wrong")
        #expect(message { _ = try make("td3-bc", auxiliary(.sum), ["rewards": "task"]) } == "nothing was wrong")
        #expect(message { _ = try make("bc", auxiliary(.behaviorAlignment)) }.contains("behavior-alignment"))
        var bare = TransitionDataset(observationWidth: 2, actionWidth: 2)
        try bare.append(
            LoggedTransition(observation: [0, 0], action: [200, 0], reward: 0, nextObservation: [0, 0]))
        #expect(
            message { _ = try make("iql", context(dataset: bare), ["rewards": "task"]) }.contains(
                "rewards: the dataset does not keep ActionScale's signal"))
        #expect(message { _ = try make("edac", context(dataset: dataset), ["critics": 1]) }.contains("write 2 or more"))
        #expect(
            message { _ = try make("bc", context(dataset: dataset), ["hiddenSizes": [0]]) }.contains(
                "hiddenSizes: 0.0 is out of range"))
        // A run goes on with the rows that it began with.
        let learner = try make("bc", context(dataset: dataset))
        let other = try make("bc", context(dataset: random(31)))
        #expect(message { try other.restore(learner.checkpoint()) }.contains("learned from 30 other rows than the 31"))
        let changed = dataset.paying { $0.reward + 1 }
        #expect(
            message { try make("bc", context(dataset: changed)).restore(learner.checkpoint()) }.contains("other rows"))
    }
}
