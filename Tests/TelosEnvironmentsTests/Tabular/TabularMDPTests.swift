import Foundation
import TelosTensor
import Testing

@testable import TelosEnvironments

struct TabularMDPTests {
    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "no error"
    }

    @Test func `what is wrong with a table is said, and where`() {
        func make(_ transitions: [Double], _ terminal: [Bool] = [false, false], _ start: [Double] = [1, 0]) throws {
            _ = try TabularMDP(
                stateCount: 2, actionCount: 1, transitions: transitions, terminal: terminal, start: start)
        }
        #expect(message { try make([1, 0, 0.5, 0.4]) }.contains("state 1, action 0 sum to 0.9"))
        #expect(message { try make([1, 0, 1.5, -0.5]) }.contains("after state 1, action 0 is -0.5"))
        #expect(message { try make([1, 0, 1, 0], [false, true]) }.contains("state 1 is terminal"))
        #expect(message { try make([1, 0, 1]) }.contains("3 values"))
        #expect(message { try make([1, 0, 1, 0], [false, false], [0.5, 0.4]) }.contains("start distribution"))
        #expect(message { try make([1, 0, 1, 0]) } == "no error")
    }

    @Test func `round trip through JSON`() throws {
        var random = RandomKey(seed: 3).stream
        let mdp = try TabularMDP.garnet(states: 5, actions: 2, branching: 2, using: &random)
        let copy = try JSONDecoder().decode(TabularMDP.self, from: JSONEncoder().encode(mdp))
        #expect(copy == mdp)
        #expect(copy.successors(of: 4, action: 1).map(\.state) == mdp.successors(of: 4, action: 1).map(\.state))
    }

    @Test func `Garnets branch as asked, with Dirichlet(1) weights`() throws {
        var random = RandomKey(seed: 1).stream
        let mdp = try TabularMDP.garnet(states: 100, actions: 10, branching: 3, using: &random)
        var squares = 0.0
        for row in 0..<1000 {
            let successors = mdp.successors(of: row / 10, action: row % 10)
            #expect(successors.count == 3)
            squares += successors.reduce(0) { $0 + $1.probability * $1.probability }
        }
        // E[sum of squares] of Dirichlet(1, 1, 1) is 3 * 2 / (3 * 4) = 0.5.
        #expect(abs(squares / 1000 - 0.5) < 0.02)
        let visited = Set((0..<1000).flatMap { mdp.successors(of: $0 / 10, action: $0 % 10).map(\.state) })
        #expect(visited.count == 100)
        #expect(throws: TabularError.self) {
            try TabularMDP.garnet(states: 3, actions: 1, branching: 4, using: &random)
        }
    }

    @Test func `ring and chain`() throws {
        let ring = try TabularMDP.ring(states: 5, slip: 0.2)
        #expect(abs(ring.probability(of: 4, after: 0, action: 0) - 0.9) < 1e-15)
        #expect(abs(ring.probability(of: 1, after: 0, action: 0) - 0.1) < 1e-15)
        let chain = try TabularMDP.chain(states: 3)
        #expect(chain.terminal == [false, false, true])
        #expect(chain.probability(of: 0, after: 0, action: 0) == 1)
    }

    @Test func `an environment over a table: model, frequencies, signals`() throws {
        var random = RandomKey(seed: 9).stream
        let mdp = try TabularMDP.garnet(states: 6, actions: 2, branching: 3, using: &random)
        let environment = try TabularEnvironment(
            mdp, columns: [.init("height", values: [0, 1, 4, 9, 16, 25])], actionNames: ["stay", "go"])
        let model = try FiniteModel(environment)
        #expect(model.mdp == mdp)
        #expect(model.signal("height") == [0, 1, 4, 9, 16, 25])
        try expectSampledFrequencies(of: environment, model: model)
        #expect(throws: TabularError.self) { try TabularEnvironment(mdp, columns: [.init("state", values: [0])]) }
        #expect(throws: TabularError.self) { try TabularEnvironment(mdp, columns: [.init("height", values: [0])]) }
    }

    @Test func `a batch gives its model and where each environment is`() throws {
        let batch = try RiverSwim().batch(count: 3)
        #expect(batch.finiteModel?.mdp.stateCount == 6)
        let right: [Float] = [1, 1, 1]
        for _ in 0..<20 { right.withUnsafeBufferPointer { batch.step(actions: $0) } }
        for index in 0..<3 { #expect(batch.stateIndex(of: index) == Int(batch.observations[index])) }
        var snapshot = batch.snapshot
        snapshot.states[1] = [77]
        #expect(throws: SnapshotError.self) { try batch.restore(snapshot) }
    }

    /// A symmetric Dirichlet row of n entries has mean 1/n and variance (1/n)(1 - 1/n) / (n a + 1) in each.
    @Test(arguments: [0.2, 1, 3.5])
    func dirichletRowsHaveTheirMoments(concentration: Double) throws {
        var random = RandomKey(seed: 4).stream
        let mdp = try TabularMDP.dirichlet(states: 40, actions: 50, concentration: concentration, using: &random)
        let expected = 1.0 / 40 * (1 - 1.0 / 40) / (40 * concentration + 1)
        let variance = mdp.transitions.reduce(0) { $0 + ($1 - 1.0 / 40) * ($1 - 1.0 / 40) } / 80_000
        #expect(abs(variance / expected - 1) < 0.05)
        #expect(throws: TabularError.self) {
            try TabularMDP.dirichlet(states: 3, actions: 1, concentration: 0, using: &random)
        }
    }
}

extension Environment {
    func batch(count: Int, horizon: Int? = nil) -> any BatchEnvironment {
        VectorEnvironment(self, count: count, horizon: horizon, key: RandomKey(seed: 5))
    }
}

/// Steps from every state and action, and compares where it leads, and the end it reports, with the exact model. Also
/// compares the default `step` and `reset`, which sample from `outcomes`.
func expectSampledFrequencies<Finite: FiniteEnvironment>(of environment: Finite, model: FiniteModel) throws {
    let mdp = model.mdp
    let draws = 3000
    var random = RandomKey(seed: 11).stream
    var worst = 0.0
    for (index, state) in environment.states.enumerated() where !environment.isTerminal(state) {
        for action in 0..<mdp.actionCount {
            var counts = [Int](repeating: 0, count: mdp.stateCount)
            let row = Buffer<Float>([Float(action)])
            // A certain outcome needs few draws.
            let certain = mdp.successors(of: index, action: action).count == 1
            for _ in 0..<(certain ? 5 : draws) {
                var next = state
                let ended = environment.step(&next, action: Action(row.pointer), using: &random)
                let position = try #require(environment.index(of: next))
                if ended != mdp.terminal[position] { Issue.record("the end is not reported in state \(position)") }
                counts[position] += 1
            }
            for next in counts.indices {
                let frequency = Double(counts[next]) / Double(certain ? 5 : draws)
                let probability = mdp.probability(of: next, after: index, action: action)
                if probability == 0 || probability == 1 {
                    #expect(frequency == probability)
                } else {
                    let deviation = (probability * (1 - probability) / Double(draws)).squareRoot()
                    worst = max(worst, abs(frequency - probability) / deviation)
                }
            }
        }
    }
    #expect(worst < 5)
    var starts = [Int](repeating: 0, count: mdp.stateCount)
    for _ in 0..<draws { starts[environment.index(of: environment.reset(using: &random))!] += 1 }
    for state in starts.indices {
        #expect(abs(Double(starts[state]) / Double(draws) - mdp.start[state]) < 0.05)
    }
}
