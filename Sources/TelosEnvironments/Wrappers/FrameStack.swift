import TelosTensor

/// Shows the policy the last `frames` observations at once, oldest first: velocities become visible, short memories
/// unnecessary.
///
/// A box of shape s becomes a box of shape [frames] + s; any other space a tuple of copies. A new episode begins with
/// its first observation repeated. `transitions.nextObservations` ends with the finished episode's last observation and
/// holds nothing of the next episode.
///
/// Source: Mnih and others, *Human-level control through deep reinforcement learning* (2015).
public final class FrameStack: BatchEnvironment {
    public let base: any BatchEnvironment
    public let frames: Int
    public let specification: EnvironmentSpecification
    private let name: String
    private let frameWidth: Int
    private let width: Int
    private var current: Buffer<Float>
    private var previous: Buffer<Float>
    private let next: Buffer<Float>

    /// - Parameter frames: observations in a stack. Higher: a longer memory and a wider input.
    /// - Throws: `WrapperError` for fewer than one frame.
    public init(_ base: any BatchEnvironment, frames: Int) throws {
        guard frames >= 1 else { throw WrapperError("FrameStack needs at least 1 frame, not \(frames)") }
        self.base = base
        self.frames = frames
        var specification = base.specification
        frameWidth = specification.observation.width
        width = frames * frameWidth
        specification.observation =
            switch specification.observation {
            case .box(let low, let high, let shape):
                .box(
                    low: Array(repeatElement(low, count: frames).joined()),
                    high: Array(repeatElement(high, count: frames).joined()), shape: [frames] + shape)
            case let space: .tuple(Array(repeating: space, count: frames))
            }
        self.specification = specification
        name = BatchSnapshot.freeName("FrameStack", around: base)
        current = Buffer(count: base.count * width, repeating: 0)
        previous = Buffer(count: base.count * width, repeating: 0)
        next = Buffer(count: base.count * width, repeating: 0)
        for index in 0..<count { fill(index) }
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
        for index in 0..<count { fill(index) }
    }

    public func step(actions: UnsafeBufferPointer<Float>) {
        base.step(actions: actions)
        swap(&current, &previous)
        let step = base.transitions
        for index in 0..<count {
            let row = next.pointer + index * width
            row.update(from: previous.pointer + index * width + frameWidth, count: width - frameWidth)
            (row + width - frameWidth).update(
                from: step.nextObservations.baseAddress! + index * frameWidth, count: frameWidth)
            if step.ends[index] == .ongoing {
                (current.pointer + index * width).update(from: row, count: width)
            } else {
                fill(index)
            }
        }
    }

    public var snapshot: BatchSnapshot {
        var snapshot = base.snapshot
        snapshot.extra[name] = current.array.map(Double.init)
        return snapshot
    }

    public func restore(_ snapshot: BatchSnapshot) throws {
        var inner = snapshot
        let values = try inner.take(name, count: current.count)
        try base.restore(inner)
        for (index, value) in values.enumerated() { current[index] = Float(value) }
    }

    public func draw(_ index: Int) -> Drawing { base.draw(index) }

    /// Every frame of stack `index` becomes the present observation.
    private func fill(_ index: Int) {
        for frame in 0..<frames {
            (current.pointer + index * width + frame * frameWidth).update(
                from: base.observations.baseAddress! + index * frameWidth, count: frameWidth)
        }
    }
}
