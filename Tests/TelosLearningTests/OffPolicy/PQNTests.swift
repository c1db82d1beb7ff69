import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct PQNTests {
    /// What a rollout's returns are against the recursion that defines them.
    @Test func lambdaReturnsAreTheRecursion() {
        let (steps, count) = (9, 2)
        let (discount, lambda) = (0.9, 0.7)
        let rollout = Rollout(steps: steps, environments: count, heads: 1, observationWidth: 1, actionWidth: 1)
        var random = RandomKey(seed: 1).stream
        for row in 0..<rollout.rows {
            rollout.rewards[row] = Float(random.normal())
            rollout.values[row] = Float(random.normal())
            rollout.nextValues[row] = Float(random.normal())
            rollout.ends[row] = row % 7 == 3 ? .terminated : row % 5 == 4 ? .truncated : .ongoing
        }
        // While an episode goes on, what a step led to is what the next one begins from.
        for row in 0..<(rollout.rows - count) where rollout.ends[row] == .ongoing {
            rollout.nextValues[row] = rollout.values[row + count]
        }
        rollout.estimateAdvantages(head: 0, discount: discount, lambda: lambda)
        for environment in 0..<count {
            var following = 0.0
            for step in (0..<steps).reversed() {
                let row = step * count + environment
                let (reward, value) = (Double(rollout.rewards[row]), Double(rollout.nextValues[row]))
                switch rollout.ends[row] {
                case .terminated: following = reward
                case .ongoing where step < steps - 1:
                    following = reward + discount * ((1 - lambda) * value + lambda * following)
                default: following = reward + discount * value
                }
                #expect(abs(Double(rollout.returns[row]) - following) < 1e-5)
            }
        }
    }

    @Test(arguments: [(true, 1.0), (false, 2.0)])
    func onlyTerminationStopsTheBootstrap(terminates: Bool, expected: Double) throws {
        var options = PQNConfiguration()
        options.environments = 4
        options.rolloutSteps = 16
        options.minibatchSize = 16
        options.hiddenSizes = [16]
        options.learningRate = 0.01
        options.discount = 0.5
        let task = try Payday.task(terminates: terminates, horizon: 1)
        let learner = try PQNLearner(
            LearnerContext(task: task, key: RandomKey(seed: 1), plannedSteps: 8000), options)
        var value = 0.0
        while learner.steps < 8000 { value = try learner.iterate().metrics.first { $0.name == "meanValue" }!.value }
        #expect(abs(value - expected) < 0.1)
    }
}
