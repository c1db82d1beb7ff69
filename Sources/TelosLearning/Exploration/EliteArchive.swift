import TelosTensor

/// The best solution found for every way to behave: MAP-Elites' archive.
///
/// A behaviour is described by a few numbers, whose ranges are cut into equal bins; a cell of that grid keeps the fittest
/// solution whose description falls into it.
///
/// (Mouret and Clune, *Illuminating search spaces by mapping elites*, 2015.)
public struct EliteArchive<Solution> {
    /// A solution, what it is worth and how it behaves.
    public struct Elite {
        public var solution: Solution
        public var fitness: Double
        public var description: [Double]
    }

    /// What became of a solution that was offered.
    public enum Outcome: Sendable, Hashable {
        /// Its cell was empty.
        case new
        /// It is fitter than the cell's solution, which it replaced.
        case better
        /// The cell's solution is as fit or fitter.
        case rejected
    }

    /// The range of each number of a description; values outside fall into the first or last bin.
    public let ranges: [ClosedRange<Double>]
    /// How many bins each range is cut into.
    public let bins: [Int]
    /// The elite of each cell; the last number's bins are next to each other.
    public private(set) var cells: [Elite?]

    /// Ranges that are not empty, as many numbers of bins, each 1 or more.
    public init(ranges: [ClosedRange<Double>], bins: [Int]) {
        precondition(
            !ranges.isEmpty && ranges.count == bins.count && bins.allSatisfy { $0 > 0 }
                && ranges.allSatisfy { $0.lowerBound < $0.upperBound },
            "an archive needs a range that is not empty and 1 or more bins for every number of a description")
        self.ranges = ranges
        self.bins = bins
        cells = Array(repeating: nil, count: bins.reduce(1, *))
    }

    /// The cell a description falls into; nil where a number of it is not finite.
    public func cell(of description: [Double]) -> Int? {
        precondition(description.count == ranges.count, "a description has \(ranges.count) numbers")
        guard description.allSatisfy(\.isFinite) else { return nil }
        return zip(zip(ranges, bins), description).reduce(0) { cell, number in
            let ((range, bins), value) = number
            let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
            return cell * bins + Int(min(max(share * Double(bins), 0), Double(bins - 1)))
        }
    }

    /// Offers a solution to the cell of its description; one whose fitness or description is not finite is rejected.
    @discardableResult
    public mutating func insert(_ solution: Solution, fitness: Double, description: [Double]) -> Outcome {
        guard fitness.isFinite, let cell = cell(of: description) else { return .rejected }
        let present = cells[cell]
        guard fitness > present?.fitness ?? -.infinity else { return .rejected }
        cells[cell] = Elite(solution: solution, fitness: fitness, description: description)
        return present == nil ? .new : .better
    }

    /// The solutions kept, in the order of the cells.
    public var elites: [Elite] { cells.compactMap { $0 } }
    /// The share of cells that hold a solution.
    public var coverage: Double { Double(cells.count { $0 != nil }) / Double(cells.count) }
    /// The sum of the elites' fitness above `worst`, the least fitness there is.
    public func qualityDiversityScore(worst: Double) -> Double { elites.reduce(0) { $0 + $1.fitness - worst } }

    /// One of the elites, each as likely; nil while there is none.
    public func sample(using random: inout RandomStream) -> Elite? {
        let elites = elites
        return elites.isEmpty ? nil : elites[random.index(below: elites.count)]
    }
}

extension EliteArchive: Sendable where Solution: Sendable {}
extension EliteArchive.Elite: Sendable where Solution: Sendable {}
