import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct VTraceTests {
    /// A block of random experience under another policy; the value a step leads to is the next step's.
    private struct Block {
        let steps = 30
        let environments = 4
        var rewards: [Float]
        var values: [Float]
        var nextValues: [Float]
        var ratios: [Float]
        var ends: [EpisodeEnd]
        var rows: Int { steps * environments }

        init(seed: Int) {
            var random = RandomKey(seed: seed).stream
            let count = steps * environments
            rewards = (0..<count).map { _ in Float(random.normal()) }
            values = (0..<count).map { _ in Float(random.normal()) }
            nextValues = (0..<count).map { _ in Float(random.normal()) }
            ratios = (0..<count).map { _ in Float(random.uniform(0.2, 2.5)) }
            ends = (0..<count).map { _ in
                random.uniform() < 0.85 ? .ongoing : [.terminated, .truncated][random.index(below: 2)]
            }
            for row in 0..<(count - environments) where ends[row] == .ongoing {
                nextValues[row] = values[row + environments]
            }
        }

        func traced(
            discount: Float = 0.97, lambda: Float = 1, rhoClip: Float = 1, traceClip: Float = 1
        ) -> (targets: [Float], advantages: [Float]) {
            var (targets, advantages) = ([Float](repeating: 0, count: rows), [Float](repeating: 0, count: rows))
            vTrace(
                rewards: rewards, values: values, nextValues: nextValues, ends: ends, ratios: ratios, steps: steps,
                environments: environments, discount: discount, lambda: lambda, rhoClip: rhoClip,
                traceClip: traceClip, targets: &targets, advantages: &advantages)
            return (targets, advantages)
        }

        /// V(s_t) + sum over k of g^k (product of c before k) rho_k (r_k + g V(s_{k+1}) - V(s_k)), summed forwards.
        func target(
            _ start: Int, discount: Double, lambda: Double, rhoClip: Double, traceClip: Double
        ) -> Double {
            var sum = Double(values[start])
            var weight = 1.0
            for row in stride(from: start, to: rows, by: environments) {
                let next = ends[row] == .terminated ? 0 : discount * Double(nextValues[row])
                let error = Double(rewards[row]) + next - Double(values[row])
                sum += weight * min(rhoClip, Double(ratios[row])) * error
                weight *= discount * lambda * min(traceClip, Double(ratios[row]))
                if ends[row] != .ongoing { break }
            }
            return sum
        }
    }

    @Test(arguments: [(1, 1, 1), (1.5, 0.8, 0.9), (10, 10, 1), (2, 1, 0)])
    func agreesWithTheSum(rhoClip: Double, traceClip: Double, lambda: Double) {
        let block = Block(seed: 5)
        let (targets, advantages) = block.traced(
            lambda: Float(lambda), rhoClip: Float(rhoClip), traceClip: Float(traceClip))
        func target(_ row: Int) -> Double {
            block.target(row, discount: 0.97, lambda: lambda, rhoClip: rhoClip, traceClip: traceClip)
        }
        for row in 0..<block.rows {
            #expect(abs(Double(targets[row]) - target(row)) < 1e-3 * (1 + abs(target(row))))
            let goesOn = block.ends[row] == .ongoing && row + block.environments < block.rows
            let next =
                goesOn
                ? target(row + block.environments)
                : block.ends[row] == .terminated ? 0 : Double(block.nextValues[row])
            let advantage =
                min(rhoClip, Double(block.ratios[row]))
                * (Double(block.rewards[row]) + 0.97 * next - Double(block.values[row]))
            #expect(abs(Double(advantages[row]) - advantage) < 1e-3 * (1 + abs(advantage)))
        }
    }

    /// Where the policy judged is the one that acted, targets are lambda returns, and with lambda 1 n-step returns.
    @Test(arguments: [Float(1), 0.95, 0]) func isTheLambdaReturnOnPolicy(lambda: Float) {
        var block = Block(seed: 8)
        block.ratios = block.ratios.map { _ in 1 }
        let (targets, advantages) = block.traced(lambda: lambda)
        var generalized = [Float](repeating: 0, count: block.rows)
        generalizedAdvantages(
            rewards: block.rewards, values: block.values, nextValues: block.nextValues, ends: block.ends,
            steps: block.steps, environments: block.environments, discount: 0.97, lambda: lambda, into: &generalized)
        for row in 0..<block.rows {
            #expect(abs(targets[row] - (generalized[row] + block.values[row])) < 1e-4)
            if lambda == 1 { #expect(abs(advantages[row] - generalized[row]) < 1e-4) }
        }
        guard lambda == 1 else { return }
        for environment in 0..<block.environments {
            var expected = 0.0
            var power = 1.0
            for row in stride(from: environment, to: block.rows, by: block.environments) {
                expected += power * Double(block.rewards[row])
                power *= 0.97
                let isLast = block.ends[row] != .ongoing || row + block.environments >= block.rows
                guard isLast else { continue }
                if block.ends[row] != .terminated { expected += power * Double(block.nextValues[row]) }
                break
            }
            #expect(abs(Double(targets[environment]) - expected) < 1e-4)
        }
    }

    /// Without clipping, the mean target over what another policy does is the value of the policy judged, whatever the
    /// critic says: every episode of two steps, weighed by how probable it is.
    @Test func isUnbiasedWithoutClipping() {
        let acting = [[0.7, 0.3], [0.2, 0.8], [0.5, 0.5]]
        let judged = [[0.1, 0.9], [0.6, 0.4], [0.95, 0.05]]
        let rewards = [[1.0, -2], [3, 0.5], [-1, 4]]
        let critic: [Float] = [5, -3, 2]
        let discount = 0.9
        var (mean, value) = (0.0, 0.0)
        for first in 0...1 {
            for second in 0...1 {
                // The first action leads to state 1 or 2, the second ends the episode.
                let state = 1 + first
                let rewards = [rewards[0][first], rewards[state][second]]
                value += judged[0][first] * judged[state][second] * (rewards[0] + discount * rewards[1])
                var (targets, advantages) = ([Float](repeating: 0, count: 2), [Float](repeating: 0, count: 2))
                vTrace(
                    rewards: rewards.map { Float($0) }, values: [critic[0], critic[state]],
                    nextValues: [critic[state], 100], ends: [.ongoing, .terminated],
                    ratios: [
                        Float(judged[0][first] / acting[0][first]),
                        Float(judged[state][second] / acting[state][second]),
                    ], steps: 2, environments: 1, discount: Float(discount), rhoClip: 1e6, traceClip: 1e6,
                    targets: &targets, advantages: &advantages)
                mean += acting[0][first] * acting[state][second] * Double(targets[0])
            }
        }
        #expect(abs(mean - value) < 1e-5)
    }
}

@Suite struct IMPALATests {
    private func learner(_ options: String) throws -> any Learner {
        let task = try TaskDefinition(Environments.named("CartPole")!)
        return try Learners.named("impala")!.make(
            LearnerContext(task: task, key: RandomKey(seed: 4), plannedSteps: 10_000), options)
    }

    /// The policy that acts is the learner's of `actorLag` updates ago, and weights are 1 only where there is no lag.
    @Test(arguments: [0, 1, 3]) func theActorLags(lag: Int) throws {
        let learner = try learner(
            #"{"hiddenSizes": [8], "environments": 4, "learningRate": 0.02, "actorLag": \#(lag)}"#)
        func arrays(_ prefix: String) throws -> [[Float]] {
            let arrays = try learner.checkpoint().arrays.filter { $0.key.hasPrefix(prefix) }
            return arrays.keys.sorted().map { arrays[$0]!.values }
        }
        var history = [try arrays("parameters/")]
        for iteration in 1...6 {
            let report = try learner.iterate()
            let weight = try #require(report.metrics.first { $0.name == "importanceWeight" }).value
            let isOnPolicy = lag == 0 || iteration == 1
            #expect((abs(weight - 1) < 1e-5) == isOnPolicy, "\(weight) in iteration \(iteration)")
            history.append(try arrays("parameters/"))
            if lag > 0 { #expect(try arrays("actor/0") == history[max(0, iteration - lag)]) }
        }
    }

    @Test func contradictionsAreRefused() {
        #expect(throws: ConfigurationError.self) { try IMPALAConfiguration(json: #"{"traceClip": 2}"#) }
        #expect(throws: Never.self) { try IMPALAConfiguration(json: #"{"traceClip": 2, "rhoClip": 3}"#) }
        #expect(throws: ConfigurationError.self) {
            try IMPALAConfiguration(json: #"{"network": "gru", "sequenceLength": 7}"#)
        }
    }

    /// A policy of five updates ago still teaches: CartPole in two seconds.
    @Test func learnsFromAnOldPolicy() throws {
        let learner = try learner(#"{"actorLag": 5, "learningRate": 0.002, "hiddenSizes": [32]}"#)
        while learner.steps < 60_000 { _ = try learner.iterate() }
        let task = try TaskDefinition(Environments.named("CartPole")!)
        let result = try evaluate(learner.policy(), on: task, episodes: 20, key: RandomKey(seed: 9))
        #expect(result.meanReturn > 150, "\(result.meanReturn)")
    }
}
