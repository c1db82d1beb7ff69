import CTelosKernels
import TelosTensor

/// A game of very many agents that are all alike: what one of them meets depends on the others only through how they
/// are distributed over the states, the population mu.
///
/// (Lasry and Lions, *Mean field games*, 2007; in discrete time Gomes, Mohr and Souza, 2010.) Arrays are as in
/// `TabularMDP`; no state is terminal.
public protocol MeanFieldGame: Sendable {
    var stateCount: Int { get }
    var actionCount: Int { get }
    /// P(s'|s,a,mu) at `(s * actionCount + a) * stateCount + s'`; rows sum to 1.
    func transitions(population: [Double]) -> [Double]
    /// r(s,a,mu) at `s * actionCount + a`.
    func reward(population: [Double]) -> [Double]
}

extension MeanFieldGame {
    /// What one agent meets while the others stay distributed as `population`, from where it begins too.
    public func model(population: [Double]) throws -> TabularMDP {
        try TabularMDP(
            stateCount: stateCount, actionCount: actionCount, transitions: transitions(population: population),
            terminal: Array(repeating: false, count: stateCount), start: population)
    }

    /// mu with mu(s') = sum over s, a of mu(s) pi(a|s) P(s'|s,a,mu): how agents are distributed in the long run when
    /// all of them play `policy`, by following them from `start` (evenly spread where nil).
    /// - Throws: `TabularError` for a policy of the wrong size, or where they have not settled to within `tolerance`
    ///   after `maximumSteps`.
    public func stationaryPopulation(
        policy: [Double], from start: [Double]? = nil, tolerance: Double = 1e-13, maximumSteps: Int = 100_000
    ) throws -> [Double] {
        guard policy.count == stateCount * actionCount else {
            throw TabularError(
                "the policy has \(policy.count) values, \(stateCount) states and \(actionCount) actions need "
                    + "\(stateCount * actionCount)")
        }
        var population = start ?? Array(repeating: 1 / Double(stateCount), count: stateCount)
        for _ in 0..<maximumSteps {
            let transitions = transitions(population: population)
            var next = [Double](repeating: 0, count: stateCount)
            for row in policy.indices where policy[row] > 0 {
                let mass = population[row / actionCount] * policy[row]
                for state in 0..<stateCount { next[state] += mass * transitions[row * stateCount + state] }
            }
            let total = next.reduce(0, +)
            var change = 0.0
            for state in 0..<stateCount {
                next[state] /= total
                change = max(change, abs(next[state] - population[state]))
            }
            population = next
            if change <= tolerance { return population }
        }
        throw TabularError("the population does not settle within \(maximumSteps) steps")
    }
}

/// Agents on a ring who seek one place and shun each other.
///
/// Actions: stay, step down, step up; with probability `slip` a uniformly random one of them is taken instead.
/// r(s,a,mu) = cos(2 pi s / n) - congestion mu(s) - 0.05 [a moves].
public struct CrowdedRing: MeanFieldGame, Hashable {
    public let stateCount: Int
    public var actionCount: Int { 3 }
    public let congestion: Double
    private let table: [Double]
    private let comfort: [Double]

    /// - Throws: `TabularError` for fewer than 3 states or a slip that is no probability.
    public init(states: Int = 10, congestion: Double, slip: Double = 0.1) throws {
        guard states > 2 else { throw TabularError("a ring of agents needs at least 3 states, not \(states)") }
        guard slip >= 0, slip <= 1 else { throw TabularError("the slip is \(slip); write a probability from 0 to 1") }
        var table = [Double](repeating: 0, count: states * 3 * states)
        for state in 0..<states {
            let reached = [state, (state + states - 1) % states, (state + 1) % states]
            for action in 0..<3 {
                let row = (state * 3 + action) * states
                table[row + reached[action]] += 1 - slip
                for next in reached { table[row + next] += slip / 3 }
            }
        }
        stateCount = states
        self.congestion = congestion
        self.table = table
        comfort = (0..<states).map { telos_cos64(2 * Double.pi * Double($0) / Double(states)) }
    }

    public func transitions(population: [Double]) -> [Double] { table }

    public func reward(population: [Double]) -> [Double] {
        (0..<(stateCount * 3)).map { row in
            comfort[row / 3] - congestion * population[row / 3] - (row % 3 == 0 ? 0 : 0.05)
        }
    }
}

/// An epidemic in which each agent decides whether to keep away from others (susceptible, infected, susceptible).
///
/// States: 0 susceptible, 1 infected. Actions: 0 go out, 1 keep away. Who goes out is infected with probability
/// `contagion` mu(infected), who keeps away is not; the infected recover with probability `recovery`.
/// r = -1 while infected, -`distancing` for keeping away. (Cui and Koeppl, *Approximately solving mean field games via
/// entropy-regularized deep reinforcement learning*, 2021, with 0.81, 0.3 and 0.5.)
public struct EpidemicGame: MeanFieldGame, Hashable {
    public var stateCount: Int { 2 }
    public var actionCount: Int { 2 }
    public let contagion: Double
    public let recovery: Double
    public let distancing: Double

    /// - Throws: `TabularError` where contagion or recovery is no probability.
    public init(contagion: Double = 0.81, recovery: Double = 0.3, distancing: Double = 0.5) throws {
        guard (0...1).contains(contagion), (0...1).contains(recovery) else {
            throw TabularError("contagion \(contagion) and recovery \(recovery) must be probabilities from 0 to 1")
        }
        self.contagion = contagion
        self.recovery = recovery
        self.distancing = distancing
    }

    public func transitions(population: [Double]) -> [Double] {
        let infection = contagion * population[1]
        return [1 - infection, infection, 1, 0, recovery, 1 - recovery, recovery, 1 - recovery]
    }

    public func reward(population: [Double]) -> [Double] { [0, -distancing, -1, -1 - distancing] }
}
