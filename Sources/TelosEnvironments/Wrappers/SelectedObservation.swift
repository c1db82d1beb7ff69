import TelosTensor

/// Shows the policy some elements of a box observation only, such as positions without velocities.
///
/// Everything else, the signals that rewards are written over included, is the environment's own.
public final class SelectedObservation: BatchEnvironment {
    public let base: any BatchEnvironment
    public let columns: [Int]
    public let specification: EnvironmentSpecification
    private var current: Buffer<Float>
    private var previous: Buffer<Float>
    private let next: Buffer<Float>

    /// - columns: the elements shown, in this order.
    /// - Throws: `WrapperError` where the observation is no box or a column is not among its elements.
    public init(_ base: any BatchEnvironment, columns: [Int]) throws {
        guard case .box(let low, let high, _) = base.specification.observation else {
            throw WrapperError(
                "SelectedObservation needs a box; \(base.specification.name) gives \(base.specification.observation)")
        }
        guard !columns.isEmpty, columns.allSatisfy(low.indices.contains) else {
            throw WrapperError("SelectedObservation needs columns from 0 to \(low.count - 1), not \(columns)")
        }
        self.base = base
        self.columns = columns
        var specification = base.specification
        specification.observation = .box(
            low: columns.map { low[$0] }, high: columns.map { high[$0] }, shape: [columns.count])
        self.specification = specification
        current = Buffer(count: base.count * columns.count, repeating: 0)
        previous = Buffer(count: base.count * columns.count, repeating: 0)
        next = Buffer(count: base.count * columns.count, repeating: 0)
        select(base.observations, into: current)
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
        select(base.observations, into: current)
    }

    public func step(actions: UnsafeBufferPointer<Float>) {
        base.step(actions: actions)
        swap(&current, &previous)
        select(base.transitions.nextObservations, into: next)
        select(base.observations, into: current)
    }

    public var snapshot: BatchSnapshot { base.snapshot }

    public func restore(_ snapshot: BatchSnapshot) throws {
        try base.restore(snapshot)
        select(base.observations, into: current)
    }

    public func draw(_ index: Int) -> Drawing { base.draw(index) }
    public func finalState(of index: Int) -> [Double]? { base.finalState(of: index) }

    private func select(_ rows: UnsafeBufferPointer<Float>, into result: Buffer<Float>) {
        let width = base.specification.observation.width
        for row in 0..<count {
            for (position, column) in columns.enumerated() {
                result[row * columns.count + position] = rows[row * width + column]
            }
        }
    }
}

extension EnvironmentEntry {
    /// This entry with one more option: a flag, false by default, with which only `columns` are observed.
    func hiding(allBut columns: [Int], with option: String, _ summary: String) -> EnvironmentEntry {
        var entry = self
        entry.options.append(EnvironmentOption(option, .flag, .flag(false), summary))
        let make = entry.make
        entry.make = { options, count, horizon, key in
            let environments = try make(options, count, horizon, key)
            return options.flag(option) ? try SelectedObservation(environments, columns: columns) : environments
        }
        return entry
    }
}
