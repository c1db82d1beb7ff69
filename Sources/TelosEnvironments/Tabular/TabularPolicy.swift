import CTelosKernels

/// Policies of tabular MDPs as plain arrays: pi(a|s) at `s * actionCount + a`.
public enum TabularPolicy {
    /// Every action equally often.
    public static func uniform(stateCount: Int, actionCount: Int) -> [Double] {
        Array(repeating: 1 / Double(actionCount), count: stateCount * actionCount)
    }

    /// Action `actions[s]` in state s, always.
    public static func deterministic(_ actions: [Int], actionCount: Int) -> [Double] {
        var policy = [Double](repeating: 0, count: actions.count * actionCount)
        for (state, action) in actions.enumerated() { policy[state * actionCount + action] = 1 }
        return policy
    }

    /// The lowest action within `tolerance` of the largest of each row of `q`.
    public static func greedyActions(_ q: [Double], actionCount: Int, tolerance: Double = 1e-10) -> [Int] {
        stride(from: 0, to: q.count, by: actionCount).map { row in
            let values = q[row..<(row + actionCount)]
            let threshold = values.max()! - tolerance
            return values.firstIndex { $0 >= threshold }.map { $0 - row } ?? 0
        }
    }

    /// `greedyActions` as a policy.
    public static func greedy(_ q: [Double], actionCount: Int, tolerance: Double = 1e-10) -> [Double] {
        deterministic(greedyActions(q, actionCount: actionCount, tolerance: tolerance), actionCount: actionCount)
    }

    /// All best actions of each row of `q` equally often.
    public static func greedyUniform(_ q: [Double], actionCount: Int, tolerance: Double = 1e-9) -> [Double] {
        optimalActions(q, actionCount: actionCount, tolerance: tolerance).flatMap { best in
            (0..<actionCount).map { best.contains($0) ? 1 / Double(best.count) : 0 }
        }
    }

    /// The actions within `tolerance` of the largest of each row of `q`, ascending.
    public static func optimalActions(_ q: [Double], actionCount: Int, tolerance: Double = 1e-9) -> [[Int]] {
        stride(from: 0, to: q.count, by: actionCount).map { row in
            let threshold = q[row..<(row + actionCount)].max()! - tolerance
            return (0..<actionCount).filter { q[row + $0] >= threshold }
        }
    }

    /// pi(a|s) = exp(logits(s,a) / temperature) / (sum over b of exp(logits(s,b) / temperature)).
    public static func softmax(_ logits: [Double], actionCount: Int, temperature: Double = 1) -> [Double] {
        var policy = [Double](repeating: 0, count: logits.count)
        for row in stride(from: 0, to: logits.count, by: actionCount) {
            let largest = logits[row..<(row + actionCount)].max()!
            var sum = 0.0
            for action in row..<(row + actionCount) {
                policy[action] = telos_exp64((logits[action] - largest) / temperature)
                sum += policy[action]
            }
            for action in row..<(row + actionCount) { policy[action] /= sum }
        }
        return policy
    }
}
