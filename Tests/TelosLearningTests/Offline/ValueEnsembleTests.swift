import CTelosKernels
import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct ValueEnsembleTests {
    /// Two states, two actions: in 0, action 0 stays for 1, action 1 ends with 3; in 1 nothing is known.
    private let steps = [
        TabularValueEnsemble.Step(pair: 0, reward: 1, next: 0),
        TabularValueEnsemble.Step(pair: 1, reward: 3, next: nil),
    ]

    @Test func visitedEntriesAgreeOnTheOptimumAndOthersStay() {
        var random = RandomKey(seed: 2).stream
        var ensemble = TabularValueEnsemble(members: 4, stateCount: 2, actionCount: 2, deviation: 5, using: &random)
        let before = ensemble
        for pair in 0..<4 { #expect(ensemble.least[pair] == (0..<4).map { ensemble.values[pair * 4 + $0] }.min()) }
        for _ in 0..<600 { ensemble.sweep(steps, discount: 0.9, stepSize: 0.3) }
        // Staying for ever is worth 1 / (1 - 0.9).
        #expect(abs(ensemble.least[0] - 10) < 1e-6 && abs(ensemble.least[1] - 3) < 1e-6)
        #expect(ensemble.spread(0) < 1e-6 && ensemble.spread(2) == before.spread(2) && before.spread(2) > 1)
        #expect(ensemble.greedyAction(0) == 0 && abs(ensemble.value(of: 0) - 10) < 1e-6)
    }

    @Test func theLeastIsTakenBeforeTheBestAction() {
        var random = RandomKey(seed: 5).stream
        var ensemble = TabularValueEnsemble(members: 3, stateCount: 2, actionCount: 2, deviation: 5, using: &random)
        let expected = (2..<4).map { pair in (0..<3).map { ensemble.values[pair * 3 + $0] }.min()! }.max()!
        ensemble.sweep(
            [TabularValueEnsemble.Step(pair: 0, reward: 0.5, next: 1)], discount: 0.9, stepSize: 1)
        for member in 0..<3 { #expect(abs(ensemble.values[member] - (0.5 + 0.9 * expected)) < 1e-12) }
        // What is known stands in for what was learned, pair by pair.
        let rest = ensemble.least[3]
        ensemble.sweep(
            [TabularValueEnsemble.Step(pair: 0, reward: 0.5, next: 1)], discount: 0.9, stepSize: 1,
            known: { $0 == 2 ? 50 : nil })
        #expect(abs(ensemble.least[0] - 45.5) < 1e-12)
        ensemble.sweep(
            [TabularValueEnsemble.Step(pair: 0, reward: 0.5, next: 1)], discount: 0.9, stepSize: 1,
            known: { $0 == 2 ? -50 : nil })
        #expect(abs(ensemble.least[0] - (0.5 + 0.9 * rest)) < 1e-12)
    }

    @Test func oneMemberIsQLearning() {
        var random = RandomKey(seed: 1).stream
        var ensemble = TabularValueEnsemble(members: 1, stateCount: 2, actionCount: 2, deviation: 1, using: &random)
        var q = ensemble.values
        for step in steps {
            let following = step.next.map { max(q[2 * $0], q[2 * $0 + 1]) } ?? 0
            q[step.pair] += 0.25 * (step.reward + 0.8 * following - q[step.pair])
        }
        ensemble.sweep(steps, discount: 0.8, stepSize: 0.25)
        #expect(ensemble.values == q && ensemble.least == q)
    }

    /// Linear members have constant slopes: the sum over pairs can be taken by hand.
    @Test func diversityOfLinearMembers() throws {
        let slopes: [[Float]] = [[3, 0], [0, 2], [1, 1]]
        let weights = Tensor(slopes.flatMap(\.self), shape: [3, 2, 1])
        let actions = Tensor([0.1, 0.2, -0.4, 0.3], shape: [2, 2]).broadcast(to: [3, 2, 2])
        let value = try gradientDiversity(of: matmul(actions, weights), withRespectTo: actions).evaluated()[0]
        // Cosines 0, 1/sqrt 2, 1/sqrt 2, each pair twice, over n - 1.
        #expect(abs(value - Float(2.0.squareRoot())) < 1e-5)
        let same = Tensor(Array(repeating: slopes[2], count: 3).flatMap(\.self), shape: [3, 2, 1])
        #expect(abs(try gradientDiversity(of: matmul(actions, same), withRespectTo: actions).evaluated()[0] - 3) < 1e-5)
    }

    /// Its own gradient, of second order, beside finite differences.
    @Test func diversityMovesParametersAsDifferencesSay() throws {
        func loss(_ network: EnsembleMLP) -> Tensor {
            let actions = Tensor([0.3, -0.2, 0.9, 0.5, -0.7, 0.1], shape: [3, 2]).broadcast(to: [2, 3, 2])
            return gradientDiversity(of: network.network(actions), withRespectTo: actions)
        }
        let network = EnsembleMLP(count: 2, [2, 5, 1], activation: .tanh, key: RandomKey(seed: 3))
        let parameters = try Parameters(network)
        let slopes = try gradient(of: loss(parameters.traced), withRespectTo: parameters.traced.tensors)
            .map { try $0.evaluated() }
        #expect(slopes.contains { $0.contains { abs($0) > 1e-3 } })
        for index in slopes.indices {
            for element in [0, slopes[index].count - 1] {
                func value(_ shift: Float) throws -> Double {
                    let kept = parameters.values(index)[element]
                    defer { parameters.values(index)[element] = kept }
                    parameters.values(index)[element] = kept + shift
                    return Double(try loss(parameters.traced).evaluated()[0])
                }
                let difference = (try value(5e-3) - value(-5e-3)) / 1e-2
                #expect(abs(Double(slopes[index][element]) - difference) < 5e-3, "\(index) \(element)")
            }
        }
    }
}
