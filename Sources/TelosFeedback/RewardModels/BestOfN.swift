import CTelosKernels

/// The policy that draws n options and keeps the one with the highest score.
public enum BestOfN {
    /// The expected value of the option kept, without drawing: over all sets of n of the N samples,
    /// sum over j = n...N of C(j - 1, n - 1) / C(N, n) value_(j), with samples in ascending order of score.
    ///
    /// Unbiased for the policy; steady while N is a few times n. (Nakano and others, *WebGPT*, 2021; Gao, Schulman and
    /// Hilton, *Scaling laws for reward model overoptimization*, 2023.)
    /// - Parameters:
    ///   - scores: what decides. Equal scores keep the order in which they are given.
    ///   - values: what is measured of each sample.
    /// - Throws: `FeedbackError` for counts that differ, or n outside 1...N.
    public static func expectedValue(n: Int, scores: [Double], values: [Double]) throws -> Double {
        try expectedValues(n: [n], scores: scores, values: values)[0]
    }

    /// `expectedValue` for several n, sorting once.
    public static func expectedValues(n: [Int], scores: [Double], values: [Double]) throws -> [Double] {
        guard scores.count == values.count else {
            throw FeedbackError("\(scores.count) scores for \(values.count) values")
        }
        guard n.allSatisfy({ (1...max(scores.count, 1)).contains($0) }) else {
            throw FeedbackError("best of \(n) cannot be had from \(scores.count) samples; write numbers from 1 to that")
        }
        let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
        let total = scores.count
        return n.map { n in
            // The weight of the best is n / N; each one below it has (j - n) / (j - 1) times that of the one above.
            var weight = Double(n) / Double(total)
            var sum = 0.0
            for j in stride(from: total, through: n, by: -1) {
                sum += weight * values[order[j - 1]]
                if j > 1 { weight *= Double(j - n) / Double(j - 1) }
            }
            return sum
        }
    }

    /// log n - (n - 1) / n: how far the policy is from the one that it draws from, KL divergence in nats, where no two
    /// options score the same.
    public static func divergence(n: Int) -> Double { telos_log64(Double(n)) - Double(n - 1) / Double(n) }
}
