import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct RiskDistortionTests {
    /// Values of the formulas computed elsewhere to six digits.
    @Test(
        arguments: [
            (RiskDistortion.cvar, 0.25, 0.5, 0.125), (.cvar, 1, 0.3, 0.3), (.wang, -0.75, 0.5, 0.226627),
            (.wang, -0.75, 0.9, 0.702482), (.wang, 0.75, 0.1, 0.297518), (.power, -2, 0.5, 0.206299),
            (.power, 2, 0.5, 0.793701), (.cpw, 0.71, 0.5, 0.460588), (.cpw, 0.71, 0.1, 0.165612),
            (.neutral, 7, 0.4, 0.4),
        ])
    func levelsAreThePublishedOnes(distortion: RiskDistortion, parameter: Double, level: Double, expected: Double) {
        #expect(abs(distortion(level, parameter: parameter) - expected) < 1e-5)
    }

    @Test func everyDistortionRisesFromZeroToOne() {
        for (distortion, parameter) in [
            (RiskDistortion.cvar, 0.5), (.wang, -1), (.wang, 1), (.power, -3), (.power, 3), (.cpw, 0.71), (.neutral, 0),
        ] {
            let levels = (1..<200).map { distortion(Double($0) / 200, parameter: parameter) }
            #expect(zip(levels, levels.dropFirst()).allSatisfy { $0 < $1 })
            #expect(levels[0] > 0 && levels[198] < 1)
        }
    }

    @Test func optionsThatDoNotFitAreRefused() throws {
        for (json, part) in [
            (#"{"riskDistortion": "cvar"}"#, "implicit-quantile"),
            (#"{"returns": "implicit-quantile", "riskDistortion": "cvar", "riskParameter": 2}"#, "riskParameter"),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try DQNConfiguration(json: json) }
            #expect(error?.description.contains(part) == true)
        }
        _ = try DQNConfiguration(
            json: #"{"returns": "implicit-quantile", "riskDistortion": "wang", "riskParameter": -1}"#)
    }

    /// Even levels choose by the mean of all quantiles, cvar by that of the low ones, and a file keeps the attitude.
    @Test func policiesChooseByDistortedQuantiles() throws {
        for share in [1.0, 0.25] {
            var options = DQNConfiguration()
            options.returns = .implicitQuantile
            options.hiddenSizes = [8]
            options.riskDistortion = .cvar
            options.riskParameter = share
            let context = LearnerContext(task: try task("CartPole"), key: RandomKey(seed: 5), plannedSteps: 100)
            let specification = try context.task.makeEnvironments(count: 1, key: context.key).specification
            let policy = try #require(
                try DQNAgent(specification, options, context: context).policy(normalizer: nil) as? GreedyPolicy)
            let stored = try GreedyPolicy(stored: policy.stored())
            var random = RandomKey(seed: 1).stream
            let rows = (0..<(50 * 4)).map { _ in Float(3 * random.normal()) }
            let levels = (0..<32).map { Float(share) * (Float($0) + 0.5) / 32 }
            let quantiles = try #require(policy.returnQuantiles(of: rows, at: levels))
            for policy in [policy, stored] {
                var actions = [Float](repeating: 0, count: 50)
                rows.withUnsafeBufferPointer { rows in
                    actions.withUnsafeMutableBufferPointer {
                        policy.act(on: rows, count: 50, into: $0, deterministic: true, using: &random)
                    }
                }
                for row in 0..<50 {
                    let means = (0..<2).map { action in
                        quantiles[((row * 2 + action) * 32)..<((row * 2 + action + 1) * 32)].reduce(0, +)
                    }
                    #expect(actions[row] == (means[1] > means[0] ? 1 : 0))
                }
            }
        }
    }
}
