import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct ParameterNoiseTests {
    /// Frozen policies: the divergence settles near the target, from either side.
    @Test(arguments: [0.001, 3.0])
    func scaleSettlesWhereTheDistanceIsTheTarget(first: Double) throws {
        let network = try Parameters(MLP([6, 8, 3], key: RandomKey(seed: 2)))
        let perturbed = try Parameters(network.value)
        var random = RandomKey(seed: 3).stream
        let x = Tensor((0..<(32 * 6)).map { _ in Float(random.normal()) }, shape: [32, 6])
        let (policy, other) = (network.traced(x).logSoftmax(), perturbed.traced(x).logSoftmax())
        let program = try Program(inputs: [], outputs: [(exp(policy) * (policy - other)).sum(axis: -1).mean()])
        let target = ParameterNoise.greedyDivergence(epsilon: 0.1, choices: 3)
        var noise = ParameterNoise(scale: first, factor: 1.05)
        var distances: [Double] = []
        for round in 0..<600 {
            noise.perturb(network, into: perturbed, where: { _ in true }, using: &random)
            program.run()
            let distance = Double(program.output(0)[0])
            noise.adapt(distance: distance, target: target)
            if round >= 300 { distances.append(distance) }
        }
        // The rule moves by signs, so the median settles.
        let median = distances.sorted()[150]
        #expect(abs(median / target - 1) < 0.2, "\(median) for \(target)")
    }

    @Test func targetIsTheDivergenceOfEpsilonGreedy() {
        // KL between a certain choice and one taken with probability 1 - e + e / n.
        #expect(abs(ParameterNoise.greedyDivergence(epsilon: 0.1, choices: 4) - 0.0779615) < 1e-6)
        #expect(ParameterNoise.greedyDivergence(epsilon: 0, choices: 4) == 0)
    }

    @Test func onlyNamedParametersArePerturbed() throws {
        let network = try Parameters(MLP([40, 30, 2], key: RandomKey(seed: 2)))
        let perturbed = try Parameters(network.value)
        var random = RandomKey(seed: 3).stream
        ParameterNoise(scale: 0.5).perturb(
            network, into: perturbed, where: { $0.hasSuffix("weight") }, using: &random)
        for (index, name) in network.names.enumerated() {
            let differences = zip(perturbed.values(index), network.values(index)).map { Double($0 - $1) }
            let square = differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count)
            if name.hasSuffix("bias") { #expect(square == 0) }
            if differences.count == 1200 { #expect(abs(square.squareRoot() - 0.5) < 0.05) }
        }
    }
}
