import TelosTensor

/// Several tables of action values that differ in how they began, learned alike from the least of them: pessimism where
/// data have not decided, and none where they have.
///
///     Q_i(s,a) <- Q_i(s,a) + stepSize (r + g max over a' of min over j of Q_j(s',a') - Q_i(s,a))
///
/// Entries that nothing is learned about keep their first, independent values, so that the least of n of them falls with
/// n; entries that are visited agree in the end. With one member it is Q-learning.
///
/// (An, Moon, Kim and Song, *Uncertainty-based offline reinforcement learning with diversified Q-ensemble*, 2021; Sims,
/// Lu, Foerster and Teh, *The edge-of-reach problem in offline model-based reinforcement learning*, 2024.)
public struct TabularValueEnsemble: Sendable, Hashable {
    /// A transition to learn from.
    public struct Step: Sendable, Hashable {
        /// `s * actionCount + a`
        public var pair: Int
        public var reward: Double
        /// s'; nil where nothing follows.
        public var next: Int?

        public init(pair: Int, reward: Double, next: Int?) {
            (self.pair, self.reward, self.next) = (pair, reward, next)
        }
    }

    public let actionCount: Int
    /// Q_i(s,a), the members' side by side: at `(s * actionCount + a) * members + i`.
    public private(set) var values: [Double]
    public let members: Int
    /// min over i of Q_i(s,a) at `s * actionCount + a`.
    public private(set) var least: [Double]

    /// Tables that begin as independent normal numbers of this deviation.
    /// - Precondition: there is at least one member and action.
    public init(
        members: Int, stateCount: Int, actionCount: Int, deviation: Double, using random: inout RandomStream
    ) {
        precondition(members > 0 && actionCount > 0, "an ensemble needs a member and an action")
        (self.members, self.actionCount) = (members, actionCount)
        let pairs = stateCount * actionCount
        values = (0..<(pairs * members)).map { _ in deviation * random.normal() }
        least = Array(repeating: 0, count: pairs)
        for pair in 0..<pairs { least[pair] = row(pair).min()! }
    }

    private func row(_ pair: Int) -> ArraySlice<Double> { values[(pair * members)..<((pair + 1) * members)] }

    /// max over a of min over i of Q_i(s,a).
    public func value(of state: Int) -> Double { least[pairs(of: state)].max()! }

    private func pairs(of state: Int) -> Range<Int> { (state * actionCount)..<((state + 1) * actionCount) }

    /// The lowest action of greatest `least`.
    public func greedyAction(_ state: Int) -> Int {
        ActionValues.greedy(least, pairs(of: state))
    }

    /// Standard deviation of the members at a pair.
    public func spread(_ pair: Int) -> Double {
        let row = row(pair)
        let mean = row.reduce(0, +) / Double(members)
        return row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / Double(members) }.squareRoot()
    }

    /// Learns from each step once, in order.
    /// - Parameter known: values of pairs that targets take instead of the ensemble's; nil for none.
    public mutating func sweep(
        _ steps: [Step], discount: Double, stepSize: Double, known: ((_ pair: Int) -> Double?)? = nil
    ) {
        for step in steps {
            let following =
                step.next.map { next in
                    known.map { known in pairs(of: next).map { known($0) ?? least[$0] }.max()! } ?? value(of: next)
                } ?? 0
            let target = step.reward + discount * following
            var lowest = Double.infinity
            for index in (step.pair * members)..<((step.pair + 1) * members) {
                values[index] += stepSize * (target - values[index])
                lowest = min(lowest, values[index])
            }
            least[step.pair] = lowest
        }
    }
}
