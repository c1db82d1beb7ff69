import TelosEnvironments
import TelosNN
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct PolyakPGClaimTests {
    private static let small = ["states": 6.0, "episodes": 10, "batches": 200]

    private func context(seeds: Range<Int>, set settings: [String: Double]) throws -> ClaimContext {
        ClaimContext(
            slug: "polyak-pg", parameters: try Catalogue.polyakPG.parameterValues(set: settings), seeds: Array(seeds),
            threads: 2)
    }

    /// A fixed rate in the place of the twins depends on the rewards' unit.
    @Test func failsWithTheStepSwitchedOff() throws {
        let context = try context(seeds: 100..<103, set: Self.small)
        let outcome = try PolyakExperiment(context, method: .fixed(0.3)).outcome()
        #expect(outcome.tests[0].passed == false && outcome.tests[1].passed == false)
    }

    @Test func twinsAreAlikeInEveryUnit() throws {
        let context = try context(seeds: 100..<101, set: Self.small)
        let problem = try EpisodicProblem(context, key: RandomKey(seed: 3))
        let scores = try [0x1p-10, 1, 0x1p10].map {
            try problem.finalScore(.twins(constant: 1), scale: $0, key: RandomKey(seed: 4))
        }
        #expect(scores[0] == scores[1] && scores[2] == scores[1], "\(scores)")
        let fixed = try [0x1p-10, 1].map { try problem.finalScore(.fixed(1), scale: $0, key: RandomKey(seed: 4)) }
        #expect(fixed[1] - fixed[0] > 0.4)
    }

    /// Over many episodes the estimate is the derivative of the exact value.
    @Test func gradientAgreesWithDifferences() throws {
        let settings = ["states": 3.0, "actions": 2, "horizon": 6, "episodes": 200]
        let problem = try EpisodicProblem(context(seeds: 0..<1, set: settings), key: RandomKey(seed: 8))
        let logits = [0.4, -0.3, 0.2, 0.1, -0.5, 0.6]
        func value(_ logits: [Double]) throws -> Double {
            problem.mdp.expectation(
                of: try problem.mdp.policyValue(
                    policy: TabularPolicy.softmax(logits, actionCount: 2), reward: problem.reward,
                    discount: EpisodicProblem.discount, horizon: 6))
        }
        var random = RandomKey(seed: 9).stream
        var sum = [Double](repeating: 0, count: 6)
        var total = 0.0
        for _ in 0..<200 {
            let (gradient, value) = problem.estimate(logits, scale: 2, using: &random)
            for index in 0..<6 { sum[index] += gradient[index] / 200 }
            total += value / 200
        }
        #expect(abs(total / 2 - (try value(logits))) < 0.01)
        for index in 0..<6 {
            var (above, below) = (logits, logits)
            above[index] += 1e-4
            below[index] -= 1e-4
            let slope = (try value(above) - value(below)) / 2e-4
            #expect(abs(sum[index] / 2 - slope) < 0.01, "\(sum[index] / 2) \(slope)")
        }
    }

    /// On a quadratic x^2 with the true minimum the step halves x each time.
    @Test func polyakStepOfAQuadratic() {
        var x = 3.0
        for _ in 0..<20 { x -= polyakStep(gap: x * x, gradient: [2 * x], constant: 1) * 2 * x }
        #expect(abs(x - 3 * 0x1p-20) < 1e-12)
        #expect(polyakStep(gap: -1, gradient: [1], constant: 1) == 0)
        #expect(polyakStep(gap: 1, gradient: [0], constant: 1) == 0)
    }

    /// The same as the compiled optimiser.
    @Test func adamOnNumbersIsAdam() throws {
        let parameters = try Parameters(Tensor([2, -1], shape: [2]))
        let memory = try Parameters(Adam().initialState(for: [parameters.traced]))
        let loss = (parameters.traced.squared * Tensor([1, 3], shape: [2])).sum()
        let step = Adam().step(
            [parameters.traced], gradients: gradient(of: loss, withRespectTo: [parameters.traced]),
            state: memory.traced, learningRate: Tensor(0.1))
        let program = try Program(
            inputs: [], outputs: [],
            updates: [Program.Update(parameters.traced, to: step.parameters[0])]
                + Program.Update.all(memory.traced, to: step.state))
        var numbers = [2.0, -1.0]
        var adam = AdamVector(count: 2)
        for _ in 0..<30 {
            program.run()
            adam.step(&numbers, gradient: [2 * numbers[0], 6 * numbers[1]], learningRate: 0.1)
        }
        for index in 0..<2 { #expect(abs(Double(parameters.values(0)[index]) - numbers[index]) < 1e-4) }
    }
}
