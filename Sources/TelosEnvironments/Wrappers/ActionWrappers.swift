import TelosTensor

/// Lets a policy act in [-1, 1] whatever the environment's bounds are.
///
///     a = low + (high − low) (a' + 1) / 2
///
/// Nothing is clipped: an action outside [-1, 1] leads outside the bounds. Transitions hold the policy's action a', and
/// a reward over `action` sees that.
public final class RescaledAction: BatchEnvironment {
    public let base: any BatchEnvironment
    public let specification: EnvironmentSpecification
    private let low: [Float]
    private let high: [Float]
    private let policyActions: Buffer<Float>
    private let baseActions: Buffer<Float>

    /// - Throws: `WrapperError` when the action is not a box with finite bounds.
    public init(_ base: any BatchEnvironment) throws {
        var specification = base.specification
        guard case .box(let low, let high, let shape) = specification.action,
            (low + high).allSatisfy({ $0.isFinite })
        else {
            throw WrapperError(
                "RescaledAction needs a box with finite bounds; \(specification.name) takes \(specification.action)")
        }
        self.base = base
        self.low = low
        self.high = high
        specification.action = .box(
            low: low.map { _ in -1 }, high: high.map { _ in 1 }, shape: shape)
        self.specification = specification
        policyActions = Buffer(count: base.count * low.count, repeating: 0)
        baseActions = Buffer(count: base.count * low.count, repeating: 0)
    }

    public var count: Int { base.count }
    public var horizon: Int? { base.horizon }
    public var observations: UnsafeBufferPointer<Float> { base.observations }
    public var signals: UnsafeBufferPointer<Double> { base.signals }

    public var transitions: TransitionBatch {
        base.transitions.with(specification: specification, actions: policyActions.readOnly)
    }

    public func reset() { base.reset() }

    public func step(actions: UnsafeBufferPointer<Float>) {
        precondition(actions.count == policyActions.count, "step needs \(count) rows of \(low.count) action values")
        for index in 0..<actions.count {
            let column = index % low.count
            policyActions[index] = actions[index]
            baseActions[index] = low[column] + (high[column] - low[column]) * ((actions[index] + 1) / 2)
        }
        base.step(actions: baseActions.readOnly)
    }

    public var snapshot: BatchSnapshot { base.snapshot }
    public func restore(_ snapshot: BatchSnapshot) throws { try base.restore(snapshot) }
    public func draw(_ index: Int) -> Drawing { base.draw(index) }
}

/// Lets a policy act anywhere, and clips what it does to the environment's bounds.
///
/// Transitions hold the clipped action: a reward over `action` prices what was done. A learner that needs the density
/// of what its policy drew keeps its own copy.
public final class ClippedAction: BatchEnvironment {
    public let base: any BatchEnvironment
    public let specification: EnvironmentSpecification
    private let low: [Float]
    private let high: [Float]
    private let clipped: Buffer<Float>

    /// - Throws: `WrapperError` when the action is not a box.
    public init(_ base: any BatchEnvironment) throws {
        var specification = base.specification
        guard case .box(let low, let high, let shape) = specification.action else {
            throw WrapperError("ClippedAction needs a box; \(specification.name) takes \(specification.action)")
        }
        self.base = base
        self.low = low
        self.high = high
        specification.action = .box(
            low: low.map { _ in -Float.infinity }, high: high.map { _ in Float.infinity }, shape: shape)
        self.specification = specification
        clipped = Buffer(count: base.count * low.count, repeating: 0)
    }

    public var count: Int { base.count }
    public var horizon: Int? { base.horizon }
    public var observations: UnsafeBufferPointer<Float> { base.observations }
    public var signals: UnsafeBufferPointer<Double> { base.signals }
    public var transitions: TransitionBatch { base.transitions.with(specification: specification) }

    public func reset() { base.reset() }

    public func step(actions: UnsafeBufferPointer<Float>) {
        precondition(actions.count == clipped.count, "step needs \(count) rows of \(low.count) action values")
        for index in 0..<actions.count {
            let column = index % low.count
            clipped[index] = min(max(actions[index], low[column]), high[column])
        }
        base.step(actions: clipped.readOnly)
    }

    public var snapshot: BatchSnapshot { base.snapshot }
    public func restore(_ snapshot: BatchSnapshot) throws { try base.restore(snapshot) }
    public func draw(_ index: Int) -> Drawing { base.draw(index) }
}
