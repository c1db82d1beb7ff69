import Foundation
import TelosEnvironments
import TelosRewards
import TelosTensor
import Testing

@testable import TelosLearning

/// A sanity environment with what counts as solved, and the options that make it a fair question.
struct SanityCheck: Sendable {
    var environment: String
    /// What the environment's documentation gives as solved.
    var threshold: Double
    var steps: Int
    /// Needed to be asked at all.
    var capability: LearnerCapability?
    /// An option without which the question makes no sense.
    var requiredOption: String?
    var environmentOptions: [String: OptionValue] = [:]
    /// Set where a learner has an option of that name, JSON.
    var options: [String: String] = [:]
    var evaluationHorizon: Int?
    var actsAsTrained = false
    /// Whether the exact model answers the question too.
    var isPlannable = false
    /// An upper limit, where more would be wrong.
    var limit = Double.infinity

    static let all: [SanityCheck] = [
        SanityCheck(
            environment: "Recall", threshold: 0.95, steps: 40_000, capability: .memory, options: ["network": "\"gru\""]),
        SanityCheck(
            environment: "Recall", threshold: 0.95, steps: 40_000, capability: .memory,
            environmentOptions: ["continuous": .flag(true)], options: ["network": "\"gru\""]),
        SanityCheck(
            environment: "SwitchedCorridor", threshold: -14, steps: 60_000, capability: .stochasticPolicies,
            options: ["gaeLambda": "1"], actsAsTrained: true),
        SanityCheck(
            environment: "DelayedReward", threshold: 2.65, steps: 12_000, requiredOption: "discount",
            options: ["discount": "0.8"], isPlannable: true),
        SanityCheck(
            environment: "DelayedReward", threshold: 0.9, steps: 12_000, requiredOption: "discount",
            environmentOptions: ["reward": .real(2.15)], options: ["discount": "0.8"], isPlannable: true, limit: 1.1),
        SanityCheck(
            environment: "EndlessWage", threshold: 100, steps: 12_000, requiredOption: "discount",
            options: ["discount": "0.9"],
            evaluationHorizon: 100, isPlannable: true),
        // Nothing done now changes what can be done later, and rarer mistakes say less about which choice is better.
        SanityCheck(
            environment: "MaskedChoice", threshold: 19, steps: 20_000, capability: .actionMasks,
            options: ["discount": "0", "finalEpsilon": "0.3"]),
        SanityCheck(
            environment: "ActionScale", threshold: -0.2, steps: 20_000, options: ["rescaleActions": "true"]),
        SanityCheck(
            environment: "RewardScale", threshold: 950, steps: 8_000,
            options: ["normalizeRewards": "true", "minimumReturn": "-1000", "maximumReturn": "1000"]),
        SanityCheck(environment: "NestedSpaces", threshold: 0.9, steps: 40_000),
    ]
}

/// One learner before one check.
struct SanityCase: Sendable, CustomTestStringConvertible {
    var entry: LearnerEntry
    var check: SanityCheck

    var testDescription: String {
        "\(entry.name) in \(check.environment)"
            + check.environmentOptions.keys.sorted().map { " \($0) \(check.environmentOptions[$0]!)" }.joined()
    }

    func task() throws -> TaskDefinition {
        let environment = try #require(Environments.named(check.environment))
        var task = try TaskDefinition(environment)
        for (name, value) in check.environmentOptions { task.options.values[name] = value }
        return task
    }

    /// Returns of whole episodes say less a step than gradients do.
    var steps: Int { entry.family == "evolution" && check.capability != .actionMasks ? 5 * check.steps : check.steps }

    /// Sizes that learn small things quickly, for whichever of these options the learner has.
    var options: String {
        var chosen: [String: String] = [
            "hiddenSizes": "[32]", "stepsPerIteration": "200", "bufferCapacity": "5000", "learningStarts": "200",
            "targetInterval": "100",
        ]
        switch entry.name {
        case "ppo":
            chosen.merge(["rolloutSteps": "32", "epochs": "4", "learningRate": "0.003"]) { $1 }
        case "ppg":
            chosen.merge(["rolloutSteps": "32", "epochs": "4", "learningRate": "0.003", "policyIterations": "4"]) { $1 }
        case "rnd":
            chosen.merge(["rolloutSteps": "32", "epochs": "4", "learningRate": "0.003", "bonusCoefficient": "0.1"]) {
                $1
            }
        case "trpo":
            chosen.merge(["rolloutSteps": "64", "epochs": "5", "learningRate": "0.003"]) { $1 }
        case "vmpo":
            chosen.merge(["rolloutSteps": "32", "epochs": "5", "learningRate": "0.003"]) { $1 }
        case "a2c": chosen.merge(["rolloutSteps": "16", "learningRate": "0.003"]) { $1 }
        case "impala": chosen.merge(["environments": "8", "rolloutSteps": "8", "learningRate": "0.005"]) { $1 }
        case "reinforce": chosen.merge(["rolloutSteps": "32", "learningRate": "0.01"]) { $1 }
        case "dqn", "rainbow":
            chosen["learningRate"] = "0.001"
            if check.capability == .memory {
                let sequences = ["batchSize": "16", "sequenceLength": "8", "burnIn": "4", "trainInterval": "4"]
                chosen.merge(sequences.merging(["minimumReturn": "-2", "maximumReturn": "2"]) { $1 }) { $1 }
            }
        case "sac", "redq", "droq", "tqc", "crossq", "simba", "discrete-sac", "td3", "ddpg":
            if check.capability == .memory {
                let sequences = [
                    "batchSize": "16", "sequenceLength": "8", "burnIn": "4", "trainInterval": "4", "gradientSteps": "1",
                    "policyInterval": "1", "learningRate": "0.003",
                ]
                chosen.merge(sequences) { $1 }
            }
        case "pqn": chosen.merge(["rolloutSteps": "8", "learningRate": "0.01"]) { $1 }
        case "cem", "ars", "es":
            // A linear policy is enough, and an episode of one step says little.
            if check.capability == nil { chosen.merge(["hiddenSizes": "[]", "episodes": "8"]) { $1 } }
            if check.capability == .memory { chosen.merge(["hiddenSizes": "[8]", "episodes": "2"]) { $1 } }
        default: break
        }
        chosen.merge(check.options) { $1 }
        let known = (try? JSONSerialization.jsonObject(with: Data(entry.defaults.utf8)) as? [String: Any]) ?? [:]
        let fields = chosen.keys.sorted().filter { known[$0] != nil }.map { "\"\($0)\": \(chosen[$0]!)" }
        return "{\(fields.joined(separator: ", "))}"
    }

    var specification: EnvironmentSpecification? {
        try? task().makeEnvironments(count: 1, key: RandomKey(seed: 0)).specification
    }

    static let every: [SanityCase] = Learners.all.flatMap { entry in
        SanityCheck.all.map { SanityCase(entry: entry, check: $0) }
    }

    /// Those that the learner claims to be able to solve.
    static let claimed = every.filter { example in
        guard let specification = example.specification, example.entry.refusal(specification) == nil else {
            return false
        }
        if example.entry.family == "planning", !example.check.isPlannable { return false }
        // Imitators never see a reward, and learners from a dataset have nothing to learn from here.
        if ["imitation", "offline"].contains(example.entry.family) { return false }
        // 200,000 steps bring the cross-entropy method's many parameters to 0.73 only.
        if example.entry.name == "cem", example.check.environment == "NestedSpaces" { return false }
        if let option = example.check.requiredOption, !example.entry.options.contains(where: { $0.name == option }) {
            return false
        }
        return example.check.capability.map(example.entry.capabilities.contains) ?? true
    }

    static let refused = every.filter { example in
        example.specification.map { example.entry.refusal($0) != nil } ?? false
    }
}

/// Every learner solves the sanity environments of what it claims to do, and refuses those it cannot read.
@Suite struct SanityTests {
    @Test(arguments: SanityCase.claimed) func solves(_ example: SanityCase) throws {
        let (check, task) = (example.check, try example.task())
        let key = RandomKey(seed: 0)
        let learner = try example.entry.make(
            LearnerContext(task: task, key: key, plannedSteps: example.steps), example.options)
        var judged = task
        if let horizon = check.evaluationHorizon { judged.horizon = horizon }
        func score(_ episodes: Int) throws -> Double {
            try evaluate(
                learner.policy(), on: judged, episodes: episodes, deterministic: !check.actsAsTrained,
                key: key.derived("evaluation")
            ).meanReturn
        }
        var best = -Double.infinity
        var judgement = 0
        // Solved is solved: a check now and then saves the rest of the steps.
        while learner.steps < example.steps {
            _ = try learner.iterate()
            guard learner.steps >= (judgement + 1) * example.steps / 8 || learner.steps >= example.steps else {
                continue
            }
            judgement = learner.steps * 8 / example.steps
            best = try score(100)
            if best >= check.threshold, best <= check.limit { break }
        }
        best = try score(400)
        #expect(best >= check.threshold && best <= check.limit, "\(best) after \(learner.steps) steps")
    }

    @Test(arguments: SanityCase.refused) func refusesWithAReason(_ example: SanityCase) throws {
        let specification = try #require(example.specification)
        let reason = try #require(example.entry.refusal(specification))
        #expect(reason.contains(check(example)) && reason.count > 20)
    }

    private func check(_ example: SanityCase) -> String { example.check.environment }

    @Test func everyCheckIsMetBySomeone() {
        for check in SanityCheck.all {
            #expect(SanityCase.claimed.contains { $0.check.environment == check.environment }, "\(check.environment)")
        }
        let listed = Set(SanityCheck.all.map(\.environment))
        #expect(Environments.all.filter { $0.family == "sanity" }.allSatisfy { listed.contains($0.name) })
    }
}
