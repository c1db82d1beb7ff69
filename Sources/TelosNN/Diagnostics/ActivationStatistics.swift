import TelosTensor

/// What the activations of a layer's units on a batch say of how much of the layer is in use.
public struct ActivationStatistics: Sendable {
    /// Row-major, [batch, units].
    private let values: [Double]
    private let units: Int
    private var batch: Int { values.count / units }

    /// - Parameter values: h, [batch, units] row-major, neither empty.
    public init(_ values: some Collection<Float>, units: Int) {
        precondition(units > 0 && !values.isEmpty && values.count % units == 0, "needs [batch, \(units)] activations")
        self.values = values.map(Double.init)
        self.units = units
    }

    /// The share of units with mean |h_k| / (mean over units of mean |h_k|) at most `threshold`; 1 where all are 0.
    /// (Sokar, Agarwal, Castro and Evci, *The dormant neuron phenomenon in deep reinforcement learning*, 2023.)
    public func dormantShare(threshold: Double = 0.1) -> Double {
        var sizes = [Double](repeating: 0, count: units)
        for (index, value) in values.enumerated() { sizes[index % units] += abs(value) }
        let limit = threshold * sizes.reduce(0, +) / Double(units)
        return Double(sizes.count { $0 <= limit }) / Double(units)
    }

    /// The least number of singular values of h, from the largest, whose sum is at least 1 - `tolerance` of that of all.
    /// (Kumar, Agarwal, Ghosh and Levine, *Implicit under-parameterization inhibits data-efficient deep reinforcement
    /// learning*, 2021.)
    public func effectiveRank(tolerance: Double = 0.01) throws -> Int {
        // Of h h^T and h^T h, which have the same eigenvalues but for zeros, the smaller.
        let byUnits = units <= batch
        let size = byUnits ? units : batch
        let (along, step) = byUnits ? (units, 1) : (1, units)
        let terms = byUnits ? batch : units
        var gram = [Double](repeating: 0, count: size * size)
        for i in 0..<size {
            for j in 0...i {
                var sum = 0.0
                for k in 0..<terms { sum += values[i * step + k * along] * values[j * step + k * along] }
                gram[i * size + j] = sum
                gram[j * size + i] = sum
            }
        }
        let squares = try SymmetricEigendecomposition(gram).values
        // What rounding makes of a zero is not counted.
        let least = (squares.last ?? 0) * Double(size) * 0x1p-50
        let singular = squares.map { $0 > least ? $0.squareRoot() : 0 }
        let target = (1 - tolerance) * singular.reduce(0, +)
        var (sum, rank) = (0.0, 0)
        for value in singular.reversed() where sum < target {
            sum += value
            rank += 1
        }
        return rank
    }
}
