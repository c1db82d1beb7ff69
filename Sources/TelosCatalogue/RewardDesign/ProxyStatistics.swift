import TelosEnvironments

/// How a proxy relates to the true reward where a base policy goes.
struct ProxyStatistics: Sendable {
    let correlation: Double
    /// Of the proxy.
    let deviation: Double
    private let reference: [Double]
    /// Both rewards, standardised.
    private let reward: [Double]
    private let proxy: [Double]

    /// s_P sqrt(1 - r^2).
    var weight: Double { deviation * max(0, 1 - correlation * correlation).squareRoot() }

    init(_ reference: [Double], reward: [Double], proxy: [Double]) {
        func standardized(_ values: [Double]) -> (values: [Double], deviation: Double) {
            let mean = zip(reference, values).reduce(0) { $0 + $1.0 * $1.1 }
            let variance = zip(reference, values).reduce(0) { $0 + $1.0 * ($1.1 - mean) * ($1.1 - mean) }
            return (values.map { ($0 - mean) / variance.squareRoot() }, variance.squareRoot())
        }
        let (own, other) = (standardized(reward), standardized(proxy))
        self.reference = reference
        self.reward = own.values
        self.proxy = other.values
        deviation = other.deviation
        correlation = reference.indices.reduce(0) { $0 + reference[$1] * own.values[$1] * other.values[$1] }
    }

    /// What the bound leaves: true gain less what it promises, both standardised.
    func slack(_ occupancy: [Double]) -> Double {
        let gain = zip(occupancy, reward).reduce(0) { $0 + $1.0 * $1.1 }
        let proxyGain = zip(occupancy, proxy).reduce(0) { $0 + $1.0 * $1.1 }
        let distance = max(0, OccupancyDivergence.chiSquare(occupancy, reference))
        return gain - (proxyGain - ((1 - correlation * correlation) * distance).squareRoot()) / correlation
    }
}
