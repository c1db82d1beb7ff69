import TelosTensor

/// Which choices of a discrete action are possible, read from an environment's mask signals.
///
/// Columns are in the order of the action's choices: those of the first discrete part, then those of the next.
public struct ActionMask: Sendable, Hashable {
    private let positions: [Int]

    /// Nil where every choice is always possible: the environment names no mask signals.
    public init?(_ specification: EnvironmentSpecification) {
        guard !specification.maskSignals.isEmpty else { return nil }
        positions = specification.maskSignals.map { specification.signalIndex($0) ?? 0 }
    }

    /// Choices.
    public var width: Int { positions.count }

    /// Writes zeros and ones, row e for environment e, [count, width].
    /// - signals: signal k of environment e at k * count + e, as `BatchEnvironment.signals`.
    public func write(
        _ signals: UnsafeBufferPointer<Double>, count: Int, into mask: UnsafeMutableBufferPointer<Float>
    ) {
        for (column, position) in positions.enumerated() {
            for environment in 0..<count {
                mask[environment * width + column] = signals[position * count + environment] == 0 ? 0 : 1
            }
        }
    }
}

extension Space {
    /// Choices of every discrete part, in order: what the columns of an action mask belong to. Nil where a part is not
    /// discrete, so that no mask applies.
    public var choices: [Int]? {
        switch self {
        case .discrete(let count): [count]
        case .multiDiscrete(let counts): counts
        case .binary, .box, .tokens, .tuple, .dictionary: nil
        }
    }
}
