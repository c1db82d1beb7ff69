import TelosEnvironments
import TelosLearning
import TelosTensor

/// A finite MDP with several rewards, none of which is all that is wanted.
struct ObjectiveWorld: Sendable {
    let mdp: TabularMDP
    /// r_i(s,a), an objective each.
    let rewards: [[Double]]
    let discount: Double

    var objectiveCount: Int { rewards.count }

    /// Rows of transitions from a Dirichlet distribution of concentration 0.3, a uniform start; rewards are squares of
    /// uniform numbers, so that few pairs are good for an objective and hardly any for two.
    static func random(
        objectives: Int, states: Int, actions: Int, discount: Double, using random: inout RandomStream
    ) throws -> ObjectiveWorld {
        let mdp = try TabularMDP.dirichlet(states: states, actions: actions, concentration: 0.3, using: &random)
        let rewards = (0..<objectives).map { _ in
            (0..<(states * actions)).map { _ -> Double in
                let draw = random.uniform()
                return draw * draw
            }
        }
        return ObjectiveWorld(mdp: mdp, rewards: rewards, discount: discount)
    }

    /// (1 - discount) times the vector return: the mean reward of each kind, weighted by when it comes.
    func returns(of policy: [Double]) throws -> [Double] {
        try mdp.expectedReturns(policy: policy, rewards: rewards, discount: discount).map { (1 - discount) * $0 }
    }

    /// What the best policy for `weights` is worth under them.
    func optimum(for weights: [Double]) throws -> Double {
        let reward = TabularMDP.weightedReward(rewards, weights: weights)
        let values = try mdp.policyIteration(reward: reward, discount: discount).values
        return (1 - discount) * mdp.expectation(of: values)
    }
}

/// A softmax table that follows the policy gradients of several objectives at once.
struct VectorPolicyTable: Sendable {
    static let stepSize = 4.0
    let world: ObjectiveWorld
    var logits: [Double]

    init(_ world: ObjectiveWorld) {
        self.world = world
        logits = Array(repeating: 0, count: world.mdp.stateCount * world.mdp.actionCount)
    }

    var policy: [Double] { TabularPolicy.softmax(logits, actionCount: world.mdp.actionCount) }

    func returns() throws -> [Double] { try world.returns(of: policy) }

    /// theta += 4 S d(s) pi(a|s) sum_i w_i (A_i(s,a) + noise N(0,1)), S states.
    /// - weights: from the present returns.
    mutating func ascend(
        noise: Double, using random: inout RandomStream, weights: (_ returns: [Double]) -> [Double]
    ) throws {
        let (mdp, policy) = (world.mdp, policy)
        let (returns, advantages) = try mdp.vectorAdvantages(
            policy: policy, rewards: world.rewards, discount: world.discount)
        let occupancy = try mdp.occupancy(policy: policy, discount: world.discount)
        let weights = weights(returns.map { (1 - world.discount) * $0 })
        let scale = Self.stepSize * Double(mdp.stateCount)
        for (advantages, weight) in zip(advantages, weights) where weight != 0 {
            for index in logits.indices {
                logits[index] += scale * occupancy[index] * weight * (advantages[index] + noise * random.normal())
            }
        }
    }
}

/// Policy-gradient training with a budget of updates, each of which may leave a policy in an archive of trade-offs.
struct ParetoSearch: Sendable {
    static let capacity = 200
    let world: ObjectiveWorld
    let noise: Double
    /// Updates from one policy that is archived to the next.
    let interval: Int
    private(set) var budget: Int
    private(set) var archive: ParetoArchive<VectorPolicyTable>
    var random: RandomStream

    init(_ world: ObjectiveWorld, noise: Double, interval: Int, budget: Int, key: RandomKey) {
        self.world = world
        self.noise = noise
        self.interval = interval
        self.budget = budget
        archive = ParetoArchive(
            capacity: Self.capacity, reference: Array(repeating: 0, count: world.objectiveCount))
        random = key.stream
    }

    /// Trains on from `table`, for as long as the budget lasts.
    mutating func train(
        from table: VectorPolicyTable, updates: Int, weights: (_ returns: [Double]) -> [Double]
    ) throws {
        var table = table
        for update in 1...updates where budget > 0 {
            budget -= 1
            try table.ascend(noise: noise, using: &random, weights: weights)
            if update % interval == 0 { archive.insert(table, values: try table.returns()) }
        }
    }
}
