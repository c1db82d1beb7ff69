import CTelosKernels
import TelosTensor

/// What can be said about distributions over listed responses.
enum Responses {
    /// p proportional to prior exp(score / temperature).
    static func tilted(_ prior: [Double], _ score: [Double], temperature: Double = 1) -> [Double] {
        let largest = score.max() ?? 0
        return normalized(zip(prior, score).map { $0 * telos_exp64(($1 - largest) / temperature) })
    }

    static func normalized(_ weights: [Double]) -> [Double] {
        let total = weights.reduce(0, +)
        return weights.map { $0 / total }
    }

    static func expectation(_ p: [Double], _ values: [Double]) -> Double {
        zip(p, values).reduce(0) { $0 + $1.0 * $1.1 }
    }

    static func entropy(_ p: [Double]) -> Double { -p.reduce(0) { $1 > 0 ? $0 + $1 * telos_log64($1) : $0 } }

    /// KL(p || q).
    static func divergence(_ p: [Double], _ q: [Double]) -> Double {
        zip(p, q).reduce(0) { $1.0 > 0 ? $0 + $1.0 * telos_log64($1.0 / $1.1) : $0 }
    }

    /// Half the sum of |p - q|.
    static func totalVariation(_ p: [Double], _ q: [Double]) -> Double {
        0.5 * zip(p, q).reduce(0) { $0 + abs($1.0 - $1.1) }
    }

    /// From the symmetric Dirichlet distribution.
    static func dirichlet(_ count: Int, concentration: Double, using random: inout RandomStream) -> [Double] {
        // No response is impossible: a draw may be too small for a float's logarithm.
        normalized((0..<count).map { _ in random.gamma(shape: concentration) + 1e-12 })
    }

    static func logistic(_ x: Double) -> Double { 1 / (1 + telos_exp64(-x)) }
}
