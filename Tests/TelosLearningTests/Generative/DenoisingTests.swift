import Foundation
import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct DenoisingTests {
    private func network(_ width: Int, _ levels: Int) -> LevelNetwork {
        LevelNetwork(width: width, levels: levels, hidden: [16], key: RandomKey(seed: 5))
    }

    @Test func chainsCarryTheirLikelihoods() throws {
        let process = try GaussianDiffusion(.linear(levels: 4, from: 0.01, to: 0.4))
        let parameters = try Parameters(network(3, 4))
        let sampler = try ChainSampler(process, count: 5, width: 3) { parameters.traced($0, $1) }
        var random = RandomKey(seed: 1).stream
        let chains = sampler.sample(using: &random)
        #expect(chains.states.count == 5 && chains.logProbabilities.count == 4 && chains.samples == chains.states[4])
        for passed in 0..<4 {
            let level = Tensor([Float](repeating: Float(4 - passed), count: 5), shape: [5])
            let x = Tensor(chains.states[passed], shape: [5, 3])
            let step = process.transition(from: x, at: level) { parameters.value($0, $1) }
            let (means, logs) = (try step.mean.evaluated(), try step.logDeviation.evaluated())
            for chain in 0..<5 {
                var sum = 0.0
                for place in (chain * 3)..<(chain * 3 + 3) {
                    let z = Double(chains.states[passed + 1][place] - means[place]) / exp(Double(logs[place]))
                    sum += -z * z / 2 - Double(logs[place]) - log(2 * Double.pi) / 2
                }
                #expect(abs(Double(chains.logProbabilities[passed][chain]) - sum / 3) < 1e-4)
            }
        }
        var again = RandomKey(seed: 1).stream
        #expect(sampler.sample(using: &again).samples == chains.samples)
    }

    /// Samples begin around 0 and are paid for being around 1.
    private func meanAfterTuning(
        _ process: some GenerativeProcess, _ objective: some SurrogateObjective, epochs: Int, minibatches: Int
    ) throws -> Double {
        var random = RandomKey(seed: 2).stream
        let parameters = try Parameters(network(1, process.levels))
        let fit = try DenoisingFit(process, moving: parameters, batch: 64, width: 1) { $0($1, $2) }
        for _ in 0..<600 {
            fit.step((0..<64).map { _ in Float(0.3 * random.normal()) }, learningRate: 3e-3, using: &random)
        }
        let sampler = try ChainSampler(process, count: 64, width: 1) { parameters.traced($0, $1) }
        func mean() -> Double {
            Double(sampler.sample(using: &random).samples.reduce(0, +)) / 64
        }
        #expect(abs(mean()) < 0.2)
        let update = try DenoisingPolicyUpdate(
            process, moving: parameters, objective: objective, minibatch: 64 * process.levels / minibatches, width: 1
        ) { $0($1, $2) }
        for _ in 0..<60 {
            let chains = sampler.sample(using: &random)
            let rewards = chains.samples.map { -Double(($0 - 1) * ($0 - 1)) }
            update.update(
                chains, advantages: GroupBaseline.standardized.advantages(rewards), epochs: epochs, learningRate: 3e-3,
                using: &random)
        }
        return mean()
    }

    @Test func rewardsMoveSamples() throws {
        let diffusion = try GaussianDiffusion(.linear(levels: 8, from: 0.01, to: 0.5))
        let flow = try RectifiedFlow(levels: 8)
        let clipped = ClippedObjective(clipRange: 0.2)
        #expect(try meanAfterTuning(diffusion, clipped, epochs: 2, minibatches: 2) > 0.7)
        #expect(try meanAfterTuning(diffusion, PolicyGradientObjective(), epochs: 1, minibatches: 1) > 0.5)
        #expect(try meanAfterTuning(flow, clipped, epochs: 2, minibatches: 2) > 0.7)
    }

    @Test func weightsCountSamples() throws {
        let weights = RewardWeights.softmax(temperature: 0.5)([1, 2, 3, 6])
        #expect(abs(weights.reduce(0, +) - 4) < 1e-5)
        let deviation = (3.5).squareRoot()
        #expect(abs(Double(weights[3] / weights[1]) - exp(4 / (0.5 * deviation))) < 1e-2)
        #expect(RewardWeights.top(share: 0.5)([1, 5, 5, 5]) == [0, 2, 2, 0])
        #expect(RewardWeights.top(share: 0)([3, 1]) == [2, 0])
        // Samples of weight 0 teach nothing.
        let process = try RectifiedFlow(levels: 3)
        let parameters = try Parameters(network(2, 3))
        let before = parameters.hash
        let fit = try DenoisingFit(process, moving: parameters, batch: 2, width: 2) { $0($1, $2) }
        var random = RandomKey(seed: 1).stream
        fit.step([1, 2, 3, 4], weights: [0, 0], learningRate: 0.1, using: &random)
        #expect(parameters.hash == before)
        fit.step([1, 2, 3, 4], weights: [0, 1], learningRate: 0.1, using: &random)
        #expect(parameters.hash != before)
    }
}
