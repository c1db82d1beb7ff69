import TelosEnvironments

/// A distribution on finitely many numbers, as that of the returns of a finite problem.
public struct FiniteDistribution: Sendable, Hashable {
    /// Ascending and different.
    public let values: [Double]
    /// Positive, as many as values, with sum 1.
    public let probabilities: [Double]

    /// Values closer together than this, relative to their size where that exceeds 1, are one.
    static let resolution = 1e-9

    /// - atoms: in any order; a value may occur more than once.
    /// - Throws: `TabularError` for a value that is not finite, a negative probability, or a sum that is not 1 (to
    ///   1e-6).
    public init(_ atoms: [(value: Double, probability: Double)]) throws {
        let total = atoms.reduce(0) { $0 + $1.probability }
        guard atoms.allSatisfy({ $0.value.isFinite && $0.probability >= 0 }), abs(total - 1) <= 1e-6 else {
            throw TabularError(
                "a distribution needs finite values and probabilities from 0 that sum to 1, not to \(total)")
        }
        self.init(unchecked: atoms)
    }

    init(unchecked atoms: [(value: Double, probability: Double)]) {
        var collected = Collector(capacity: atoms.count)
        for atom in atoms.filter({ $0.probability > 0 }).sorted(by: { $0.value < $1.value }) {
            collected.add(atom.value, atom.probability)
        }
        self.init(collected)
    }

    private init(_ collected: Collector) {
        values = collected.values
        probabilities = collected.probabilities
    }

    /// All mass at one value.
    public init(certain value: Double) {
        values = [value]
        probabilities = [1]
    }

    /// A distribution of scale X + shift, X drawn from `distribution`, that is met with probability `weight`.
    public struct Part: Sendable {
        public var weight: Double
        public var distribution: FiniteDistribution
        public var scale: Double
        public var shift: Double

        /// - scale: not negative.
        public init(_ weight: Double, _ distribution: FiniteDistribution, scale: Double = 1, shift: Double = 0) {
            self.weight = weight
            self.distribution = distribution
            self.scale = scale
            self.shift = shift
        }
    }

    /// The distribution of one of `parts`, met by their weights, which sum to 1: a merge of what is already in order.
    public init(mixing parts: [Part]) {
        let parts = parts.filter { $0.weight > 0 }
        var positions = [Int](repeating: 0, count: parts.count)
        var collected = Collector(capacity: parts.reduce(0) { $0 + $1.distribution.values.count })
        while true {
            var lowest = Double.infinity
            var chosen = -1
            for (index, part) in parts.enumerated() where positions[index] < part.distribution.values.count {
                let value = part.shift + part.scale * part.distribution.values[positions[index]]
                if value < lowest { (lowest, chosen) = (value, index) }
            }
            guard chosen >= 0 else { break }
            collected.add(lowest, parts[chosen].weight * parts[chosen].distribution.probabilities[positions[chosen]])
            positions[chosen] += 1
        }
        self.init(collected)
    }

    /// The distribution of scale X + shift, scale not negative.
    public func moved(by shift: Double, scale: Double = 1) -> FiniteDistribution {
        FiniteDistribution(mixing: [Part(1, self, scale: scale, shift: shift)])
    }

    // MARK: What is asked of it

    public var mean: Double { expectation { $0 } }

    public var variance: Double {
        let mean = mean
        return expectation { ($0 - mean) * ($0 - mean) }
    }

    /// E[utility(X)].
    public func expectation(of utility: (Double) -> Double) -> Double {
        var sum = 0.0
        for index in values.indices { sum += probabilities[index] * utility(values[index]) }
        return sum
    }

    /// Pr(X <= x).
    public func cumulative(_ x: Double) -> Double {
        var mass = 0.0
        for index in values.indices where values[index] <= x { mass += probabilities[index] }
        return mass
    }

    /// The least value with at least `level` of the mass at or below it.
    public func quantile(_ level: Double) -> Double {
        var mass = 0.0
        for index in values.indices {
            mass += probabilities[index]
            if mass >= level - 1e-12 { return values[index] }
        }
        return values.last ?? .nan
    }

    /// The mean of the worst `share` of outcomes, 0 < share <= 1: the conditional value at risk of returns.
    /// (Rockafellar and Uryasev, *Optimization of conditional value-at-risk*, 2000.)
    public func conditionalValueAtRisk(_ share: Double) -> Double {
        var (left, sum) = (share, 0.0)
        for index in values.indices where left > 0 {
            sum += values[index] * min(left, probabilities[index])
            left -= min(left, probabilities[index])
        }
        return sum / share
    }

    /// The 1-Wasserstein distance, the integral of |F - F'|.
    public func wassersteinDistance(to other: FiniteDistribution) -> Double {
        integral(against: other) { abs($0) }
    }

    /// The Cramér distance, the root of the integral of (F - F')^2.
    public func cramerDistance(to other: FiniteDistribution) -> Double {
        integral(against: other) { $0 * $0 }.squareRoot()
    }

    private func integral(against other: FiniteDistribution, _ size: (Double) -> Double) -> Double {
        var (own, others, difference, sum) = (0, 0, 0.0, 0.0)
        var last = min(values.first ?? 0, other.values.first ?? 0)
        while own < values.count || others < other.values.count {
            let here = own < values.count ? values[own] : .infinity
            let there = others < other.values.count ? other.values[others] : .infinity
            let next = min(here, there)
            sum += size(difference) * (next - last)
            last = next
            if here == next {
                difference += probabilities[own]
                own += 1
            }
            if there == next {
                difference -= other.probabilities[others]
                others += 1
            }
        }
        return sum
    }

    /// Values in ascending order, equal ones as one.
    private struct Collector {
        var values: [Double] = []
        var probabilities: [Double] = []

        init(capacity: Int) {
            values.reserveCapacity(capacity)
            probabilities.reserveCapacity(capacity)
        }

        mutating func add(_ value: Double, _ probability: Double) {
            if let last = values.last, value - last <= FiniteDistribution.resolution * max(1, abs(value)) {
                probabilities[probabilities.count - 1] += probability
            } else {
                values.append(value)
                probabilities.append(probability)
            }
        }
    }
}
