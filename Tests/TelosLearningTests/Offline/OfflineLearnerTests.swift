import CTelosKernels
import TelosEnvironments
import TelosFeedback
import TelosTensor
import Testing

@testable import TelosLearning

/// In ActionScale, where the best action is a scaling of the observation and random ones earn -2/3.
@Suite struct OfflineLearnerTests {
    /// Does what is best, with noise of a tenth of a half-width.
    private final class NoisyExpert: Policy {
        func act(
            on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
            using random: inout RandomStream
        ) {
            for row in 0..<input.count {
                for (column, (middle, half)) in [(200.0, 100.0), (0, 0.01)].enumerated() {
                    let target = Double(input.observations[2 * row + column]) + 0.1 * random.normal()
                    actions[2 * row + column] = Float(middle + half * max(-1, min(1, target)))
                }
            }
        }
    }

    private static let key = RandomKey(seed: 8)

    private func context(_ name: String = "ActionScale") throws -> LearnerContext {
        LearnerContext(task: try task(name), key: Self.key.derived("learner"), plannedSteps: 600)
    }

    private func data(expert: Bool, _ count: Int = 3000) throws -> TransitionDataset {
        let definition = try task("ActionScale")
        let space = try definition.makeEnvironments(count: 1, key: Self.key).specification.action
        let policy: any Policy = expert ? NoisyExpert() : try UniformPolicy(space)
        return try TransitionDataset.collecting(policy, on: definition, count: count, key: Self.key.derived("data"))
    }

    private func score(_ learner: OfflineLearner) throws -> Double {
        try evaluate(learner.policy(), on: task("ActionScale"), episodes: 200, key: Self.key.derived("evaluation"))
            .meanReturn
    }

    private var small: RegressionOptions {
        var options = RegressionOptions()
        (options.hiddenSizes, options.learningRate, options.batchSize) = ([32, 32], 3e-3, 64)
        return options
    }

    private var implicit: ImplicitValueOptions {
        var options = ImplicitValueOptions()
        (options.inverseTemperature, options.targetRate) = (10, 0.05)
        return options
    }

    @Test func cloningIsAsGoodAsTheDataAndImplicitLearningBetter() throws {
        let (expert, random) = (try data(expert: true), try data(expert: false))
        for isStochastic in [false, true] {
            var options = small
            options.isStochastic = isStochastic
            options.normalizesObservations = isStochastic
            let clone = try OfflineLearner.behaviorCloning(expert, context(), options)
            try clone.learn(500)
            #expect(try score(clone) > -0.1)
        }
        let copied = try OfflineLearner.behaviorCloning(random, context(), small)
        try copied.learn(600)
        let blind = try score(copied)
        #expect(blind < -0.4)
        for loss in [ImplicitValueLoss.expectile(0.7), .chiSquare(0.8), .totalVariation(0.7)] {
            var values = implicit
            values.loss = loss
            let learner = try OfflineLearner.implicit(random, context(), small, values: values)
            try learner.learn(600)
            #expect(try score(learner) > blind + 0.2, "\(loss)")
        }
    }

    /// Weights of exp(0) are those of behaviour cloning: the same bytes.
    @Test func withoutTemperatureImplicitLearningIsCloning() throws {
        let random = try data(expert: false, 500)
        var values = implicit
        values.inverseTemperature = 0
        let (clone, learner) = (
            try OfflineLearner.behaviorCloning(random, context(), small),
            try OfflineLearner.implicit(random, context(), small, values: values)
        )
        try clone.learn(20)
        try learner.learn(20)
        let arrays = (try clone.checkpoint().arrays, try learner.checkpoint().arrays)
        let names = arrays.0.keys.filter { $0.hasPrefix("actor/") }
        #expect(!names.isEmpty)
        for name in names { #expect(arrays.0[name]?.values == arrays.1[name]?.values) }
    }

    private var td3: TD3Configuration {
        var options = TD3Configuration()
        (options.hiddenSizes, options.learningRate, options.batchSize) = ([32, 32], 3e-3, 64)
        return options
    }

    @Test func td3FollowsItsCriticsAsMuchAsItIsWeighed() throws {
        let (expert, random) = (try data(expert: true), try data(expert: false))
        func learned(_ data: TransitionDataset, weight: Double) throws -> Double {
            let learner = try OfflineLearner.td3WithBehaviorCloning(data, context(), weight: weight, td3)
            try learner.learn(1000)
            return try score(learner)
        }
        // Nothing but cloning, of an expert and of random behaviour.
        #expect(try learned(expert, weight: 0) > -0.1)
        #expect(try learned(random, weight: 0) < -0.4)
        #expect(try learned(random, weight: 20) > -0.25)
    }

    /// The penalty of the first update beside its value where all values are about alike: for each of two critics the log
    /// of how many actions there are, or of the box's volume times the number of terms.
    @Test func theConservativePenaltyIsALogSumOverActions() throws {
        func criticLoss(_ data: TransitionDataset, _ name: String, weight: Double) throws -> Double {
            var options = SACConfiguration()
            (options.hiddenSizes, options.batchSize) = ([16], 64)
            let learner = try OfflineLearner.conservative(data, context(name), weight: weight, samples: 50, options)
            return try #require(try learner.learn(1).first { $0.name == "criticLoss" }).value
        }
        let grid = try task("GridWorld")
        let space = try grid.makeEnvironments(count: 1, key: Self.key).specification.action
        let walks = try TransitionDataset.collecting(
            try UniformPolicy(space), on: grid, count: 200, key: Self.key.derived("walks"))
        for (data, name, expected) in [
            (walks, "GridWorld", 2 * 1.3863), (try data(expert: false, 500), "ActionScale", 2 * (5.0106 + 2 * 0.6931)),
        ] {
            let losses = try [0.0, 1, 3].map { try criticLoss(data, name, weight: $0) }
            let penalty = losses[1] - losses[0]
            #expect(abs((losses[2] - losses[0]) / 3 - penalty) < 1e-3 * penalty)
            #expect(abs(penalty - expected) < 0.12 * expected, "\(name): \(penalty), not \(expected)")
        }
    }

    @Test func conservativeLearningFindsAWayInRandomWalks() throws {
        let grid = try task("GridWorld", horizon: 40)
        let space = try grid.makeEnvironments(count: 1, key: Self.key).specification.action
        let walks = try TransitionDataset.collecting(
            try UniformPolicy(space), on: grid, count: 3000, key: Self.key.derived("walks"))
        var options = SACConfiguration()
        (options.hiddenSizes, options.learningRate, options.batchSize) = ([32], 3e-3, 64)
        (options.temperature, options.tunesTemperature, options.targetRate) = (0.01, false, 0.05)
        let learner = try OfflineLearner.conservative(walks, context("GridWorld"), weight: 0.1, options)
        try learner.learn(1000)
        let random = try evaluate(
            UniformPolicy(space), on: grid, episodes: 50, deterministic: false, key: Self.key.derived("evaluation"))
        let learned = try evaluate(learner.policy(), on: grid, episodes: 50, key: Self.key.derived("evaluation"))
        #expect(learned.meanReturn > random.meanReturn)
        #expect(learned.episodes.allSatisfy { $0.end == .terminated })
    }

    /// In a finite process the network of greatest likelihood has the counts' probabilities.
    @Test func behaviourModelsHaveTheCountsLikelihood() throws {
        let definition = try task("CliffWalking", horizon: 40)
        let (model, reward, _) = try solution(of: definition, discount: 0.95)
        let behavior = try model.mdp.gradedPolicy(share: 0.9, reward: reward, discount: 0.95)
        var random = Self.key.derived("walks").stream
        let walks = try model.mdp.dataset(following: behavior, episodes: 60, horizon: 40, using: &random)
        let counts = try EmpiricalMDP(walks, stateCount: model.mdp.stateCount, actionCount: 4)
        let table = counts.behavior()
        var expected: [Double] = []
        try walks.forEachTabularRow(stateCount: model.mdp.stateCount, actionCount: 4) { state, action, _, _, _ in
            expected.append(telos_log64(table[state * 4 + action]))
        }
        let clone = try OfflineLearner.behaviorCloning(walks, context("CliffWalking"), small)
        try clone.learn(1500)
        let found = try clone.logLikelihoods(of: walks)
        #expect(found.count == expected.count)
        let (best, own) = (expected.reduce(0, +) / Double(found.count), found.reduce(0, +) / Double(found.count))
        #expect(own <= best + 1e-6 && own > best - 0.02, "\(own) beside \(best)")
    }

    /// Noise of 0.1 in half-widths of 100 and 0.01: its density is known where no action is clipped.
    @Test func densitiesAreInTheEnvironmentsUnits() throws {
        let expert = try data(expert: true)
        let inner = expert.filter { _, row in row.observation.allSatisfy { abs($0) < 0.6 } }
        var options = small
        options.isStochastic = true
        let clone = try OfflineLearner.behaviorCloning(inner, context(), options)
        try clone.learn(1500)
        let found = try clone.logLikelihoods(of: inner)
        // Minus the entropy of two normals: log(s sqrt(2 pi e)) each.
        let expected = -(2 * 1.4189385 + telos_log64(0.1 * 100) + telos_log64(0.1 * 0.01))
        #expect(abs(found.reduce(0, +) / Double(found.count) - expected) < 0.15)
        #expect(throws: LearnerError.self) {
            try OfflineLearner.behaviorCloning(inner, context(), small).logLikelihoods(of: inner)
        }
    }

    /// Two critics: the penalty of the first update is twice the mean cosine of their slopes, in weight times it.
    @Test func diversityWeighsHowAlikeSlopesAre() throws {
        let random = try data(expert: false)
        var options = SACConfiguration()
        (options.hiddenSizes, options.batchSize) = ([32], 64)
        func loss(_ critics: Int, _ weight: Double) throws -> Double {
            let learner = try OfflineLearner.diversified(random, context(), critics: critics, weight: weight, options)
            return try #require(try learner.learn(1).first { $0.name == "criticLoss" }).value
        }
        for critics in [2, 5] {
            let losses = try [0.0, 1, 3].map { try loss(critics, $0) }
            let penalty = losses[1] - losses[0]
            #expect(abs(penalty) <= Double(critics) && abs(penalty) > 1e-4)
            #expect(abs(losses[2] - losses[0] - 3 * penalty) < 1e-3 * max(1, abs(penalty)))
        }
        (options.learningRate, options.hiddenSizes) = (3e-3, [32, 32])
        let learner = try OfflineLearner.diversified(random, context(), critics: 4, weight: 0.1, options)
        try learner.learn(800)
        #expect(try score(learner) > -0.25)
    }

    @Test func aRestoredLearnerEndsInTheSameBytes() throws {
        let random = try data(expert: false, 300)
        var soft = SACConfiguration()
        (soft.hiddenSizes, soft.batchSize) = ([16], 32)
        let make: [() throws -> OfflineLearner] = [
            { try .behaviorCloning(random, context(), small) }, { try .implicit(random, context(), small) },
            { try .td3WithBehaviorCloning(random, context(), td3) }, { try .conservative(random, context(), soft) },
        ]
        for make in make {
            let (whole, first, second) = (try make(), try make(), try make())
            try whole.learn(14)
            try first.learn(5)
            try second.restore(Checkpoint(decoding: first.checkpoint().encoded()))
            try second.learn(9)
            #expect(second.updates == 14 && second.weightHash == whole.weightHash)
            #expect(first.weightHash != whole.weightHash)
        }
    }

    @Test func misuseIsNamed() throws {
        let random = try data(expert: false, 50)
        #expect(throws: LearnerError.self) { try OfflineLearner.behaviorCloning(random, context("CartPole")) }
        #expect(throws: LearnerError.self) {
            try OfflineLearner.behaviorCloning(TransitionDataset(observationWidth: 2, actionWidth: 2), context())
        }
        let grid = try task("GridWorld")
        let space = try grid.makeEnvironments(count: 1, key: Self.key).specification.action
        let walks = try TransitionDataset.collecting(try UniformPolicy(space), on: grid, count: 20, key: Self.key)
        #expect(throws: LearnerError.self) { try OfflineLearner.td3WithBehaviorCloning(walks, context("GridWorld")) }
        var options = SACConfiguration()
        options.network = .gru
        #expect(throws: ConfigurationError.self) { try OfflineLearner.conservative(random, context(), options) }
        options = SACConfiguration()
        options.discount = 2
        #expect(throws: ConfigurationError.self) { try OfflineLearner.conservative(random, context(), options) }
        #expect(throws: ConfigurationError.self) { try OfflineLearner.conservative(random, context(), weight: -1) }
        #expect(throws: ConfigurationError.self) { try OfflineLearner.conservative(random, context(), samples: 0) }
        #expect(throws: ConfigurationError.self) { try OfflineLearner.diversified(random, context(), critics: 1) }
        #expect(throws: LearnerError.self) { try OfflineLearner.diversified(walks, context("GridWorld")) }
        var regression = RegressionOptions()
        regression.batchSize = 0
        #expect(throws: ConfigurationError.self) { try OfflineLearner.behaviorCloning(random, context(), regression) }
        for loss in [
            ImplicitValueLoss.totalVariation(0.5), .expectile(1), .chiSquare(0), .gumbel(temperature: 0, clip: 7),
        ] {
            var values = ImplicitValueOptions()
            values.loss = loss
            #expect(throws: ConfigurationError.self) {
                try OfflineLearner.implicit(random, context(), values: values)
            }
        }
        var values = ImplicitValueOptions()
        values.critics = 0
        #expect(throws: ConfigurationError.self) { try OfflineLearner.implicit(random, context(), values: values) }
    }
}
