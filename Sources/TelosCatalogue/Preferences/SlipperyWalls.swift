import TelosEnvironments
import TelosFeedback
import TelosTensor

/// A square with random walls, a goal in the last corner and moves that go wrong now and then, and what a softly optimal
/// walker thinks of it. The goal pays 1, any other step -0.02.
struct SlipperyWalls: Sendable {
    static let discount = 0.95
    static let temperature = 0.05
    let mdp: TabularMDP
    let reward: [Double]
    /// Softly optimal: V, q, pi.
    let solution: SoftTabularSolution
    let openStates: [Int]

    /// Walls are drawn anew until the goal can be reached from every open cell.
    init(size: Int, walls: Int, slip: Double, using random: inout RandomStream) throws {
        var grid: GridWorld
        repeat {
            let map = try GridMap.square(size, scattering: "#", count: walls, using: &random)
            grid = try GridWorld(map: map, slip: .uniform(slip))
        } while try FiniteModel(grid).signal("pathDistance")!.contains { $0 >= Double(grid.stateCount) }
        let mdp = try FiniteModel(grid).mdp
        self.mdp = mdp
        reward = mdp.expectedReward(mdp.fullReward { _, _, next in mdp.terminal[next] ? 1 : -0.02 })
        solution = try mdp.softValueIteration(
            reward: reward, discount: Self.discount, temperature: Self.temperature)
        openStates = (0..<mdp.stateCount).filter { !mdp.terminal[$0] }
    }

    /// The probability of reaching the goal in 40 steps, mean over the open cells.
    func success(of policy: [Double]) throws -> Double {
        let chances = try mdp.reachability(of: mdp.terminal, policy: policy, horizon: 40)
        return openStates.reduce(0) { $0 + chances[$1] } / Double(openStates.count)
    }

    /// Pairs of segments of a walker that does anything with probability `exploration`, else what is softly optimal.
    func pairs(
        _ count: Int, length: Int, exploration: Double, using random: inout RandomStream
    ) -> [(TabularSegment, TabularSegment)] {
        let policy = solution.policy.map { (1 - exploration) * $0 + exploration / Double(mdp.actionCount) }
        func segment() -> TabularSegment {
            mdp.segment(
                from: openStates[random.index(below: openStates.count)], length: length, policy: policy, using: &random)
        }
        return (0..<count).map { _ in (segment(), segment()) }
    }
}
