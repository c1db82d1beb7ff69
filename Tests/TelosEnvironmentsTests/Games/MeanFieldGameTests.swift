import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct MeanFieldGameTests {
    /// Where all go out, x = mu(infected) solves x (1 - recovery) + (1 - x) contagion x = x: x = 1 - recovery /
    /// contagion.
    @Test func epidemicSettlesWhereItMust() throws {
        let game = try EpidemicGame()
        let population = try game.stationaryPopulation(policy: [1, 0, 1, 0])
        #expect(abs(population[1] - (1 - 0.3 / 0.81)) < 1e-9)
        // One in four goes out: the contagion is a quarter, less than the recovery, and it dies out.
        let careful = try game.stationaryPopulation(policy: [0.25, 0.75, 0.25, 0.75])
        #expect(careful[1] < 1e-9)
        #expect(throws: TabularError.self) { try EpidemicGame(contagion: 1.2) }
    }

    /// The stationary population is the left eigenvector that a linear solve finds.
    @Test func ringSettlesAsItsChainDoes() throws {
        let game = try CrowdedRing(states: 7, congestion: 2)
        var random = RandomKey(seed: 3).stream
        let policy = TabularPolicy.softmax((0..<21).map { _ in random.normal() }, actionCount: 3)
        let population = try game.stationaryPopulation(policy: policy)
        let chain = try game.model(population: population).transitionMatrix(policy: policy)
        // transpose(P) mu = mu with the last equation replaced by sum mu = 1.
        var matrix = [Double](repeating: 0, count: 49)
        for row in 0..<7 {
            for column in 0..<7 {
                matrix[row * 7 + column] = row == 6 ? 1 : chain[column * 7 + row] - (row == column ? 1 : 0)
            }
        }
        let expected = try solveLinearSystem(matrix: matrix, rhs: [0, 0, 0, 0, 0, 0, 1])
        for state in 0..<7 { #expect(abs(population[state] - expected[state]) < 1e-10) }
        #expect(throws: TabularError.self) { try game.stationaryPopulation(policy: [1]) }
        #expect(throws: TabularError.self) { try CrowdedRing(states: 2, congestion: 1) }
    }

    /// Many agents who all play one policy are spread as infinitely many are, and earn what the game says.
    @Test func manyAgentsAreNearlyTheMeanField() throws {
        let game = try EpidemicGame()
        let policy = [0.8, 0.2, 0.8, 0.2]
        let expected = try game.stationaryPopulation(policy: policy)
        var random = RandomKey(seed: 5).stream
        var agents = AgentPopulation(of: game, count: 2000, using: &random)
        var infected = 0.0
        for step in 0..<300 {
            let before = agents.states
            let reward = game.reward(population: agents.distribution)
            agents.step(policies: [policy], using: &random)
            if step >= 100 { infected += agents.distribution[1] / 200 }
            #expect(agents.previousStates == before)
            #expect((0..<2000).allSatisfy { agents.rewards[$0] == reward[before[$0] * 2 + agents.actions[$0]] })
        }
        #expect(abs(infected - expected[1]) < 0.01)
    }

    /// Each agent follows its own policy.
    @Test func agentsMayDiffer() throws {
        let game = try CrowdedRing(states: 5, congestion: 1, slip: 0)
        var random = RandomKey(seed: 1).stream
        var agents = AgentPopulation(of: game, count: 3, using: &random)
        let begin = agents.states
        let policies = (0..<3).map { TabularPolicy.deterministic(Array(repeating: $0, count: 5), actionCount: 3) }
        agents.step(policies: policies, using: &random)
        #expect(agents.states == [begin[0], (begin[1] + 4) % 5, (begin[2] + 1) % 5])
    }
}
