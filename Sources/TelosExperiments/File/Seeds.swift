/// Which seeds to run: a count (`10` is 0 to 9) or a range (`100..109`, both ends included).
public enum Seeds {
    public static let maximumCount = 10_000

    /// Throws `SeedsError`, whose description says what to write.
    public static func parse(_ text: String) throws -> [Int] {
        let parts = text.split(separator: "..", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 1, let count = natural(text) {
            guard (1...maximumCount).contains(count) else {
                throw SeedsError(description: "the number of seeds must be from 1 to \(maximumCount), not \(count)")
            }
            return Array(0..<count)
        }
        guard parts.count == 2, let first = natural(parts[0]), let last = natural(parts[1]) else {
            throw SeedsError(
                description: "seeds must be a count, as in 5, or a range, as in 100..109, not '\(text.abridged)'")
        }
        guard first <= last else {
            throw SeedsError(description: "the range of seeds \(text) runs backwards; write \(last)..\(first)")
        }
        guard last - first < maximumCount else {
            throw SeedsError(description: "a range holds at most \(maximumCount) seeds, \(text) is \(last - first + 1)")
        }
        return Array(first...last)
    }

    /// As `parse` reads it, where one range holds them; otherwise as a list.
    public static func text(_ seeds: [Int]) -> String {
        if let first = seeds.first, let last = seeds.last, seeds == Array(first..<max(first, last + 1)) {
            return "\(first)..\(last)"
        }
        return "[" + seeds.map(String.init).joined(separator: ", ") + "]"
    }

    private static func natural(_ text: String) -> Int? {
        guard let value = Numeral.parse(text), let whole = Int(exactly: value), (0...Int(Int32.max)).contains(whole)
        else { return nil }
        return whole
    }
}

public struct SeedsError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String
}
