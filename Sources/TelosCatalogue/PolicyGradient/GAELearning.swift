import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosNN
import TelosTensor

/// Learning CartPole from a few trajectories a batch, by a trust-region policy step and a fitted value network, for
/// several lambda. Each seed of the claim averages `repeats` independent runs, whose spread is large. With ten episodes a
/// batch lambda 1 is as good as the middle, with three the middle is about 1.1 times as good: the effect is one of
/// variance. A value network of 10 units in place of 20 takes most of the gain over lambda 1.
struct GAELearningExperiment {
    let context: ClaimContext
    let lambdas: [Double]
    /// What the claim calls intermediate.
    let middle: ClosedRange<Double> = 0.9...0.985

    init(_ context: ClaimContext, lambdas: [Double] = [0, 0.5, 0.92, 0.96, 0.98, 1]) {
        self.context = context
        self.lambdas = lambdas
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in
            let learner = CartPoleTrustRegion(valueWidth: context.whole("valueWidth"))
            return try lambdas.map { lambda in
                var sum = 0.0
                for run in 0..<context.whole("repeats") {
                    sum += try learner.meanLength(
                        lambda: lambda, trajectories: context.whole("trajectories"),
                        iterations: context.whole("iterations"), key: key.derived("learning", run))
                }
                return sum / context["repeats"]
            }
        }
        let arms = lambdas.enumerated().map { index, lambda in
            ClaimArm(
                "CartPole, lambda \(shortNumber(lambda))", middle.contains(lambda) ? .method : .baseline,
                metric: "mean episode length while learning", values: seeds.map { $0[index] })
        }
        func score(_ index: Int) -> Double { interquartileMean(of: arms[index].values) }
        let inner = lambdas.indices.filter { middle.contains(lambdas[$0]) }.map(score)
        let average = inner.reduce(0, +) / Double(inner.count)
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("CartPole, middle lambdas over lambda 0", average / score(0), .atLeast, 1.3),
                ClaimTest("CartPole, middle lambdas over lambda 1", average / score(lambdas.count - 1), .atLeast, 1.1),
            ])
    }
}

/// Policy pi(right|x) = sigmoid(w . (x, 1)); each iteration one natural-gradient step of mean divergence
/// `trustRegion`, then 100 Adam steps of the value network on the returns. Policy first, with the value of before.
struct CartPoleTrustRegion {
    private let discount = 0.99
    private let trustRegion = 0.01
    private let horizon = 500
    /// The network predicts returns in this unit.
    private let returnScale: Float = 10
    private let valueWidth: Int
    private let environment = CartPole()

    init(valueWidth: Int) { self.valueWidth = valueWidth }

    /// The trajectories of one iteration, one after another.
    private struct Batch {
        var states: [Float] = []
        var nextStates: [Float] = []
        var actions: [Double] = []
        var ends: [EpisodeEnd] = []
        var count: Int { ends.count }
        func features(_ row: Int) -> [Double] { states[(4 * row)..<(4 * row + 4)].map(Double.init) + [1] }
    }

    /// Mean length of all episodes of all iterations.
    func meanLength(lambda: Double, trajectories: Int, iterations: Int, key: RandomKey) throws -> Double {
        var random = key.derived("episodes").stream
        let critic = try Critic(width: valueWidth, key: key.derived("critic"))
        var weights = [Double](repeating: 0, count: 5)
        var steps = 0
        for _ in 0..<iterations {
            let batch = collect(weights, trajectories: trajectories, using: &random)
            steps += batch.count
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
            weights = try improved(weights, batch, advantages: standardized(estimate(lambda)))
            // Monte-Carlo returns, whatever lambda is: A with lambda 1, plus V.
            let returns = zip(estimate(1), values).map { ($0 + $1) / returnScale }
            try critic.fit(batch.states, to: returns, steps: 100)
        }
        return Double(steps) / Double(trajectories * iterations)
    }

    private func collect(_ weights: [Double], trajectories: Int, using random: inout RandomStream) -> Batch {
        var batch = Batch()
        for _ in 0..<trajectories {
            var state = environment.reset(using: &random)
            var end = EpisodeEnd.ongoing
            var length = 0
            while end == .ongoing {
                let x = state.values.map { Float($0) }
                let right = probability(weights, x.map(Double.init) + [1])
                let action = random.uniform() < right ? 1.0 : 0.0
                let terminated = [Float(action)].withUnsafeBufferPointer {
                    environment.step(&state, action: Action($0.baseAddress!), using: &random)
                }
                length += 1
                end = terminated ? .terminated : length == horizon ? .truncated : .ongoing
                batch.states += x
                batch.nextStates += state.values.map { Float($0) }
                batch.actions.append(action)
                batch.ends.append(end)
            }
        }
        return batch
    }

    private func probability(_ weights: [Double], _ x: [Double]) -> Double {
        TabularPolicy.softmax([0, zip(weights, x).reduce(0) { $0 + $1.0 * $1.1 }], actionCount: 2)[1]
    }

    private func standardized(_ values: [Float]) -> [Double] {
        let values = values.map(Double.init)
        let spread = standardDeviation(of: values)
        let mean = values.reduce(0, +) / Double(values.count)
        return values.map { ($0 - mean) / (spread + 1e-8) }
    }

    /// w + s F^-1 g with g = mean (a - p) x A, F = mean p (1 - p) x x^T, and the largest s of a halving sequence whose
    /// mean divergence is within the trust region and whose surrogate mean of ratio * A improves.
    private func improved(_ weights: [Double], _ batch: Batch, advantages: [Double]) throws -> [Double] {
        let rows = (0..<batch.count).map { batch.features($0) }
        let old = rows.map { probability(weights, $0) }
        var g = [Double](repeating: 0, count: 5)
        var fisher = [Double](repeating: 0, count: 25)
        let share = 1 / Double(batch.count)
        for (row, x) in rows.enumerated() {
            for i in 0..<5 {
                g[i] += share * (batch.actions[row] - old[row]) * x[i] * advantages[row]
                for j in 0..<5 { fisher[i * 5 + j] += share * old[row] * (1 - old[row]) * x[i] * x[j] }
            }
        }
        for i in 0..<5 { fisher[i * 6] += 1e-6 }
        let direction = try LUFactorization(fisher).solve(g)
        let slope = zip(g, direction).reduce(0) { $0 + $1.0 * $1.1 }
        guard slope > 0 else { return weights }
        var size = (2 * trustRegion / slope).squareRoot()
        for _ in 0..<10 {
            let candidate = zip(weights, direction).map { $0 + size * $1 }
            var divergence = 0.0
            var gain = 0.0
            for (row, x) in rows.enumerated() {
                let new = probability(candidate, x)
                divergence += share * bernoulliDivergence(old[row], new)
                let ratio = batch.actions[row] == 1 ? new / old[row] : (1 - new) / (1 - old[row])
                gain += share * (ratio - 1) * advantages[row]
            }
            // The quadratic model meets the bound only approximately.
            if divergence <= 1.5 * trustRegion, gain > 0 { return candidate }
            size /= 2
        }
        return weights
    }

    /// The value network 4 - width - 1 (tanh) and its Adam; batches are padded to one of a few compiled sizes.
    private final class Critic {
        private let parameters: Parameters<MLP>
        private let memory: Parameters<Adam.State>
        private var fitting: [Int: Program] = [:]
        private var predicting: [Int: Program] = [:]

        init(width: Int, key: RandomKey) throws {
            parameters = try Parameters(MLP([4, width, 1], key: key))
            memory = try Parameters(Adam().initialState(for: parameters.traced.tensors))
        }

        private func size(_ rows: Int) -> Int {
            var size = 64
            while size < rows { size *= 2 }
            return size
        }

        func values(_ states: [Float]) throws -> [Float] {
            let size = size(states.count / 4)
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
            let size = size(returns.count)
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

/// KL(Bernoulli(p) || Bernoulli(q)).
private func bernoulliDivergence(_ p: Double, _ q: Double) -> Double {
    p * (telos_log64(p) - telos_log64(q)) + (1 - p) * (telos_log64(1 - p) - telos_log64(1 - q))
}
