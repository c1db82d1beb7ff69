import TelosTensor

/// Shifts and scales each element of the observation to mean 0 and variance 1 over what was seen so far.
///
///     o' = clip((o − mean) / √(variance + epsilon), ±clip)
///
/// Statistics take in every observation the policy is about to act on, of all environments of the batch, before that
/// observation is normalised. They are part of the snapshot. Set `isFrozen` for evaluation. The last observation of a
/// finished episode is normalised like the others but not taken in.
///
/// Learners have a normaliser of their own within the policy, frozen at evaluation by its type; prefer that one. This
/// wrapper is for policies that have none. Environments of one batch share statistics: a trajectory then depends on how
/// many run beside it.
///
/// Source: Schulman and others, *Trust region policy optimization* (2015), as Gymnasium's `NormalizeObservation`.
public final class NormalizedObservation: BatchEnvironment {
    public let base: any BatchEnvironment
    public let specification: EnvironmentSpecification
    public let clip: Float
    public let epsilon: Double
    /// Statistics stay as they are while true.
    public var isFrozen: Bool
    public private(set) var moments: RunningMoments
    private let name: String
    private let width: Int
    private var current: Buffer<Float>
    private var previous: Buffer<Float>
    private let next: Buffer<Float>

    /// - Parameters:
    ///   - clip: largest magnitude of a normalised element. Lower: outliers weigh less.
    ///   - epsilon: added to variances. Higher: elements that hardly vary stay smaller.
    ///   - moments: statistics to begin with; nil for none.
    /// - Throws: `WrapperError` when the observation is not a box, or a parameter makes no sense.
    public init(
        _ base: any BatchEnvironment, clip: Float = 10, epsilon: Double = 1e-8, moments: RunningMoments? = nil,
        isFrozen: Bool = false
    ) throws {
        var specification = base.specification
        guard case .box(_, _, let shape) = specification.observation else {
            throw WrapperError(
                "NormalizedObservation needs a box of real numbers; \(specification.name) observes "
                    + "\(specification.observation)")
        }
        guard clip > 0, epsilon > 0 else {
            throw WrapperError("NormalizedObservation needs clip > 0 and epsilon > 0, not \(clip) and \(epsilon)")
        }
        width = specification.observation.width
        guard moments == nil || moments!.width == width else {
            throw WrapperError(
                "NormalizedObservation was given moments of \(moments!.width) elements; \(specification.name) "
                    + "observes \(width)")
        }
        self.base = base
        self.clip = clip
        self.epsilon = epsilon
        self.isFrozen = isFrozen
        self.moments = moments ?? RunningMoments(width: width)
        specification.observation = .box(
            low: Array(repeating: -clip, count: width), high: Array(repeating: clip, count: width), shape: shape)
        self.specification = specification
        name = BatchSnapshot.freeName("NormalizedObservation", around: base)
        current = Buffer(count: base.count * width, repeating: 0)
        previous = Buffer(count: base.count * width, repeating: 0)
        next = Buffer(count: base.count * width, repeating: 0)
        observe()
    }

    public var count: Int { base.count }
    public var horizon: Int? { base.horizon }
    public var observations: UnsafeBufferPointer<Float> { current.readOnly }
    public var signals: UnsafeBufferPointer<Double> { base.signals }

    public var transitions: TransitionBatch {
        base.transitions.with(
            specification: specification, observations: previous.readOnly, nextObservations: next.readOnly)
    }

    public func reset() {
        base.reset()
        observe()
    }

    public func step(actions: UnsafeBufferPointer<Float>) {
        base.step(actions: actions)
        swap(&current, &previous)
        observe()
        normalize(base.transitions.nextObservations, into: next)
    }

    public var snapshot: BatchSnapshot {
        var snapshot = base.snapshot
        snapshot.extra[name] = moments.values
        return snapshot
    }

    public func restore(_ snapshot: BatchSnapshot) throws {
        var inner = snapshot
        guard let restored = RunningMoments(values: try inner.take(name, count: 1 + 2 * width)) else {
            throw SnapshotError("the snapshot's \(name) has a negative count")
        }
        try base.restore(inner)
        moments = restored
        normalize(base.observations, into: current)
    }

    public func draw(_ index: Int) -> Drawing { base.draw(index) }

    private func observe() {
        if !isFrozen { moments.merge(rows: base.observations) }
        normalize(base.observations, into: current)
    }

    private func normalize(_ rows: UnsafeBufferPointer<Float>, into result: Buffer<Float>) {
        let variance = moments.variance
        for column in 0..<width {
            let mean = moments.mean[column]
            let deviation = (variance[column] + epsilon).squareRoot()
            for index in stride(from: column, to: rows.count, by: width) {
                result.pointer[index] = min(max(Float((Double(rows[index]) - mean) / deviation), -clip), clip)
            }
        }
    }
}
