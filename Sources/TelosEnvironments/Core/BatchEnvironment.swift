import TelosTensor

/// Everything needed to continue a batch of environments exactly where it was.
public struct BatchSnapshot: Codable, Sendable, Equatable {
    /// The flat state of each environment.
    public var states: [[Double]]
    public var streams: [RandomStream]
    /// Steps since each environment's last reset.
    public var elapsed: [Int]
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
}

public struct SnapshotError: Error, CustomStringConvertible, Equatable {
    public var description: String
    public init(_ description: String) { self.description = description }
}

/// `count` copies of `Dynamics`, stepped into contiguous buffers with no allocation.
///
/// Environment e draws from `key.derived("environment", e)`: its trajectory depends on its own actions only, not on how
/// many others run beside it.
public final class VectorEnvironment<Dynamics: Environment>: BatchEnvironment {
    public let dynamics: Dynamics
    public let specification: EnvironmentSpecification
    public let count: Int
    public let horizon: Int?

    private var states: [Dynamics.State]
    private var streams: [RandomStream]
    private var elapsed: [Int]
    private let actionWidth: Int
    private let observationWidth: Int
    private let actions: Buffer<Float>
    private let ends: Buffer<EpisodeEnd>
    /// Two blocks that change places: what the policy acts on now, and what it acted on in the last step.
    private var current: Buffer<Float>
    private var previous: Buffer<Float>
    private let next: Buffer<Float>
    private var signalsCurrent: Buffer<Double>
    private var signalsBefore: Buffer<Double>
    private let signalsAfter: Buffer<Double>

    public init(_ dynamics: Dynamics, count: Int, horizon: Int? = nil, key: RandomKey) {
        precondition(count > 0, "a batch needs at least one environment")
        self.dynamics = dynamics
        self.count = count
        self.horizon = horizon
        specification = dynamics.specification
        streams = (0..<count).map { key.derived("environment", $0).stream }
        states = []
        elapsed = Array(repeating: 0, count: count)
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

    public var transitions: TransitionBatch {
        TransitionBatch(
            count: count, specification: specification, signalsBefore: signalsBefore.readOnly,
            signalsAfter: signalsAfter.readOnly, actions: actions.readOnly, observations: previous.readOnly,
            nextObservations: next.readOnly, ends: ends.readOnly)
    }

    public func reset() {
        for index in 0..<count { begin(index, with: nil) }
    }

    /// Starts environment `index` anew, from `state` or from its own stream.
    public func begin(_ index: Int, with state: Dynamics.State?) {
        states[index] = state ?? dynamics.reset(using: &streams[index])
        elapsed[index] = 0
        describe(index, observation: current, signals: signalsCurrent)
    }

    public func state(of index: Int) -> Dynamics.State { states[index] }

    public func step(actions rows: UnsafeBufferPointer<Float>) {
        precondition(rows.count == count * actionWidth, "step needs \(count) rows of \(actionWidth) action values")
        actions.pointer.update(from: rows.baseAddress!, count: rows.count)
        swap(&current, &previous)
        swap(&signalsCurrent, &signalsBefore)
        for index in 0..<count {
            let action = Action(actions.pointer + index * actionWidth)
            let terminal = dynamics.step(&states[index], action: action, using: &streams[index])
            elapsed[index] += 1
            describe(index, observation: next, signals: signalsAfter)
            if terminal {
                ends[index] = .terminated
            } else if let horizon, elapsed[index] >= horizon {
                ends[index] = .truncated
            } else {
                ends[index] = .ongoing
            }
        }
        current.pointer.update(from: next.pointer, count: next.count)
        signalsCurrent.pointer.update(from: signalsAfter.pointer, count: signalsAfter.count)
        for index in 0..<count where ends[index] != .ongoing { begin(index, with: nil) }
    }

    public var snapshot: BatchSnapshot {
        BatchSnapshot(states: states.map(\.values), streams: streams, elapsed: elapsed)
    }

    public func restore(_ snapshot: BatchSnapshot) throws {
        let restored = snapshot.states.compactMap(Dynamics.State.init(values:))
        guard restored.count == count, snapshot.streams.count == count, snapshot.elapsed.count == count else {
            throw SnapshotError(
                "the snapshot holds \(snapshot.states.count) environments (\(restored.count) readable as "
                    + "\(specification.name)), this batch has \(count)")
        }
        states = restored
        streams = snapshot.streams
        elapsed = snapshot.elapsed
        for index in 0..<count { describe(index, observation: current, signals: signalsCurrent) }
    }

    public func draw(_ index: Int) -> Drawing { dynamics.draw(states[index]) }

    @inline(__always)
    private func describe(_ index: Int, observation: Buffer<Float>, signals: Buffer<Double>) {
        dynamics.observe(
            states[index],
            into: observation.rows(from: index * observationWidth, count: observationWidth))
        dynamics.readSignals(states[index], into: SignalWriter(signals.pointer + index, stride: count))
    }
}
