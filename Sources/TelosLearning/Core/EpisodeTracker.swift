import TelosEnvironments

/// Sums of the primary reward and the terms over each environment's running episode.
struct EpisodeTracker: Codable {
    private var returns: [Double]
    private var terms: [[Double]]
    private var lengths: [Int]

    init(environments: Int, terms: Int) {
        returns = Array(repeating: 0, count: environments)
        self.terms = Array(repeating: Array(repeating: 0, count: terms), count: environments)
        lengths = Array(repeating: 0, count: environments)
    }

    func length(of environment: Int) -> Int { lengths[environment] }

    /// Adds one step and returns the episodes it ended.
    /// - step: environment steps of the whole run after this one.
    mutating func record(
        channels: UnsafeBufferPointer<Double>, terms values: UnsafeBufferPointer<Double>,
        ends: UnsafeBufferPointer<EpisodeEnd>, step: Int
    ) -> [EpisodeRecord] {
        let count = returns.count
        var finished: [EpisodeRecord] = []
        for environment in 0..<count {
            returns[environment] += channels[environment]
            lengths[environment] += 1
            for term in terms[environment].indices { terms[environment][term] += values[term * count + environment] }
            guard ends[environment] != .ongoing else { continue }
            finished.append(
                EpisodeRecord(
                    step: step, length: lengths[environment], primaryReturn: returns[environment],
                    terms: terms[environment], end: ends[environment]))
            returns[environment] = 0
            lengths[environment] = 0
            for term in terms[environment].indices { terms[environment][term] = 0 }
        }
        return finished
    }
}
