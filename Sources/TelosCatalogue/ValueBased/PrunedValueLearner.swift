import TelosEnvironments
import TelosFeedback
import TelosNN
import TelosTensor

/// A 4 x 4 grid whose observations are mostly beside the point.
struct DistractorGrid: Sendable {
    static let discount = 0.95
    let mdp: TabularMDP
    let distractors: Int
    /// Exact discounted value of the best policy from the start, the goal alone paying 1.
    let optimum: Double
    private let goal: [Double]

    var cells: Int { mdp.stateCount }
    var actions: Int { mdp.actionCount }
    var width: Int { cells + distractors }

    init(distractors: Int) throws {
        let grid = try GridWorld(
            map: .open(size: 4), slip: .uniform(0.1), markerNames: ["A": "corner"], name: "Grid",
            summary: "An open square.")
        mdp = try FiniteModel(grid).mdp
        self.distractors = distractors
        let mdp = mdp
        goal = mdp.expectedReward(mdp.fullReward { !mdp.terminal[$0] && mdp.terminal[$2] ? 1 : 0 })
        optimum = mdp.expectation(of: try mdp.policyIteration(reward: goal, discount: Self.discount).values)
    }

    /// The cell as one-hot, then noise.
    func write(_ cell: Int, into observation: UnsafeMutableBufferPointer<Float>, using random: inout RandomStream) {
        observation.update(repeating: 0)
        observation[cell] = 1
        random.fillNormal(.init(rebasing: observation[cells...]))
    }

    /// - policy: probabilities, [cells, actions].
    func value(of policy: [Double]) throws -> Double {
        try mdp.expectedReturn(policy: policy, reward: goal, discount: Self.discount)
    }
}

extension DistractorGrid {
    /// Transitions of the random policy, from random cells on; a twentieth of the steps begin anew. A step pays -0.02,
    /// one to the goal 1, both with normal noise.
    func transitions(count: Int, rewardNoise: Double, key: RandomKey) throws -> TransitionDataset {
        var random = key.stream
        var data = TransitionDataset(observationWidth: width)
        let open = (0..<cells).filter { !mdp.terminal[$0] }
        var cell = open[random.index(below: open.count)]
        for _ in 0..<count {
            let action = random.index(below: actions)
            let next = random.index(weights: (0..<cells).map { mdp.probability(of: $0, after: cell, action: action) })
            let ends = mdp.terminal[next]
            let before = observation(of: cell, using: &random)
            let reward = (ends ? 1 : -0.02) + rewardNoise * random.normal()
            let after = observation(of: next, using: &random)
            let beginsAnew = ends || random.uniform() < 0.05
            try data.append(
                LoggedTransition(
                    observation: before, action: [Float(action)], reward: Float(reward), nextObservation: after,
                    end: ends ? .terminated : beginsAnew ? .truncated : .ongoing))
            cell = beginsAnew ? open[random.index(below: open.count)] : next
        }
        return data
    }

    private func observation(of cell: Int, using random: inout RandomStream) -> [Float] {
        var values = [Float](repeating: 0, count: width)
        values.withUnsafeMutableBufferPointer { write(cell, into: $0, using: &random) }
        return values
    }
}

/// What a trained value network is like.
struct PrunedFigures: Sendable {
    /// Exact discounted return of the greedy policy.
    var value: Double
    /// Standard deviation of Q over draws of the noise, mean over cells and actions.
    var spread: Double
    /// Of the last hidden layer.
    var dormant: Double
    var rank: Double
}

/// DQN on a fixed data set with masks on the weights, W <- W * M after every step.
final class PrunedValueLearner {
    private let learner: FixedDataDQN<MLP>
    private let masks: Parameters<MLP>
    /// Random numbers in the weights' shapes: the order in which random masks prune.
    private let lots: Parameters<MLP>

    init(_ sizes: [Int], key: RandomKey) throws {
        func network(_ key: RandomKey) -> MLP {
            MLP(sizes, activation: .relu, hidden: .uniformFanIn, output: .uniformFanIn, key: key)
        }
        let initial = network(key.derived("weights"))
        lots = try Parameters(network(key.derived("lots")))
        masks = try Parameters(initial.mapTensors { Tensor(1).broadcast(to: $0.shape) })
        learner = try FixedDataDQN(
            initial, shape: [sizes[0]], discount: DistractorGrid.discount, learningRate: 3e-4, masks: masks
        ) { $0($1) }
    }

    func update(_ data: TransitionDataset, using random: inout RandomStream) { learner.update(data, using: &random) }

    func prune(to sparsity: Double, atRandom: Bool) {
        guard sparsity > 0 else { return }
        masks.setMagnitudeMasks(of: atRandom ? lots : learner.online, sparsity: sparsity, scope: .eachMatrix)
        for index in masks.shapes.indices {
            let (weights, mask) = (learner.online.values(index), masks.values(index))
            for slot in weights.indices { weights[slot] *= mask[slot] }
        }
    }

    func figures(_ problem: DistractorGrid, key: RandomKey) throws -> PrunedFigures {
        var random = key.stream
        let draws = 256
        let seen = Tensor(placeholder: draws, problem.width)
        let network = learner.online.traced
        let hidden = network.layers.dropLast().reduce(seen) { relu($1($0)) }
        let program = try Program(inputs: [seen], outputs: [network(seen), hidden])
        var policy: [Double] = []
        var spread = 0.0
        var activations: [Float] = []
        let actions = problem.actions
        for cell in 0..<problem.cells {
            for draw in 0..<draws {
                let row = (draw * problem.width)..<((draw + 1) * problem.width)
                problem.write(cell, into: .init(rebasing: program.input(0)[row]), using: &random)
            }
            program.run()
            let values = program.output(0)
            var chosen = [Double](repeating: 0, count: actions)
            for draw in 0..<draws {
                let row = (0..<actions).map { values[draw * actions + $0] }
                chosen[row.firstIndex(of: row.max()!) ?? 0] += 1 / Double(draws)
            }
            policy += chosen
            for action in 0..<actions where !problem.mdp.terminal[cell] {
                let column = (0..<draws).map { Double(values[$0 * actions + action]) }
                let mean = column.reduce(0, +) / Double(draws)
                let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws)
                spread += variance.squareRoot() / Double((problem.cells - 1) * actions)
            }
            // 32 draws a cell tell the rank of up to 512 units.
            activations += program.output(1).prefix(32 * hidden.shape[1])
        }
        let statistics = ActivationStatistics(activations, units: hidden.shape[1])
        return PrunedFigures(
            value: try problem.value(of: policy), spread: spread, dormant: statistics.dormantShare(),
            rank: Double(try statistics.effectiveRank()))
    }
}
