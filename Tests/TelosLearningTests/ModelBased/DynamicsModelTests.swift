import Foundation
import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

/// x' = A x + B u, exactly.
private struct LinearDynamics: DynamicsModel {
    var stateCount: Int { 2 }
    var actionCount: Int { 1 }
    func next(_ states: [Double], _ actions: [Double], using random: inout RandomStream) -> [Double] {
        actions.indices.flatMap { row in
            let (x, v) = (states[2 * row], states[2 * row + 1])
            return [x + 0.2 * v, v + 0.2 * actions[row]]
        }
    }
}

@Suite struct DynamicsModelTests {
    private func cost(_ states: [Double], _ actions: [Double], _ next: [Double]) -> [Double] {
        actions.indices.map { row in
            -(next[2 * row] * next[2 * row] + 0.1 * next[2 * row + 1] * next[2 * row + 1]
                + 0.05 * actions[row] * actions[row])
        }
    }

    /// The best plan of linear dynamics and a quadratic cost, by least squares on its response to each action.
    private func optimum(from state: [Double], horizon: Int) throws -> (plan: [Double], value: Double) {
        var random = RandomKey(seed: 0).stream
        func response(_ plan: [Double], _ start: [Double]) -> [Double] {
            var (state, rows) = (start, [Double]())
            for action in plan {
                state = LinearDynamics().next(state, [action], using: &random)
                rows += [state[0], 0.1.squareRoot() * state[1], 0.05.squareRoot() * action]
            }
            return rows
        }
        let free = response(Array(repeating: 0, count: horizon), state)
        let columns = (0..<horizon).map { step in response((0..<horizon).map { $0 == step ? 1 : 0 }, [0, 0]) }
        let plan = try leastSquares(
            matrix: free.indices.flatMap { row in columns.map { $0[row] } }, rows: free.count, columns: horizon,
            rhs: free.map { -$0 })
        let residual = response(plan, state)
        return (plan, -residual.reduce(0) { $0 + $1 * $1 })
    }

    @Test func plannersFindTheOptimumOfALinearSystem() throws {
        let state = [1.0, -0.5]
        let (plan, value) = try optimum(from: state, horizon: 10)
        #expect(plan.allSatisfy { abs($0) < 5 })
        let bounds = PlanBounds(low: [-5], high: [5])
        var random = RandomKey(seed: 1).stream
        func found(_ planner: some PlanOptimizer, _ random: inout RandomStream) throws -> Double {
            var planner = planner
            try planner.improve(using: &random) {
                try LinearDynamics().returns(of: $0, from: state, using: &$1, reward: cost)
            }
            return try LinearDynamics().returns(of: [planner.plan], from: state, using: &random, reward: cost)[0]
        }
        let entropy = try found(
            CrossEntropyPlanner(bounds: bounds, horizon: 10, population: 300, iterations: 25), &random)
        #expect(entropy <= value + 1e-9 && entropy > 1.01 * value, "\(entropy) \(value)")
        let path = try found(
            PathIntegralPlanner(
                bounds: bounds, horizon: 10, population: 300, iterations: 60, deviation: 0.15, temperature: 0.05),
            &random)
        #expect(path <= value + 1e-9 && path > 1.05 * value, "\(path) \(value)")
        // One candidate far better than the others is the plan.
        var greedy = PathIntegralPlanner(bounds: bounds, horizon: 2, population: 5, temperature: 1e-6)
        var best: [Double] = []
        greedy.improve(using: &random) { plans, _ in
            best = plans[3]
            return [0, 0, 0, 1, 0]
        }
        #expect(greedy.plan == best)
    }

    /// Planned anew at each step, the state is driven to the origin, within the bounds.
    @Test func plannersControl() throws {
        var planner = CrossEntropyPlanner(
            bounds: PlanBounds(low: [-1], high: [0.5]), horizon: 8, population: 100, iterations: 4)
        var random = RandomKey(seed: 2).stream
        var state = [1.0, 0]
        for _ in 0..<60 {
            let action = try planner.act(in: state, of: LinearDynamics(), using: &random, reward: cost)
            #expect(action.count == 1 && action[0] >= -1 && action[0] <= 0.5)
            state = LinearDynamics().next(state, action, using: &random)
        }
        #expect(abs(state[0]) < 0.1 && abs(state[1]) < 0.15)
        let plan = planner.plan
        planner.advance()
        #expect(Array(planner.plan.dropLast()) == Array(plan.dropFirst()) && abs(planner.plan.last! + 0.25) < 1e-6)
    }

    @Test func rolloutsStopWhereTheyAreOver() throws {
        var random = RandomKey(seed: 3).stream
        let rollout = try LinearDynamics().rollOut(
            from: [0, 1, 0, 0], steps: 4, using: &random,
            isOver: { _, _, next in stride(from: 0, to: next.count, by: 2).map { next[$0] > 0.35 } },
            policy: { states, step, _ in Array(repeating: Double(step), count: states.count / 2) })
        #expect(rollout.isOngoing == [false, true])
        #expect(rollout.isTaken.map { $0[0] } == [true, true, false, false])
        #expect(rollout.states[4][0] == rollout.states[2][0] && rollout.states[2][0] > 0.35)
        #expect(abs(rollout.states[4][3] - 0.2 * (0 + 1 + 2 + 3)) < 1e-12)
        let returns = try LinearDynamics().returns(
            of: [[1, 2], [0, 0]], from: [0, 0], discount: 0.5, using: &random
        ) { _, actions, next in
            actions.indices.map { 10 * next[2 * $0 + 1] + actions[$0] }
        }
        // 10 * 0.2 + 1, then half of 10 * 0.6 + 2.
        #expect(abs(returns[0] - 7) < 1e-12 && returns[1] == 0)
    }

    @Test func sparseDynamicsProject() {
        let library = FeatureLibrary.polynomial(of: [0, 1], degree: 1, variables: 2)
        let model = SparseDynamics(
            SparseModel(library: library, coefficients: [1, 2, 3], outputCount: 1),
            projection: { $0[$0.startIndex] = min($0[$0.startIndex], 5) })
        #expect(model.stateCount == 1 && model.actionCount == 1)
        #expect(model.next([1, 0], [1, 1]) == [5, 4])
    }

    /// Means and deviations of a line whose noise grows, and more disagreement where there are no data.
    @Test func ensemblesKnowNoiseAndIgnorance() throws {
        var random = RandomKey(seed: 4).stream
        func deviation(_ s: Double) -> Double { s > 0 ? 0.3 : 0.05 }
        func data(_ count: Int) -> DynamicsData {
            var data = DynamicsData(stateCount: 1, actionCount: 1)
            for _ in 0..<count {
                let (s, a) = (random.uniform(-1, 1), random.uniform(-1, 1))
                data.append([s], [a], next: [s + 0.5 * a - 0.3 * s + deviation(s) * random.normal()])
            }
            return data
        }
        var options = DynamicsEnsemble.Options()
        options.memberCount = 4
        options.eliteCount = 2
        options.hiddenSizes = [32]
        options.learningRate = 3e-3
        let model = try DynamicsEnsemble(stateCount: 1, actionCount: 1, options: options, key: RandomKey(seed: 5))
        let losses = try model.fit(data(1500), steps: 800)
        #expect(losses.last! < losses[0] - 0.5)
        #expect(Set(model.elites).count == 2 && model.holdoutErrors.count == 4)
        #expect(model.holdoutErrors[model.elites[0]] == model.holdoutErrors.min())
        for (s, a) in [(-0.6, 0.4), (0.5, -0.5), (-0.3, 0)] {
            let law = model.predict([s], [a])
            for member in 0..<4 {
                #expect(abs(law.means[member][0] - (0.7 * s + 0.5 * a)) < 0.1)
                #expect(abs(law.deviations[member][0] / deviation(s) - 1) < 0.4, "\(s) \(law.deviations)")
            }
        }
        func spread(_ s: Double) -> Double {
            meanAndDeviation(model.predict([s], [0]).means.map { $0[0] }).deviation
        }
        #expect(spread(6) > 3 * spread(-0.5))
        // Draws of random elites have the mean and the noise of the data; their mean has none.
        let draws = model.next(Array(repeating: 0.5, count: 2000), Array(repeating: 0, count: 2000), using: &random)
        let (mean, noise) = meanAndDeviation(draws)
        #expect(abs(mean - 0.35) < 0.06 && abs(noise / 0.3 - 1) < 0.3)
        model.propagation = .mean
        let law = model.predict([0.5], [0])
        let average = (law.means[model.elites[0]][0] + law.means[model.elites[1]][0]) / 2
        #expect(abs(model.next([0.5], [0], using: &random)[0] - average) < 1e-12)
    }

    @Test func boundsHoldAnywhere() throws {
        let network = GaussianMLP([1, 8, 2], logVariance: -6...1, key: RandomKey(seed: 6))
        let x = Tensor([-1e4, -1, 0, 1, 1e4], shape: [5, 1])
        let law = network(x)
        #expect(law.mean.shape == [5, 2] && network.tensors.count == 6)
        #expect(try network.boundPenalty.evaluated() == [14])
        for value in try law.logDeviation.evaluated() { #expect(value > -3.001 && value < 0.501) }
        // Members side by side are the members.
        let others = (0..<2).map { GaussianMLP([1, 8, 2], key: RandomKey(seed: $0)) }
        let together = try GaussianMLP.ensemble(others)(x).logDeviation.evaluated()
        let alone = try others[1](x).logDeviation.evaluated()
        #expect(zip(together.suffix(10), alone).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test func wrongDataAreRefused() throws {
        let model = try DynamicsEnsemble(stateCount: 1, actionCount: 1, key: RandomKey(seed: 7))
        #expect(throws: LearnerError.self) { try model.fit(DynamicsData(stateCount: 1, actionCount: 1), steps: 1) }
        #expect(throws: LearnerError.self) { try model.fit(DynamicsData(stateCount: 2, actionCount: 1), steps: 1) }
        var options = DynamicsEnsemble.Options()
        options.eliteCount = 9
        #expect(throws: LearnerError.self) {
            try DynamicsEnsemble(stateCount: 1, actionCount: 1, options: options, key: RandomKey(seed: 7))
        }
    }
}
