/// Why a wrapper cannot go around an environment, and what would fit.
public struct WrapperError: Error, CustomStringConvertible, Equatable {
    public var description: String
    public init(_ description: String) { self.description = description }
}

extension BatchSnapshot {
    /// The name under which a new wrapper around `base` keeps its memory: its own, numbered when it is taken.
    static func freeName(_ name: String, around base: any BatchEnvironment) -> String {
        let taken = base.snapshot.extra
        var candidate = name
        var number = 2
        while taken[candidate] != nil {
            candidate = "\(name)\(number)"
            number += 1
        }
        return candidate
    }

    /// Removes and returns what `wrapper` remembered.
    mutating func take(_ wrapper: String, count: Int) throws -> [Double] {
        guard let values = extra.removeValue(forKey: wrapper) else {
            throw SnapshotError("the snapshot is of a batch without \(wrapper), this one is wrapped by it")
        }
        guard values.count == count else {
            throw SnapshotError("the snapshot's \(wrapper) remembers \(values.count) numbers, this one needs \(count)")
        }
        return values
    }
}

extension TransitionBatch {
    /// These transitions as a wrapper shows them.
    func with(
        specification: EnvironmentSpecification, observations: UnsafeBufferPointer<Float>? = nil,
        nextObservations: UnsafeBufferPointer<Float>? = nil, actions: UnsafeBufferPointer<Float>? = nil
    ) -> TransitionBatch {
        var batch = self
        batch.specification = specification
        if let observations { batch.observations = observations }
        if let nextObservations { batch.nextObservations = nextObservations }
        if let actions { batch.actions = actions }
        return batch
    }
}
