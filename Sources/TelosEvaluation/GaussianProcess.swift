import CTelosKernels
import TelosTensor

/// A Gaussian process with constant mean and Matérn-5/2 covariance: what is known of a function from noisy values.
///
/// k(x, x') = s² (1 + √5 r + 5 r² / 3) exp(-√5 r) with r² = sum_d ((x_d - x'_d) / l_d)², and observations
/// y = f(x) + e, e ~ N(0, s² n). For values y at X and K = k(X, X) / s² + n I, the posterior at x is normal with
///
///     mean      m + k(x, X) / s² · K⁻¹ (y - m)
///     variance  s² (1 - k(x, X) / s² · K⁻¹ · k(X, x) / s²)
///
/// Source: Rasmussen and Williams, *Gaussian processes for machine learning*, 2006, algorithm 2.1 and equation 4.17.
public struct GaussianProcess: Sendable {
    /// What is assumed of the function.
    public struct Parameters: Sendable, Hashable {
        /// l_d, how far one must go along each axis for values to differ, in that axis's units.
        public var lengthScales: [Double]
        /// n, the variance of the noise as a share of the function's.
        public var noise: Double
        /// s², the function's variance.
        public var variance: Double
        public var mean: Double

        public init(lengthScales: [Double], noise: Double = 0, variance: Double = 1, mean: Double = 0) {
            self.lengthScales = lengthScales
            self.noise = noise
            self.variance = variance
            self.mean = mean
        }
    }

    public let parameters: Parameters
    private let points: [[Double]]
    private let factorization: CholeskyFactorization
    /// K⁻¹ (y - m)
    private let weights: [Double]
    /// log p(y | X), up to a constant.
    public let logLikelihood: Double

    /// - points: X, a row of as many numbers as there are length scales for each value.
    /// Throws `StatisticsError` for numbers that do not fit or are not finite, `LinearAlgebraError` where points
    /// coincide and there is no noise.
    public init(_ parameters: Parameters, points: [[Double]], values: [Double]) throws {
        guard points.count == values.count, !points.isEmpty,
            points.allSatisfy({ $0.count == parameters.lengthScales.count })
        else {
            throw StatisticsError(
                "a Gaussian process needs a value a point and a length scale a coordinate, not \(points.count) points, "
                    + "\(values.count) values and \(parameters.lengthScales.count) length scales")
        }
        guard parameters.lengthScales.allSatisfy({ $0 > 0 }), parameters.noise >= 0, parameters.variance > 0 else {
            throw StatisticsError("length scales and variance must be positive, and noise not negative")
        }
        try checkScores(values) { "value \($0)" }
        let count = points.count
        var covariance = [Double](repeating: 0, count: count * count)
        for row in 0..<count {
            for column in 0...row {
                covariance[row * count + column] = Self.correlation(
                    points[row], points[column], parameters.lengthScales)
            }
            covariance[row * count + row] += parameters.noise
        }
        let factorization = try CholeskyFactorization(covariance)
        let residuals = values.map { $0 - parameters.mean }
        weights = try factorization.solve(residuals)
        let misfit = zip(residuals, weights).reduce(0) { $0 + $1.0 * $1.1 } / parameters.variance
        logLikelihood =
            -0.5 * (misfit + factorization.logDeterminant + Double(count) * telos_log64(parameters.variance))
        self.parameters = parameters
        self.points = points
        self.factorization = factorization
    }

    /// Mean and variance of f at `point`.
    public func posterior(at point: [Double]) throws -> (mean: Double, variance: Double) {
        let correlations = points.map { Self.correlation($0, point, parameters.lengthScales) }
        let mean = parameters.mean + zip(correlations, weights).reduce(0) { $0 + $1.0 * $1.1 }
        let solved = try factorization.solve(correlations)
        let explained = zip(correlations, solved).reduce(0) { $0 + $1.0 * $1.1 }
        return (mean, parameters.variance * max(0, 1 - explained))
    }

    /// The Matérn-5/2 correlation of two points.
    static func correlation(_ x: [Double], _ y: [Double], _ lengthScales: [Double]) -> Double {
        var squares = 0.0
        for index in x.indices {
            let difference = (x[index] - y[index]) / lengthScales[index]
            squares += difference * difference
        }
        let distance = (5 * squares).squareRoot()
        return (1 + distance + 5 * squares / 3) * telos_exp64(-distance)
    }

    /// The process whose likelihood is highest on a grid, for points in the unit cube: a coordinate search, two rounds
    /// over length scales and noise, with mean and variance in closed form. The same input gives the same process.
    public static func fitted(points: [[Double]], values: [Double]) throws -> GaussianProcess {
        guard let first = points.first else {
            throw StatisticsError("a Gaussian process needs at least one point to be fitted to")
        }
        let center = mean(of: values)
        let deviation = values.count > 1 ? standardDeviation(of: values) : 0
        // Equal values: any scale explains them.
        let scale = deviation > 0 ? deviation : 1
        let standardized = values.map { ($0 - center) / scale }
        func process(_ lengthScales: [Double], _ noise: Double) throws -> GaussianProcess {
            let unit = try GaussianProcess(
                Parameters(lengthScales: lengthScales, noise: noise), points: points, values: standardized)
            // The variance that maximises the likelihood: y K⁻¹ y / n.
            let explained = zip(standardized, unit.weights).reduce(0) { $0 + $1.0 * $1.1 } / Double(values.count)
            return try GaussianProcess(
                Parameters(
                    lengthScales: lengthScales, noise: noise, variance: max(explained, 1e-6), mean: 0),
                points: points, values: standardized)
        }
        var lengthScales = first.map { _ in 0.5 }
        var noise = 0.01
        var best = try process(lengthScales, noise)
        for _ in 0..<2 {
            for axis in lengthScales.indices {
                for candidate in [0.1, 0.2, 0.5, 1, 2, 5] {
                    var changed = lengthScales
                    changed[axis] = candidate
                    let tried = try process(changed, noise)
                    if tried.logLikelihood > best.logLikelihood { (best, lengthScales) = (tried, changed) }
                }
            }
            for candidate in [1e-4, 0.01, 0.1, 0.5] {
                let tried = try process(lengthScales, candidate)
                if tried.logLikelihood > best.logLikelihood { (best, noise) = (tried, candidate) }
            }
        }
        return try GaussianProcess(
            Parameters(
                lengthScales: lengthScales, noise: noise, variance: best.parameters.variance * scale * scale,
                mean: center), points: points, values: values)
    }
}

/// E[max(0, f - best)] for f ~ N(mean, variance): by how much a point is expected to improve on the best value so far.
///
/// (mean - best) Phi(z) + sd phi(z) with z = (mean - best) / sd; max(0, mean - best) for no variance. Source: Močkus,
/// *On Bayesian methods for seeking the extremum*, 1975; Jones, Schonlau and Welch, *Efficient global optimization of
/// expensive black-box functions*, 1998.
public func expectedImprovement(mean: Double, variance: Double, over best: Double) -> Double {
    guard variance > 0 else { return max(0, mean - best) }
    let deviation = variance.squareRoot()
    let z = (mean - best) / deviation
    let cumulative = 0.5 * (1 + telos_erf64(z * 0.5.squareRoot()))
    let density = telos_exp64(-0.5 * z * z) / (2 * Double.pi).squareRoot()
    return max(0, (mean - best) * cumulative + deviation * density)
}
