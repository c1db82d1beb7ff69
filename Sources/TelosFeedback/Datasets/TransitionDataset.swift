import TelosEnvironments

/// One step of behaviour that was logged.
public struct LoggedTransition: Sendable, Hashable {
    public var observation: [Float]
    /// As the environment takes it; a discrete action is one whole number.
    public var action: [Float]
    public var reward: Float
    public var nextObservation: [Float]
    public var end: EpisodeEnd
    /// The signals before and after the step; empty where they were not kept.
    public var signals: [Float]
    public var nextSignals: [Float]

    public init(
        observation: [Float], action: [Float], reward: Float, nextObservation: [Float], end: EpisodeEnd = .ongoing,
        signals: [Float] = [], nextSignals: [Float] = []
    ) {
        self.observation = observation
        self.action = action
        self.reward = reward
        self.nextObservation = nextObservation
        self.end = end
        self.signals = signals
        self.nextSignals = nextSignals
    }
}

/// Logged behaviour as a table of transitions, what an offline learner has: a row a step, the steps of an episode in
/// order and one episode after another.
///
/// A row that is not `ongoing` ends its episode; so does the last. Only after `terminated` nothing follows. A state of a
/// finite MDP is an observation of one number, its index. Values are float32, in memory or, read from a file, mapped:
/// opening takes no memory, and what is appended later brings everything there.
public struct TransitionDataset: Sendable {
    /// Where it comes from, in words: environment, behaviour, seed.
    public var source: String
    public let observationWidth: Int
    public let actionWidth: Int
    /// Names of the signals that were kept, so that other rewards can be evaluated later.
    public let signalNames: [String]
    var columns: [Name: DatasetColumn]

    enum Name: String, CaseIterable {
        case observations, actions, rewards, nextObservations, ends, signals, nextSignals
    }

    /// - Precondition: observations and actions have at least one number.
    public init(observationWidth: Int, actionWidth: Int = 1, signalNames: [String] = [], source: String = "") {
        precondition(observationWidth > 0 && actionWidth > 0, "observations and actions are at least one number wide")
        self.source = source
        self.observationWidth = observationWidth
        self.actionWidth = actionWidth
        self.signalNames = signalNames
        columns = [:]
        for name in Name.allCases { columns[name] = DatasetColumn(width: width(of: name)) }
    }

    func width(of name: Name) -> Int {
        switch name {
        case .observations, .nextObservations: observationWidth
        case .actions: actionWidth
        case .rewards, .ends: 1
        case .signals, .nextSignals: signalNames.count
        }
    }

    public var count: Int { column(.rewards).withValues(\.count) }
    public var isEmpty: Bool { count == 0 }
    /// Whether it is still where a file holds it.
    public var isMapped: Bool { column(.rewards).isMapped }

    private func column(_ name: Name) -> DatasetColumn { columns[name]! }

    /// - Throws: `FeedbackError` where a row has the wrong width or a number is not finite.
    public mutating func append(_ transition: LoggedTransition) throws {
        let rows: [(Name, [Float])] = [
            (.observations, transition.observation), (.actions, transition.action), (.rewards, [transition.reward]),
            (.nextObservations, transition.nextObservation), (.ends, [Float(transition.end.rawValue)]),
            (.signals, transition.signals), (.nextSignals, transition.nextSignals),
        ]
        for (name, row) in rows {
            guard row.count == width(of: name) else {
                throw FeedbackError(
                    "step \(count): \(row.count) numbers of \(name.rawValue), the dataset has \(width(of: name)) a step"
                )
            }
            guard row.allSatisfy(\.isFinite) else {
                throw FeedbackError("step \(count): a number of \(name.rawValue) is not finite")
            }
        }
        for (name, row) in rows { columns[name]!.append(row) }
    }

    /// Adds the rows of another dataset, whose first begins an episode.
    /// - Throws: `FeedbackError` where widths or signals differ.
    public mutating func append(contentsOf other: TransitionDataset) throws {
        guard other.observationWidth == observationWidth, other.actionWidth == actionWidth,
            other.signalNames == signalNames
        else {
            throw FeedbackError(
                "a dataset of observations of \(other.observationWidth), actions of \(other.actionWidth) and signals "
                    + "\(other.signalNames) cannot join one of \(observationWidth), \(actionWidth) and \(signalNames)")
        }
        if !isEmpty { cutOff() }
        for name in Name.allCases { other.column(name).withValues { columns[name]!.append($0) } }
    }

    /// Marks the last row as the end of its episode, without a terminal state where it was ongoing.
    private mutating func cutOff() {
        guard self[count - 1].end == .ongoing else { return }
        var ends = column(.ends).array
        ends[ends.count - 1] = Float(EpisodeEnd.truncated.rawValue)
        columns[.ends] = DatasetColumn(width: 1, values: ends)
    }

    public subscript(row: Int) -> LoggedTransition {
        LoggedTransition(
            observation: column(.observations).row(row), action: column(.actions).row(row),
            reward: column(.rewards).row(row)[0], nextObservation: column(.nextObservations).row(row), end: end(row),
            signals: column(.signals).row(row), nextSignals: column(.nextSignals).row(row))
    }

    private func end(_ row: Int) -> EpisodeEnd {
        column(.ends).withValues { EpisodeEnd(rawValue: UInt8($0[row])) ?? .ongoing }
    }

    /// All rows at once, without copying: element j of row i at `i * width + j`.
    public struct Rows {
        public let observations: UnsafeBufferPointer<Float>
        public let actions: UnsafeBufferPointer<Float>
        public let rewards: UnsafeBufferPointer<Float>
        public let nextObservations: UnsafeBufferPointer<Float>
        /// `EpisodeEnd.rawValue` of each row.
        public let ends: UnsafeBufferPointer<Float>
        /// Whether something follows a row: its state has a value.
        public func bootstraps(_ row: Int) -> Bool { ends[row] != Float(EpisodeEnd.terminated.rawValue) }

        /// Copies a row into row `target` of blocks that are laid out alike.
        public func copy(
            _ row: Int, toRow target: Int, observations: UnsafeMutableBufferPointer<Float>,
            actions: UnsafeMutableBufferPointer<Float>, nextObservations: UnsafeMutableBufferPointer<Float>
        ) {
            for (source, block) in [
                (self.observations, observations), (self.actions, actions), (self.nextObservations, nextObservations),
            ] {
                let width = source.count / rewards.count
                (block.baseAddress! + target * width).update(from: source.baseAddress! + row * width, count: width)
            }
        }
    }

    public func withRows<Result>(_ body: (Rows) throws -> Result) rethrows -> Result {
        try column(.observations).withValues { observations in
            try column(.actions).withValues { actions in
                try column(.rewards).withValues { rewards in
                    try column(.nextObservations).withValues { next in
                        try column(.ends).withValues { ends in
                            try body(
                                Rows(
                                    observations: observations, actions: actions, rewards: rewards,
                                    nextObservations: next, ends: ends))
                        }
                    }
                }
            }
        }
    }

    /// The rows of each episode, in order.
    public var episodes: [Range<Int>] {
        withRows { rows in
            var (result, start) = ([Range<Int>](), 0)
            for row in rows.ends.indices where rows.ends[row] != 0 || row == rows.ends.count - 1 {
                result.append(start..<(row + 1))
                start = row + 1
            }
            return result
        }
    }

    /// The undiscounted sum of rewards of each episode, the unfinished included.
    public var returns: [Double] {
        let episodes = episodes
        return column(.rewards).withValues { rewards in
            episodes.map { $0.reduce(0) { $0 + Double(rewards[$1]) } }
        }
    }

    /// The rows for which `isIncluded`, each with its place. Where rows in the middle of an episode are left out, those
    /// before are cut off there.
    public func filter(_ isIncluded: (Int, LoggedTransition) throws -> Bool) rethrows -> TransitionDataset {
        var result = TransitionDataset(
            observationWidth: observationWidth, actionWidth: actionWidth, signalNames: signalNames, source: source)
        var kept: [Int] = []
        for row in 0..<count where try isIncluded(row, self[row]) { kept.append(row) }
        for (place, row) in kept.enumerated() {
            let isLast = place == kept.count - 1 || kept[place + 1] != row + 1
            for name in Name.allCases where name != .ends { result.columns[name]!.append(column(name).row(row)) }
            let end = end(row) == .ongoing && isLast ? EpisodeEnd.truncated : end(row)
            result.columns[.ends]!.append([Float(end.rawValue)])
        }
        return result
    }

    /// The same steps paid otherwise, as by another reward over the signals that were kept.
    public func paying(_ reward: (LoggedTransition) throws -> Float) rethrows -> TransitionDataset {
        var copy = self
        let rewards = try (0..<count).map { try reward(self[$0]) }
        copy.columns[.rewards] = DatasetColumn(width: 1, values: rewards)
        return copy
    }

    /// Rows of one episode as a rater sees them.
    /// - Throws: `FeedbackError` for no rows.
    public func segment(_ rows: Range<Int>) throws -> Segment {
        let steps = rows.map { self[$0] }
        return try Segment(
            observations: steps.map(\.observation) + steps.suffix(1).map(\.nextObservation),
            actions: steps.map(\.action), rewards: steps.map { Double($0.reward) },
            isTerminated: steps.last?.end == .terminated)
    }
}

extension TransitionDataset: Equatable {
    /// Whether all rows, names and sources are equal, wherever they are.
    public static func == (left: TransitionDataset, right: TransitionDataset) -> Bool {
        left.source == right.source && left.signalNames == right.signalNames
            && Name.allCases.allSatisfy { name in
                left.width(of: name) == right.width(of: name) && left.column(name).array == right.column(name).array
            }
    }
}
