import TelosTensor

/// Finitely many agents of a mean-field game on one path: the population each of them meets is the share of agents in
/// each state, and nothing is ever reset.
public struct AgentPopulation<Game: MeanFieldGame>: Sendable {
    public let game: Game
    /// Where each agent is.
    public private(set) var states: [Int]
    /// Of the last step: where each agent was, what it did, and what it earned.
    public private(set) var previousStates: [Int]
    public private(set) var actions: [Int]
    public private(set) var rewards: [Double]

    public var count: Int { states.count }

    /// `count` agents (at least one), each in a state drawn evenly.
    public init(of game: Game, count: Int, using random: inout RandomStream) {
        precondition(count > 0, "a population needs at least one agent")
        self.game = game
        states = (0..<count).map { _ in random.index(below: game.stateCount) }
        previousStates = states
        actions = Array(repeating: 0, count: count)
        rewards = Array(repeating: 0, count: count)
    }

    /// The share of agents in each state.
    public var distribution: [Double] {
        var counts = [Double](repeating: 0, count: game.stateCount)
        for state in states { counts[state] += 1 }
        return counts.map { $0 / Double(states.count) }
    }

    /// Every agent draws an action, earns r(s,a,mu) and moves, all at once.
    /// - policies: pi(a|s) of each agent, or one for all of them.
    public mutating func step(policies: [[Double]], using random: inout RandomStream) {
        precondition(policies.count == 1 || policies.count == count, "one policy an agent, or one for all")
        let population = distribution
        let transitions = game.transitions(population: population)
        let reward = game.reward(population: population)
        let (stateCount, actionCount) = (game.stateCount, game.actionCount)
        for agent in states.indices {
            let state = states[agent]
            let action = Self.draw(
                policies[policies.count == 1 ? 0 : agent], from: state * actionCount, count: actionCount, &random)
            let row = state * actionCount + action
            previousStates[agent] = state
            actions[agent] = action
            rewards[agent] = reward[row]
            states[agent] = Self.draw(transitions, from: row * stateCount, count: stateCount, &random)
        }
    }

    /// A position within a row of probabilities.
    @inline(__always)
    private static func draw(
        _ table: [Double], from start: Int, count: Int, _ random: inout RandomStream
    ) -> Int {
        var left = random.uniform()
        var last = 0
        for position in 0..<count where table[start + position] > 0 {
            last = position
            left -= table[start + position]
            if left < 0 { break }
        }
        return last
    }
}
