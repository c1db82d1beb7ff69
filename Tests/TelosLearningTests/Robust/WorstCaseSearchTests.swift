import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct WorstCaseSearchTests {
    /// Two gambles in a row, each model with its own odds for one action: predictions never rise, bound the best robust
    /// return from above, and a certified policy has it.
    @Test(arguments: 0..<6) func certifiedMeansOptimal(seed: Int) throws {
        var random = RandomKey(seed: seed).stream
        let base = try TabularMDP.garnet(states: 4, actions: 2, branching: 2, using: &random)
        let reward = (0..<8).map { _ in random.normal() }
        var models = [base]
        for _ in 0..<3 {
            let other = try TabularMDP.garnet(states: 4, actions: 2, branching: 2, using: &random)
            models.append(other)
        }
        let search = try IncrementalWorstCaseSearch(models: models, reward: reward, discount: 0.9)
        let result = try search.run()
        var best = -Double.infinity
        for code in 0..<16 {
            let policy = TabularPolicy.deterministic((0..<4).map { code >> $0 & 1 }, actionCount: 2)
            best = max(best, try search.worstCase(of: policy).worstReturn)
        }
        #expect(zip(result.predictions, result.predictions.dropFirst()).allSatisfy { $1 <= $0 + 1e-9 })
        #expect(result.worstReturn <= best + 1e-9)
        if result.isCertified { #expect(abs(result.worstReturn - best) < 1e-6) }
        #expect(result.worstReturn == (try search.worstCase(of: result.policy).worstReturn))
        #expect(Set(result.solved).count == result.solved.count)
    }

    @Test func oneModelIsSolvedOnce() throws {
        let mdp = try TabularMDP.chain(states: 5, slip: 0.1)
        let reward = Array(repeating: -1.0, count: 10)
        let result = try IncrementalWorstCaseSearch(models: [mdp], reward: reward, discount: 0.9).run()
        #expect(result.isCertified && result.solved == [0])
        let best = try mdp.valueIteration(reward: reward, discount: 0.9)
        #expect(abs(result.worstReturn - best.values[0]) < 1e-8)
        #expect(throws: TabularError.self) {
            try IncrementalWorstCaseSearch(models: [], reward: reward, discount: 0.9)
        }
    }
}
