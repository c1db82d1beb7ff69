import CTelosKernels

/// A policy over a few options, by the logarithms of its probabilities: what mirror descent with the KL divergence moves.
public struct SimplexPolicy: Sendable, Hashable, Codable {
    /// log pi, normalised.
    public private(set) var logProbabilities: [Double]

    /// pi proportional to exp(logits).
    public init(logits: [Double]) {
        let largest = logits.max()!
        var sum = 0.0
        for logit in logits { sum += telos_exp64(logit - largest) }
        let shift = largest + telos_log64(sum)
        logProbabilities = logits.map { $0 - shift }
    }

    /// - Parameter probabilities: above 0; they need not sum to 1.
    public init(_ probabilities: [Double]) { self.init(logits: probabilities.map { telos_log64($0) }) }

    public var probabilities: [Double] { logProbabilities.map { telos_exp64($0) } }

    /// argmax over p of stepSize p . gains - KL(p || pi), which is proportional to pi exp(stepSize gains): a step of mirror
    /// ascent, multiplicative weights, Hedge. (Nemirovski and Yudin, 1983; Freund and Schapire, *A decision-theoretic
    /// generalization of on-line learning*, 1997.)
    public func mirrorStep(_ gains: [Double], stepSize: Double) -> SimplexPolicy {
        SimplexPolicy(logits: zip(logProbabilities, gains).map { $0 + stepSize * $1 })
    }

    /// pi^(1 - weight) other^weight, normalised: the geometric mixture.
    public func mixed(with other: SimplexPolicy, weight: Double) -> SimplexPolicy {
        SimplexPolicy(
            logits: zip(logProbabilities, other.logProbabilities).map { (1 - weight) * $0 + weight * $1 })
    }

    /// KL(pi || other), at least 0.
    public func divergence(from other: SimplexPolicy) -> Double {
        var sum = 0.0
        for (own, its) in zip(logProbabilities, other.logProbabilities) {
            // exp(-x) - 1 + x with x = log pi / other is not negative, and sums to the same: no digits are lost near 0.
            let ratio = own - its
            sum += telos_exp64(own) * (telos_expm1_64(-ratio) + ratio)
        }
        return max(sum, 0)
    }
}
