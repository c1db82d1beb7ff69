import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct PolicyRegularizerTests {
    private static let regularizers: [PolicyRegularizer] = [
        .none, .quadratic(0.5), .quadratic(3), .entropy(0.2), .entropy(2),
    ]

    private func objective(
        _ u: [Double], _ q: [Double], _ regularizer: PolicyRegularizer, _ anchor: [Double]?, _ stepSize: Double
    ) -> Double {
        var value = zip(u, q).reduce(0) { $0 + $1.0 * $1.1 } + regularizer.bonus(u)
        if let anchor { value -= zip(u, anchor).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / (2 * stepSize) }
        return value
    }

    /// No distribution drawn at random, near or far, does better than the maximiser.
    @Test(arguments: regularizers) func maximisersAreBest(regularizer: PolicyRegularizer) throws {
        var random = RandomKey(seed: 2).stream
        for _ in 0..<40 {
            let q = (0..<4).map { _ in 2 * random.normal() }
            let anchor = TabularPolicy.softmax((0..<4).map { _ in random.normal() }, actionCount: 4)
            let stepSize = random.uniform(0.05, 2)
            let greedy = regularizer.greedy(q)
            let step = regularizer.proximalStep(q, from: anchor, stepSize: stepSize)
            for u in [greedy, step] {
                #expect(abs(u.reduce(0, +) - 1) < 1e-9 && u.allSatisfy { $0 >= 0 })
            }
            for _ in 0..<100 {
                let other = TabularPolicy.softmax((0..<4).map { _ in 3 * random.normal() }, actionCount: 4)
                let share = random.uniform()
                func near(_ u: [Double]) -> [Double] { zip(u, other).map { (1 - share) * $0 + share * $1 } }
                #expect(
                    objective(near(greedy), q, regularizer, nil, 1) <= objective(greedy, q, regularizer, nil, 1) + 1e-9)
                #expect(
                    objective(near(step), q, regularizer, anchor, stepSize)
                        <= objective(step, q, regularizer, anchor, stepSize) + 1e-9)
            }
        }
    }

    /// A very large step forgets the anchor, a very small one keeps it.
    @Test(arguments: regularizers.dropFirst()) func stepsInterpolate(regularizer: PolicyRegularizer) {
        let (q, anchor) = ([0.3, -0.2, 0.1], [0.5, 0.25, 0.25])
        let greedy = regularizer.greedy(q)
        for (stepSize, target) in [(1e7, greedy), (1e-7, anchor)] {
            let step = regularizer.proximalStep(q, from: anchor, stepSize: stepSize)
            for index in 0..<3 { #expect(abs(step[index] - target[index]) < 1e-5) }
        }
    }

    @Test func projections() {
        #expect(projectionOntoSimplex([0.2, 0.3, 0.5]) == [0.2, 0.3, 0.5])
        #expect(projectionOntoSimplex([5, 0, 0]) == [1, 0, 0])
        let projected = projectionOntoSimplex([0.6, 0.6, -1])
        #expect(abs(projected[0] - 0.5) < 1e-12 && abs(projected[1] - 0.5) < 1e-12 && projected[2] == 0)
        #expect(projectionOntoSimplex([]).isEmpty)
    }

    /// With entropy, the optimum is the soft one: V = t log sum exp(q / t), and its policy has that value.
    @Test func regularizedValuesAgree() throws {
        var random = RandomKey(seed: 7).stream
        let mdp = try TabularMDP.dense(states: 5, actions: 3, using: &random)
        let reward = (0..<15).map { _ in random.normal() }
        for regularizer in Self.regularizers {
            let best = try mdp.regularizedValueIteration(reward: reward, regularizer: regularizer, discount: 0.9)
            let own = try mdp.regularizedValues(
                policy: best.policy, reward: reward, regularizer: regularizer, discount: 0.9)
            for state in 0..<5 { #expect(abs(best.values[state] - own.values[state]) < 1e-8) }
            let other = try mdp.regularizedValues(
                policy: TabularPolicy.uniform(stateCount: 5, actionCount: 3), reward: reward, regularizer: regularizer,
                discount: 0.9)
            for state in 0..<5 { #expect(best.values[state] >= other.values[state] - 1e-9) }
            guard case .entropy(let t) = regularizer else { continue }
            for state in 0..<5 {
                let row = Tensor(best.q[(state * 3)..<(state * 3 + 3)].map { Float($0 / t) }, shape: [1, 3])
                let soft = try Double(row.logSumExp().evaluated()[0]) * t
                #expect(abs(soft - best.values[state]) < 1e-4)
            }
        }
        let plain = try mdp.policyIteration(reward: reward, discount: 0.9)
        let none = try mdp.regularizedValueIteration(reward: reward, regularizer: .none, discount: 0.9)
        #expect(none.policy == plain.policy)
        #expect(throws: TabularError.self) {
            try mdp.regularizedValueIteration(reward: reward, regularizer: .none, discount: 1)
        }
    }
}
