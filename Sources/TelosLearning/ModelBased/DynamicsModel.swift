import TelosTensor

/// What stands for an environment where an agent plans or imagines: it tells where actions lead.
public protocol DynamicsModel {
    /// Numbers of a state.
    var stateCount: Int { get }
    /// Numbers of an action.
    var actionCount: Int { get }
    /// The next state of each row of states and actions.
    func next(_ states: [Double], _ actions: [Double], using random: inout RandomStream) throws -> [Double]
}

/// A function as a model: an environment's own dynamics, say, to imagine what really happens.
public struct KnownDynamics: DynamicsModel {
    public typealias Step = (_ states: [Double], _ actions: [Double], inout RandomStream) throws -> [Double]

    public let stateCount: Int
    public let actionCount: Int
    private let step: Step

    /// - Parameter step: the next states of rows of states and actions.
    public init(stateCount: Int, actionCount: Int, step: @escaping Step) {
        self.stateCount = stateCount
        self.actionCount = actionCount
        self.step = step
    }

    public func next(_ states: [Double], _ actions: [Double], using random: inout RandomStream) throws -> [Double] {
        try step(states, actions, &random)
    }
}

/// Steps of an environment, as a model of its dynamics learns from them: rows, one a step.
public struct DynamicsData: Sendable {
    public let stateCount: Int
    public let actionCount: Int
    public private(set) var states: [Double] = []
    public private(set) var actions: [Double] = []
    public private(set) var next: [Double] = []

    public init(stateCount: Int, actionCount: Int) {
        precondition(stateCount > 0 && actionCount >= 0, "dynamics need a state")
        self.stateCount = stateCount
        self.actionCount = actionCount
    }

    public var count: Int { states.count / stateCount }

    public mutating func append(_ state: [Double], _ action: [Double], next: [Double]) {
        precondition(
            state.count == stateCount && action.count == actionCount && next.count == stateCount,
            "a step of \(stateCount) state and \(actionCount) action numbers")
        states += state
        actions += action
        self.next += next
    }

    /// The first `count` steps.
    public func prefix(_ count: Int) -> DynamicsData {
        var result = self
        result.states = Array(states.prefix(count * stateCount))
        result.actions = Array(actions.prefix(count * actionCount))
        result.next = Array(next.prefix(count * stateCount))
        return result
    }

    /// State and action side by side, a row a step: what models are functions of.
    public var inputs: [Double] { joinedRows(states, stateCount, actions, actionCount) }
}

/// Rows of both side by side.
func joinedRows(_ left: [Double], _ leftCount: Int, _ right: [Double], _ rightCount: Int) -> [Double] {
    precondition(left.count * rightCount == right.count * leftCount, "as many rows of states as of actions")
    var rows: [Double] = []
    rows.reserveCapacity(left.count + right.count)
    for row in 0..<(left.count / max(1, leftCount)) {
        rows += left[(row * leftCount)..<((row + 1) * leftCount)]
        rows += right[(row * rightCount)..<((row + 1) * rightCount)]
    }
    return rows
}

/// Sparse dynamics x_{t+1} = theta(x_t, u_t) Xi, brought back to where states can be.
public struct SparseDynamics: DynamicsModel, Sendable {
    /// Of state and action side by side.
    public let model: SparseModel
    /// Moves a predicted state to the nearest that can be, such as cosine and sine to the circle: without it long rollouts
    /// drift, and policies learn to make use of that.
    public let projection: @Sendable (inout ArraySlice<Double>) -> Void

    public init(_ model: SparseModel, projection: @escaping @Sendable (inout ArraySlice<Double>) -> Void = { _ in }) {
        self.model = model
        self.projection = projection
    }

    public var stateCount: Int { model.outputCount }
    public var actionCount: Int { model.library.variableCount - model.outputCount }

    public func next(_ states: [Double], _ actions: [Double]) -> [Double] {
        var next = model(joinedRows(states, stateCount, actions, actionCount))
        for start in stride(from: 0, to: next.count, by: stateCount) { projection(&next[start..<(start + stateCount)]) }
        return next
    }

    public func next(_ states: [Double], _ actions: [Double], using random: inout RandomStream) -> [Double] {
        next(states, actions)
    }
}

/// Imagined episodes side by side. A row that is over stays where it ended.
public struct ImaginedRollout: Sendable {
    /// Rows of states, before each step and after the last.
    public var states: [[Double]]
    /// Rows of actions of each step.
    public var actions: [[Double]] = []
    /// Which rows took each step.
    public var isTaken: [[Bool]] = []
    /// Which rows are not over after the last step.
    public var isOngoing: [Bool]
}

extension DynamicsModel {
    /// Imagines steps of a policy from each row of `states`.
    /// - Parameters:
    ///   - isOver: for each row of states, actions and next states whether the episode ends there; never by default.
    ///   - policy: an action for each row of states, at that step.
    public func rollOut(
        from states: [Double], steps: Int, using random: inout RandomStream,
        isOver: (_ states: [Double], _ actions: [Double], _ next: [Double]) throws -> [Bool] = { _, _, _ in [] },
        policy: (_ states: [Double], _ step: Int, _ random: inout RandomStream) throws -> [Double]
    ) throws -> ImaginedRollout {
        let rows = states.count / stateCount
        var rollout = ImaginedRollout(states: [states], isOngoing: Array(repeating: true, count: rows))
        for step in 0..<steps {
            let here = rollout.states[step]
            let actions = try policy(here, step, &random)
            var next = try next(here, actions, using: &random)
            let ends = try isOver(here, actions, next)
            for row in 0..<rows where !rollout.isOngoing[row] {
                for index in (row * stateCount)..<((row + 1) * stateCount) { next[index] = here[index] }
            }
            rollout.states.append(next)
            rollout.actions.append(actions)
            rollout.isTaken.append(rollout.isOngoing)
            for (row, ends) in ends.enumerated() where ends { rollout.isOngoing[row] = false }
        }
        return rollout
    }

    /// The discounted return of each plan from one state, in one imagined episode each.
    /// - Parameters:
    ///   - plans: actions of one step after another.
    ///   - reward: of each row of states, actions and next states.
    public func returns(
        of plans: [[Double]], from state: [Double], discount: Double = 1, using random: inout RandomStream,
        reward: (_ states: [Double], _ actions: [Double], _ next: [Double]) throws -> [Double]
    ) throws -> [Double] {
        let steps = (plans.first?.count ?? 0) / max(1, actionCount)
        let rollout = try rollOut(
            from: plans.flatMap { _ in state }, steps: steps, using: &random,
            policy: { _, step, _ in plans.flatMap { $0[(step * actionCount)..<((step + 1) * actionCount)] } })
        var sums = [Double](repeating: 0, count: plans.count)
        var weight = 1.0
        for step in 0..<steps {
            let paid = try reward(rollout.states[step], rollout.actions[step], rollout.states[step + 1])
            for index in sums.indices { sums[index] += weight * paid[index] }
            weight *= discount
        }
        return sums
    }
}
