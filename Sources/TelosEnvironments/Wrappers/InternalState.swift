import TelosTensor

/// Gives a policy a memory that it writes itself, so that any learner can train it step by step: the memory z is a part
/// of the observation, and what is added to it a part of the action.
///
///     (o, z), (a, dz) -> (o', z + dz),   z = 0 at the start of an episode
///
/// Observations become a tuple of the environment's own and z, actions a tuple of the environment's own and dz, both of
/// `width` numbers without bounds. A stochastic policy over (a, dz) is a stochastic stateful policy, and its gradient
/// log pi(a, dz | o, z) A needs no back-propagation through time. Signals are the environment's own; a reward over
/// `action` sees the tuple.
///
/// Source: Al-Hafez, Zhao, Peters and Tateo, *Time-efficient reinforcement learning with stochastic stateful policies*
/// (2024).
public final class InternalState: BatchEnvironment {
    public let base: any BatchEnvironment
    public let width: Int
    public let specification: EnvironmentSpecification
    private let name: String
    private let observed: Int
    private let acted: Int
    private var current: Buffer<Float>
    private var previous: Buffer<Float>
    private let next: Buffer<Float>
    private let baseActions: Buffer<Float>
    private let policyActions: Buffer<Float>

    /// - Parameter width: numbers in the memory. Higher: more can be remembered, and the policy's choices are noisier.
    /// - Throws: `WrapperError` for no numbers, and for an environment in which some actions are impossible.
    public init(_ base: any BatchEnvironment, width: Int) throws {
        guard width >= 1 else { throw WrapperError("InternalState needs a width of at least 1, not \(width)") }
        var specification = base.specification
        guard specification.maskSignals.isEmpty else {
            throw WrapperError("InternalState needs an environment without action masks; \(specification.name) has one")
        }
        self.base = base
        self.width = width
        observed = specification.observation.width
        acted = specification.action.width
        let memory = Space.box(-.infinity ... .infinity, count: width)
        specification.observation = .tuple([specification.observation, memory])
        specification.action = .tuple([specification.action, memory])
        specification.actionNames = []
        self.specification = specification
        name = BatchSnapshot.freeName("InternalState", around: base)
        current = Buffer(count: base.count * (observed + width), repeating: 0)
        previous = Buffer(count: base.count * (observed + width), repeating: 0)
        next = Buffer(count: base.count * (observed + width), repeating: 0)
        baseActions = Buffer(count: base.count * acted, repeating: 0)
        policyActions = Buffer(count: base.count * (acted + width), repeating: 0)
        observe(base.observations, into: current)
    }

    public var count: Int { base.count }
    public var horizon: Int? { base.horizon }
    public var observations: UnsafeBufferPointer<Float> { current.readOnly }
    public var signals: UnsafeBufferPointer<Double> { base.signals }

    public var transitions: TransitionBatch {
        base.transitions.with(
            specification: specification, observations: previous.readOnly, nextObservations: next.readOnly,
            actions: policyActions.readOnly)
    }

    public func reset() {
        base.reset()
        current.all.update(repeating: 0)
        observe(base.observations, into: current)
    }

    public func step(actions: UnsafeBufferPointer<Float>) {
        precondition(
            actions.count == policyActions.count, "step needs \(count) rows of \(acted + width) action values")
        _ = policyActions.all.update(fromContentsOf: actions)
        for row in 0..<count {
            for column in 0..<acted { baseActions[row * acted + column] = actions[row * (acted + width) + column] }
        }
        base.step(actions: baseActions.readOnly)
        swap(&current, &previous)
        let step = base.transitions
        observe(step.nextObservations, into: next)
        observe(base.observations, into: current)
        for row in 0..<count {
            let isOngoing = step.ends[row] == .ongoing
            for column in 0..<width {
                let place = row * (observed + width) + observed + column
                next[place] = previous[place] + actions[row * (acted + width) + acted + column]
                current[place] = isOngoing ? next[place] : 0
            }
        }
    }

    public var snapshot: BatchSnapshot {
        var snapshot = base.snapshot
        snapshot.extra[name] = (0..<(count * width)).map { Double(current[place($0)]) }
        return snapshot
    }

    public func restore(_ snapshot: BatchSnapshot) throws {
        var inner = snapshot
        let values = try inner.take(name, count: count * width)
        try base.restore(inner)
        observe(base.observations, into: current)
        for (index, value) in values.enumerated() { current[place(index)] = Float(value) }
    }

    public func draw(_ index: Int) -> Drawing { base.draw(index) }
    public func finalState(of index: Int) -> [Double]? { base.finalState(of: index) }

    /// Where number `index` of all memories is in the observations.
    private func place(_ index: Int) -> Int { index / width * (observed + width) + observed + index % width }

    private func observe(_ rows: UnsafeBufferPointer<Float>, into result: Buffer<Float>) {
        for row in 0..<count {
            (result.pointer + row * (observed + width)).update(
                from: rows.baseAddress! + row * observed, count: observed)
        }
    }
}

extension EnvironmentEntry {
    /// This entry with one more option, `internalState`: the width of a memory that the policy writes; 0, the default, is
    /// none.
    func offeringInternalState() -> EnvironmentEntry {
        var entry = self
        entry.options.append(
            EnvironmentOption(
                "internalState", .integer(0...64), .integer(0),
                "Numbers of a memory that is observed and that actions add to, trained without back-propagation through "
                    + "time; 0 is none. Higher: more can be remembered, noisier choices."))
        let make = entry.make
        entry.make = { options, count, horizon, key in
            let environments = try make(options, count, horizon, key)
            let width = options.integer("internalState")
            return width > 0 ? try InternalState(environments, width: width) : environments
        }
        return entry
    }
}
