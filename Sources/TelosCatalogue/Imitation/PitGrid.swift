import CTelosKernels
import TelosEnvironments
import TelosFeedback
import TelosTensor

/// A square to cross from corner to corner, with pits that send back to the start; and experts of any skill.
struct PitGrid: Sendable {
    static let discount = 0.97
    static let horizon = 60
    let mdp: TabularMDP
    /// Of discount^t at the goal: r(s,a) is the chance to arrive, discounted once.
    let reward: [Double]
    /// Optimal q.
    let q: [Double]
    let best: [Int]

    /// Pits are drawn anew until the goal can be reached without one.
    init(size: Int, pits: Int, slip: Double, using random: inout RandomStream) throws {
        var grid: GridWorld
        repeat {
            let map = try GridMap.square(size, scattering: "H", count: pits, using: &random)
            // A slip is to one of the three other moves.
            grid = try GridWorld(map: map, slip: .uniform(slip * 4 / 3), holes: .backToStart)
        } while try FiniteModel(grid).signal("pathDistance")![0] >= Double(grid.stateCount)
        let mdp = try FiniteModel(grid).mdp
        self.mdp = mdp
        reward = mdp.expectedReward(mdp.fullReward { _, _, next in mdp.terminal[next] ? Self.discount : 0 })
        let solution = try mdp.policyIteration(reward: reward, discount: Self.discount)
        (q, best) = (solution.q, solution.actions)
    }

    /// The expected discount^t of arriving at the goal at t, 0 after the horizon.
    func value(of policy: [Double]) throws -> Double {
        mdp.expectation(
            of: try mdp.policyValue(policy: policy, reward: reward, discount: Self.discount, horizon: Self.horizon))
    }

    func value(of actions: [Int]) throws -> Double {
        try value(of: TabularPolicy.deterministic(actions, actionCount: mdp.actionCount))
    }

    /// The best actions, spoilt in one random state after another until the value is within 0.05 of `level` times the
    /// optimum or, where no state is left whose spoiling costs so little, above it.
    func expert(level: Double, using random: inout RandomStream) throws -> [Int] {
        let optimum = try value(of: best)
        var actions = best
        for _ in 0..<2000 {
            var spoilt = actions
            spoilt[random.index(below: mdp.stateCount)] = random.index(below: mdp.actionCount)
            let value = try value(of: spoilt)
            if value >= (level - 0.05) * optimum { actions = spoilt }
            if value >= (level - 0.05) * optimum, value <= level * optimum { break }
        }
        return actions
    }

    /// An episode of `actions`.
    func demonstration(_ actions: [Int], using random: inout RandomStream) -> TabularSegment {
        let policy = TabularPolicy.deterministic(actions, actionCount: mdp.actionCount)
        return mdp.segment(
            from: random.index(weights: mdp.start), length: Self.horizon, policy: policy, using: &random)
    }
}
