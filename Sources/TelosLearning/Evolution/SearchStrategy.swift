import TelosTensor

/// How an evolutionary learner searches the space of a policy's parameters: it names vectors to try, and is told their
/// returns.
protocol SearchStrategy: Codable, Sendable {
    /// The parameters that the search stands for: those of the learner's policy.
    var center: [Float] { get }
    /// Vectors to try next; always the same number of them.
    mutating func candidates(using random: inout RandomStream) -> [[Float]]
    /// Moves the search, given the mean return of each candidate last named.
    mutating func learn(from returns: [Double]) -> [Metric]
}

/// `pairs` directions of standard normals, kept from naming candidates until their returns are known.
struct AntitheticDirections: Codable, Sendable {
    private(set) var directions: [[Float]] = []

    /// center + s d and center - s d for each new direction d, one after the other.
    mutating func candidates(
        around center: [Float], deviation: Double, pairs: Int, using random: inout RandomStream
    ) -> [[Float]] {
        directions = (0..<pairs).map { _ in center.map { _ in Float(random.normal()) } }
        let scale = Float(deviation)
        return directions.flatMap { direction in
            [zip(center, direction).map { $0 + scale * $1 }, zip(center, direction).map { $0 - scale * $1 }]
        }
    }

    /// sum over pairs of weight_i d_i.
    func weighted(_ weights: [(pair: Int, weight: Double)], count: Int) -> [Double] {
        var sum = [Double](repeating: 0, count: count)
        for (pair, weight) in weights {
            for index in 0..<count { sum[index] += weight * Double(directions[pair][index]) }
        }
        return sum
    }

    mutating func forget() { directions = [] }
}

/// Mean and standard deviation, of the population.
func meanAndDeviation(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let count = Double(max(1, values.count))
    let mean = values.reduce(0, +) / count
    return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot())
}
