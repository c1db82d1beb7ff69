import TelosEnvironments
import TelosRewards
import TelosTensor

/// Options of the planners, which know the environment's model.
public struct PlanningConfiguration: LearnerConfiguration {
    public var discount = 0.99
    public var tolerance = 1e-8

    public init() {}

    public static let options: [OptionDescription] = [
        OptionDescription(
            "discount", "gamma: worth of a reward one step later",
            raising: "looks further ahead, converges more slowly",
            lowering: "prefers soon, converges faster", range: 0...1),
        OptionDescription(
            "tolerance",
            "how far from the optimum values may stay, and by how much an action must be better to replace another",
            raising: "done sooner", lowering: "more exact", range: 1e-14...1e9),
    ]
}

/// Value iteration or policy iteration on an environment's exact model, one sweep or improvement an iteration.
///
/// It takes no steps in the environment. So that a run has a length, one iteration counts as states * actions steps,
/// and the one that converges as all that were planned. Time limits are no part of the model: it plans as if there
/// were none.
final class Planner: Learner {
    enum Method: Sendable {
        /// q(s,a) <- r(s,a) + discount E[max over b of q(s',b)] for all at once, until V is within the tolerance of
        /// the optimum: its largest change below tolerance (1 - discount) / discount, or `tolerance` where the discount
        /// is 1.
        ///
        /// Bellman, *Dynamic programming*, 1957.
        case valueIteration
        /// Evaluates the policy by a linear system, then does in every state what is best by these values.
        ///
        /// Howard, *Dynamic programming and Markov processes*, 1960.
        case policyIteration
    }

    private(set) var steps = 0
    /// q(s,a) at `s * actionCount + a`, s being the model's state.
    private(set) var values: [Double]
    /// What it does in each state of the model.
    private(set) var actions: [Int]
    private(set) var isConverged = false
    private var residual = Double.infinity
    private let method: Method
    private let configuration: PlanningConfiguration
    private let plannedSteps: Int
    private let mdp: TabularMDP
    /// r(s,a)
    private let reward: [Double]
    /// The observation of each state, and how many observations there are.
    private let observations: [Int]
    private let observationCount: Int
    private let clock = ContinuousClock()

    /// - Throws: `LearnerError` where the environment has no exact model, its observations or actions are not discrete,
    ///   or a reward has memory; `ConfigurationError` where the blend of rewards would have to be learned.
    init(_ context: LearnerContext, _ configuration: PlanningConfiguration, method: Method) throws {
        try context.task.requireFixedBlend()
        self.method = method
        self.configuration = configuration
        plannedSteps = context.plannedSteps
        let environments = try context.task.makeEnvironments(count: 1, key: context.key.derived("environments"))
        let specification = environments.specification
        let (observationCount, actionCount) = try TableShape.of(specification)
        guard let model = environments.finiteModel else {
            throw LearnerError(
                "\(specification.name) has no exact model to plan with; q-learning, sarsa and expected-sarsa do "
                    + "without one")
        }
        self.observationCount = observationCount
        observations = model.observations.map { Int($0) }
        mdp = model.mdp
        let rewards = try TaskRewards(
            context.task, specification: specification, count: 1, discount: configuration.discount)
        reward = try mdp.expectedReward(rewards.table(over: model))
        values = reward
        actions = TabularPolicy.greedyActions(reward, actionCount: actionCount, tolerance: configuration.tolerance)
    }

    func iterate() throws -> IterationReport {
        let start = clock.now
        if !isConverged {
            switch method {
            case .valueIteration: try sweep()
            case .policyIteration: try improve()
            }
        }
        steps += values.count
        if isConverged { steps = max(steps, plannedSteps) }
        return IterationReport(
            metrics: [
                Metric("bellmanResidual", residual), Metric("startValue", mdp.expectation(of: bestValues)),
                Metric("converged", isConverged ? 1 : 0),
            ],
            time: TimeSplit(learning: (clock.now - start).inSeconds))
    }

    private func sweep() throws {
        let before = bestValues
        values = try mdp.actionValues(values: before, reward: reward, discount: configuration.discount)
        let after = bestValues
        residual = largestDifference(before, after)
        actions = greedyActions
        let (discount, tolerance) = (configuration.discount, configuration.tolerance)
        let threshold = discount > 0 && discount < 1 ? tolerance * (1 - discount) / discount : tolerance
        let rounding = 2 * (after.map(abs).max() ?? 0).ulp
        isConverged = residual <= max(threshold, rounding)
    }

    private func improve() throws {
        let policy = TabularPolicy.deterministic(actions, actionCount: mdp.actionCount)
        let evaluated = try mdp.policyValue(policy: policy, reward: reward, discount: configuration.discount)
        values = try mdp.actionValues(values: evaluated, reward: reward, discount: configuration.discount)
        residual = largestDifference(evaluated, bestValues)
        let greedy = greedyActions
        isConverged = true
        for state in actions.indices {
            let row = state * mdp.actionCount
            let present = values[row + actions[state]]
            if values[row + greedy[state]] > present + configuration.tolerance * max(1, abs(present)) {
                actions[state] = greedy[state]
                isConverged = false
            }
        }
        // At discount 1 an action that is as good may lead nowhere: standing still is worth what the rest is worth.
        if isConverged, configuration.discount < 1 { actions = greedy }
    }

    private var bestValues: [Double] {
        (0..<mdp.stateCount).map {
            ActionValues.maximum(values, ($0 * mdp.actionCount)..<(($0 + 1) * mdp.actionCount))
        }
    }

    private var greedyActions: [Int] {
        TabularPolicy.greedyActions(values, actionCount: mdp.actionCount, tolerance: configuration.tolerance)
    }

    private func largestDifference(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }

    // MARK: State

    var weightHash: UInt64 { values.bytesHash }

    /// What it has planned, as a function of observations: states that look alike do what the first of them does.
    func policy() -> any Policy {
        var table = [Double](repeating: 0, count: observationCount * mdp.actionCount)
        for state in actions.indices.reversed() {
            let row = observations[state] * mdp.actionCount
            for action in 0..<mdp.actionCount { table[row + action] = action == actions[state] ? 1 : 0 }
        }
        return TablePolicy(values: table, actionCount: mdp.actionCount)
    }

    private struct State: Codable {
        var steps: Int
        var actions: [Int]
        var isConverged: Bool
        var residual: Double
    }

    func checkpoint() throws -> Checkpoint {
        var checkpoint = Checkpoint()
        try checkpoint.store(values, as: "values")
        try checkpoint.store(
            State(steps: steps, actions: actions, isConverged: isConverged, residual: residual), as: "learner")
        return checkpoint
    }

    func restore(_ checkpoint: Checkpoint) throws {
        let state: State = try checkpoint.load(from: "learner")
        let restored = try checkpoint.values(named: "values", count: values.count)
        guard state.actions.count == actions.count, state.actions.allSatisfy((0..<mdp.actionCount).contains) else {
            throw CheckpointError("its policy is not one of \(mdp.stateCount) states and \(mdp.actionCount) actions")
        }
        values = restored
        steps = state.steps
        actions = state.actions
        isConverged = state.isConverged
        residual = state.residual
    }
}
