import Foundation
import TelosTensor

/// What a claim's experiment is run with.
public struct ClaimContext: Sendable {
    /// The entry's slug: part of every random key, so that two claims never share their numbers.
    public let slug: String
    /// Every parameter of the entry, those that were set and the others at their defaults.
    public let parameters: [String: Double]
    public let seeds: [Int]
    /// How many seeds run side by side at most.
    public let threads: Int

    public init(slug: String, parameters: [String: Double], seeds: [Int], threads: Int = 1) {
        self.slug = slug
        self.parameters = parameters
        self.seeds = seeds
        self.threads = threads
    }

    /// The parameter of that name, which the entry declares.
    public subscript(_ name: String) -> Double {
        guard let value = parameters[name] else {
            preconditionFailure("the entry \"\(slug)\" declares no parameter \"\(name)\"")
        }
        return value
    }

    /// The parameter of that name, which the entry declares as a whole number.
    public func whole(_ name: String) -> Int { Int(self[name]) }

    /// Runs `body` once a seed, on at most `threads` threads, and gives the results in the order of the seeds.
    ///
    /// A result depends on its seed alone. When seeds fail, the error of the first of them (in order) is thrown.
    public func perSeed<T: Sendable>(
        _ body: @Sendable (_ seed: Int, _ key: RandomKey) throws -> T
    ) throws -> [T] {
        let workers = max(1, min(threads, seeds.count))
        let results = SeedResults<T>(count: seeds.count)
        let (seeds, slug) = (seeds, slug)
        withoutActuallyEscaping(body) { body in
            DispatchQueue.concurrentPerform(iterations: workers) { _ in
                while let position = results.take() {
                    let key = RandomKey(seed: seeds[position]).derived(slug)
                    results.store(Result { try body(seeds[position], key) }, at: position)
                }
            }
        }
        return try results.values.map { try $0!.get() }
    }
}

/// Work that threads take from one end, and what came of it.
private final class SeedResults<T: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var next = 0
    private(set) var values: [Result<T, any Error>?]

    init(count: Int) { values = Array(repeating: nil, count: count) }

    func take() -> Int? {
        lock.withLock {
            guard next < values.count else { return nil }
            next += 1
            return next - 1
        }
    }

    func store(_ result: Result<T, any Error>, at position: Int) {
        lock.withLock { values[position] = result }
    }
}
