import TelosEnvironments
import TelosTensor

/// A deep sea, a step of which is a row and whose state is then the column.
struct DeepSeaDive {
    struct Step {
        var step: Int
        var column: Int
        var action: Int
        var reward: Double
        /// The next step's column; nil after the last.
        var next: Int?
        var isTreasure: Bool
    }

    let size: Int
    /// What the best behaviour is expected to collect.
    let optimum: Double
    private let sea: DeepSea
    /// What arriving in a state pays, and its column.
    private let pays: [Double]
    private let columns: [Int]
    /// Whether a state is the treasure.
    private let isTreasure: [Bool]

    init(size: Int, slips: Bool, key: RandomKey) throws {
        var random = key.stream
        sea = try DeepSea(size: size, stochastic: slips, mappingSeed: 1 + random.index(below: 1 << 30))
        self.size = size
        let model = try FiniteModel(sea)
        let goals = model.signal("goal")!
        let pays = zip(goals, model.signal("moveCost")!).map { $0 - $1 }
        self.pays = pays
        columns = model.signal("column")!.map { Int($0) }
        isTreasure = goals.map { $0 > 0 }
        let best = try model.mdp.backwardInduction(
            reward: model.mdp.fullReward { _, _, next in pays[next] }, horizon: size)
        optimum = model.mdp.expectation(of: best.values[0])
    }

    /// An episode; `choose` is given the step and the column.
    func dive(_ random: inout RandomStream, _ choose: (Int, Int, inout RandomStream) -> Int) -> [Step] {
        var state = sea.reset(using: &random)
        return (0..<size).map { step in
            let column = columns[state]
            let action = choose(step, column, &random)
            let outcomes = sea.outcomes(of: state, action: action)
            state = outcomes[random.index(weights: outcomes.map(\.probability))].next
            return Step(
                step: step, column: column, action: action, reward: pays[state],
                next: sea.isTerminal(state) ? nil : columns[state],
                isTreasure: isTreasure[state])
        }
    }
}
