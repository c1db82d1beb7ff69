import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct AdvantageTests {
    /// A block of random rewards, values and ends.
    private struct Block {
        let steps = 40
        let environments = 5
        var rewards: [Float]
        var values: [Float]
        var nextValues: [Float]
        var ends: [EpisodeEnd]

        init(seed: Int) {
            var random = RandomKey(seed: seed).stream
            let count = steps * environments
            rewards = (0..<count).map { _ in Float(random.normal()) }
            values = (0..<count).map { _ in Float(random.normal()) }
            nextValues = (0..<count).map { _ in Float(random.normal()) }
            ends = (0..<count).map { _ in
                [EpisodeEnd.terminated, .truncated][random.index(below: 2)]
            }
            for index in 0..<count where random.uniform() < 0.85 { ends[index] = .ongoing }
        }

        func advantages(discount: Float, lambda: Float) -> [Float] {
            var result = [Float](repeating: 0, count: steps * environments)
            generalizedAdvantages(
                rewards: rewards, values: values, nextValues: nextValues, ends: ends, steps: steps,
                environments: environments, discount: discount, lambda: lambda, into: &result)
            return result
        }

        /// (1 - lambda) sum over k of lambda^(k-1) A^(k): the average of k-step estimates, the last taking the rest of
        /// the weight, each summed forwards.
        func averageOfEstimates(step: Int, environment: Int, discount: Double, lambda: Double) -> Double {
            var total = 0.0
            var sum = 0.0
            var weight = 1.0
            var power = 1.0
            for later in step..<steps {
                let row = later * environments + environment
                sum += power * Double(rewards[row])
                power *= discount
                let bootstrap = ends[row] == .terminated ? 0 : power * Double(nextValues[row])
                let estimate = sum + bootstrap - Double(values[step * environments + environment])
                let isLast = ends[row] != .ongoing || later == steps - 1
                total += weight * (isLast ? 1 : 1 - lambda) * estimate
                weight *= lambda
                if isLast { break }
            }
            return total
        }
    }

    @Test(arguments: [(0.99, 0.95), (0.9, 0), (0.97, 1), (1, 0.5)])
    func agreesWithTheAverageOfEstimates(discount: Double, lambda: Double) {
        var block = Block(seed: 3)
        // The identity needs the value a step leads to to be the next step's.
        for row in 0..<(block.values.count - block.environments) where block.ends[row] == .ongoing {
            block.nextValues[row] = block.values[row + block.environments]
        }
        let advantages = block.advantages(discount: Float(discount), lambda: Float(lambda))
        for step in 0..<block.steps {
            for environment in 0..<block.environments {
                let expected = block.averageOfEstimates(
                    step: step, environment: environment, discount: discount, lambda: lambda)
                #expect(abs(Double(advantages[step * block.environments + environment]) - expected) < 2e-4)
            }
        }
    }

    /// What comes after an end does not reach back over it; what a truncated step led to counts, a terminal state not.
    @Test func endsAreBorders() {
        var block = Block(seed: 9)
        let row = 12 * block.environments + 2
        for end in [EpisodeEnd.terminated, .truncated] {
            block.ends[row] = end
            let before = block.advantages(discount: 0.99, lambda: 0.95)
            var changed = block
            for later in 13..<block.steps { changed.rewards[later * block.environments + 2] += 5 }
            #expect(changed.advantages(discount: 0.99, lambda: 0.95)[row] == before[row])
            changed.nextValues[row] += 1
            let difference = changed.advantages(discount: 0.99, lambda: 0.95)[row] - before[row]
            #expect(abs(difference - (end == .truncated ? 0.99 : 0)) < 1e-5)
        }
    }
}

@Suite struct SurrogateObjectiveTests {
    private let old: [Float] = [-0.5, -1.5, -0.2, -2.0, -0.7, -1.1]
    private let new: [Float] = [-0.3, -1.2, -0.9, -2.05, -0.2, -1.6]
    private let advantages: [Float] = [1.3, -0.8, 0.4, 2.0, -1.7, -0.6]

    private func lossAndGradient(_ objective: some SurrogateObjective, at logs: [Float]) throws -> (Double, [Double]) {
        let log = Tensor(placeholder: logs.count)
        let loss = objective.loss(
            logProbability: log, oldLogProbability: Tensor(old, shape: [old.count]),
            advantages: Tensor(advantages, shape: [advantages.count]))
        let program = try Program(inputs: [log], outputs: [loss] + gradient(of: loss, withRespectTo: [log]))
        return withExtendedLifetime(program) {
            _ = program.input(0).update(fromContentsOf: logs)
            program.run()
            return (Double(program.output(0)[0]), program.output(1).map(Double.init))
        }
    }

    private func differences(_ objective: some SurrogateObjective) throws -> [Double] {
        try new.indices.map { index in
            var (up, down) = (new, new)
            up[index] += 1e-2
            down[index] -= 1e-2
            return try (lossAndGradient(objective, at: up).0 - lossAndGradient(objective, at: down).0) / 0.02
        }
    }

    /// The clipped objective has no gradient exactly where the ratio has left the range in the direction the advantage
    /// pushes.
    @Test func clippedObjectiveStopsWhereItShould() throws {
        let objective = ClippedObjective(clipRange: 0.2)
        let (loss, gradient) = try lossAndGradient(objective, at: new)
        var expected = 0.0
        for index in new.indices {
            let ratio = Double(new[index] - old[index]).exponential
            let advantage = Double(advantages[index])
            expected -= min(ratio * advantage, min(1.2, max(0.8, ratio)) * advantage) / Double(new.count)
            let stops = advantage > 0 ? ratio > 1.2 : ratio < 0.8
            #expect((gradient[index] == 0) == stops, "row \(index), ratio \(ratio)")
        }
        #expect(abs(loss - expected) < 1e-6)
        for (one, other) in zip(gradient, try differences(objective)) { #expect(abs(one - other) < 1e-3) }
    }

    @Test func policyGradientIsTheAdvantage() throws {
        let gradient = try lossAndGradient(PolicyGradientObjective(), at: new).1
        for (one, advantage) in zip(gradient, advantages) { #expect(abs(one + Double(advantage) / 6) < 1e-6) }
    }

    /// At the policy that took the actions both objectives push alike.
    @Test func objectivesAgreeAtTheOldPolicy() throws {
        let one = try lossAndGradient(ClippedObjective(clipRange: 0.2), at: old).1
        let other = try lossAndGradient(PolicyGradientObjective(), at: old).1
        for (a, b) in zip(one, other) { #expect(abs(a - b) < 1e-6) }
    }
}

extension Double {
    /// By its series: independent of the kernels under test.
    fileprivate var exponential: Double {
        var (term, sum) = (1.0, 1.0)
        for index in 1..<40 {
            term *= self / Double(index)
            sum += term
        }
        return sum
    }
}
