import TelosTensor

/// Steps of an expert, one a row: what imitation learns from. Made from episodes, whose order it keeps.
public struct Demonstrations: Sendable, Hashable {
    /// Floats of an observation and of an action.
    public let observationWidth: Int
    public let actionWidth: Int
    /// [count, width], row by row: before the step, what was done, after the step.
    public private(set) var observations: [Float] = []
    public private(set) var actions: [Float] = []
    public private(set) var nextObservations: [Float] = []
    /// Whether nothing follows. A time limit ends no episode.
    public private(set) var isTerminated: [Bool] = []

    public var count: Int { isTerminated.count }

    /// - Throws: `FeedbackError` where there is no segment, or their widths differ.
    public init(_ segments: [Segment]) throws {
        guard let first = segments.first else { throw FeedbackError("there are no demonstrations") }
        observationWidth = first.observations[0].count
        actionWidth = first.actions[0].count
        for segment in segments { try append(segment) }
    }

    /// Adds an episode.
    /// - Throws: `FeedbackError` where its widths differ from those of the others.
    public mutating func append(_ segment: Segment) throws {
        let widths = (segment.observations[0].count, segment.actions[0].count)
        guard widths == (observationWidth, actionWidth) else {
            throw FeedbackError(
                "a demonstration has observations and actions of \(widths.0) and \(widths.1) numbers, the first has "
                    + "\(observationWidth) and \(actionWidth)")
        }
        for step in 0..<segment.stepCount {
            observations += segment.observations[step]
            actions += segment.actions[step]
            nextObservations += segment.observations[step + 1]
            isTerminated.append(segment.isTerminated && step == segment.stepCount - 1)
        }
    }

    /// Copies a row into row `target` of blocks that are laid out alike; those that are nil are left out.
    public func copy(
        _ row: Int, toRow target: Int, observations: UnsafeMutableBufferPointer<Float>?,
        actions: UnsafeMutableBufferPointer<Float>? = nil, nextObservations: UnsafeMutableBufferPointer<Float>? = nil
    ) {
        for column in 0..<observationWidth {
            observations?[target * observationWidth + column] = self.observations[row * observationWidth + column]
            nextObservations?[target * observationWidth + column] =
                self.nextObservations[row * observationWidth + column]
        }
        for column in 0..<actionWidth {
            actions?[target * actionWidth + column] = self.actions[row * actionWidth + column]
        }
    }
}
