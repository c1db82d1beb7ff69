import TelosTensor

/// Everything needed to continue a batch of environments exactly where it was.
public struct BatchSnapshot: Codable, Sendable, Equatable {
    /// The flat state of each environment.
    public var states: [[Double]]
    public var streams: [RandomStream]
    /// Steps since each environment's last reset.
    public var elapsed: [Int]
    /// What wrappers remember, by wrapper, and what states do (`EnvironmentState.memory`) one after another under
    /// `BatchSnapshot.memory`.
    public var extra: [String: [Double]]

    static let memory = "memory"

    public init(
        states: [[Double]], streams: [RandomStream], elapsed: [Int], extra: [String: [Double]] = [:]
    ) {
        self.states = states
        self.streams = streams
        self.elapsed = elapsed
        self.extra = extra
    }

    /// Begins all episodes anew in the states with these flat forms.
    public mutating func begin(in states: [[Double]]) {
        self.states = states
        elapsed = states.map { _ in 0 }
        extra[Self.memory] = nil
    }
}

/// A batch whose environments can be divided among threads.
public protocol ThreadedBatch: BatchEnvironment {
    var threads: Int { get set }
}

/// Several copies of one environment stepped together, with the environment's type erased: one dynamic call a batch.
///
/// An episode that ends is reset within the same step: `observations` is then the new episode's first, while
/// `transitions.nextObservations` keeps the one the finished episode led to. Learners bootstrap from the latter.
public protocol BatchEnvironment: AnyObject {
    var specification: EnvironmentSpecification { get }
    var count: Int { get }
    /// Steps after which an episode is truncated; nil for never.
    var horizon: Int? { get }
    /// Row e: what the policy acts on next.
    var observations: UnsafeBufferPointer<Float> { get }
    /// Signal k of environment e now, as the policy is about to act, at `k * count + e`.
    var signals: UnsafeBufferPointer<Double> { get }
    /// The last step. Empty ends before the first.
    var transitions: TransitionBatch { get }
    /// Starts every environment anew, from its own stream.
    func reset()
    /// Steps every environment with its row of `actions`.
    func step(actions: UnsafeBufferPointer<Float>)
    var snapshot: BatchSnapshot { get }
    /// Continues from a snapshot of a batch of the same environment and count; throws where it does not fit.
    func restore(_ snapshot: BatchSnapshot) throws
    func draw(_ index: Int) -> Drawing
    /// The flat state in which the last episode of environment `index` ended; nil before one did.
    func finalState(of index: Int) -> [Double]?
    /// The exact model, where the environment is finite; nil otherwise.
    var finiteModel: FiniteModel? { get }
    /// Where environment `index` is now, as a state of `finiteModel`; nil where there is none.
    func stateIndex(of index: Int) -> Int?
    /// What states look like under other goals, where the environment pursues any; nil otherwise.
    var goalRelabeling: GoalRelabeling? { get }
}

extension BatchEnvironment {
    public func finalState(of index: Int) -> [Double]? { nil }
    public var finiteModel: FiniteModel? { nil }
    public func stateIndex(of index: Int) -> Int? { nil }
    public var goalRelabeling: GoalRelabeling? { nil }
}

public struct SnapshotError: Error, CustomStringConvertible, Equatable {
    public var description: String
    public init(_ description: String) { self.description = description }
}

/// `count` copies of `Dynamics`, stepped into contiguous buffers with no allocation.
///
/// Environment e draws from `key.derived("environment", e)`: its trajectory depends on its own actions only, not on how
/// many others run beside it.
public final class VectorEnvironment<Dynamics: Environment>: ThreadedBatch {
    public let dynamics: Dynamics
    public let specification: EnvironmentSpecification
    public let count: Int
    public let horizon: Int?
    /// How many threads a step may use; default 1. Only environments whose steps are costly, those of a physics engine,
    /// use more, and the results are the same.
    public var threads = 1

    @usableFromInline var states: [Dynamics.State]
    @usableFromInline var streams: [RandomStream]
    @usableFromInline var elapsed: [Int]
    @usableFromInline var finalStates: [Dynamics.State?]
    @usableFromInline let actionWidth: Int
    @usableFromInline let observationWidth: Int
    @usableFromInline let actions: Buffer<Float>
    @usableFromInline let ends: Buffer<EpisodeEnd>
    /// Two blocks that change places: what the policy acts on now, and what it acted on in the last step.
    @usableFromInline var current: Buffer<Float>
    @usableFromInline var previous: Buffer<Float>
    @usableFromInline let next: Buffer<Float>
    @usableFromInline var signalsCurrent: Buffer<Double>
    @usableFromInline var signalsBefore: Buffer<Double>
    @usableFromInline let signalsAfter: Buffer<Double>

    @inlinable
    public init(_ dynamics: Dynamics, count: Int, horizon: Int? = nil, key: RandomKey) {
        precondition(count > 0, "a batch needs at least one environment")
        self.dynamics = dynamics
        self.count = count
        self.horizon = horizon
        specification = dynamics.specification
        streams = (0..<count).map { key.derived("environment", $0).stream }
        states = []
        elapsed = Array(repeating: 0, count: count)
        finalStates = Array(repeating: nil, count: count)
        actionWidth = specification.action.width
        observationWidth = specification.observation.width
        actions = Buffer(count: count * actionWidth, repeating: 0)
        ends = Buffer(count: count, repeating: .ongoing)
        current = Buffer(count: count * observationWidth, repeating: 0)
        previous = Buffer(count: count * observationWidth, repeating: 0)
        next = Buffer(count: count * observationWidth, repeating: 0)
        let signals = specification.signals.count * count
        signalsCurrent = Buffer(count: signals, repeating: 0)
        signalsBefore = Buffer(count: signals, repeating: 0)
        signalsAfter = Buffer(count: signals, repeating: 0)
        for index in 0..<count { states.append(dynamics.reset(using: &streams[index])) }
        for index in 0..<count { describe(index, observation: current, signals: signalsCurrent) }
    }

    public var observations: UnsafeBufferPointer<Float> { current.readOnly }
    public var signals: UnsafeBufferPointer<Double> { signalsCurrent.readOnly }

    public var transitions: TransitionBatch {
        TransitionBatch(
            count: count, specification: specification, signalsBefore: signalsBefore.readOnly,
            signalsAfter: signalsAfter.readOnly, actions: actions.readOnly, observations: previous.readOnly,
            nextObservations: next.readOnly, ends: ends.readOnly)
    }

    @inlinable
    public func reset() {
        for index in 0..<count { begin(index, with: nil) }
    }

    /// Starts environment `index` anew, from `state` or from its own stream.
    @inlinable
    public func begin(_ index: Int, with state: Dynamics.State?) {
        states[index] = state ?? dynamics.reset(using: &streams[index])
        elapsed[index] = 0
        describe(index, observation: current, signals: signalsCurrent)
    }

    public func state(of index: Int) -> Dynamics.State { states[index] }

    @inlinable
    public func step(actions rows: UnsafeBufferPointer<Float>) {
        precondition(rows.count == count * actionWidth, "step needs \(count) rows of \(actionWidth) action values")
        actions.pointer.update(from: rows.baseAddress!, count: rows.count)
        swap(&current, &previous)
        swap(&signalsCurrent, &signalsBefore)
        states.withUnsafeMutableBufferPointer { states in
            finalStates.withUnsafeMutableBufferPointer { finalStates in
                streams.withUnsafeMutableBufferPointer { streams in
                    elapsed.withUnsafeMutableBufferPointer { elapsed in
                        dynamics.advance(
                            EnvironmentBatch(
                                count: count, horizon: horizon ?? Int.max, actionWidth: actionWidth,
                                observationWidth: observationWidth, states: states.baseAddress!,
                                finalStates: finalStates.baseAddress!, streams: streams.baseAddress!,
                                elapsed: elapsed.baseAddress!, actions: actions.pointer, ends: ends.pointer,
                                nextObservations: next.pointer, signalsAfter: signalsAfter.pointer,
                                observations: current.pointer, signals: signalsCurrent.pointer,
                                signalCount: specification.signals.count, threads: threads))
                    }
                }
            }
        }
    }

    public var snapshot: BatchSnapshot {
        let memories = states.flatMap(\.memory)
        return BatchSnapshot(
            states: states.map(\.values), streams: streams, elapsed: elapsed,
            extra: memories.isEmpty ? [:] : [BatchSnapshot.memory: memories])
    }

    public func restore(_ snapshot: BatchSnapshot) throws {
        if let name = snapshot.extra.keys.filter({ $0 != BatchSnapshot.memory }).min() {
            throw SnapshotError("the snapshot is of a batch wrapped by \(name), this \(specification.name) is not")
        }
        let memories = snapshot.extra[BatchSnapshot.memory] ?? []
        let width = memories.count / max(1, snapshot.states.count)
        let restored = snapshot.states.enumerated().compactMap { index, values in
            dynamics.state(values: values, memory: Array(memories[(index * width)..<((index + 1) * width)]))
        }
        guard restored.count == count, snapshot.streams.count == count, snapshot.elapsed.count == count else {
            throw SnapshotError(
                "the snapshot holds \(snapshot.states.count) environments (\(restored.count) readable as "
                    + "\(specification.name)), this batch has \(count)")
        }
        if let finite = dynamics as? any FiniteEnvironment,
            let wrong = restored.firstIndex(where: { VectorEnvironment.position($0, in: finite) == nil })
        {
            throw SnapshotError("\(snapshot.states[wrong]) is not a state of \(specification.name)")
        }
        states = restored
        streams = snapshot.streams
        elapsed = snapshot.elapsed
        for index in 0..<count { describe(index, observation: current, signals: signalsCurrent) }
    }

    public func draw(_ index: Int) -> Drawing { dynamics.draw(states[index]) }

    public func finalState(of index: Int) -> [Double]? { finalStates[index]?.values }

    public var finiteModel: FiniteModel? {
        guard let finite = dynamics as? any FiniteEnvironment else { return nil }
        return try? FiniteModel(finite)
    }

    public var goalRelabeling: GoalRelabeling? {
        (dynamics as? any GoalEnvironment).map { GoalRelabeling($0) }
    }

    public func stateIndex(of index: Int) -> Int? {
        guard let finite = dynamics as? any FiniteEnvironment else { return nil }
        return VectorEnvironment.position(states[index], in: finite)
    }

    private static func position<Finite: FiniteEnvironment>(_ state: Dynamics.State, in finite: Finite) -> Int? {
        (state as? Finite.State).flatMap { finite.index(of: $0) }
    }

    @inlinable
    func describe(_ index: Int, observation: Buffer<Float>, signals: Buffer<Double>) {
        dynamics.observe(
            states[index],
            into: UnsafeMutableBufferPointer(
                start: observation.pointer + index * observationWidth, count: observationWidth))
        dynamics.readSignals(states[index], into: SignalWriter(signals.pointer + index, stride: count))
    }
}
