import CTelosKernels
import TelosTensor

/// Ridge regression of rewards on features, one observation at a time.
///
/// V = ridge I + sum of x x', b = sum of x y, estimate V⁻¹ b; the inverse is kept by Sherman and Morrison's formula, d²
/// operations an observation.
public struct LinearBanditModel: Sendable {
    public let ridge: Double
    /// V and V⁻¹, d x d, row-major.
    public private(set) var design, inverse: [Double]
    public private(set) var b: [Double]
    /// V⁻¹ b
    public private(set) var estimate: [Double]

    public init(featureCount: Int, ridge: Double) {
        precondition(featureCount > 0 && ridge > 0, "a linear bandit model needs features and a positive ridge")
        self.ridge = ridge
        b = Array(repeating: 0, count: featureCount)
        estimate = b
        design = Array(repeating: 0, count: featureCount * featureCount)
        inverse = design
        for index in 0..<featureCount {
            design[index * featureCount + index] = ridge
            inverse[index * featureCount + index] = 1 / ridge
        }
    }

    public var featureCount: Int { b.count }

    /// - features: rows of `featureCount`, of which `row` is meant.
    public mutating func add(_ reward: Double, row: Int, of features: [Double]) {
        let d = featureCount
        let start = row * d
        var solved = [Double](repeating: 0, count: d)
        var explained = 1.0
        for i in 0..<d {
            for j in 0..<d { solved[i] += inverse[i * d + j] * features[start + j] }
            explained += features[start + i] * solved[i]
        }
        for i in 0..<d {
            for j in 0..<d {
                inverse[i * d + j] -= solved[i] * solved[j] / explained
                design[i * d + j] += features[start + i] * features[start + j]
            }
            b[i] += reward * features[start + i]
        }
        for i in 0..<d {
            estimate[i] = 0
            for j in 0..<d { estimate[i] += inverse[i * d + j] * b[j] }
        }
    }

    /// estimate · x
    public func mean(row: Int, of features: [Double]) -> Double {
        b.indices.reduce(0) { $0 + estimate[$1] * features[row * b.count + $1] }
    }

    /// sqrt(x' V⁻¹ x): how little is known in the direction of x.
    public func deviation(row: Int, of features: [Double]) -> Double {
        quadraticForm(inverse, row: row, of: features).squareRoot()
    }
}

/// x' M x, at least 0, for row `row` of `features`.
func quadraticForm(_ matrix: [Double], row: Int, of features: [Double]) -> Double {
    let d = Int(Double(matrix.count).squareRoot().rounded())
    var sum = 0.0
    for i in 0..<d {
        for j in 0..<d { sum += matrix[i * d + j] * features[row * d + i] * features[row * d + j] }
    }
    return max(0, sum)
}

/// How many deviations above its estimate a linear bandit's arm is imagined to be.
public enum ConfidenceRadius: Sendable, Hashable {
    /// The same for ever; 1 or so works well in practice.
    case constant(Double)
    /// The radius within which the true weights lie in every round with probability 1 - delta:
    /// sqrt(ridge) S + s sqrt(2 log(1 / delta) + d log(1 + t U² / (d ridge))) for weights of norm at most S, features of
    /// norm at most U, noise of standard deviation s (Abbasi-Yadkori, Pál and Szepesvári, *Improved algorithms for linear
    /// stochastic bandits*, 2011, theorem 2).
    case ellipsoid(noise: Double, weightBound: Double, featureBound: Double, delta: Double)

    /// The radius at round `round` for that many features.
    public func value(round: Int, featureCount: Int, ridge: Double) -> Double {
        switch self {
        case .constant(let radius): return radius
        case .ellipsoid(let noise, let weightBound, let featureBound, let delta):
            let d = Double(featureCount)
            let growth = telos_log64(1 + Double(round) * featureBound * featureBound / (d * ridge))
            return ridge.squareRoot() * weightBound + noise * (d * growth - 2 * telos_log64(delta)).squareRoot()
        }
    }
}
