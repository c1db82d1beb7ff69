import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct ValueBasedClaimTests {
    @Test func iqnFailsWithoutTheDistortion() throws {
        let report = try Catalogue.reproduce(
            slug: "iqn", seeds: 100..<102, set: ["share": 1, "steps": 3000], threads: 2)
        #expect(report.verdict == .fails)
        #expect(report.tests.first { $0.name.hasPrefix("worst quarter") }?.passed == false)
    }

    /// The part of pg-rainbow that is not in dispute: quantiles come close to sampled ones, learned from random walks.
    @Test func quantilesAreLearned() throws {
        let grid = try NoisyGrid(size: 3, noise: 0.3)
        var random = RandomKey(seed: 3).stream
        let learner = try QuantileLearner(
            grid, levels: 16, capacity: 8000, isGreedy: true, key: RandomKey(seed: 4))
        let first = learner.error(using: &random)
        var state = grid.start(using: &random)
        for _ in 0..<40 {
            var walk = GridWalk(rows: 200)
            for row in 0..<200 {
                let action = random.index(below: 4)
                let (next, paid) = grid.step(state, action, using: &random)
                (walk.states[row], walk.actions[row], walk.next[row], walk.rewards[row]) = (
                    state, action, next, Float(paid)
                )
                state = next == grid.goal ? grid.start(using: &random) : next
            }
            learner.learn(from: walk, updates: 100, policy: [])
        }
        let last = learner.error(using: &random)
        #expect(last < 0.3 && last < first / 2, "\(first) to \(last)")
    }

    /// The law of a walk by simulation, and its tail and quantiles by sorting.
    @Test func lawOfReturnsAgreesWithSimulation() throws {
        let cliff = try WindyCliff(columns: 5, rows: 3, wind: 0.1, penalty: 12)
        // Up, along row 1, down at the right end.
        let actions = [2, 2, 2, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0]
        let law = try cliff.law(of: actions, horizon: 60, discount: 0.99)
        #expect(abs(law.probabilities.reduce(0, +) - 1) < 1e-12)
        var random = RandomKey(seed: 6).stream
        var returns = (0..<40_000).map { _ -> Double in
            var (state, sum, weight) = (0, 0.0, 1.0)
            for _ in 0..<60 where !cliff.mdp.terminal[state] {
                let next = random.index(
                    weights: (0..<cliff.mdp.stateCount).map {
                        cliff.mdp.probability(of: $0, after: state, action: actions[state])
                    })
                sum += weight * (next == cliff.fallen ? -1 - cliff.penalty : -1)
                weight *= 0.99
                state = next
            }
            return sum
        }
        returns.sort()
        #expect(abs(law.mean - returns.reduce(0, +) / 40_000) < 0.05)
        #expect(abs(law.conditionalValueAtRisk(0.25) - returns.prefix(10_000).reduce(0, +) / 10_000) < 0.1)
        let distances = [0.01, 0.3, 0.6, 0.98].map { abs(law.quantile($0) - returns[Int($0 * 40_000)]) }
        #expect(distances.filter { $0 > 1e-9 }.count <= 1)
        // And against the solver.
        let policy = TabularPolicy.deterministic(actions, actionCount: 4)
        let values = try cliff.mdp.policyValue(policy: policy, reward: cliff.reward, discount: 0.99)
        #expect(abs(values[0] - law.mean) < 1e-6)
    }

    /// The short way is the best on average by less than the claim's margin, the long way after a longer cliff.
    @Test(arguments: [(5, "right"), (7, "up")])
    func optimumIsWhatTheClaimSays(columns: Int, first: String) throws {
        let cliff = try WindyCliff(columns: columns, rows: 3, wind: 0.06, penalty: 12)
        let best = try cliff.mdp.policyIteration(reward: cliff.reward, discount: 0.99)
        let q = try cliff.mdp.actionValues(values: best.values, reward: cliff.reward, discount: 0.99)
        let row = q[0..<4]
        #expect(WindyCliff.actionNames[row.firstIndex(of: row.max()!)!] == first)
        #expect(abs(row[0] - row[2]) < 1)
    }

    /// Bailey's variates against the distribution function of Student's law with 2.5 degrees of freedom.
    @Test func heavyTailsAreStudents() {
        var random = RandomKey(seed: 1).stream
        let draws = (0..<100_000).map { _ in NoisyGrid.student(2.5, using: &random) }
        // P(T < 0), P(T < 1) and P(T < 3).
        for (bound, probability) in [(0.0, 0.5), (1.0, 0.798), (3.0, 0.9637)] {
            #expect(abs(Double(draws.filter { $0 < bound }.count) / 100_000 - probability) < 0.006)
        }
    }
}
