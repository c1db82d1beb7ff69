import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosNN
import TelosTensor

/// Learns CartPole from whole episodes: each iteration collects some with a logistic policy of five weights, estimates
/// advantages with a value network, takes one policy step, then fits the network to the returns by Adam.
///
/// The features are the state in units of (2.4 m, 3 m/s, 0.21 rad, 3 rad/s) and a one. Compiled programs serve every
/// `run` of one value width.
final class CartPoleLearner {
    struct Settings: Sendable {
        var step: PolicyStep
        var lambda = 0.96
        /// Episodes an iteration.
        var episodes = 10
        var iterations = 30
        /// Adam steps of the value network an iteration.
        var valueSteps = 100
        /// What each feature is multiplied by: another parameterisation of the same policies.
        var scale: [Float] = [1, 1, 1, 1, 1]
    }

    struct Curve: Sendable {
        /// Mean episode length of each iteration.
        var lengths: [Double] = []
        /// KL(old || new) of each policy step taken.
        var divergences: [Double] = []

        /// Mean episode length over the last `count` iterations.
        func final(_ count: Int) -> Double { mean(of: Array(lengths.suffix(count))) }
    }

    private let discount = 0.99
    private let horizon = 500
    /// The network predicts returns in this unit.
    private let returnScale: Float = 10
    private let units: [Float] = [2.4, 3, 0.21, 3]
    private let environment = CartPole()
    private let policy: LogisticPolicy
    private let critic: Critic

    /// - damping: of the Fisher matrix.
    init(valueWidth: Int = 20, damping: Float = 0) throws {
        policy = try LogisticPolicy(features: 5, damping: damping)
        critic = try Critic(width: valueWidth)
    }

    /// The episodes of one iteration, one after another.
    private struct Batch {
        var states: [Float] = []
        var nextStates: [Float] = []
        var features: [Float] = []
        var actions: [Float] = []
        var ends: [EpisodeEnd] = []
        var count: Int { ends.count }
    }

    func run(_ settings: Settings, key: RandomKey) throws -> Curve {
        var random = key.derived("episodes").stream
        try critic.reset(key: key.derived("critic"))
        policy.values = [0, 0, 0, 0, 0]
        var curve = Curve()
        for _ in 0..<settings.iterations {
            let batch = collect(settings, using: &random)
            curve.lengths.append(Double(batch.count) / Double(settings.episodes))
            let values = try critic.values(batch.states).map { $0 * returnScale }
            let nextValues = try critic.values(batch.nextStates).map { $0 * returnScale }
            func estimate(_ lambda: Double) -> [Float] {
                var result = [Float](repeating: 0, count: batch.count)
                generalizedAdvantages(
                    rewards: Array(repeating: 1, count: batch.count), values: values, nextValues: nextValues,
                    ends: batch.ends, steps: batch.count, environments: 1, discount: Float(discount),
                    lambda: Float(lambda), into: &result)
                return result
            }
            let divergence = try policy.improve(
                batch.features, actions: batch.actions, advantages: standardized(estimate(settings.lambda)),
                by: settings.step)
            if let divergence { curve.divergences.append(divergence) }
            // Monte-Carlo returns, whatever lambda is: A with lambda 1, plus V.
            let returns = zip(estimate(1), values).map { ($0 + $1) / returnScale }
            try critic.fit(batch.states, to: returns, steps: settings.valueSteps)
        }
        return curve
    }

    private func collect(_ settings: Settings, using random: inout RandomStream) -> Batch {
        var batch = Batch()
        var features = [Float](repeating: 0, count: 5)
        func append(_ state: SIMD4<Double>, to rows: inout [Float]) {
            for index in 0..<4 { rows.append(Float(state[index])) }
        }
        for _ in 0..<settings.episodes {
            var state = environment.reset(using: &random)
            var end = EpisodeEnd.ongoing
            var length = 0
            while end == .ongoing {
                for index in 0..<4 { features[index] = Float(state[index]) / units[index] * settings.scale[index] }
                features[4] = settings.scale[4]
                var action: Float = random.uniform() < features.withUnsafeBufferPointer(policy.probability) ? 1 : 0
                append(state, to: &batch.states)
                let terminated = withUnsafePointer(to: &action) {
                    environment.step(&state, action: Action($0), using: &random)
                }
                length += 1
                end = terminated ? .terminated : length == horizon ? .truncated : .ongoing
                append(state, to: &batch.nextStates)
                batch.features += features
                batch.actions.append(action)
                batch.ends.append(end)
            }
        }
        return batch
    }

    private func standardized(_ values: [Float]) -> [Float] {
        let values = values.map(Double.init)
        let spread = standardDeviation(of: values)
        let center = mean(of: values)
        return values.map { Float(($0 - center) / (spread + 1e-8)) }
    }

    /// The value network 4 - width - 1 (tanh) and its Adam.
    private final class Critic {
        private let parameters: Parameters<MLP>
        private let memory: Parameters<Adam.State>
        private let initialMemory: Parameters<Adam.State>
        private let width: Int
        private var fitting: [Int: Program] = [:]
        private var predicting: [Int: Program] = [:]

        init(width: Int) throws {
            self.width = width
            parameters = try Parameters(MLP([4, width, 1], key: RandomKey(seed: 0)))
            memory = try Parameters(Adam().initialState(for: parameters.traced.tensors))
            initialMemory = try Parameters(Adam().initialState(for: parameters.traced.tensors))
        }

        /// Begins anew with weights drawn from `key`.
        func reset(key: RandomKey) throws {
            parameters.copy(from: try Parameters(MLP([4, width, 1], key: key)))
            memory.copy(from: initialMemory)
        }

        func values(_ states: [Float]) throws -> [Float] {
            let size = paddedCount(states.count / 4)
            if predicting[size] == nil {
                let x = Tensor(placeholder: size, 4)
                predicting[size] = try Program(inputs: [x], outputs: [parameters.traced(x)])
            }
            let program = predicting[size]!
            return withExtendedLifetime(program) {
                _ = program.input(0).update(fromContentsOf: states)
                program.run()
                return Array(program.output(0).prefix(states.count / 4))
            }
        }

        func fit(_ states: [Float], to returns: [Float], steps: Int) throws {
            let size = paddedCount(returns.count)
            if fitting[size] == nil {
                let x = Tensor(placeholder: size, 4)
                let target = Tensor(placeholder: size)
                let weight = Tensor(placeholder: size)
                let loss = (weight * (parameters.traced(x).reshaped(size) - target).squared).sum()
                let theta = parameters.traced.tensors
                let step = Adam().step(
                    theta, gradients: gradient(of: loss, withRespectTo: theta), state: memory.traced,
                    learningRate: Tensor(0.02))
                fitting[size] = try Program(
                    inputs: [x, target, weight], outputs: [],
                    updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                        + Program.Update.all(memory.traced, to: step.state))
            }
            let program = fitting[size]!
            withExtendedLifetime(program) {
                _ = program.input(0).update(fromContentsOf: states)
                _ = program.input(1).update(fromContentsOf: returns)
                for row in 0..<size { program.input(2)[row] = row < returns.count ? 1 / Float(returns.count) : 0 }
                for _ in 0..<steps { program.run() }
            }
        }
    }
}
