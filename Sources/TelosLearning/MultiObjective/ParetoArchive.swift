import TelosRewards

/// The best trade-offs found so far: members of which none dominates another, each with its vector of values.
///
/// A full archive gives up its most crowded member, so that what stays is spread out.
public struct ParetoArchive<Member: Sendable>: Sendable {
    public struct Entry: Sendable {
        public var member: Member
        /// Of the objectives, more of each being better.
        public var values: [Double]
        /// How many were offered before it: a name that nothing else in the archive has.
        public var id: Int
    }

    public let capacity: Int
    /// What a member must exceed in every objective; nil for no such bound.
    public let reference: [Double]?
    /// In the order in which they came.
    public private(set) var entries: [Entry] = []
    private var offered = 0

    /// - Precondition: a capacity of at least 1.
    public init(capacity: Int = .max, reference: [Double]? = nil) {
        precondition(capacity > 0, "an archive holds at least one member")
        self.capacity = capacity
        self.reference = reference
    }

    /// The values of all entries.
    public var values: [[Double]] { entries.map(\.values) }

    /// Takes in a member, unless another is as good in every objective or it does not exceed the reference; those that
    /// it dominates leave, and where there are too many, the one of least crowding distance (the last of several).
    /// - Returns: whether it was taken in and stayed.
    @discardableResult
    public mutating func insert(_ member: Member, values: [Double]) -> Bool {
        let id = offered
        offered += 1
        if let reference, zip(values, reference).contains(where: { !($0 > $1) }) { return false }
        guard !entries.contains(where: { $0.values == values || Pareto.dominates($0.values, values) }) else {
            return false
        }
        entries.removeAll { Pareto.dominates(values, $0.values) }
        entries.append(Entry(member: member, values: values, id: id))
        guard entries.count > capacity else { return true }
        let distances = Pareto.crowdingDistances(self.values)
        let crowded = entries.indices.min { (distances[$0], -$0) < (distances[$1], -$1) }!
        let leaving = entries.remove(at: crowded)
        return leaving.id != id
    }

    /// The `count` entries of largest crowding distance for which `isCandidate` holds, the most isolated first; of
    /// equal ones the earlier.
    public func mostIsolated(_ count: Int, where isCandidate: (Entry) -> Bool = { _ in true }) -> [Entry] {
        let distances = Pareto.crowdingDistances(values)
        return entries.indices.filter { isCandidate(entries[$0]) }
            .sorted { (-distances[$0], $0) < (-distances[$1], $1) }
            .prefix(count).map { entries[$0] }
    }

    /// The entry that a user with this utility would choose, the first of several; nil where there is none.
    public func best(for utility: Scalarization) -> Entry? {
        var best: (entry: Entry, utility: Double)?
        for entry in entries {
            let value = utility(entry.values)
            if best == nil || value > best!.utility { best = (entry, value) }
        }
        return best?.entry
    }
}
