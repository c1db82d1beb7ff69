import CTelosKernels
import TelosTensor

/// What is read off one row of a table of action values: `q[row]` holds the values of a state's actions.
public enum ActionValues {
    /// max over a of q(s,a)
    public static func maximum(_ q: [Double], _ row: Range<Int>) -> Double {
        var largest = q[row.lowerBound]
        for index in row.dropFirst() { largest = max(largest, q[index]) }
        return largest
    }

    /// sum over a of pi(a|s) q(s,a) for the epsilon-greedy pi: (1 - epsilon) max + epsilon mean, however ties break.
    public static func epsilonGreedyMean(_ q: [Double], _ row: Range<Int>, epsilon: Double) -> Double {
        var sum = 0.0
        for index in row { sum += q[index] }
        return (1 - epsilon) * maximum(q, row) + epsilon * sum / Double(row.count)
    }

    /// The lowest of the best actions.
    public static func greedy(_ q: [Double], _ row: Range<Int>) -> Int {
        var best = row.lowerBound
        for index in row.dropFirst() where q[index] > q[best] { best = index }
        return best - row.lowerBound
    }

    /// One of the best actions, each as likely.
    public static func greedyBreakingTies(_ q: [Double], _ row: Range<Int>, _ random: inout RandomStream) -> Int {
        randomArgmax(row.count, using: &random) { q[row.lowerBound + $0] }
    }

    /// Any action with probability `epsilon`, otherwise a best one.
    public static func epsilonGreedy(
        _ q: [Double], _ row: Range<Int>, epsilon: Double, breakingTiesAtRandom: Bool = true,
        _ random: inout RandomStream
    ) -> Int {
        if random.uniform() < epsilon { return random.index(below: row.count) }
        return breakingTiesAtRandom ? greedyBreakingTies(q, row, &random) : greedy(q, row)
    }

    /// tau log(sum over a of exp(q(a) / tau)): what maximum-entropy control expects of a state, at least the maximum and at
    /// most tau log(actions) above it.
    public static func softMaximum(_ q: [Double], _ row: Range<Int>, temperature: Double) -> Double {
        let best = maximum(q, row)
        var sum = 0.0
        for index in row { sum += telos_exp64((q[index] - best) / temperature) }
        return best + temperature * telos_log64(sum)
    }

    /// An action drawn with probability proportional to exp(q(a) / tau).
    public static func softmaxSample(
        _ q: [Double], _ row: Range<Int>, temperature: Double, _ random: inout RandomStream
    ) -> Int {
        let best = maximum(q, row)
        return random.index(weights: row.map { telos_exp64((q[$0] - best) / temperature) })
    }
}
