import Foundation
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct SearchStrategyTests {
    @Test func ranksAreCentredAndTiesShare() {
        #expect(EvolutionStrategies.centredRanks([3, 1, 2]) == [0.5, -0.5, 0])
        #expect(EvolutionStrategies.centredRanks([5, 5, 5, 5]) == [0, 0, 0, 0])
        let tied = EvolutionStrategies.centredRanks([1, 4, 4, 9, 0])
        #expect(tied == [-0.25, 0.125, 0.125, 0.5, -0.5])
    }

    @Test func candidatesLieOnBothSides() {
        var options = EvolutionStrategiesConfiguration()
        options.directions = 3
        options.deviation = 0.5
        var search = EvolutionStrategies(options, center: [1, -2, 0.25])
        var random = RandomKey(seed: 1).stream
        let candidates = search.candidates(using: &random)
        #expect(candidates.count == 6)
        for pair in 0..<3 {
            for index in 0..<3 {
                let middle = (candidates[2 * pair][index] + candidates[2 * pair + 1][index]) / 2
                #expect(abs(middle - search.center[index]) < 1e-6)
            }
        }
        #expect(candidates[0] != candidates[2])
    }

    /// One step of augmented random search, by hand from the candidates it named.
    @Test func augmentedRandomSearchStep() {
        var options = AugmentedRandomSearchConfiguration()
        options.directions = 4
        options.bestDirections = 2
        options.deviation = 0.5
        options.learningRate = 0.2
        let center: [Float] = [0.5, 1, -1]
        var search = AugmentedRandomSearch(options, center: center)
        var random = RandomKey(seed: 2).stream
        let candidates = search.candidates(using: &random)
        let returns: [Double] = [1, 2, 7, 3, -5, 6, 0, 0]
        _ = search.learn(from: returns)
        // Best sides 2, 7, 6, 0: pairs 1 and 2; the deviation of 7, 3, -5 and 6.
        let used = [7.0, 3, -5, 6]
        let mean = used.reduce(0, +) / 4
        let spread = (used.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4).squareRoot()
        for index in 0..<3 {
            func direction(_ pair: Int) -> Double { Double(candidates[2 * pair][index] - center[index]) / 0.5 }
            let step = 0.2 / (2 * spread) * (4 * direction(1) - 11 * direction(2))
            #expect(abs(Double(search.center[index] - center[index]) - step) < 1e-5)
        }
        // Equal returns lead nowhere.
        let before = search.center
        _ = search.candidates(using: &random)
        _ = search.learn(from: Array(repeating: 3, count: 8))
        #expect(search.center == before)
    }

    /// The first step of Adam has the length of its rate, in the direction of ranked returns.
    @Test func evolutionStrategiesStep() {
        var options = EvolutionStrategiesConfiguration()
        options.directions = 2
        options.weightDecay = 0
        options.learningRate = 0.1
        var search = EvolutionStrategies(options, center: [0, 0])
        var random = RandomKey(seed: 3).stream
        let candidates = search.candidates(using: &random)
        _ = search.learn(from: [10, -1, 2, 3])
        let ranks = [0.5, -0.5, -1.0 / 6, 1.0 / 6]
        for index in 0..<2 {
            let slope = (0..<4).reduce(0.0) { $0 + ranks[$1] * Double(candidates[$1][index]) }
            #expect(abs(Double(search.center[index]) - (slope > 0 ? 0.1 : -0.1)) < 1e-5)
        }
    }

    @Test func crossEntropyFitsTheElite() {
        var options = CrossEntropyConfiguration()
        options.population = 10
        options.eliteFraction = 0.3
        options.extraDeviation = 0.5
        options.extraIterations = 2
        var search = CrossEntropySearch(options, center: [1, 2])
        var random = RandomKey(seed: 4).stream
        for iteration in 0..<4 {
            let candidates = search.candidates(using: &random)
            let returns = candidates.map { -Double(abs($0[0] - 3)) }
            let elite = (0..<10).sorted { returns[$0] > returns[$1] }.prefix(3).map { candidates[$0] }
            _ = search.learn(from: returns)
            for index in 0..<2 {
                let values = elite.map { Double($0[index]) }
                let mean = values.reduce(0, +) / 3
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3
                let extra = 0.25 * [1, 0.5, 0, 0][iteration]
                #expect(abs(Double(search.center[index]) - mean) < 1e-5)
                #expect(abs(Double(search.deviations[index]) - (variance + extra).squareRoot()) < 1e-5)
            }
        }
    }

    /// Each search climbs to the top of a bowl.
    @Test func climbs() {
        func distance(_ search: inout some SearchStrategy) -> Double {
            var random = RandomKey(seed: 5).stream
            func height(_ point: [Float]) -> Double {
                -zip(point, [2, -1, 0.5]).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
            }
            for _ in 0..<150 { _ = search.learn(from: search.candidates(using: &random).map(height)) }
            return (-height(search.center)).squareRoot()
        }
        var cem = CrossEntropySearch(CrossEntropyConfiguration(), center: [0, 0, 0])
        var ars = AugmentedRandomSearch(AugmentedRandomSearchConfiguration(), center: [0, 0, 0])
        var options = EvolutionStrategiesConfiguration()
        options.weightDecay = 0
        var es = EvolutionStrategies(options, center: [0, 0, 0])
        #expect(distance(&cem) < 0.1)
        #expect(distance(&ars) < 0.2)
        #expect(distance(&es) < 0.2)
    }

    @Test func contradictionsAreRefused() {
        #expect(throws: ConfigurationError.self) {
            try AugmentedRandomSearchConfiguration(json: #"{"directions": 4, "bestDirections": 5}"#)
        }
        #expect(throws: ConfigurationError.self) {
            try CrossEntropyConfiguration(json: #"{"population": 4, "eliteFraction": 0.1}"#)
        }
        #expect(throws: ConfigurationError.self) {
            try EvolutionStrategiesConfiguration(json: #"{"network": "gru", "hiddenSizes": []}"#)
        }
    }
}
