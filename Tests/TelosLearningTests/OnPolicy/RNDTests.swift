import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct RNDTests {
    /// A distillation by itself, with a rollout of 20 steps of 3 environments that visit `states` of 8.
    private struct Bench {
        let rollout = Rollout(steps: 20, environments: 3, heads: 2, observationWidth: 1, actionWidth: 1)
        let distillation: RandomNetworkDistillation

        init(_ configure: (inout RNDOptions) -> Void = { _ in }) throws {
            var options = RNDConfiguration()
            options.base.minibatchSize = 20
            configure(&options.own)
            distillation = try RandomNetworkDistillation(
                options.own, encoding: .oneHot(8), rollout: rollout, settings: options.settings,
                key: RandomKey(seed: 2), threads: 1)
        }

        func visit(_ state: (Int) -> Int, lastValues: [Float] = [0, 0, 0, 0, 0, 0]) throws -> [Metric] {
            for step in 0..<20 {
                let states = (0..<3).map { Float(state(step * 3 + $0)) }
                states.withUnsafeBufferPointer { distillation.observe($0, row: step * 3) }
            }
            return try lastValues.withUnsafeBufferPointer {
                try distillation.reward(rollout, lastValues: $0)
            }
        }
    }

    /// Advantages of bonuses are sums of all later errors, across ends of episodes and up to the last values.
    @Test func bonusesGoOnAcrossEpisodes() throws {
        let bench = try Bench {
            ($0.bonusDiscount, $0.bonusCoefficient, $0.rewardCoefficient) = (0.9, 0.5, 3)
        }
        let rollout = bench.rollout
        var random = RandomKey(seed: 3).stream
        random.fillNormal(rollout.values.all)
        random.fillNormal(rollout.rewards.all)
        random.fillNormal(rollout.nextValues.all)
        for row in 0..<60 where random.uniform() < 0.3 { rollout.ends[row] = .terminated }
        rollout.estimateAdvantages(head: 0, discount: 0.99, lambda: 0.95)
        let plain = Array(rollout.advantages.array.prefix(60))
        let last: [Float] = [9, 1, 9, -2, 9, 0.5]
        _ = try bench.visit({ _ in random.index(below: 8) }, lastValues: last)
        for row in 0..<60 {
            var (expected, weight) = (0.0, 1.0)
            for later in stride(from: row, to: 60, by: 3) {
                let next = later + 3 < 60 ? rollout.values[60 + later + 3] : last[(later % 3) * 2 + 1]
                let error =
                    Double(rollout.rewards[60 + later]) + 0.9 * Double(next)
                    - Double(rollout.values[60 + later])
                expected += weight * error
                weight *= 0.9 * 0.95
            }
            #expect(abs(Double(rollout.advantages[60 + row]) - expected) < 1e-4)
            let blended = 3 * Double(plain[row]) + 0.5 * expected
            #expect(abs(Double(bench.distillation.blendedAdvantages[row]) - blended) < 1e-3)
            #expect(
                abs(Double(rollout.returns[60 + row]) - expected - Double(rollout.values[60 + row])) < 1e-4)
            #expect(rollout.rewards[60 + row] >= 0 && rollout.advantages[row] == plain[row])
        }
    }

    /// What was seen often is predicted well, and a state seen for the first time is not.
    @Test func theNewIsRewardedAndGrowsOld() throws {
        let bench = try Bench { $0.predictorShare = 1 }
        var errors: [Double] = []
        for _ in 0..<150 {
            errors.append(
                try #require(bench.visit { $0 % 4 }.first { $0.name == "predictionError" }).value)
        }
        #expect(errors.last! < 0.1 * errors[0], "\(errors[0]), \(errors.last!)")
        _ = try bench.visit { $0 == 31 ? 6 : $0 % 4 }
        let bonuses = Array(bench.rollout.rewards.array.suffix(60))
        let known = bonuses.indices.filter { $0 != 31 }.map { bonuses[$0] }.max()!
        #expect(bonuses[31] > 5 * known, "\(bonuses[31]), \(known)")
    }

    /// DeepSea pays a little for turning away and a lot at its far corner, where chance leads once in 4096 episodes of
    /// 12 steps.
    @Test func findsWhatPPOAloneDoesNot() throws {
        var task = try TaskDefinition(Environments.named("DeepSea")!)
        task.options.values["size"] = .integer(12)
        let sizes = #""hiddenSizes": [32], "rolloutSteps": 32, "epochs": 4, "learningRate": 0.001"#
        func score(_ name: String) throws -> Double {
            let key = RandomKey(seed: 0)
            let learner = try Learners.named(name)!.make(
                LearnerContext(task: task, key: key, plannedSteps: 60_000), "{\(sizes)}")
            var best = -Double.infinity
            // Solved is solved: a check now and then saves the rest of the steps.
            while learner.steps < 60_000, best < 0.9 {
                for _ in 0..<20 { _ = try learner.iterate() }
                best = try evaluate(
                    learner.policy(), on: task, episodes: 10, key: key.derived("evaluation")
                ).meanReturn
            }
            return best
        }
        let (alone, rewarded) = (try score("ppo"), try score("rnd"))
        #expect(rewarded > 0.9, "\(rewarded)")
        #expect(alone < 0.1, "\(alone)")
    }
}
