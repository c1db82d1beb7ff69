import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

/// One state that pays 1 a step; every step ends the episode where `terminates`.
struct Payday: Environment {
    var terminates: Bool
    let specification = EnvironmentSpecification(
        name: "Payday", summary: "One state that pays.", observation: .box(0...1, count: 1), action: .discrete(2),
        signals: [Signal("pay", 1...1, "Always 1.")], stateNames: ["nothing"], reference: "none")

    func reset(using random: inout RandomStream) -> Int { 0 }
    func step(_ state: inout Int, action: Action, using random: inout RandomStream) -> Bool { terminates }
    func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) { observation[0] = 1 }
    func readSignals(_ state: Int, into signals: SignalWriter) { signals[0] = 1 }
    func draw(_ state: Int) -> Drawing { Drawing(width: 1, height: 1, elements: []) }

    static func task(terminates: Bool, horizon: Int?) throws -> TaskDefinition {
        try TaskDefinition(
            EnvironmentEntry(name: "Payday", family: "tests", summary: "", horizon: horizon, reward: "pay") { _ in
                Payday(terminates: terminates)
            })
    }
}

private func context(_ task: TaskDefinition, steps: Int) -> LearnerContext {
    LearnerContext(task: task, key: RandomKey(seed: 3), plannedSteps: steps)
}

/// Each isolates one thing that makes deep Q-learning fail without an error.
@Suite struct DQNTests {
    /// What ends at a terminal state is worth its reward; what time cut off is worth what would have followed.
    @Test(arguments: [(true, 1.0), (false, 2.0)])
    func onlyTerminationStopsTheBootstrap(terminates: Bool, expected: Double) throws {
        let task = try Payday.task(terminates: terminates, horizon: 1)
        for returns in ReturnModel.allCases {
            var options = DQNConfiguration()
            options.learningStarts = 50
            options.batchSize = 16
            options.hiddenSizes = [16]
            options.learningRate = 0.01
            options.discount = 0.5
            options.targetInterval = 20
            options.returns = returns
            options.atoms = returns == .categorical ? 21 : 8
            (options.minimumReturn, options.maximumReturn) = (-5, 5)
            let learner = try OffPolicyLearner(context(task, steps: 2000), options) {
                try DQNAgent($0, options, context: context(task, steps: 2000))
            }
            var value = 0.0
            for _ in 0..<4 { value = try learner.iterate().metrics.first { $0.name == "meanValue" }!.value }
            #expect(abs(value - expected) < 0.1, "\(returns): \(value)")
        }
    }

    /// Two updates of a linear network by hand: targets from the frozen network at the online one's choice, Huber's
    /// slope, the clip of the joint norm, Adam.
    @Test(arguments: [(true, 0.3), (true, 1e9), (false, 0.3)])
    func updatesAreWhatTheEquationsSay(double: Bool, clip: Double) throws {
        let task = try task("CartPole")
        let batch = 6
        var options = DQNConfiguration()
        options.hiddenSizes = []
        options.batchSize = batch
        options.learningRate = 0.1
        options.double = double
        options.maximumGradientNorm = clip
        let specification = try task.makeEnvironments(count: 1, key: RandomKey(seed: 0)).specification
        let agent = try DQNAgent(specification, options, context: context(task, steps: 100))
        func weights() throws -> [Double] {
            var checkpoint = Checkpoint()
            try agent.save(to: &checkpoint)
            let arrays = checkpoint.arrays
            return (arrays["online/advantage.weight"]!.values + arrays["online/advantage.bias"]!.values).map(
                Double.init)
        }
        func values(_ theta: [Double], _ x: ArraySlice<Double>) -> [Double] {
            (0..<2).map { action -> Double in
                var value = theta[8 + action]
                for (index, element) in zip(0..<4, x) { value += element * theta[2 * index + action] }
                return value
            }
        }
        let frozen = try weights()
        var theta = frozen
        var (mean, square) = ([Double](repeating: 0, count: 10), [Double](repeating: 0, count: 10))
        var random = RandomKey(seed: 8).stream
        for update in 1...2 {
            let rows = try #require(agent.batch.transitions)
            random.fillNormal(rows.observations)
            random.fillNormal(rows.nextObservations)
            for row in 0..<batch {
                rows.actions[row] = Float(row % 2)
                rows.rewards[row] = Float(random.normal() * 2)
                rows.bootstraps[row] = row == 3 ? 0 : 0.9
                rows.weights[row] = 1
            }
            let (now, next) = (rows.observations.map(Double.init), rows.nextObservations.map(Double.init))
            var slope = [Double](repeating: 0, count: 10)
            for row in 0..<batch {
                let (x, following) = (now[(4 * row)..<(4 * row + 4)], next[(4 * row)..<(4 * row + 4)])
                let kept = values(frozen, following)
                let choosing = double ? values(theta, following) : kept
                let best = kept[choosing[1] > choosing[0] ? 1 : 0]
                let action = row % 2
                let target = Double(rows.rewards[row]) + Double(rows.bootstraps[row]) * best
                let error = min(1, max(-1, values(theta, x)[action] - target)) / Double(batch)
                for (index, element) in zip(0..<4, x) { slope[2 * index + action] += error * element }
                slope[8 + action] += error
            }
            let norm = slope.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(norm > 0.3, "the clip must matter")
            let scale = min(1, clip / norm)
            var (power1, power2) = (1.0, 1.0)
            for _ in 0..<update { (power1, power2) = (power1 * 0.9, power2 * 0.999) }
            for index in theta.indices {
                let g = slope[index] * scale
                mean[index] += 0.1 * (g - mean[index])
                square[index] += 0.001 * (g * g - square[index])
                theta[index] -=
                    0.1 * mean[index] / (1 - power1)
                    / ((square[index] / (1 - power2)).squareRoot() + options.adamEpsilon)
            }
            agent.update(progress: 0, using: &random)
            for (one, other) in zip(try weights(), theta) { #expect(abs(one - other) < 1e-4, "update \(update)") }
        }
    }

    /// Targets are counted in environment steps, however many updates a round has.
    @Test func targetsMoveByTheStep() throws {
        let task = try task("CartPole")
        var options = DQNConfiguration()
        options.hiddenSizes = [8]
        options.batchSize = 8
        options.learningStarts = 9
        options.trainInterval = 10
        options.gradientSteps = 7
        options.stepsPerIteration = 10
        options.targetInterval = 50
        let learner = try OffPolicyLearner(context(task, steps: 500), options) {
            try DQNAgent($0, options, context: context(task, steps: 500))
        }
        func network(_ prefix: String) throws -> [String: [Float]] {
            try learner.checkpoint().arrays.reduce(into: [:]) {
                if $1.key.hasPrefix(prefix) { $0[String($1.key.dropFirst(prefix.count))] = $1.value.values }
            }
        }
        var (online, target) = (try network("online/"), try network("target/"))
        #expect(online == target)
        while learner.steps < 300 {
            _ = try learner.iterate()
            if learner.steps % 50 == 0 { target = online }
            #expect(try network("target/") == target, "\(learner.steps)")
            online = try network("online/")
            #expect(learner.steps <= 10 || online != target)
        }
    }

    @Test func explorationFallsInAStraightLine() throws {
        var options = DQNConfiguration()
        (options.epsilon, options.finalEpsilon, options.explorationFraction) = (0.9, 0.1, 0.25)
        for (progress, expected) in [(0, 0.9), (0.125, 0.5), (0.25, 0.1), (0.7, 0.1), (1, 0.1)] {
            #expect(abs(options.epsilon(at: progress) - expected) < 1e-12)
        }
        // Of the random actions half are the greedy one all the same.
        let definition = try task("CartPole")
        options.environments = 1000
        let specification = try definition.makeEnvironments(count: 1, key: RandomKey(seed: 0)).specification
        let agent = try DQNAgent(specification, options, context: context(definition, steps: 100))
        let observations = Buffer<Float>(count: 4000, repeating: 0.1)
        let actions = Buffer<Float>(count: 1000, repeating: 0)
        var random = RandomKey(seed: 2).stream
        agent.policy(normalizer: nil).act(
            on: observations.readOnly, count: 1000, into: actions.all, deterministic: true, using: &random)
        let greedy = actions[0]
        agent.act(
            on: PolicyInput(observations: observations.readOnly, count: 1000), into: actions.all, progress: 0.125,
            using: &random)
        let others = actions.array.filter { $0 != greedy }.count
        #expect(abs(Double(others) / 1000 - 0.25) < 0.06)
    }
}
