/// Why a statistic cannot be computed: what was given, and what it needs instead.
public struct StatisticsError: Error, Sendable, Hashable, CustomStringConvertible {
    public var message: String

    public init(_ message: String) { self.message = message }

    public var description: String { message }
}

/// The largest magnitude a score may have, so that sums and squares of scores stay finite.
let largestScore = 1e100

/// Throws, naming the place, unless every value is a finite number of at most `largestScore`.
func checkScores(_ values: some Sequence<Double>, _ place: (Int) -> String) throws {
    for (index, value) in values.enumerated() where !(abs(value) <= largestScore) {
        throw StatisticsError(
            "\(place(index)) is \(value): statistics need finite numbers of magnitude at most \(largestScore); "
                + "give a run that diverged the worst score its task allows")
    }
}
