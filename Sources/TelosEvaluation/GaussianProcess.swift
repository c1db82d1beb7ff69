import CTelosKernels
import TelosTensor

/// A Gaussian process with constant mean: what is known of a function from noisy values.
///
/// Its covariance k(x, x') is s² times the correlation of a `Kernel`, and observations are y = f(x) + e, e ~ N(0, s² n). For
/// values y at X and K = k(X, X) / s² + n I, the posterior at x is normal with
///
///     mean      m + k(x, X) / s² · K⁻¹ (y - m)
///     variance  s² (1 - k(x, X) / s² · K⁻¹ · k(X, x) / s²)
///
/// Source: Rasmussen and Williams, *Gaussian processes for machine learning*, 2006, algorithm 2.1.
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
        public var kernel: Kernel

        public init(
            lengthScales: [Double], noise: Double = 0, variance: Double = 1, mean: Double = 0,
            kernel: Kernel = .matern52
        ) {
            self.lengthScales = lengthScales
            self.noise = noise
            self.variance = variance
            self.mean = mean
            self.kernel = kernel
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
        try parameters.kernel.check(axes: parameters.lengthScales.count)
        let count = points.count
        var covariance = [Double](repeating: 0, count: count * count)
        for row in 0..<count {
            for column in 0...row {
                covariance[row * count + column] = parameters.kernel.correlation(
                    points[row], points[column], lengthScales: parameters.lengthScales)
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
        let correlations = points.map {
            parameters.kernel.correlation($0, point, lengthScales: parameters.lengthScales)
        }
        let mean = parameters.mean + zip(correlations, weights).reduce(0) { $0 + $1.0 * $1.1 }
        let solved = try factorization.solve(correlations)
        let explained = zip(correlations, solved).reduce(0) { $0 + $1.0 * $1.1 }
        return (mean, parameters.variance * max(0, 1 - explained))
    }

    /// Means of f at `candidates`.
    public func means(at candidates: [[Double]]) -> [Double] {
        candidates.map { candidate in
            zip(points, weights).reduce(parameters.mean) {
                $0 + $1.1
                    * parameters.kernel.correlation($1.0, candidate, lengthScales: parameters.lengthScales)
            }
        }
    }

    /// Means of f at `candidates` and their covariance, row-major: of f itself, without the noise of observations.
    public func jointPosterior(at candidates: [[Double]]) throws -> (means: [Double], covariance: [Double]) {
        let count = candidates.count
        func correlation(_ x: [Double], _ y: [Double]) -> Double {
            parameters.kernel.correlation(x, y, lengthScales: parameters.lengthScales)
        }
        let cross = points.flatMap { point in candidates.map { correlation(point, $0) } }
        let solved = try factorization.solve(cross, columns: count)
        var means = [Double](repeating: parameters.mean, count: count)
        var covariance = [Double](repeating: 0, count: count * count)
        for row in 0..<count {
            for column in 0...row {
                covariance[row * count + column] = correlation(candidates[row], candidates[column])
            }
        }
        for index in points.indices {
            for row in 0..<count {
                let left = cross[index * count + row]
                means[row] += left * weights[index]
                for column in 0...row { covariance[row * count + column] -= left * solved[index * count + column] }
            }
        }
        for row in 0..<count {
            covariance[row * count + row] = max(0, covariance[row * count + row])
            for column in 0...row {
                covariance[row * count + column] *= parameters.variance
                covariance[column * count + row] = covariance[row * count + column]
            }
        }
        return (means, covariance)
    }

    /// A draw of f at `candidates` from the posterior: what Thompson sampling maximises.
    ///
    /// The covariance's diagonal is raised by 1e-8 of the variance, without which nearly equal candidates have no factor.
    public func sample(at candidates: [[Double]], using random: inout RandomStream) throws -> [Double] {
        var (means, covariance) = try jointPosterior(at: candidates)
        let count = candidates.count
        for row in 0..<count { covariance[row * count + row] += 1e-8 * parameters.variance }
        let draw = try CholeskyFactorization(covariance).multiplyFactor((0..<count).map { _ in random.normal() })
        for index in 0..<count { means[index] += draw[index] }
        return means
    }

    /// The process whose likelihood is highest on a grid, for points in the unit cube: a coordinate search, two rounds
    /// over length scales and noise, with mean and variance in closed form. The same input gives the same process.
    public static func fitted(
        points: [[Double]], values: [Double], kernel: Kernel = .matern52
    ) throws -> GaussianProcess {
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
                Parameters(lengthScales: lengthScales, noise: noise, kernel: kernel), points: points,
                values: standardized)
            // The variance that maximises the likelihood: y K⁻¹ y / n.
            let explained = zip(standardized, unit.weights).reduce(0) { $0 + $1.0 * $1.1 } / Double(values.count)
            return try GaussianProcess(
                Parameters(
                    lengthScales: lengthScales, noise: noise, variance: max(explained, 1e-6), mean: 0, kernel: kernel),
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
                mean: center, kernel: kernel), points: points, values: values)
    }
}
